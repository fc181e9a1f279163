"""Spellings of one value that Google takes for the same, made one before anything is compared."""

from __future__ import annotations

import re
from ipaddress import ip_address

from remediate.model.json import Json


def canonical_ip(value: Json) -> Json:
    """IPv6 in its one spelling (RFC 5952); anything that is not an address stays as it is."""
    if not isinstance(value, str) or ":" not in value:
        return value
    host, slash, length = value.partition("/")
    try:
        return str(ip_address(host)) + slash + length
    except ValueError:
        return value


def without_host(value: Json) -> Json:
    """A link into another of Google's APIs, from `projects/` on."""
    if not isinstance(value, str):
        return value
    return re.sub(r"^(?:https?:)?//[^/]+/(?:v1[a-z0-9]*/)?", "", value)
