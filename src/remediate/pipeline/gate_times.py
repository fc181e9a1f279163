"""Which checks hold a plan back, and for how long at most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from remediate.model.check import Check
from remediate.model.plan import Plan, Step
from remediate.model.ref import Ref
from remediate.pipeline.propagation import longest

TIMEOUT = 300.0  # seconds, where neither a cache nor `lifecycle.wait` says how long it may take
MARGIN = 120.0  # seconds beyond what caches keep: until Cloud DNS's own servers have a change


def about(check: Check, steps: Iterable[Step]) -> bool:
    return check.gates_any(step.ref for step in steps)


def gates_of(checks: Iterable[Check], steps: Sequence[Step], *, commands: bool) -> list[Check]:
    """The critical ones that name anything that changes; commands only where they may run."""
    return [
        each
        for each in checks
        if each.severity == "critical"
        and (commands or each.probe != "command")
        and about(each, steps)
    ]


def limit(
    checks: Iterable[Check], steps: Sequence[Step], plan: Plan, timeouts: Mapping[Ref, float]
) -> float:
    """Seconds: what was asked for the resources, else what caches take, else the usual.

    `timeouts` are `lifecycle.wait`, by live name.
    """
    mine = [step for step in steps if any(about(each, [step]) for each in checks)]
    asked = [timeouts[step.live] for step in mine if step.live in timeouts]
    cached = longest(mine, plan)
    return max([TIMEOUT, *asked, cached + MARGIN if cached else 0.0])
