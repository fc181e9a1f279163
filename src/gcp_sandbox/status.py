"""Errors of the newer APIs: `{"error": {code, message, status}}`, as gRPC has them (AIP-193)."""

from __future__ import annotations

from typing import Final

from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Body

_CODES: Final = {
    "INVALID_ARGUMENT": (400, 3),
    "NOT_FOUND": (404, 5),
    "ALREADY_EXISTS": (409, 6),
    "PERMISSION_DENIED": (403, 7),
    "RESOURCE_EXHAUSTED": (429, 8),
    "FAILED_PRECONDITION": (400, 9),
    "ABORTED": (409, 10),
    "OUT_OF_RANGE": (400, 11),
    "UNIMPLEMENTED": (501, 12),
    "INTERNAL": (500, 13),
    "UNAVAILABLE": (503, 14),
}
"""HTTP's number and gRPC's for each canonical status (google/rpc/code.proto)."""


class StatusError(GoogleError):
    """A refusal by its canonical name; an operation that fails carries gRPC's number instead."""

    def __init__(self, name: str, message: str, *, details: list[Body] | None = None) -> None:
        status, self.rpc_code = _CODES[name]
        super().__init__(status, name, message, status_name=name, details=details)

    def body(self) -> Body:
        error: Body = {"code": self.status, "message": self.message, "status": self.reason}
        return {"error": error | ({"details": self.details} if self.details else {})}

    def rpc_status(self) -> Body:
        """As the `error` of an operation (google/rpc/status.proto)."""
        status: Body = {"code": self.rpc_code, "message": self.message}
        return status | ({"details": self.details} if self.details else {})


def bad_field(field: str, description: str) -> StatusError:
    """400 that points at a field, in the words of google.rpc.BadRequest."""
    violation = {"field": field, "description": description}
    details: list[Body] = [
        {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
    ]
    return StatusError("INVALID_ARGUMENT", f"{field}: {description}", details=details)
