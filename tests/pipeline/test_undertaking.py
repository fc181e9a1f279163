"""From the lock to the ledger: in which order whoever has it done is told, shown and asked."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from threading import Event

import pytest

from remediate.model.errors import Declined, Interrupted, Locked, PlanRefused
from remediate.model.plan import Plan
from remediate.pipeline.choices import Choices
from remediate.pipeline.half_done import HalfDone
from remediate.pipeline.preparing import planned_now, to_apply
from remediate.pipeline.undertaking import Prepare, Prepared, Site, undertake
from remediate.stores import journal
from remediate.stores.ledger import Ledger
from remediate.stores.lock import lock
from tests.pipeline.deaths import Died, dying_at
from tests.pipeline.documents import address, health_check
from tests.workbench import NAME, PROJECT, Workbench


@dataclass
class Present:
    """Notes all it meets; says no, or wants no further step, if it is told to."""

    site: Site
    declines: bool = False
    stops: bool = False
    met: list[str] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        if sentence:
            self.met.append(sentence)

    def cut_short(self, half: HalfDone) -> None:
        self.met.append(f"cut short with {len(half.done)} done")

    def planned(self, plan: Plan) -> None:
        self.met.append(f"planned {len(plan.steps)}")

    def show(self, _plan: Plan) -> None:
        self.met.append("shown")

    def agree(self, _plan: Plan) -> None:
        self.met.append(f"asked, with {len(journal.runs(self.site.store))} runs begun")
        if self.declines:
            raise Declined("no")

    def expect(self, steps: int) -> None:
        self.met.append(f"expects {steps}")

    def stopping(self) -> AbstractContextManager[Event]:
        event = Event()
        if self.stops:
            event.set()
        return nullcontext(event)


@pytest.fixture
def site(workbench: Workbench) -> Site:
    workbench.write(address(), health_check())
    return Site(NAME, PROJECT, workbench.google, workbench.store)


def an_apply(bench: Workbench, site: Site, *, shown: bool = False) -> Prepare:
    desired, chosen = bench.load(), Choices({})
    return to_apply(
        site,
        desired,
        lambda ledger: (*planned_now(site, desired, ledger, chosen), chosen),
        shown=shown,
    )


def test_the_plan_is_shown_and_agreed_to_before_a_run_is_begun(
    workbench: Workbench, site: Site
) -> None:
    present = Present(site)
    plan, outcome = undertake(site, an_apply(workbench, site), present)
    assert present.met == ["planned 2", "shown", "asked, with 0 runs begun", "expects 2"]
    assert outcome
    assert outcome.done == len(plan.steps) == 2
    assert {str(ref) for ref in site.ledger().resources} == {"Address/edge", "HealthCheck/alive"}


def test_what_was_shown_before_is_not_shown_again(workbench: Workbench, site: Site) -> None:
    present = Present(site)
    undertake(site, an_apply(workbench, site, shown=True), present)
    assert "shown" not in present.met


def test_a_no_leaves_everything_as_it_is(workbench: Workbench, site: Site) -> None:
    before = workbench.state()
    with pytest.raises(Declined):
        undertake(site, an_apply(workbench, site), Present(site, declines=True))
    assert workbench.state() == before
    assert journal.runs(site.store) == []
    assert not site.ledger().resources


def test_what_a_guard_refuses_is_shown_and_nobody_is_asked(
    workbench: Workbench, site: Site
) -> None:
    workbench.write(address(protect=True, onRemove="delete"), health_check())
    undertake(site, an_apply(workbench, site), Present(site))
    workbench.write(health_check())
    present, desired = Present(site), workbench.load()
    chosen = Choices({}, prune=True)
    prepare = to_apply(
        site, desired, lambda ledger: (*planned_now(site, desired, ledger, chosen), chosen)
    )
    with pytest.raises(PlanRefused, match="Address/edge is protected"):
        undertake(site, prepare, present)
    assert present.met[1:] == ["shown"]


def test_nothing_is_prepared_while_somebody_else_has_the_lock(site: Site) -> None:
    def prepare(_ledger: Ledger) -> Prepared:
        raise AssertionError("nobody may come so far")

    with (
        lock(site.store, NAME, "another", site.lock_clock),
        pytest.raises(Locked),
    ):
        undertake(site, prepare, Present(site))


def test_what_died_before_is_told_before_anything_is_planned(
    workbench: Workbench, site: Site
) -> None:
    with pytest.raises(Died), dying_at("request.send.after", since="snapshot.save.after"):
        undertake(site, an_apply(workbench, site), Present(site))
    present = Present(site)
    undertake(site, an_apply(workbench, site), present)
    over, short, waited, *rest = present.met
    assert over.endswith(f"ended without releasing {NAME}; took over")
    assert short == "cut short with 0 done"
    assert waited.endswith("may have under way at Google is waited for")
    assert rest[0].startswith("planned")


def test_where_no_step_is_to_begin_none_does(workbench: Workbench, site: Site) -> None:
    before = workbench.state()
    with pytest.raises(Interrupted):
        undertake(site, an_apply(workbench, site), Present(site, stops=True))
    assert workbench.state() == before
