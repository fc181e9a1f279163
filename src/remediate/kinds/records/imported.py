"""Live record sets as people write them in a zone's `records`: the inverse of `written`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from remediate.kinds.dns_zone import parse_records, type_faults
from remediate.kinds.fields.pointers import parts
from remediate.kinds.kind import Kind
from remediate.kinds.records.compare import disliked
from remediate.kinds.records.names import relative, unescaped
from remediate.kinds.records.rdata import decode
from remediate.kinds.records.rules import Sets, Wrong
from remediate.model.json import Body, Json
from remediate.model.resource import RoutedSet
from remediate.model.values import Template

Records: TypeAlias = dict[str, dict[str, Body]]
_OF_THE_ZONE = frozenset({"NS", "SOA"})  # at the apex Google makes and keeps them
_REFERRING = frozenset({"A", "AAAA", "CNAME"})
_FROM_NAME = 2  # parts of a pointer: /spec/records/NAME/TYPE


def records_of(
    bodies: Iterable[Body],
    zone: Mapping[str, Json],
    references: Mapping[str, str],
    linked: Callable[[Kind, Body], Body],
) -> tuple[Records, list[str]]:
    """Name → type → {ttl, values | routingPolicy}, and a remark for every set left out.

    `zone` is the managed zone's spec; `references` are the expressions to write for values;
    `linked` writes the links of a policy by name.
    """
    apex = str(zone["dnsName"]).lower()
    found: Records = {}
    remarks: list[str] = []
    for body in bodies:
        fqdn, rrtype = unescaped(str(body["name"])), str(body["type"])
        if fqdn == apex and rrtype in _OF_THE_ZONE:
            continue
        if why := disliked(fqdn, rrtype, body, apex):
            remarks.append(f"{fqdn} {rrtype} is left out: {why}")
            continue
        if policy := body.get("routingPolicy"):
            written: Body = {"ttl": body["ttl"], "routingPolicy": _policy(rrtype, policy, linked)}
            found.setdefault(relative(fqdn, apex), {})[rrtype] = written
            continue
        values = _values(rrtype, body.get("rrdatas"))
        if any(not _is_text(value) for value in values):
            remarks.append(f"{fqdn} {rrtype} is left out: it holds octets that are no text")
            continue
        found.setdefault(relative(fqdn, apex), {})[rrtype] = {"ttl": body["ttl"], "values": values}
    remarks += _unwritable(found, zone, apex)
    for types in found.values():
        for rrtype, each in types.items():
            if "values" in each:
                each["values"] = _expressed(rrtype, each["values"], references)
            else:
                each["routingPolicy"] = _expressed_data(rrtype, each["routingPolicy"], references)
    ordered = {name: dict(sorted(found[name].items())) for name in sorted(found, key=_apex_first)}
    return ordered, sorted(remarks)


def _policy(rrtype: str, policy: Json, linked: Callable[[Kind, Body], Body]) -> Body:
    from remediate.kinds.records.routing import bare, table, with_data  # few sets

    plain: Body = linked(table(rrtype), bare(policy))
    return with_data(plain, lambda value: decode(rrtype, value))


def _expressed_data(rrtype: str, policy: Json, references: Mapping[str, str]) -> Body:
    from remediate.kinds.records.routing import with_data  # few sets

    assert isinstance(policy, dict)
    return with_data(policy, lambda value: _by_name(rrtype, value, references))


def _values(rrtype: str, rrdatas: Json) -> list[Json]:
    return [decode(rrtype, str(value)) for value in rrdatas] if isinstance(rrdatas, list) else []


def _is_text(value: Json) -> bool:
    try:
        str(value).encode()
    except UnicodeEncodeError:
        return False
    return True


def _unwritable(found: Records, zone: Mapping[str, Json], apex: str) -> list[str]:
    """Take out, and tell of, the sets that Google holds and our rules refuse."""
    remarks: list[str] = []
    taken = True
    while taken:  # what one set forbids to another is known only when the others are gone
        sets, wrong = parse_records(apex, found, "/spec/records")
        taken = False
        for at, message, _hint in [*wrong, *type_faults(zone, sets), *_policy_faults(zone, sets)]:
            name, *rest = parts(at)[_FROM_NAME:]
            for rrtype in rest[:1] or [*found.get(name, ())]:
                if found.get(name, {}).pop(rrtype, None) is not None:
                    remarks += [f"{name} {rrtype} is left out: {message}"]
                    taken = True
            if name in found and not found[name]:
                del found[name]
    return remarks


def _policy_faults(zone: Mapping[str, Json], sets: Sets) -> Iterable[Wrong]:
    routed = [one for one in sets.values() if isinstance(one, RoutedSet)]
    if not routed:
        return ()
    from remediate.kinds.records.routing_rules import zone_faults  # few zones

    return zone_faults(zone, routed)


def _expressed(rrtype: str, values: Json, references: Mapping[str, str]) -> list[Json]:
    """The values with those of ours by name; a `${` in text is not an expression."""
    texts = [str(value) for value in values] if isinstance(values, list) else []
    return [_by_name(rrtype, text, references) for text in texts]


def _by_name(rrtype: str, text: str, references: Mapping[str, str]) -> str:
    known = rrtype in _REFERRING and text in references
    return Template(references[text]) if known else text


def _apex_first(name: str) -> tuple[bool, list[str]]:
    return name != "@", name.split(".")[::-1]
