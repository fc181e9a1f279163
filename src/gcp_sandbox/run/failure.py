"""Why a revision does not become ready.

The sandbox runs no containers; two marks stand for what goes wrong with them:
an environment variable `SANDBOX_FAILS_TO_START` (of any value) for a container that does not
listen on its port, and the image tag `sandbox-missing` for an image that is not there. The fault
`failed-operation` does the same to any revision. The words are Google's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gcp_sandbox.request import Body
from gcp_sandbox.status import StatusError

START_MARK: Final = "SANDBOX_FAILS_TO_START"
IMAGE_MARK: Final = ":sandbox-missing"


@dataclass(frozen=True, slots=True)
class Failure:
    """`status` is what the operation ends in; `reason` or `revision_reason` the condition's."""

    status: str
    message: str
    reason: str = ""
    revision_reason: str = ""

    @property
    def error(self) -> StatusError:
        return StatusError(self.status, self.message)

    def condition(self, kind: str, when: str) -> Body:
        """As a condition of v2."""
        body = {
            "type": kind,
            "state": "CONDITION_FAILED",
            "message": self.message,
            "lastTransitionTime": when,
            "reason": self.reason,
            "revisionReason": self.revision_reason,
        }
        return {name: value for name, value in body.items() if value}


def of_revision(identity: str, template: Body, unread: str = "") -> Failure | None:
    """What is wrong with a revision made from `template`, if anything; `unread`: of its secrets."""
    prefix = f"Revision '{identity}' is not ready and cannot serve traffic."
    if unread:
        reason = "SECRETS_ACCESS_CHECK_FAILED"
        return Failure("INTERNAL", f"{prefix} {unread}", reason=reason)
    for container in template["containers"]:
        if container["image"].endswith(IMAGE_MARK):
            message = f"{prefix} Image '{container['image']}' not found."
            return Failure("NOT_FOUND", message, reason="CONTAINER_MISSING")
        if any(it["name"] == START_MARK for it in container.get("env", ())):
            return does_not_start(identity, template)
    return None


def of_condition(condition: Body) -> Failure:
    """What was wrong with a revision, from its own condition."""
    reasons = (condition.get(name, "") for name in ("reason", "revisionReason"))
    return Failure("FAILED_PRECONDITION", condition["message"], *reasons)


def does_not_start(identity: str, template: Body) -> Failure:
    port = next(it["ports"][0]["containerPort"] for it in template["containers"] if "ports" in it)
    message = (
        f"Revision '{identity}' is not ready and cannot serve traffic. The user-provided container "
        "failed to start and listen on the port defined provided by the PORT="
        f"{port} environment variable within the allocated timeout. This can happen when the "
        "container port is misconfigured or if the timeout is too short."
    )
    return Failure("FAILED_PRECONDITION", message, revision_reason="HEALTH_CHECK_CONTAINER_ERROR")


def of_traffic(identity: str) -> Failure:
    """A target names a revision that is not there, or not ready."""
    message = (
        f"Revision '{identity}' does not exist or is deleted. Update all traffic to route to "
        "currently available revisions."
    )
    return Failure("INTERNAL", message, reason="REVISION_FAILED")
