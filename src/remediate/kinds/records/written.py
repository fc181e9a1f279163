"""The `records` of a zone's document, read and validated before anything is sent.

A zone may hold 100,000 sets, so the plain ones pass through one loop without a detour, and every
rule that costs more is asked only of the values that it is about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeAlias

from remediate.kinds.records.names import MAX_NAME, PLAIN_OWNER, owner_name
from remediate.kinds.records.rdata import TYPES
from remediate.kinds.records.rules import (
    delegation_faults,
    judged,
    neighbour_faults,
    set_faults,
)
from remediate.model.errors import InvalidInput
from remediate.model.resource import RecordSet, RoutedSet
from remediate.model.values import Template

Wrong: TypeAlias = tuple[str, str, str]
Records: TypeAlias = dict[tuple[str, str], RecordSet]

MAX_TTL = 2**31 - 1  # RFC 2181 §8
_TTL = re.compile(r"[0-9]+")
_DURATION = re.compile(r"([0-9]+)([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_MEANT = {"rrdatas": "values", "value": "values", "data": "values", "TTL": "ttl"}
_FIELDS = frozenset({"ttl", "values", "routingPolicy"})


@dataclass(slots=True)
class _Reading:
    """One zone on its way from text to record sets."""

    dns_name: str
    at: str
    sets: Records = field(default_factory=dict)
    wrong: list[Wrong] = field(default_factory=list)
    keys: dict[tuple[str, str], str] = field(default_factory=dict)  # how odd owners were written
    crowded: set[str] = field(default_factory=set)  # owners of more than one type, or odd ones
    ttls: dict[str | int, int] = field(default_factory=dict)
    delegates: bool = False

    def pointer(self, key: str, *below: str) -> str:
        return self.at + "".join(
            "/" + part.replace("~", "~0").replace("/", "~1") for part in (key, *below)
        )


def parse_records(
    dns_name: str, records: Mapping[str, object], at_pointer: str
) -> tuple[Records, list[Wrong]]:
    """Record sets by owner and type, and every fault as (pointer, what is wrong, what was meant).

    `records` is name → type → {ttl, values | routingPolicy}, scalars as text; `dns_name` ends with
    its dot and is lower-case. Values with a `Template` in them stay as they are written, to be
    rendered, encoded and judged once the reference is known.
    """
    reading = _Reading(dns_name, at_pointer)
    suffix, zone = "." + dns_name, dns_name.removesuffix(".")
    room = MAX_NAME - len(suffix)
    for key, types in records.items():
        if (
            PLAIN_OWNER.fullmatch(key)
            and not key.endswith(zone)
            and len(key) <= room
            and "xn--" not in key
        ):
            fqdn = key + suffix
        else:
            try:
                fqdn = owner_name(key, dns_name)
            except InvalidInput as error:
                fault = error.faults[0]
                reading.wrong.append((reading.pointer(key), fault.message, fault.hint))
                fqdn = ""
            else:
                if key != "@":
                    reading.crowded.add(fqdn)
        _read_types(reading, key, fqdn, types)
    _judge_together(reading)
    return reading.sets, reading.wrong


def _read_types(reading: _Reading, key: str, fqdn: str, types: object) -> None:
    """The sets of one name; an empty `fqdn` is a bad name whose data is judged all the same."""
    if not isinstance(types, dict) or not types:
        message = f"{key!r} has no record types"
        reading.wrong.append((reading.pointer(key), message, "write `A: {ttl: 300, values: […]}`"))
        return
    if len(types) > 1:
        reading.crowded.add(fqdn)
    for rrtype, body in types.items():
        plain = _plain_set(reading, fqdn, rrtype, body)
        if plain is None:
            _read_set(reading, key, fqdn, rrtype, body)
        elif (fqdn, rrtype) in reading.sets:
            _respelled(reading, key, fqdn, rrtype)
        else:
            reading.sets[fqdn, rrtype] = plain
            if fqdn in reading.crowded:
                reading.keys[fqdn, rrtype] = key


# Types of which a single value needs no rule about its set or its owner, but at the apex.
_PLAIN = frozenset({"A", "AAAA", "CAA", "CNAME", "MX", "PTR", "SPF", "TXT"})


def _plain_set(reading: _Reading, fqdn: str, rrtype: str, body: object) -> RecordSet | None:
    """A set of one value with nothing to say about it; None if it needs the longer look."""
    if rrtype not in _PLAIN or type(body) is not dict or len(body) != 2:  # noqa: PLR2004 - ttl and values
        return None
    values, written = body.get("values"), body.get("ttl")
    if type(values) is not list or len(values) != 1 or not isinstance(written, str | int):
        return None
    value, ttl = values[0], reading.ttls.get(written)
    if ttl is None or not isinstance(value, str) or isinstance(value, Template):
        return None
    try:
        rrdata = judged(rrtype, str(value), fqdn, reading.dns_name)
    except InvalidInput:
        return None
    if rrdata.endswith(" .") or fqdn in {"", reading.dns_name}:
        return None
    return RecordSet(fqdn, rrtype, ttl, (rrdata,))


def _read_set(reading: _Reading, key: str, fqdn: str, rrtype: str, body: object) -> None:
    here = reading.pointer(key, rrtype)
    if (field := _MEANT.get(rrtype, rrtype)) in _FIELDS:
        value = f"{body}, …" if isinstance(body, str | int) else "…"
        hint = f"write `A: {{{field}: {value}}}`, or whichever type it is of"
        reading.wrong.append((here, f"`{rrtype}` belongs into the set, below its type", hint))
        return
    if rrtype not in TYPES:
        reading.wrong.append((here, f"{rrtype!r} is no record type of Cloud DNS", _type(rrtype)))
        return
    if not isinstance(body, dict):
        reading.wrong.append((here, "a record set was expected", "write `{ttl: 300, values: […]}`"))
        return
    for name in body.keys() - _FIELDS:
        reading.wrong.append(
            (f"{here}/{name}", f"{name!r} is no field of a record set", _field(name))
        )
    ttl = _ttl(reading, body.get("ttl"), here)
    if "routingPolicy" in body:
        wanted: RecordSet = _routed(reading, fqdn, rrtype, ttl, body, here)
    else:
        values = _values(reading, rrtype, fqdn, body.get("values"), here)
        wanted = RecordSet(fqdn, rrtype, ttl, values)
    if fqdn and (wanted.rrdatas or isinstance(wanted, RoutedSet)):
        faults = set_faults(wanted, reading.dns_name)
        reading.wrong += [(here + below, message, hint) for below, message, hint in faults]
    if (fqdn, rrtype) in reading.sets:
        _respelled(reading, key, fqdn, rrtype)
    elif fqdn:
        reading.sets[fqdn, rrtype] = wanted
        reading.keys[fqdn, rrtype] = key
        reading.delegates |= rrtype == "NS" and fqdn != reading.dns_name


def _routed(
    reading: _Reading, fqdn: str, rrtype: str, ttl: int, body: Mapping[str, object], here: str
) -> RoutedSet:
    from remediate.kinds.records.routing_rules import read_policy  # few zones do

    if "values" in body:
        hint = "a policy holds all the data itself: leave `values` out"
        reading.wrong.append((f"{here}/values", "`values` beside `routingPolicy`", hint))
    policy, wrong = read_policy(body["routingPolicy"], rrtype, fqdn, reading.dns_name)
    reading.wrong += [(here + below, message, hint) for below, message, hint in wrong]
    return RoutedSet(fqdn, rrtype, ttl, (), policy)


def _ttl(reading: _Reading, written: object, here: str) -> int:
    number = -1
    if type(written) is int:
        number = written
    elif isinstance(written, str) and _TTL.fullmatch(written):
        number = int(written)
    if isinstance(written, str | int) and 0 <= number <= MAX_TTL:
        reading.ttls[written] = number
        return number
    hint = "seconds, 0 to 2147483647, such as `ttl: 300`"
    if isinstance(written, str) and (found := _DURATION.fullmatch(written)):
        hint = f"seconds: `ttl: {int(found[1]) * _UNITS[found[2]]}`"
    if written is None:
        reading.wrong.append((here, "the set has no `ttl`", hint))
    else:
        reading.wrong.append((f"{here}/ttl", f"{written!r} is no TTL", hint))
    return 0


def _values(
    reading: _Reading, rrtype: str, fqdn: str, written: object, here: str
) -> tuple[str, ...]:
    if not isinstance(written, list) or not written:
        meant = f"values: [{written}]" if isinstance(written, str) else "values: […]"
        message = "`values` is empty" if written == [] else "`values` must be a list"
        where = here if written is None else f"{here}/values"
        reading.wrong.append((where, message, f"write `{meant}`, or leave the whole set out"))
        return ()
    found: list[str] = []
    for at, value in enumerate(written):
        if not isinstance(value, str):
            hint = f"write {value!r} in quotes" if value is not None else "an empty value?"
            reading.wrong.append((f"{here}/values/{at}", "text was expected", hint))
        elif isinstance(value, Template):
            found.append(value)
        else:
            try:
                found.append(judged(rrtype, str(value), fqdn, reading.dns_name))
            except InvalidInput as error:
                fault = error.faults[0]
                where = f"{here}/values/{at}"
                reading.wrong.append((where, fault.message, fault.hint))
                found.append(str(value))
    return tuple(found)


def _type(written: str) -> str:
    if written.upper() in TYPES:
        return f"write `{written.upper()}`"
    close = get_close_matches(written.upper(), sorted(TYPES), 1)
    return f"write `{close[0]}`" if close else "one of " + ", ".join(sorted(TYPES))


def _field(name: str) -> str:
    if name in {"wrr", "geo", "primaryBackup", "healthCheck"}:
        return f"write `routingPolicy: {{{name}: …}}`"
    expected = "`ttl` and `values`, or `routingPolicy`, were expected"
    return f"write `{_MEANT[name]}`" if name in _MEANT else expected


def _respelled(reading: _Reading, key: str, fqdn: str, rrtype: str) -> None:
    first = reading.keys.get((fqdn, rrtype), fqdn.removesuffix("." + reading.dns_name))
    message = f"{fqdn} {rrtype} is written twice, as {first!r} and {key!r}"
    reading.wrong.append((reading.pointer(key, rrtype), message, "names know no case: keep one"))


def _judge_together(reading: _Reading) -> None:
    found = [*neighbour_faults(reading.sets, iter(sorted(reading.crowded)))]
    if reading.delegates:
        found += delegation_faults(reading.sets, reading.dns_name)
    zone = reading.dns_name
    for (fqdn, rrtype), (below, message, hint) in found:
        default = "@" if fqdn == zone else fqdn.removesuffix("." + zone)
        key = reading.keys.get((fqdn, rrtype), default)
        reading.wrong.append((reading.pointer(key, rrtype) + below, message, hint))
