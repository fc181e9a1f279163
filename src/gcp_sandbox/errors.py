"""Errors in the body that Google's APIs answer."""

from __future__ import annotations

from gcp_sandbox.request import Body, Json

_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class GoogleError(Exception):
    """An answer of 4xx or 5xx.

    `reason` is Google's word for it (`notFound`, `invalid`, …). `status_name` adds the canonical
    status that newer APIs send (`"NOT_FOUND"`; `True` takes it from the number). What else is
    given goes into the one entry of `errors[]` (`location="query"`, …).
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        status_name: str | bool | None = None,
        domain: str = "global",
        details: list[Body] | None = None,
        **more: Json,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.domain = domain
        self.details = details
        self.more = more
        self.status_name = _STATUS_NAMES.get(status) if status_name is True else status_name

    def body(self) -> Body:
        error: Body = {
            "code": self.status,
            "message": self.message,
            "errors": [
                {
                    "message": self.message,
                    "domain": self.domain,
                    "reason": self.reason,
                    **self.more,
                }
            ],
        }
        if self.status_name:
            error["status"] = self.status_name
        if self.details:
            error["details"] = self.details
        return {"error": error}


def not_found_path(path: str) -> GoogleError:
    """What Google answers where no API has such a path."""
    return GoogleError(
        404, "notFound", f"The requested URL {path} was not found.", status_name=True
    )


def bad_json() -> GoogleError:
    return GoogleError(400, "parseError", "Parse Error", status_name=True)


def internal() -> GoogleError:
    return GoogleError(500, "backendError", "Internal error encountered.", status_name=True)
