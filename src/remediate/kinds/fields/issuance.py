"""What Google says of a domain that it cannot issue a certificate for, and what to do about it.

Facts: https://cloud.google.com/load-balancing/docs/ssl-certificates/troubleshooting for the words
of Compute Engine; the discovery document's `AuthorizationAttemptInfo` for Certificate Manager's.
"""

from __future__ import annotations

from collections.abc import Iterable

_ASTRAY = (
    "does not lead to the load balancer, or not to it alone. Point its A and AAAA records at the "
    "load balancer's addresses and at nothing else"
)
_FORBIDDEN = "is forbidden by its CAA records. Let them permit pki.goog, or take them away"
_TOO_MANY = "has had too many certificates of late. Wait: Google tries again by itself"
_MEANINGS = {
    "FAILED_NOT_VISIBLE": _ASTRAY,
    "FAILED_CAA_CHECKING": "has CAA records that cannot be read. Mend the name servers of its zone",
    "FAILED_CAA_FORBIDDEN": _FORBIDDEN,
    "FAILED_RATE_LIMITED": _TOO_MANY,
    "CONFIG": _ASTRAY,
    "CAA": _FORBIDDEN,
    "RATE_LIMITED": _TOO_MANY,
}


def advice(words: Iterable[str]) -> str:
    """Each of Google's words once, explained; nothing for those that explain themselves."""
    known = [word for word in dict.fromkeys(words) if word in _MEANINGS]
    return " ".join(f"{word}: the domain {_MEANINGS[word]}." for word in known)
