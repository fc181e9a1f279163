"""The 403 of whoever lacks a permission, in the words of each API.

As people who lacked one have quoted it in the trackers of gcloud's, Terraform's and the clients'
users. Cloud DNS and Cloud SQL name neither the permission nor what it was for. In which words
Service Networking refuses is not known: it is taken to be like VPC Access.
"""

from __future__ import annotations

from typing import Final

from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Body
from gcp_sandbox.status import StatusError

_STORAGE: Final = (
    "Caller does not have {permission} access to the Google Cloud Storage {kind}. "
    "Permission '{permission}' denied on resource (or it may not exist)."
)
_OLD: Final = {
    "cloudsql": ("notAuthorized", "The client is not authorized to make this request."),
    "compute": ("forbidden", "Required '{permission}' permission for '{resource}'"),
    "dns": ("forbidden", "Forbidden"),
    "storage": ("forbidden", _STORAGE),
}
"""Reason and message of those that answer `errors[]`, and no status."""
_NEW: Final = {
    "monitoring": "Permission {permission} denied (or the resource may not exist).",
    "run": "Permission '{permission}' denied on resource '{resource}' (or resource may not exist).",
    "secretmanager": (
        "Permission '{permission}' denied for resource '{resource}' (or it may not exist)."
    ),
}
_EXPLAINED: Final = "Permission '{permission}' denied on resource '{at}' (or it may not exist)."


def denial(api: str, permission: str, resource: str) -> GoogleError:
    """Of `permission` on `resource` (`projects/P/global/urlMaps/X`), as the API spells them."""
    if api in _OLD:
        reason, message = _OLD[api]
        kind = "object" if ".objects." in permission else "bucket"
        told = message.format(permission=permission, resource=resource, kind=kind)
        return GoogleError(403, reason, told)
    if api in _NEW:
        message = _NEW[api].format(permission=permission, resource=resource)
        return StatusError("PERMISSION_DENIED", message)
    return _explained(f"{api}.googleapis.com", permission, resource)


def _explained(host: str, permission: str, resource: str) -> GoogleError:
    """With google.rpc.ErrorInfo, as VPC Access and Certificate Manager have it (AIP-193)."""
    at = f"//{host}/{resource}"
    reason: Body = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "IAM_PERMISSION_DENIED",
        "domain": host,
        "metadata": {"permission": permission, "resource": at},
    }
    message = _EXPLAINED.format(permission=permission, at=at)
    return StatusError("PERMISSION_DENIED", message, details=[reason])
