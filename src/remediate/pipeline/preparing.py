"""What `undertake` carries out for an apply, and for one that is gone on with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from remediate.model.errors import InvalidInput, Locked
from remediate.model.plan import Plan
from remediate.model.resource import Desired
from remediate.pipeline.apply import adopt, order_of
from remediate.pipeline.choices import Choices
from remediate.pipeline.half_done import (
    HalfDone,
    find,
    insist_on_nobody_since,
    insist_on_same_yaml,
)
from remediate.pipeline.observe import Observed, observe
from remediate.pipeline.plan import plan
from remediate.pipeline.preflight import preflight, with_objections
from remediate.pipeline.resume import Standing, conflict, go_on, insist_on_the_rest, standing
from remediate.pipeline.undertaking import Carry, Prepare, Prepared, Site
from remediate.stores.ledger import Ledger

Plans: TypeAlias = Callable[[Ledger], tuple[Plan, Observed, Choices]]
"""A plan made now, what it was made from, and what was chosen."""


def planned_now(
    site: Site, desired: Desired, ledger: Ledger, choices: Choices
) -> tuple[Plan, Observed]:
    """Read the live side and compare, and ask Google what it would say to the writes."""
    seen = observe(site.google, desired, ledger.resources, site.watchers)
    made = plan(desired, seen, ledger, choices)
    return with_objections(made, preflight(site.google, made)), seen


def to_apply(
    site: Site,
    desired: Desired,
    planned: Plans,
    begin: Callable[[str], None] = lambda _run: None,
    *,
    shown: bool = False,
    takes_back: bool = False,
) -> Prepare:
    """Make live as declared; `begin`, `shown` and `takes_back` are as in Prepared."""

    def prepared(ledger: Ledger) -> Prepared:
        plan, seen, chosen = planned(ledger)
        return Prepared(
            plan,
            lambda: order_of("apply", plan, desired, seen, chosen),
            lambda known: adopt(plan, desired, seen, known, chosen, site.google.clock.now()),
            begin,
            shown=shown,
            waits=True,
            takes_back=takes_back,
        )

    return prepared


def to_resume(
    site: Site,
    desired: Desired,
    run: str,
    planned: Callable[[HalfDone, Ledger], tuple[Plan, Observed]],
    tell: Callable[[HalfDone, Standing], None] = lambda _half, _stands: None,
    *,
    takes_back: bool = False,
) -> Prepare:
    """Go on with a run; what it did already is found out first. `tell` hears what that is.

    `planned` makes the plan of what it was asked, from here on. Raises InvalidInput for a run that
    cannot be gone on with here, Stale where somebody else has been at what it is about.
    """

    def prepared(ledger: Ledger) -> Prepared:
        half = _still_to_do(site, run, desired)
        standing(half, site.google, site.store, ledger.veil)
        try:
            plan, seen = planned(half, ledger)
        except InvalidInput as error:
            raise conflict(half, [str(error)]) from error
        insist_on_the_rest(half, plan, site.project)
        # once more: what came in between is in the plan, and is somebody else's all the same
        stands = standing(half, site.google, site.store, ledger.veil)
        tell(half, stands)
        return Prepared(
            plan,
            lambda: order_of("apply", plan, desired, seen, half.asked),
            lambda known: adopt(plan, desired, seen, known, half.asked, site.google.clock.now()),
            carry=_going_on(stands),
            takes_back=takes_back,
        )

    return prepared


def _still_to_do(site: Site, run: str, desired: Desired) -> HalfDone:
    """The run as it is by now: until the lock was ours, somebody may have been at it."""
    half = find(site.store, run, site.whose)
    if half.is_over:
        raise Locked(f"another process has just brought run {run} to its end")
    insist_on_same_yaml(half, desired.digest)
    insist_on_nobody_since(site.store, half, site.whose)
    return half


def _going_on(stands: Standing) -> Carry:
    return lambda order, _run, *rest, held: go_on(stands, order, *rest, held=held)
