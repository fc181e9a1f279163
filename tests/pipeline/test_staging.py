"""The whole of `desired/staging`: from nothing and back, and every change of a field in between."""

from __future__ import annotations

from tests.workbench import NAME, Workbench, moved, told

LISTS = 15


def test_staging_stands_as_written_and_takes_one_list_a_collection(workbench: Workbench) -> None:
    workbench.copy_staging()
    workbench.reset("staging")
    workbench.forget_calls()
    made = workbench.plan()
    assert told(made) == []
    assert made.objections == []
    assert len(workbench.calls()) == LISTS
    assert len(set(workbench.calls())) == LISTS


def test_staging_is_made_from_nothing_and_then_there_is_nothing_to_do(workbench: Workbench) -> None:
    workbench.copy_staging()
    workbench.reset("empty")
    workbench.apply()
    assert told(workbench.plan()) == []


def test_staging_goes_back_to_nothing_with_the_allowances_that_this_takes(
    workbench: Workbench,
) -> None:
    workbench.copy_staging()
    workbench.reset("empty")
    before = workbench.state()
    workbench.apply()
    refused = {(o.rule, str(o.ref)) for o in workbench.plan_back().objections if o.level == "deny"}
    (database,) = [ref for ref in workbench.load().resources if ref.kind == "SqlInstance"]
    assert {("protected", str(database)), ("delete", str(database))} <= refused
    workbench.roll_back(allow=[f"{rule}:{ref}=the experiment is over" for rule, ref in refused])
    assert moved(before, workbench.state()) == {}


def test_a_network_is_the_same_with_the_slash_that_googles_pages_begin_it_with(
    workbench: Workbench,
) -> None:
    """https://cloud.google.com/sql/docs: `/projects/P/global/networks/N` as `privateNetwork`."""
    workbench.reset("staging")
    workbench.copy_staging()
    file = workbench.root / "desired" / NAME / "services.yaml"
    text = file.read_text()
    assert "privateNetwork: projects/" in text
    file.write_text(text.replace("privateNetwork: projects/", "privateNetwork: /projects/"))
    assert told(workbench.plan()) == []
