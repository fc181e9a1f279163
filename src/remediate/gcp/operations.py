"""Waiting for what Google does after it has answered: one waiter, several dialects.

Compute: `compute#operation`, by the blocking `wait` method of its scope. Cloud DNS: `dns#change`
and `dns#operation`, by polling. A dialect is one function from an operation to its newer body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from remediate.gcp.errors import refusal
from remediate.model.clock import Clock
from remediate.model.errors import Unreachable
from remediate.model.json import Body

if TYPE_CHECKING:
    from remediate.gcp.compute import Compute
    from remediate.gcp.dns import Dns

TIMEOUT = 1200.0  # seconds; what Terraform's provider allows compute and DNS
_PAUSES = (0.2, 0.5, 1.0, 2.0, 3.0, 5.0)


@dataclass(frozen=True, slots=True)
class Operation:
    """What a mutation answered. `where` is a scope (compute) or a managed zone (DNS).

    As `to_json` it goes into the journal and can be waited for by another process.
    """

    dialect: str  # the body's `kind`; "" when everything was done with the answer
    where: str
    body: Body

    @property
    def name(self) -> str:
        return str(self.body.get("name") or self.body.get("id") or "")

    @property
    def done(self) -> bool:
        return not self.dialect or str(self.body.get("status", "")).lower() == "done"

    def to_json(self) -> Body:
        return {"dialect": self.dialect, "where": self.where, "name": self.name}

    @staticmethod
    def from_json(stored: Mapping[str, object]) -> Operation:
        name = str(stored["name"])
        body: Body = {"name": name, "id": name, "status": "PENDING"}
        return Operation(str(stored["dialect"]), str(stored["where"]), body)


class Waiter:
    """Follows operations to their end, on the clock it is given."""

    def __init__(self, compute: Compute, dns: Dns, clock: Clock) -> None:
        self._clock = clock
        self._look: dict[str, Callable[[Operation], Body]] = {
            "compute#operation": lambda at: compute.wait_operation(at.where, at.name),
            "dns#change": lambda at: dns.change_status(at.where, at.name),
            "dns#operation": lambda at: dns.operation_status(at.where, at.name),
        }

    def wait(self, operation: Operation, timeout: float = TIMEOUT) -> Body:
        """The body of the finished operation.

        Raises ApiRefused (or its kin) with the operation's own error, and Unreachable when it is
        not done within `timeout` seconds; it may still end well then.
        """
        end = self._clock.monotonic() + timeout
        looks = 0
        while not operation.done:
            operation = replace(operation, body=self._look[operation.dialect](operation))
            if operation.done:
                break
            pause = _PAUSES[min(looks, len(_PAUSES) - 1)]
            if self._clock.monotonic() + pause > end:
                raise _unfinished(operation, timeout)
            self._clock.sleep(pause)
            looks += 1
        _raise_error(operation)
        return operation.body


def _unfinished(operation: Operation, timeout: float) -> Unreachable:
    error = Unreachable(
        f"operation {operation.name} was not done within {timeout:.0f} s "
        f"(last seen {operation.body.get('status', 'in no state')})"
    )
    error.hint = "It may still end well at Google. Look with `remediate plan` before trying again."
    return error


def _raise_error(operation: Operation) -> None:
    error = operation.body.get("error")
    if not isinstance(error, dict):
        return
    listed = error.get("errors")
    entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    messages = "; ".join(str(entry.get("message") or entry.get("code")) for entry in entries)
    code = str(entries[0].get("code") or "") if entries else ""
    status = operation.body.get("httpErrorStatusCode")
    verb = operation.body.get("operationType") or "operation"
    target = str(operation.body.get("targetLink") or operation.name)
    what = f"{verb} of {target.partition('/projects/')[2].partition('/')[2] or target}"
    raise refusal(
        what, status if isinstance(status, int) else 0, code, messages or "no reason given", error
    )
