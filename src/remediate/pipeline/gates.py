"""Checks that hold a run back: what it has changed is seen from outside before it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from remediate.model.check import Check
from remediate.model.errors import CheckFailed
from remediate.model.finding import Finding
from remediate.model.json import Json
from remediate.model.plan import Plan
from remediate.model.resource import Desired
from remediate.pipeline.checks import run_checks
from remediate.pipeline.gate_times import about, gates_of, limit
from remediate.pipeline.run import Run
from remediate.pipeline.vantage import vantage
from remediate.stores.journal import Kind

_OF_NAMES = frozenset({"dns", "delegation"})


@dataclass(frozen=True, slots=True)
class Gates:
    """The checks of an environment that name resources in `gates`.

    Commands are run in `folder`, and only with `commands`: without, they hold nothing back.
    """

    desired: Desired
    folder: Path
    commands: bool = False

    def watching(self, plan: Plan, run: Run) -> Watch:
        """Of one run: what holds before it begins."""
        changed = [*run.recalled, *plan.steps]
        checks = gates_of(self.desired.checks, changed, commands=self.commands)
        watch = Watch(self, plan, run, checks)
        watch.look_before()
        return watch


@dataclass(slots=True)
class Watch:
    """The gates of a run.

    Between waves a check has to hold if it held before the run: what is broken already is what the
    run may be about to mend, with steps of which the last may be the one that counts. Names alone
    hang on nothing else, so they have to hold as soon as no later wave changes any.
    """

    gates: Gates
    plan: Plan
    run: Run
    checks: Sequence[Check]
    _held: set[str] = field(default_factory=set)  # names of those that held before, or have since

    def look_before(self) -> None:
        """Once, before anything is written.

        A name that is yet to be made is not asked for: caches would keep that there is none.
        """
        new = any(step.ref.is_record_set and step.before is None for step in self.plan.steps)
        looked = [each for each in self.checks if not (new and _asks_for_names(each))]
        failing = {one.check for one in self._look(looked) if one.fails}
        self._held = {each.name for each in looked} - failing

    def after(self, wave: int) -> None:
        """Until all that is about what this wave has changed holds; raises CheckFailed if late."""
        steps = self.plan.waves[wave]
        here = [each for each in self.checks if about(each, steps)]
        due = [each for each in here if each.name in self._held or self._is_due(each, wave)]
        self._hold(due, f"after wave {wave + 1}")

    def _is_due(self, check: Check, wave: int) -> bool:
        """Whether nothing that is yet to come can make it hold, where it did not before."""
        if check.probe not in _OF_NAMES:
            return False
        later = [step for each in self.plan.waves[wave + 1 :] for step in each]
        new = [step for step in self.plan.steps if step.before is None]
        # what a zone is delegated to is not ours to say: that may take somebody a while
        return not any(step.ref.kind == "DnsZone" for step in later) and not any(
            step.ref.kind == "DnsZone" and not step.ref.is_record_set for step in new
        )

    def at_the_end(self) -> None:
        """Until everything holds that is about anything that the run has changed."""
        changed = [*self.run.recalled, *self.plan.steps]
        self._hold([each for each in self.checks if about(each, changed)], "at the end")

    def _hold(self, checks: Sequence[Check], when: str) -> None:
        """Poll them on the run's clock; each only until it holds."""
        if not checks:
            return
        pending = [*checks]

        def look() -> str:
            failing = [one for one in self._look(pending) if one.fails]
            names = {one.check for one in failing}
            pending[:] = [each for each in pending if each.name in names]
            return "; ".join(f"{one.check}: {one.message}" for one in _first_of_each(failing))

        names = ", ".join(each.name for each in checks)
        late = "what a visitor must see does not hold after {minutes} minutes"
        try:
            changed, timeouts = [*self.run.recalled, *self.plan.steps], self.run.vigil.timeouts
            most = limit(checks, changed, self.plan, timeouts)
            self.run.vigil.until(names, look, most, late)
        except CheckFailed:
            self._note(when, checks, {each.name for each in pending})
            raise
        self._held |= {each.name for each in checks}
        self._note(when, checks, set())

    def _look(self, checks: Sequence[Check]) -> list[Finding]:
        gates, run = self.gates, self.run
        at = vantage(run.google, gates.desired, run.ledger, gates.folder, commands=gates.commands)
        return run_checks(checks, at)

    def _note(self, when: str, checks: Sequence[Check], failing: set[str]) -> None:
        asked: list[Json] = [each.name for each in checks]
        wrong: list[Json] = [*sorted(failing)]
        self.run.note(Kind.NOTED, gates=when, checks=asked, failing=wrong)


def _asks_for_names(check: Check) -> bool:
    return check.probe in {"dns", "http", "tls", "websocket"} and "connectTo" not in check.asks


def _first_of_each(findings: Sequence[Finding]) -> list[Finding]:
    return [*{one.check: one for one in reversed(findings)}.values()][::-1]
