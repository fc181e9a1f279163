"""What went wrong on the wire, in one clear line: never a token, a header or a traceback."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from remediate.model.errors import ApiRefused, NotAuthorised, RemediateError, Unreachable
from remediate.model.json import Body, Json
from remediate.model.values import without_seen

_RATE_REASONS = frozenset(
    {"rateLimitExceeded", "userRateLimitExceeded", "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED"}
)
_QUOTA_REASONS = frozenset({"quotaExceeded", "QUOTA_EXCEEDED"})
# Compute Engine has a reason for it, Certificate Manager a sentence.
_IN_USE = re.compile(r"resourceInUse|RESOURCE_IN_USE|can't delete .* that is referenced by")
_IN_PROGRESS = "operationInProgress"  # Cloud SQL's: one operation at a time for an instance
_DISABLED = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_DOTTED = r"'?([a-z][A-Za-z]*(?:\.[A-Za-z]+){2})'?"
_PERMISSION = re.compile(rf"{_DOTTED} permission|ermission {_DOTTED}")
_RESOURCE = re.compile(r"(?:permission for|on resource) '?([^'\s(]+)'?")
_SECRET = re.compile(
    r"ya29\.[\w.-]+|Bearer\s+\S+|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END[^-]*-----|$)",
    re.DOTALL,
)
_LONGEST = 600
GRANT = (
    "Grant the account what is named above; `remediate iam --for apply` prints a role with all "
    "that an apply needs, and `remediate iam --for plan` all that a plan does."
)


class Contradicted(ApiRefused):
    """What the request took for granted is not so.

    `unsure`: the answer to an earlier attempt was lost, so that may have been our own doing.
    """

    hint = "Somebody else changed it. Run `remediate plan` again and read what moved."


class NotFound(Contradicted):
    """Google says that what the request names does not exist."""

    hint = "Check the names and the project; something that was there may have been deleted."


class AlreadyExists(Contradicted):
    """Google says that it is there already, or that another change is in flight (409)."""

    @property
    def is_busy(self) -> bool:
        """Whether Google does something else with it first; of VPC Access only the words tell."""
        aborted = self.reason == "ABORTED" and "another operation in progress" in str(self)
        return aborted or self.reason == _IN_PROGRESS


class PreconditionFailed(Contradicted):
    """Somebody else wrote in between: a fingerprint or a record set was not as sent (412)."""


class RateLimited(ApiRefused):
    """Google has not looked at the request, since there were too many (429, or a 403 for rate)."""

    hint = "Google asks for fewer requests. Wait a minute and try again."


class Transient(Exception):
    """This attempt failed in a way that may pass. `verdict` is what to raise if it does not.

    `unheard`: it did not arrive, or was turned away at the door, so it cannot have had an effect.
    """

    def __init__(
        self, verdict: RemediateError, after: float | None = None, *, unheard: bool = False
    ) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict
        self.after = after  # seconds, when Google names them
        self.unheard = unheard


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as messages name it: the API in words, the host, the verb and the path."""

    api: str
    host: str
    method: str
    path: str

    @property
    def mutates(self) -> bool:
        return self.method != "GET"

    def __str__(self) -> str:
        return f"{self.api}: {self.method} {self.path}"


def answered(
    asked: Asked, status: int, headers: Mapping[str, str], content: bytes, now: datetime
) -> Body:
    """The JSON object of an answer; raises its error from the tree, `Transient` if it may pass."""
    body = _object(content)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        if body is None:
            raise unreachable(asked, _not_json(headers, content))
        return body
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise unreachable(asked, "answered with a redirect, which is never followed")
    error = body.get("error") if body else None
    if isinstance(error, dict):
        return _refused(asked, status, headers, error, now)
    what = f"answered {status} with {_not_json(headers, content)}"
    if _passes(status):
        raise Transient(unreachable(asked, what), retry_after(headers, now))
    if status in {401, 407}:
        raise NotAuthorised(f"{asked} was refused: {status}", status=status)
    raise unreachable(asked, what)


def refusal(what: str, status: int, reason: str, message: str, body: object) -> ApiRefused:
    """The error of our tree for one of Google's: by its HTTP status and its reason."""
    words = " ".join(word for word in (str(status or ""), reason) if word)
    line = f"{what} was refused ({words}): {one_line(message)}"
    kinds: dict[int, type[ApiRefused]] = {
        401: NotAuthorised,
        403: NotAuthorised,
        404: NotFound,
        409: AlreadyExists,
        412: PreconditionFailed,
    }
    is_quota = reason in _QUOTA_REASONS
    refused = (ApiRefused if is_quota else kinds.get(status, ApiRefused))(
        line, status=status, reason=reason, body=body
    )
    if is_quota:
        refused.hint = "Delete what nobody needs, or ask Google for more of this quota."
    elif _IN_USE.search(f"{reason} {message}"):
        refused.hint = (
            "Take it away first from what uses it; if that is written too, put both in one plan."
        )
    return refused


def unreachable(asked: Asked, what: str, *, unsent: bool = False) -> Unreachable:
    """`unsent`: nothing of the request can have arrived."""
    error = Unreachable(f"{asked.api} at {asked.host} {what} ({asked.method} {asked.path})")
    if asked.mutates and not unsent:
        error.unsure = True
        error.hint = (
            "Whether this request took effect is not known. Run the same command again: "
            "it reads first what is live."
        )
    return error


def one_line(text: str) -> str:
    """Somebody else's text, made fit for a message: one line, not long, nothing secret."""
    text = _SECRET.sub("***", without_seen(text))
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _refused(
    asked: Asked, status: int, headers: Mapping[str, str], error: Body, now: datetime
) -> Body:
    message = str(error.get("message") or "no reason given")
    reason = _reason(error)
    if _is_rate(status, reason, message):
        line = f"{asked} was refused ({status} {reason}): {one_line(message)}"
        rated = RateLimited(line, status=status, reason=reason, body=error)
        raise Transient(rated, retry_after(headers, now), unheard=True)
    if _passes(status):
        answer = f"answered {status}: {one_line(message)}"
        raise Transient(unreachable(asked, answer), retry_after(headers, now))
    refused = refusal(str(asked), status, reason, message, error)
    if isinstance(refused, NotAuthorised):
        _explain(refused, asked, error, message)
    raise refused


def _explain(refused: NotAuthorised, asked: Asked, error: Body, message: str) -> None:
    """Name the permission and the resource when Google says, or the API that is off."""
    told = _metadata(error)
    if refused.reason in _DISABLED:
        refused.hint = f"Enable it: `gcloud services enable {told.get('service', asked.host)}`."
        return
    found = _PERMISSION.search(message)
    permission = told.get("permission") or (found and (found[1] or found[2]))
    if permission:
        on = _RESOURCE.search(message)
        resource = told.get("resource") or (on and on[1].rstrip("."))
        where = f" on {one_line(str(resource))}" if resource else ""
        refused.args = (f"permission {permission} is missing{where}; {refused}",)
        refused.permission = str(permission)
        refused.hint = GRANT
    elif refused.status == HTTPStatus.FORBIDDEN:  # who it is was known
        refused.hint = (
            "Grant the account what the page of the kind lists under permissions, or all that "
            "`remediate iam --for apply` prints; or name another account with --impersonate."
        )


def _metadata(error: Body) -> dict[str, str]:
    """The `metadata` of google.rpc.ErrorInfo, if Google sent one."""
    found: dict[str, str] = {}
    details = error.get("details")
    for detail in details if isinstance(details, list) else []:
        metadata = detail.get("metadata") if isinstance(detail, dict) else None
        if isinstance(metadata, dict):
            found |= {key: str(value) for key, value in metadata.items()}
    return found


def _reason(error: Body) -> str:
    for field in ("errors", "details"):
        entries = error.get(field)
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and isinstance(entry.get("reason"), str):
                return one_line(str(entry["reason"]))
    return one_line(str(error.get("status") or ""))


def _is_rate(status: int, reason: str, message: str) -> bool:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    per_minute = reason == "quotaExceeded" and "per minute" in message
    return status == HTTPStatus.FORBIDDEN and (reason in _RATE_REASONS or per_minute)


def _passes(status: int) -> bool:
    return status in {408, 429} or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds from now, from either form that RFC 9110 §10.2.3 allows."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - now).total_seconds())


def _object(content: bytes) -> Body | None:
    if not content:
        return {}
    try:
        value: Json = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _not_json(headers: Mapping[str, str], content: bytes) -> str:
    kind = one_line(headers.get("Content-Type", "").partition(";")[0])[:60] or "an unnamed type"
    start = content[:200].lstrip().lower()
    if start.startswith((b"<", b"\xef\xbb\xbf<")):
        return "a web page instead of JSON; is there a proxy or a sign-in page in between?"
    if start.startswith((b"{", b"[")):
        return "a broken piece of JSON"
    return f"something other than JSON ({kind})"
