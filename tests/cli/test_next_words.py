"""What is told to be typed next is taken, and what is only a placeholder is not."""

from __future__ import annotations

import shlex

import pytest

from remediate.model.errors import Stale
from remediate.pipeline.promise import stale
from remediate.report.errors import error_text
from tests.cli.conftest import Desk
from tests.cli.test_ways_on import to_type, type_again
from tests.cli.typed import typed
from tests.pipeline.documents import address
from tests.workbench import Workbench

CLOSED = {
    "timezone": "Europe/Berlin",
    "freeze": [{"first": "2020-01-01", "last": "2999-01-01", "reason": "x"}],
}


@pytest.fixture
def guarded(workbench: Workbench) -> Desk:
    """One protected address, to be made."""
    workbench.reset()
    workbench.write(address(protect=True))
    return Desk(workbench, workbench.state())


def test_a_denied_plan_file_is_written_anew_with_the_answers(guarded: Desk) -> None:
    bench = guarded.bench
    bench.write(address(onRemove="delete"))
    assert guarded.type("apply").code == 0
    bench.write()
    said = guarded.type("plan", "--prune", "--out", str(bench.root / "p.plan"))
    assert said.code == 4, said
    assert "apply --plan" not in said.out


def test_a_closed_window_is_told_by_what_to_type_next(guarded: Desk) -> None:
    guarded.bench.write(address(), guards={"change-window": CLOSED})
    said = guarded.type("plan")
    assert "wait until the window opens" in " ".join(said.out.split())
    (following,) = to_type(said.out)
    assert following.endswith("--incident TEXT")
    assert type_again(following).code == 9
    assert type_again(following.replace("TEXT", "INC-1")).code == 0


def test_the_way_back_over_something_protected_says_the_words_that_it_takes(guarded: Desk) -> None:
    (back,) = to_type(guarded.type("apply").out)
    assert "--allow protected:Address/" in back
    assert type_again(back).code == 9  # REASON is not one
    said = type_again(back.replace("=REASON", "=meant"))
    assert said.code == 0, said
    assert guarded.bench.state() == guarded.before


@pytest.mark.parametrize("place", ["desired/staging/all.yaml", "desired/staging/new.plan", "x.txt"])
def test_a_plan_file_takes_the_place_of_nothing_but_a_plan_file(guarded: Desk, place: str) -> None:
    file = guarded.bench.root / place
    if file.suffix != ".plan":
        file.write_text(file.read_text() if file.exists() else "mine")
    before = file.read_bytes() if file.exists() else None
    said = guarded.type("plan", "--out", str(file))
    assert said.code == 9, said
    assert (file.read_bytes() if file.exists() else None) == before


def test_a_plan_file_may_be_written_anew(guarded: Desk) -> None:
    words = ("plan", "--out", str(guarded.bench.root / "p.plan"))
    assert [guarded.type(*words).code for _ in range(2)] == [0, 0]


@pytest.mark.parametrize(
    "words",
    [("--allow", "protected:Address/a=REASON"), ("--incident", "TEXT"), ("--approved-by", "WHO")],
)
def test_a_placeholder_is_no_reason(guarded: Desk, words: tuple[str, str]) -> None:
    said = guarded.type("apply", *words)
    assert said.code == 9, said
    assert guarded.bench.state() == guarded.before


def test_what_moved_is_wrapped_and_what_is_to_be_copied_is_not() -> None:
    error = stale("live has moved", ["Address/" + "a b " * 40])
    assert max(map(len, error_text(error).splitlines())) <= 80
    line = "  --allow protected:Address/a=" + "x y" * 40
    assert line in error_text(Stale(f"denied\n{line}"))


@pytest.mark.parametrize("how", ["expired", "used", "edited", "moved"])
def test_who_has_to_plan_again_is_told_to_choose_the_same_again(guarded: Desk, how: str) -> None:
    bench, file = guarded.bench, guarded.bench.root / "p.plan"
    chosen = ("--target", "Address/*", "--prune", "--allow", "dns-apex=an idle word")
    assert guarded.type("plan", *chosen, "--out", str(file)).code == 0
    match how:
        case "expired":
            bench.advance(25 * 3600)
        case "used":
            assert guarded.type("apply", "--plan", str(file)).code == 0
        case "edited":
            bench.write(address(protect=False))
        case "moved":
            assert guarded.type("apply").code == 0
    said = guarded.type("apply", "--plan", str(file))
    assert said.code == 5, said
    (again,) = [line for line in to_type(said.told) if " plan " in line]
    for words in (chosen[:2], chosen[2:3], chosen[3:]):
        assert shlex.join(words) in again
    if how == "moved":
        assert "was not there, and now it is: address" in said.told


def test_a_plan_of_a_sandbox_expires_by_its_clock(guarded: Desk) -> None:
    file = str(guarded.bench.root / "p.plan")
    assert guarded.type("plan", "--out", file).code == 0
    guarded.bench.advance(25 * 3600)
    assert guarded.type("show", file).out.startswith("Plan file expired")
    said = guarded.type("show", file)
    assert "by this machine's clock" not in said.out
    alone = typed("-C", guarded.bench.root, "show", file)
    assert "by this machine's clock" in " ".join(alone.out.split())


def test_who_may_not_is_told_what_is_missing_and_not_to_log_in(guarded: Desk) -> None:
    guarded.fault("forbidden", "POST *", 1000)
    said = guarded.type("apply")
    assert said.code == 10, said
    assert "gcloud auth" not in said.told
    assert "remediate iam --for apply" in said.told
