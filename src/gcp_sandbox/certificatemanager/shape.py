"""What clients may say of each kind (discovery document of Certificate Manager v1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gcp_sandbox.request import Body, Json
from gcp_sandbox.shapes import DURATION, INT32, TEXT, TEXTS, Choice, Message

_SERVED: Final = frozenset({"name", "createTime", "updateTime"})
SCOPES: Final = ("DEFAULT", "EDGE_CACHE", "ALL_REGIONS", "CLIENT_AUTH")
MATCHERS: Final = ("MATCHER_UNSPECIFIED", "PRIMARY")
RECORD_TYPES: Final = ("TYPE_UNSPECIFIED", "FIXED_RECORD", "PER_PROJECT_RECORD")
KEY_ALGORITHMS: Final = ("KEY_ALGORITHM_UNSPECIFIED", "RSA_2048", "ECDSA_P256")
_COMMON: Final = {"description": TEXT, "labels": TEXTS, "tags": TEXTS}
_STATES: Final = ("STATE_UNSPECIFIED", "PROVISIONING", "FAILED", "ACTIVE")


@dataclass(frozen=True, slots=True)
class Kind:
    """A collection below a location, or below a map; `message` is its name in the API.

    `numbers` are the answered enums by their path, for clients that ask for them as numbers.
    """

    collection: str
    message: str
    shape: Message
    changeable: frozenset[str]
    numbers: Mapping[str, Sequence[str]]


def _kind(
    collection: str,
    message: str,
    fields: Mapping[str, Json],
    *,
    served: tuple[str, ...] = (),
    changeable: tuple[str, ...] = (),
    numbers: Mapping[str, Sequence[str]],
) -> Kind:
    return Kind(
        collection,
        message,
        Message({**_COMMON, **fields}, ignored=_SERVED | {*served}),
        frozenset({"description", "labels", *changeable}),
        numbers,
    )


_CERTIFICATE: Final = _kind(
    "certificates",
    "Certificate",
    {
        "scope": Choice(SCOPES),
        "managed": Message(
            {"domains": [TEXT], "dnsAuthorizations": [TEXT], "issuanceConfig": TEXT},
            ignored=frozenset({"state", "provisioningIssue", "authorizationAttemptInfo"}),
        ),
        "selfManaged": Message({"pemCertificate": TEXT, "pemPrivateKey": TEXT}),
    },
    served=("expireTime", "pemCertificate", "sanDnsnames", "usedBy"),
    changeable=("selfManaged",),
    numbers={
        "scope": SCOPES,
        "managed.state": _STATES,
        "managed.provisioningIssue.reason": (
            "REASON_UNSPECIFIED",
            "AUTHORIZATION_ISSUE",
            "RATE_LIMITED",
        ),
        "managed.authorizationAttemptInfo.state": (
            "STATE_UNSPECIFIED",
            "AUTHORIZING",
            "AUTHORIZED",
            "FAILED",
        ),
        "managed.authorizationAttemptInfo.failureReason": (
            "FAILURE_REASON_UNSPECIFIED",
            "CONFIG",
            "CAA",
            "RATE_LIMITED",
        ),
    },
)
_MAP: Final = _kind("certificateMaps", "CertificateMap", {}, served=("gclbTargets",), numbers={})
_ENTRY: Final = _kind(
    "certificateMapEntries",
    "CertificateMapEntry",
    {"certificates": [TEXT], "hostname": TEXT, "matcher": Choice(MATCHERS)},
    served=("state",),
    changeable=("certificates",),
    numbers={
        "matcher": MATCHERS,
        "state": ("SERVING_STATE_UNSPECIFIED", "ACTIVE", "PENDING"),
    },
)
_AUTHORIZATION: Final = _kind(
    "dnsAuthorizations",
    "DnsAuthorization",
    {"domain": TEXT, "type": Choice(RECORD_TYPES)},
    served=("dnsResourceRecord",),
    numbers={"type": RECORD_TYPES},
)
_ISSUANCE: Final = _kind(
    "certificateIssuanceConfigs",
    "CertificateIssuanceConfig",
    {
        "certificateAuthorityConfig": Message(
            {"certificateAuthorityServiceConfig": Message({"caPool": TEXT})}
        ),
        "keyAlgorithm": Choice(KEY_ALGORITHMS),
        "lifetime": DURATION,
        "rotationWindowPercentage": INT32,
    },
    numbers={"keyAlgorithm": KEY_ALGORITHMS},
)
KINDS: Final[dict[str, Kind]] = {
    kind.collection: kind for kind in (_CERTIFICATE, _MAP, _ENTRY, _AUTHORIZATION, _ISSUANCE)
}


def with_numbers(kind: Kind, body: Body) -> Body:
    """Enums by number, for a client that asked with `$alt=json;enum-encoding=int`."""
    numbered: Body = _numbered(kind.numbers, body, "")
    return numbered


def _numbered(numbers: Mapping[str, Sequence[str]], value: Json, at: str) -> Json:
    if isinstance(value, list):
        return [_numbered(numbers, item, at) for item in value]
    if isinstance(value, dict):
        return {
            name: _numbered(numbers, item, f"{at}.{name}".lstrip("."))
            for name, item in value.items()
        }
    return numbers[at].index(value) if at in numbers else value
