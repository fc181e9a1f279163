"""`apply --resume RUN`: go on with a run that ended too early, as the same run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import click

from remediate.cli.carrying_out import Carry, Prepared, carried_out
from remediate.cli.options import Asked, Settings
from remediate.cli.session import Session, allowances
from remediate.model.errors import InvalidInput
from remediate.model.plan import Plan
from remediate.model.resource import Desired
from remediate.pipeline.apply import Outcome, adopt, order_of
from remediate.pipeline.half_done import (
    HalfDone,
    Whose,
    find,
    insist_on_nobody_since,
    insist_on_same_yaml,
)
from remediate.pipeline.observe import Observed
from remediate.pipeline.resume import Standing, conflict, go_on, insist_on_the_rest, standing
from remediate.stores.ledger import Ledger

F = TypeVar("F", bound=Callable[..., Any])


def resume_options(function: F) -> F:
    """`--resume RUN` and `--on-failure`."""
    resume = click.option(
        "--resume",
        metavar="RUN|latest",
        help="Go on with a run that ended too early: its id, or the beginning of it.",
    )
    on_failure = click.option(
        "--on-failure",
        type=click.Choice(["stop", "rollback"]),
        help="When a step fails after others were done; the Environment's, or stop.",
    )
    return resume(on_failure(function))


def resumed(
    session: Session, desired: Desired, name: str, *, back: bool, yes: bool
) -> tuple[Plan, Outcome | None]:
    """Go on with a run under the lock; what it did already is found out first.

    Raises InvalidInput for a run that cannot be gone on with here, Stale where somebody else has
    been at what it is about.
    """
    whose = Whose(session.environment, session.project, session.google.endpoint)
    run = find(session.store, name, whose).run

    def prepared(ledger: Ledger) -> Prepared:
        half = find(session.store, run, whose)  # once more: until now somebody may have been at it
        insist_on_same_yaml(half, desired.digest)
        insist_on_nobody_since(session.store, half, whose)
        standing(half, session.google, session.store, ledger.veil)
        plan, seen = _rest(session, desired, ledger, half)
        # once more: what came in between is in the plan, and is somebody else's all the same
        stands = standing(half, session.google, session.store, ledger.veil)
        return Prepared(
            plan,
            lambda: order_of("apply", plan, desired, seen, half.asked),
            lambda known: adopt(plan, desired, seen, known, half.asked, session.google.clock.now()),
            carry=_carry(stands),
            takes_back=back,
        )

    asking = sys.stdin.isatty() and not yes
    question = "Go on with this run?" if asking else ""
    return carried_out(session, prepared, question, "not gone on with", run)


def is_over(session: Session, name: str) -> str:
    """The id of a run that has come to its end, so that nothing is left to do; else empty."""
    whose = Whose(session.environment, session.project, session.google.endpoint)
    half = find(session.store, name, whose)
    return half.run if half.is_over else ""


def _carry(stands: Standing) -> Carry:
    return lambda order, _run, *rest, held: go_on(stands, order, *rest, held=held)


def _with_consent(settings: Settings, half: HalfDone) -> Settings:
    """Who approved the run has approved what is left of it; more may be said now."""
    own, was = settings.own, half.consent
    said = replace(
        own.consent,
        approved_by=tuple(dict.fromkeys((*was.approved_by, *own.consent.approved_by))),
        incident=own.consent.incident or was.incident,
    )
    return replace(settings, own=replace(own, consent=said))


def insist_on_nothing_else(asked: Asked, *, reviewed: bool) -> None:
    """A run knows what it was asked, and by whom it was reviewed."""
    if reviewed or asked != Asked((), (), prune=False, lower_ttl=False):
        raise click.UsageError("--resume stands alone: the run knows what it was asked to do.")


def _rest(
    session: Session, desired: Desired, ledger: Ledger, half: HalfDone
) -> tuple[Plan, Observed]:
    """What is left of a run: the same plan from here on, or somebody else has been there."""
    session.settings = _with_consent(session.settings, half)
    said = half.choices
    said = replace(said, allowances={**said.allowances, **allowances(session.settings)})
    try:
        plan, seen = session.plan(desired, ledger, said)
    except InvalidInput as error:
        raise conflict(half, [str(error)]) from error
    insist_on_the_rest(half, plan, session.project)
    return plan, seen
