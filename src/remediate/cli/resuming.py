"""`apply --resume RUN`: go on with a run that ended too early, as the same run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import click

from remediate.cli.carrying_out import carried_out
from remediate.cli.gating import gated
from remediate.cli.options import Asked, Settings
from remediate.cli.outputs import width, write
from remediate.cli.session import Session, allowances, opened
from remediate.cli.showing import say
from remediate.model.plan import Plan
from remediate.model.resource import Desired
from remediate.pipeline.apply import Outcome
from remediate.pipeline.half_done import HalfDone, ended, find
from remediate.pipeline.observe import Observed
from remediate.pipeline.preparing import to_resume
from remediate.pipeline.resume import Standing
from remediate.report.text import counted
from remediate.stores.ledger import Ledger


def resume_options(function: Callable[..., int]) -> Callable[..., int]:
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


def gone_on_with(
    settings: Settings, desired: Desired, name: str, on_failure: str | None, *, yes: bool
) -> int:
    """Go on with a run and say what came of it; of one that came to its end, say that."""
    from remediate.report.human import outcome_text
    from remediate.report.machine import outcome_json

    about = desired.environment
    back = (on_failure or about.on_failure) == "rollback"
    with opened(settings, about.name, about.project) as session:
        half = find(session.store, name, session.whose)
        if half.is_over:
            over, came = ended(half)
            write(lambda: f"{over.notes[0]}\n", lambda: outcome_json(came, over))
            return 0
        plan, outcome = resumed(session, desired, half.run, back=back, yes=yes)
    write(
        lambda: outcome_text(outcome, plan, width=width(), typed=settings.command),
        lambda: outcome_json(outcome, plan),
    )
    return 0


def resumed(
    session: Session, desired: Desired, run: str, *, back: bool, yes: bool
) -> tuple[Plan, Outcome | None]:
    """Go on with a run under the lock."""

    def planned(half: HalfDone, ledger: Ledger) -> tuple[Plan, Observed]:
        session.settings = _with_consent(session.settings, half)
        said = half.choices
        said = replace(said, allowances={**said.allowances, **allowances(session.settings)})
        return session.plan(desired, ledger, said)

    def tell(half: HalfDone, stands: Standing) -> None:
        say(_so_far(half, stands))

    asking = sys.stdin.isatty() and not yes
    question = "Go on with this run?" if asking else ""
    prepare = to_resume(session, desired, run, planned, tell, takes_back=back)
    return carried_out(session, gated(prepare, desired), question, "not gone on with", run)


def _so_far(half: HalfDone, stands: Standing) -> str:
    found = len(stands.settled)
    seen = f", {found} of them as a look has shown" if found else ""
    return f"run {half.run} goes on: {counted(len(half.done) + found, 'step')} done before{seen}"


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
