"""A terminal or a pipeline's log, as whoever has a plan carried out; and what came of that."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass

from remediate.cli.outputs import planned
from remediate.cli.session import Session
from remediate.cli.showing import ask, say, show
from remediate.cli.signals import first_signal_stops
from remediate.model.plan import Plan
from remediate.pipeline.apply import Outcome
from remediate.pipeline.half_done import HalfDone
from remediate.pipeline.left_over import way_on
from remediate.pipeline.undertaking import Prepare, undertake
from remediate.pipeline.undoing import answers_to_undo


@dataclass(frozen=True, slots=True)
class Terminal:
    """Asks if there is a `question`; a no is answered with `otherwise`."""

    session: Session
    question: str = ""
    otherwise: str = ""

    def say(self, sentence: str) -> None:
        say(sentence)

    def cut_short(self, half: HalfDone) -> None:
        settings = self.session.settings
        if settings.own.verb == "apply" and (words := way_on(half)):
            line = settings.command(*words)
            say(f"run {half.run} was cut short: `{line}` goes on with it; this apply plans anew")

    def planned(self, plan: Plan) -> None:
        planned(plan)

    def show(self, plan: Plan) -> None:
        show(plan)

    def agree(self, plan: Plan) -> None:
        if self.question and not plan.is_empty:
            ask(self.question, self.otherwise)

    def expect(self, steps: int) -> None:
        self.session.watcher.expect(steps)

    def stopping(self) -> AbstractContextManager[threading.Event]:
        return first_signal_stops()


def carried_out(
    session: Session, prepare: Prepare, question: str = "", otherwise: str = "", run: str = ""
) -> tuple[Plan, Outcome | None]:
    """`undertake` it, and have it reported. `run` is one that was begun before, if there is one."""
    plan, outcome = undertake(session, prepare, Terminal(session, question, otherwise), run)
    answers, _more = answers_to_undo(plan.steps)
    back = ("rollback", "--snapshot", outcome.snapshot, *answers) if outcome else ()
    planned(plan, outcome, session.settings.command(*back) if back else "")
    return plan, outcome
