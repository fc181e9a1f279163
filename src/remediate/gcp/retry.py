"""One policy for trying again: which failures pass, how long to wait, when to give up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from remediate.gcp.errors import Transient
from remediate.model.chance import Chance
from remediate.model.clock import Clock
from remediate.model.errors import RemediateError

if TYPE_CHECKING:
    import tenacity

T = TypeVar("T")

_FIRST = 1.0  # seconds
_LONGEST = 32.0


class Patience:
    """Full jitter, `Retry-After`, and two ends: `each` for one request, one deadline for all.

    Both in seconds of the given clock. What passes is decided where it is raised, as `Transient`.
    """

    def __init__(
        self, clock: Clock, chance: Chance, *, each: float = 60.0, command: float = 3600.0
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._each = each
        self.deadline = clock.monotonic() + command

    def run(self, once: Callable[[], T]) -> T:
        """The first answer; when patience ends, the error of the last attempt."""
        try:
            return once()
        except Transient as first:
            return self._again(once, first)

    def _again(self, once: Callable[[], T], first: Transient) -> T:
        import tenacity  # 25 ms that a command pays only when something failed

        failed = [first]
        may_have_worked = not first.unheard
        end = min(self._clock.monotonic() + self._each, self.deadline)

        def attempt() -> T:
            nonlocal may_have_worked
            if failed:
                raise failed.pop()
            try:
                return once()
            except Transient as again:
                may_have_worked = may_have_worked or not again.unheard
                raise

        def too_late(state: tenacity.RetryCallState) -> bool:
            return self._clock.monotonic() + state.upcoming_sleep > end

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Transient),
            wait=self._pause,
            stop=too_late,
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except RemediateError as error:
            error.unsure = error.unsure or may_have_worked
            raise
        except Transient as last:
            tries = retrying.statistics["attempt_number"]
            verdict = last.verdict
            verdict.unsure = may_have_worked
            if tries > 1:
                verdict.args = (f"{str(verdict).rstrip('.')}; tried {tries} times",)
            raise verdict from None

    def _pause(self, state: tenacity.RetryCallState) -> float:
        failure = state.outcome and state.outcome.exception()
        if isinstance(failure, Transient) and failure.after is not None:
            # a little more than asked, so that many of us do not come back at once
            return failure.after + self._chance.jitter(min(1.0, failure.after / 4))
        return self._chance.jitter(min(_LONGEST, _FIRST * 2.0**state.attempt_number))
