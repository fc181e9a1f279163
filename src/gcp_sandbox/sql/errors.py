"""Refusals of the Cloud SQL Admin API, in its words."""

from __future__ import annotations

from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Json


def no_instance() -> GoogleError:
    return GoogleError(404, "instanceDoesNotExist", "The Cloud SQL instance does not exist.")


def no_operation() -> GoogleError:
    return GoogleError(404, "operationDoesNotExist", "The Cloud SQL operation does not exist.")


def no_backup() -> GoogleError:
    return GoogleError(404, "backupRunDoesNotExist", "The backup run does not exist.")


def exists() -> GoogleError:
    return GoogleError(
        409,
        "instanceAlreadyExists",
        "The Cloud SQL instance already exists. When you delete an instance, you can't reuse the "
        "name of the deleted instance until one week from the deletion date.",
    )


def busy() -> GoogleError:
    """One operation at a time."""
    return GoogleError(
        409,
        "operationInProgress",
        "Operation failed because another operation was already in progress. Try your request "
        "after the current operation is complete.",
    )


def stale() -> GoogleError:
    """Somebody else changed the settings since `settingsVersion` was read."""
    return GoogleError(412, "staleData", "Condition does not match.")


def protected() -> GoogleError:
    return GoogleError(
        400,
        "invalidRequest",
        "The instance is protected. Please disable the deletion protection and try again. To "
        "disable deletion protection, update the instance settings with "
        "deletionProtectionEnabled set to false.",
    )


def stopped() -> GoogleError:
    return GoogleError(
        400,
        "invalid",
        "Invalid request: Invalid request since instance is not running.",
    )


def refused(why: str) -> GoogleError:
    """What may be well-formed, but cannot be done."""
    return GoogleError(400, "invalidRequest", f"Invalid request: {why}.")


def required(parameter: str) -> GoogleError:
    return GoogleError(400, "required", f"Missing parameter: {parameter}.")


def bad_value(at: str, expected: str, value: Json) -> GoogleError:
    shown = f'"{value}"' if isinstance(value, str) else value
    return GoogleError(400, "badRequest", f"Invalid value at '{at}' ({expected}), {shown}")


def unknown(name: str, at: str) -> GoogleError:
    return GoogleError(
        400,
        "badRequest",
        f"Invalid JSON payload received. Unknown name \"{name}\" at '{at}': Cannot find field.",
    )
