"""Waiting for what Google does after it has answered: one waiter, several dialects.

Compute asks by the blocking `wait` method of its scope, all the others by polling. What an answer
says, it says in one of four dialects: `status` and `error.errors` (Compute, Cloud SQL), the same of
a DNS change, and `done` with a google.rpc.Status (AIP-151).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from remediate.gcp.errors import refusal
from remediate.model.clock import Clock
from remediate.model.errors import RemediateError, Unreachable
from remediate.model.failpoint import passing
from remediate.model.json import Body

TIMEOUT = 1200.0  # seconds; what Terraform's provider allows most of these APIs
_PAUSES = (0.2, 0.5, 1.0, 2.0, 3.0, 5.0)
_HTTP_OF_RPC = {3: 400, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 13: 500, 14: 503, 16: 401}


@dataclass(frozen=True, slots=True)
class Operation:
    """What a mutation answered. `where` is a scope, or a managed zone (DNS).

    As `to_json` it goes into the journal and can be waited for by another process.
    """

    dialect: str  # whom to ask about it; "" when everything was done with the answer
    where: str
    body: Body

    @property
    def name(self) -> str:
        return str(self.body.get("name") or self.body.get("id") or "")

    @property
    def done(self) -> bool:
        said = self.body.get("done") is True or str(self.body.get("status", "")).lower() == "done"
        return not self.dialect or said

    def to_json(self) -> Body:
        return {"dialect": self.dialect, "where": self.where, "name": self.name}

    @staticmethod
    def from_json(stored: Mapping[str, object]) -> Operation:
        name = str(stored["name"])
        body: Body = {"name": name, "id": name, "status": "PENDING"}
        return Operation(str(stored["dialect"]), str(stored["where"]), body)


Operations: TypeAlias = list[Operation]


class Waiter:
    """Follows operations to their end, on the clock it is given."""

    def __init__(self, looks: Mapping[str, Callable[[Operation], Body]], clock: Clock) -> None:
        self._clock = clock
        self._looks = looks  # by dialect: the operation as it is by now

    def wait(self, operation: Operation, timeout: float = TIMEOUT) -> Body:
        """The body of the finished operation.

        Raises ApiRefused (or its kin) with the operation's own error, and Unreachable when it is
        not done within `timeout` seconds; it may still end well then.
        """
        end = self._clock.monotonic() + timeout
        looks = 0
        while not operation.done:
            passing("operation.poll.before")
            operation = replace(operation, body=self._look(operation))
            passing("operation.poll.after")
            if operation.done:
                break
            pause = _PAUSES[min(looks, len(_PAUSES) - 1)]
            if self._clock.monotonic() + pause > end:
                raise _unfinished(operation, timeout)
            self._clock.sleep(pause)
            looks += 1
        _raise_error(operation)
        return operation.body

    def _look(self, operation: Operation) -> Body:
        try:
            return self._looks[operation.dialect](operation)
        except RemediateError as error:
            error.unsure = True  # it goes on, whether we can see it or not
            raise


def _unfinished(operation: Operation, timeout: float) -> Unreachable:
    error = Unreachable(
        f"operation {operation.name} was not done within {timeout:.0f} s "
        f"(last seen {operation.body.get('status', 'in no state')})"
    )
    error.unsure = True
    error.hint = "It may still end well at Google. Look with `remediate plan` before trying again."
    return error


def _raise_error(operation: Operation) -> None:
    error = operation.body.get("error")
    if not isinstance(error, dict):
        return
    listed = error.get("errors", [error])
    entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    messages = "; ".join(str(entry.get("message") or entry.get("code")) for entry in entries)
    code = entries[0].get("code") if entries else ""
    status = operation.body.get("httpErrorStatusCode")
    if isinstance(code, int):
        status, code = _HTTP_OF_RPC.get(code, 0), ""
    raise refusal(
        _what(operation),
        status if isinstance(status, int) else 0,
        str(code or ""),
        messages or "no reason given",
        error,
    )


def _what(operation: Operation) -> str:
    """`insert of global/urlMaps/x`, from whichever fields an API tells it in."""
    body = operation.body
    metadata = body.get("metadata")
    told = metadata if isinstance(metadata, dict) else body
    verb = body.get("operationType") or str(told.get("verb") or "operation").lower()
    target = str(told.get("targetLink") or told.get("target") or told.get("name"))
    short = f"/{target}".partition("/projects/")[2].partition("/")[2] or target
    return f"{verb} of {short}"
