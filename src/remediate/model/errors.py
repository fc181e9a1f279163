"""One tree of errors. Each says what happened, what to do, and how the process exits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A spot in a user's file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with the user's input: where, what, and what was meant."""

    place: Place | None
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.message}" + (f" ({self.hint})" if self.hint else "")


class RemediateError(Exception):
    """Everything we raise on purpose."""

    exit_code = 1
    hint = "Run the command again with -v to see every request."
    brief = ""  # in place of the message, for people who have just been shown what it says
    unsure = False  # whether a write that was sent may have taken effect all the same


class InvalidInput(RemediateError):
    """The user's files or words are wrong; nothing was sent."""

    exit_code = 9
    hint = "Say it otherwise; `remediate VERB --help` shows what a verb takes."

    def __init__(self, message: str = "", faults: Sequence[Fault] = (), *, hint: str = "") -> None:
        self.faults = tuple(faults)
        if hint or self.faults:
            self.hint = hint or _CORRECT
        super().__init__(message or "\n".join(map(str, self.faults)))


_CORRECT = "Correct the places named above; `remediate validate` checks them without a network."


class Declined(RemediateError):
    """Somebody was asked, and said no; nothing was changed."""

    hint = "Type the same command again when it is wanted; with --yes it does not ask."


class Unreachable(RemediateError):
    """Google did not answer, or not with what it promises; live state is unknown, never absent."""

    hint = "Nothing was changed by this request. Check the network and try again."


class ApiRefused(RemediateError):
    """Google answered with an error of its own."""

    hint = "Read Google's reason above."

    def __init__(
        self, message: str, *, status: int = 0, reason: str = "", body: object = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.body = body


class NotAuthorised(ApiRefused):
    """No usable credentials, or a permission is missing."""

    exit_code = 10
    hint = (
        "Run `gcloud auth application-default login`, name an account with --impersonate, "
        "or grant what is named above."
    )
    permission = ""  # that is missing, where Google names it


class PlanRefused(RemediateError):
    """A guard denies the plan and nobody has acknowledged it."""

    exit_code = 4
    hint = "If each objection is intended, answer it with what is shown beside it."


class Stale(RemediateError):
    """Live state is not what the plan was made from; nothing was written."""

    exit_code = 5
    hint = "Somebody else changed it. Run `remediate plan` again and read what moved."


class Locked(RemediateError):
    """Another run holds the environment."""

    exit_code = 6
    hint = (
        "Wait for the run named above to end. `remediate lock status` tells whether it still "
        "lives; if it does not, `remediate lock break` ends its claim."
    )

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        if hint:
            self.hint = hint


class PartlyApplied(RemediateError):
    """Some steps are done and one failed; the journal and the snapshot have it all."""

    exit_code = 7
    hint = "Type the same command again to finish, or roll back to the snapshot named above."


class RolledBack(RemediateError):
    """A step failed, and what the run had done by then was taken back, as it was told to."""

    exit_code = 8
    hint = "Mend what failed, then apply again; a hold may have to be released first."


class Interrupted(RemediateError):
    """Ctrl-C or a signal: no new step was begun, and those in flight were waited for."""

    exit_code = 130
    hint = "Type the same command again to finish, or roll back to the snapshot named above."


class CheckFailed(RemediateError):
    """Everything was written, but what should hold afterwards does not."""

    exit_code = 3
    hint = "Read what does not hold, mend that, and type the same command again."


class StoreDamaged(RemediateError):
    """A stored file is torn, altered, or of a format that this version does not know."""

    hint = "Nothing was changed. Use another snapshot, or a newer version of remediate."

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        if hint:
            self.hint = hint
