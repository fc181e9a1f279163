"""Compute's refusals, in its words."""

from __future__ import annotations

from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Json


def not_found(path: str) -> GoogleError:
    return GoogleError(404, "notFound", f"The resource '{path}' was not found")


def exists(path: str) -> GoogleError:
    return GoogleError(409, "alreadyExists", f"The resource '{path}' already exists")


class Busy(GoogleError):
    """Refused for as long as an operation is under way: until `ends`, in seconds on the clock."""

    def __init__(self, reason: str, message: str, ends: float) -> None:
        super().__init__(400, reason, message)
        self.ends = ends


def in_use(noun: str, path: str, user: str, ends: float) -> Busy:
    """`ends` is infinite, or when the deletion of `user` is done."""
    return Busy(
        "resourceInUseByAnotherResource",
        f"The {noun} resource '{path}' is already being used by '{user}'",
        ends,
    )


def not_ready(path: str, ends: float) -> Busy:
    return Busy("resourceNotReady", f"The resource '{path}' is not ready", ends)


def required(field: str) -> GoogleError:
    return GoogleError(400, "required", f"Required field '{field}' not specified")


def invalid(field: str, value: Json, why: str) -> GoogleError:
    shown = value if isinstance(value, str) else repr(value)
    return GoogleError(400, "invalid", f"Invalid value for field '{field}': '{shown}'. {why}")


def unreadable() -> GoogleError:
    return GoogleError(
        400, "badRequest", "Invalid JSON payload received.", status_name="INVALID_ARGUMENT"
    )


def stale() -> GoogleError:
    return GoogleError(
        412,
        "conditionNotMet",
        "Invalid fingerprint.",
        location="If-Match",
        locationType="header",
    )


def stale_labels() -> GoogleError:
    return GoogleError(
        412,
        "conditionNotMet",
        "Labels fingerprint either invalid or resource labels have changed",
        location="If-Match",
        locationType="header",
    )
