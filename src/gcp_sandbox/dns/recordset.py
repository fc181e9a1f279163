"""One record set: checked, and dressed with what the server adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gcp_sandbox.dns import names, rdata, routing
from gcp_sandbox.dns.errors import Faults, Refused, bad_value
from gcp_sandbox.request import Body, Json

KIND: Final = "dns#resourceRecordSet"
_LARGEST_TTL: Final = 2**31 - 1
_SINGLE: Final = frozenset({"ALIAS", "CNAME", "SOA"})
_ROUTABLE: Final = frozenset({"A", "AAAA", "CNAME", "MX", "SRV", "TXT"})


def key_of(stored: Mapping[str, Json]) -> str:
    return names.set_key(stored["name"], stored["type"])


def titled(body: Mapping[str, Json]) -> str:
    """How error messages name a set: `www.example.com. (A)`."""
    return f"{body.get('name', '')} ({body.get('type', '')})"


def stored_form(given: Json, at: str) -> Body:
    """The set as it is stored and answered: names and data in canonical spelling.

    `at` names the place in the request (`entity.change.additions[0]`). Raises `Refused` (400,
    `invalid`) with every fault.
    """
    faults: Faults = []
    if not isinstance(given, dict):
        raise Refused(400, "invalid", [bad_value(at, given)])
    name, rrtype = _name(given, at, faults), _type(given, at, faults)
    stored: Body = {"name": name, "type": rrtype, "ttl": _ttl(given, at, faults)}
    policy = given.get("routingPolicy")
    if policy:
        if given.get("rrdatas") or rrtype not in _ROUTABLE:
            faults.append(bad_value(f"{at}.routingPolicy", "<not allowed here>"))
        stored["routingPolicy"] = routing.stored_form(policy, rrtype, f"{at}.routingPolicy", faults)
    else:
        rrdatas = given.get("rrdatas")
        stored["rrdatas"] = rdata.spelt(rrdatas, rrtype, f"{at}.rrdata", faults)
        if rrtype in _SINGLE and len(stored["rrdatas"]) > 1:
            faults.append(bad_value(f"{at}.rrdata", stored["rrdatas"][1]))
    stored["signatureRrdatas"] = []
    stored["kind"] = KIND
    if faults:
        raise Refused(400, "invalid", faults)
    return stored


def same(left: Mapping[str, Json], right: Mapping[str, Json]) -> bool:
    """Whether two stored sets say the same, in whatever order their data stands."""
    return (
        left["ttl"] == right["ttl"]
        and sorted(left.get("rrdatas", ())) == sorted(right.get("rrdatas", ()))
        and left.get("routingPolicy") == right.get("routingPolicy")
    )


def data(stored: Mapping[str, Json]) -> Iterator[str]:
    """Every piece of rdata, those of a routing policy too: what the size quota counts."""
    yield from stored.get("rrdatas", ())
    if policy := stored.get("routingPolicy"):
        yield from routing.data(policy)


def served(stored: Mapping[str, Json]) -> list[str]:
    """The data that the name server answers."""
    policy = stored.get("routingPolicy")
    return routing.served(policy) if policy else list(stored.get("rrdatas", ()))


def _name(given: Body, at: str, faults: Faults) -> str:
    text = given.get("name")
    try:
        return names.owner(text if isinstance(text, str) else "")
    except ValueError:
        faults.append(bad_value(f"{at}.name", text or ""))
        return ""


def _type(given: Body, at: str, faults: Faults) -> str:
    text = given.get("type")
    if isinstance(text, str) and rdata.is_served(text.upper()):
        return text.upper()
    faults.append(bad_value(f"{at}.type", text or ""))
    return ""


def _ttl(given: Body, at: str, faults: Faults) -> int:
    value = given.get("ttl", 0)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_TTL:
        return value
    faults.append(bad_value(f"{at}.ttl", value))
    return 0
