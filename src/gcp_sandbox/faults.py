"""Faults on the wire, injected for the next calls that match."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Body, Json
from gcp_sandbox.server import Reply

_HTML = (
    b"<!DOCTYPE html><html lang=en><title>Error 502 (Server Error)!!1</title>"
    b"<p><b>502.</b> <ins>That\xe2\x80\x99s an error.</ins></html>"
)

_ANSWERS: dict[str, GoogleError] = {
    "429": GoogleError(429, "rateLimitExceeded", "Rate Limit Exceeded", status_name=True),
    "403": GoogleError(
        403,
        "rateLimitExceeded",
        "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute'.",
        status_name="PERMISSION_DENIED",
        domain="usageLimits",
    ),
    "quota": GoogleError(
        403, "quotaExceeded", "Quota 'THINGS' exceeded. Limit: 10.0 globally.", status_name=True
    ),
    "exists": GoogleError(409, "alreadyExists", "The resource already exists.", status_name=True),
    "forbidden": GoogleError(
        403, "forbidden", "The caller does not have permission", status_name=True
    ),
    "401": GoogleError(
        401,
        "authError",
        "Request had invalid authentication credentials.",
        status_name=True,
    ),
    "500": GoogleError(500, "backendError", "Internal error encountered.", status_name=True),
    "503": GoogleError(
        503, "backendError", "The service is currently unavailable.", status_name=True
    ),
}
_SHAPES = (
    "html",
    "half",
    "reset",
    "lost",
    "slow",
    "slow-operation",
    "failed-operation",
    "doomed-certificate",
)
KINDS = (*_ANSWERS, *_SHAPES)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with the next `times` calls whose `METHOD /path` matches the glob `match`.

    Kinds: an error status; `html` (502 with a page); `half` (the body breaks off); `reset` (no
    answer, no effect); `lost` (the effect, but no answer); `slow` (the answer takes `seconds`);
    `slow-operation` (the operation takes `seconds`); `failed-operation` (it ends in an error);
    `doomed-certificate` (the certificate inserted will fail permanently).
    """

    match: str
    kind: str
    times: int = 1
    seconds: float = 1.0

    @property
    def before(self) -> Reply | None:
        """The answer that keeps the request from having any effect."""
        if self.kind == "reset":
            return Reply(0, cut="reset")
        if self.kind == "html":
            return Reply(502, _HTML, "text/html; charset=UTF-8")
        return None

    @property
    def error(self) -> GoogleError | None:
        return _ANSWERS.get(self.kind)

    def after(self, reply: Reply) -> Reply:
        """The answer as it arrives."""
        if self.kind in ("half", "lost"):
            return replace(reply, cut="half" if self.kind == "half" else "reset")
        return reply


class Faults:
    """The faults in force, by id."""

    def __init__(self) -> None:
        self._by_id: dict[str, Fault] = {}

    def inject(self, name: str, body: Json) -> Fault:
        """From `{"match": "GET */urlMaps*", "kind": "503", "times": 2}`; 400 if it makes no sense.

        Without `kind` the id is the kind; without `match` every call matches.
        """
        wanted: Body = body if isinstance(body, dict) else {}
        kind = str(wanted.get("kind", name))
        if kind not in KINDS:
            raise GoogleError(
                400, "invalid", f"Unknown kind of fault '{kind}': one of {', '.join(KINDS)}."
            )
        match = str(wanted.get("match", "*"))
        if not re.match(r"[A-Z]+ |\*", match):
            match = f"* {match}"
        try:
            times, seconds = int(wanted.get("times", 1)), float(wanted.get("seconds", 1.0))
        except (TypeError, ValueError):
            raise GoogleError(400, "invalid", "`times` and `seconds` are numbers.") from None
        fault = Fault(match, kind, times, seconds)
        self._by_id[name] = fault
        return fault

    def clear(self) -> None:
        self._by_id.clear()

    def in_force(self) -> dict[str, Fault]:
        return dict(self._by_id)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault of this call, used up by one."""
        if not self._by_id:
            return None
        call = f"{method} {path}"
        for name, fault in self._by_id.items():
            if fnmatchcase(call, fault.match):
                if fault.times > 1:
                    self._by_id[name] = replace(fault, times=fault.times - 1)
                else:
                    del self._by_id[name]
                return fault
        return None
