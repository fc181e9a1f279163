"""Refusals of Cloud Storage, in its words."""

from __future__ import annotations

from gcp_sandbox.errors import GoogleError


def no_bucket() -> GoogleError:
    return GoogleError(404, "notFound", "The specified bucket does not exist.")


def no_object(bucket: str, name: str) -> GoogleError:
    return GoogleError(404, "notFound", f"No such object: {bucket}/{name}")


def bucket_exists(*, own: bool) -> GoogleError:
    return GoogleError(
        409,
        "conflict",
        "Your previous request to create the named bucket succeeded and you already own it."
        if own
        else "The requested bucket name is not available. The bucket namespace is shared by all "
        "users of the system. Please select a different name and try again.",
    )


def not_empty() -> GoogleError:
    return GoogleError(409, "conflict", "The bucket you tried to delete is not empty.")


def not_held(header: str = "If-Match") -> GoogleError:
    """A precondition did not hold."""
    return GoogleError(
        412,
        "conditionNotMet",
        "At least one of the pre-conditions you specified did not hold.",
        locationType="header",
        location=header,
    )


def invalid(message: str) -> GoogleError:
    return GoogleError(400, "invalid", message)


def required(parameter: str) -> GoogleError:
    return GoogleError(
        400,
        "required",
        f"Required parameter: {parameter}",
        locationType="parameter",
        location=parameter,
    )


def too_fast(bucket: str, name: str) -> GoogleError:
    return GoogleError(
        429,
        "rateLimitExceeded",
        f"The object {bucket}/{name} exceeded the rate limit for object mutation operations "
        "(create, update, and delete). Please reduce your request rate. See "
        "https://cloud.google.com/storage/docs/gcs429.",
        domain="usageLimits",
    )
