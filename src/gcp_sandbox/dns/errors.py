"""Cloud DNS's errors: several in one answer, each naming the part of the request that it is about.

The wording is that of the real API, as its users quote it in bug reports.
"""

from __future__ import annotations

from collections.abc import Sequence

from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Body

Faults = list[str]
"""Messages gathered while a request is read, to be told all at once."""


class Refused(GoogleError):
    """One answer for several faults of one reason; the first gives the message."""

    def __init__(self, status: int, reason: str, messages: Sequence[str]) -> None:
        super().__init__(status, reason, messages[0])
        self.messages = messages

    def body(self) -> Body:
        entries = [
            {"message": message, "domain": self.domain, "reason": self.reason}
            for message in self.messages
        ]
        return {"error": {"code": self.status, "message": self.message, "errors": entries}}


def not_found(what: str, name: str) -> GoogleError:
    return GoogleError(404, "notFound", f"The '{what}' resource named '{name}' does not exist.")


def exists(what: str, name: str) -> GoogleError:
    return GoogleError(409, "alreadyExists", f"The resource '{what}' named '{name}' already exists")


def stale(what: str) -> GoogleError:
    return GoogleError(412, "conditionNotMet", f"Precondition not met for '{what}'")


def required(what: str) -> GoogleError:
    return GoogleError(400, "required", f"The '{what}' parameter is required but was missing.")


def immutable(what: str) -> GoogleError:
    return GoogleError(400, "immutableField", f"The field '{what}' cannot be modified.")


def invalid(what: str, value: object) -> GoogleError:
    return GoogleError(400, "invalid", bad_value(what, value))


def bad_value(what: str, value: object) -> str:
    """The message of an `invalid` fault."""
    return f"Invalid value for '{what}': '{value}'"
