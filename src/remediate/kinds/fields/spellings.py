"""Spellings of one value that Google takes for the same, made one before anything is compared."""

from __future__ import annotations

import re
from decimal import Decimal
from ipaddress import ip_address

from remediate.model.json import Json

_SECONDS = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)s")
# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
_QUANTITY = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)(m|[kMGTP]|[KMGTP]i)?")
_UNITS = {
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTP", start=1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTP", start=1)},
}


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


def seconds(value: Json) -> Json:
    """A duration of Google's JSON in its shortest spelling: `300.0s` is `300s`."""
    found = _SECONDS.fullmatch(value) if isinstance(value, str) else None
    return f"{_plain(Decimal(found[1]))}s" if found else value


def quantity(value: Json) -> Json:
    """An amount as Kubernetes spells it, as a plain number: `1000m` is `1`, `1Ki` is `1024`."""
    found = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    return _plain(Decimal(found[1]) * _UNITS.get(found[2], Decimal(1))) if found else value


def is_quantity(text: str) -> bool:
    return _QUANTITY.fullmatch(text) is not None


def is_duration(text: str) -> bool:
    """`300s`, `0.5s`: how Google's JSON spells a duration."""
    return _SECONDS.fullmatch(text) is not None


def _plain(number: Decimal) -> str:
    """Without an exponent, and without zeros that say nothing."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
