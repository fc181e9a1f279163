"""A zone file of octoDNS, read as if Cloud DNS held the zone. No network.

Facts: https://octodns.readthedocs.io, "Records", and its YAML provider: a name holds a record or a
list of them, `''` is the apex, and a TTL that is not written is 3,600 seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from remediate.kinds.dns_zone import parse_records
from remediate.kinds.fields.pointers import parts, pointer
from remediate.model.document import read
from remediate.model.errors import Fault, InvalidInput, Place
from remediate.model.json import Body
from remediate.model.nearest import did_you_mean
from remediate.model.position import Spot, locate
from remediate.model.ref import Ref
from remediate.model.resource import RecordSet, RoutedSet
from remediate.pipeline.bind_zone import zone_name
from remediate.pipeline.inventory import Inventory
from remediate.pipeline.octodns_values import rdata_text

_TTL = "3600"
_FIELDS = ("type", "ttl", "value", "values", "octodns", "dynamic", "geo")
_FILE = re.compile(r"(?P<zone>[^/]+\.[^/]+)\.ya?ml")
_ALIAS_HINT = "write the addresses, or by hand an ALIAS at `@`, which Cloud DNS answers for itself"
_EXACT = "exact are only one rule without places, one pool, and values that are always `status: up`"


@dataclass(slots=True)
class _Reading:
    """A file on its way: record sets as our documents have them, and where each came from."""

    sets: dict[str, dict[str, Body]] = field(default_factory=dict)
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)  # of these records, one without a list
    wrong: list[tuple[str, str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def refuse(self, at: str, message: str, hint: str = "") -> None:
        self.wrong.append((at, message, hint))


def octodns_zone(data: bytes, file: str, origin: str = "") -> Inventory:
    """A managed zone's body and its record sets, as the API would list them.

    The zone's name is `origin`, else that of the file without `.yaml`, as octoDNS calls them.
    Raises InvalidInput with every fault at its place.
    """
    name = origin or _named(file)
    if not name:
        hint = "name the zone with --origin example.com."
        raise InvalidInput(faults=[Fault(Place(file, 1, 1), "the file has no zone's name", hint)])
    apex = name.lower().rstrip(".") + "."
    found = read(data, file)
    if found.faults:
        raise InvalidInput(faults=found.faults)
    if len(found.documents) != 1:
        message = f"a zone is one document of names, not {len(found.documents)}"
        raise InvalidInput(faults=[Fault(Place(file, 1, 1), message)])
    reading = _Reading()
    for key, written in found.documents[0].body.items():
        _read_name(reading, key, written)
    records, wrong = parse_records(apex, reading.sets, "")
    reading.wrong += [(_origin(reading, at), message, hint) for at, message, hint in wrong]
    if reading.wrong:
        raise InvalidInput(faults=_placed(reading, data, file, found.documents[0].number))
    bodies = [_body(one) for one in records.values()]
    zone = zone_name(apex)
    about: Body = {"name": zone, "dnsName": apex, "visibility": "public"}
    ref = Ref("DnsZone", zone)
    return Inventory({ref: about}, {zone: bodies}, remarks={ref: sorted(reading.remarks)})


def _body(one: RecordSet) -> Body:
    body: Body = {"name": one.fqdn, "type": one.type, "ttl": one.ttl}
    if isinstance(one, RoutedSet):
        return {**body, "routingPolicy": one.policy}
    return {**body, "rrdatas": [*one.rrdatas]}


def _named(file: str) -> str:
    found = _FILE.fullmatch(file.replace("\\", "/").rpartition("/")[2])
    return found["zone"] if found else ""


def _read_name(reading: _Reading, key: str, written: object) -> None:
    each = written if isinstance(written, list) else [written]
    for number, record in enumerate(each):
        at = pointer(key, number) if isinstance(written, list) else pointer(key)
        if not isinstance(record, dict):
            reading.refuse(at, "a record was expected", "write `{type: A, ttl: 300, values: […]}`")
            continue
        _read_record(reading, key or "@", record, at)


def _read_record(reading: _Reading, name: str, record: dict[str, Any], at: str) -> None:
    for field_name in record.keys() - {*_FIELDS}:
        hint = did_you_mean(field_name, _FIELDS)
        reading.refuse(at + pointer(field_name), f"unknown field `{field_name}`", hint)
    rrtype = record.get("type")
    if not isinstance(rrtype, str):
        reading.refuse(at, "the record has no `type`")
        return
    if _is_ignored(record.get("octodns")):
        return  # nor does octoDNS touch it
    if rrtype == "ALIAS":
        message = "an ALIAS of octoDNS is resolved by whoever serves the zone"
        reading.refuse(at, message, _ALIAS_HINT)
    elif (name, rrtype) in reading.places:
        reading.refuse(at, f"{name} {rrtype} is written twice", "one record holds all `values`")
    else:
        reading.places[name, rrtype] = at
        if (body := _set(reading, rrtype, record, at)) is not None:
            reading.remarks += _unsaid(record.get("octodns"), f"{name} {rrtype}")
            ttl = record.get("ttl", _TTL)
            reading.sets.setdefault(name, {})[rrtype] = {"ttl": ttl, **body}


def _is_ignored(options: object) -> bool:
    return isinstance(options, dict) and options.get("ignored") in {"true", "True", "yes"}


def _unsaid(options: object, what: str) -> Iterator[str]:
    """What octoDNS alone does with a record: at whom it publishes it, and how it checks it."""
    if isinstance(options, dict) and (names := sorted({*options} - {"ignored"})):
        yield f"{what}: what `octodns` says is left out ({', '.join(names)})"


def _set(reading: _Reading, rrtype: str, record: dict[str, Any], at: str) -> Body | None:
    """`values`, or the policy that says the same as a dynamic record."""
    if "geo" in record:
        hint = "Google knows places by its own regions: write a `geo` routing policy by hand"
        reading.refuse(f"{at}/geo", "octoDNS's places are continents and countries", hint)
        return None
    if "dynamic" in record:
        return _dynamic(reading, record["dynamic"], at)
    written = record.get("values", record.get("value"))
    if written is None:
        reading.refuse(at, "the record has no `value` or `values`")
        return None
    below = "values" if "values" in record else "value"
    each = written if isinstance(written, list) else [written]
    if not isinstance(written, list):
        reading.values[at] = f"/{below}"
    texts: list[Any] = []
    for number, value in enumerate(each):
        here = f"{at}/{below}" + (f"/{number}" if isinstance(written, list) else "")
        text, faults = rdata_text(rrtype, value)
        reading.wrong += [(here + where, message, hint) for where, message, hint in faults]
        texts.append(text)
    if reading.wrong and any(text is None for text in texts):
        return None
    return {"values": texts}


def _dynamic(reading: _Reading, dynamic: object, at: str) -> Body | None:
    """A weighted policy, where that says exactly the same: octoDNS checks health by itself."""
    weights = _weights(dynamic)
    if weights is None:
        message = "this dynamic record has no exact likeness in Cloud DNS"
        reading.refuse(f"{at}/dynamic", message, f"{_EXACT}; write a `routingPolicy` by hand")
        return None
    items: list[Any] = [{"weight": weight, "rrdatas": [value]} for value, weight in weights]
    return {"routingPolicy": {"wrr": {"items": items}}}


def _weights(dynamic: object) -> list[tuple[str, str]] | None:
    if not isinstance(dynamic, dict) or dynamic.keys() != {"pools", "rules"}:
        return None
    pools, rules = dynamic["pools"], dynamic["rules"]
    if not (isinstance(pools, dict) and len(pools) == 1 and rules == [{"pool": next(iter(pools))}]):
        return None
    (pool,) = pools.values()
    if not isinstance(pool, Mapping) or pool.keys() != {"values"}:
        return None
    found = []
    for one in pool["values"] if isinstance(pool["values"], list) else ():
        known = isinstance(one, dict) and {*one} <= {"value", "weight", "status"}
        if not known or one.get("status") != "up" or not isinstance(one.get("value"), str):
            return None
        found.append((str(one["value"]), str(one.get("weight", 1))))
    return found or None


def _origin(reading: _Reading, at: str) -> str:
    """Where in octoDNS's file the fault of one of our record sets is."""
    name, *rest = parts(at)
    if not rest:
        return pointer("" if name == "@" else name)
    above = reading.places.get((name, rest[0]), pointer(name))
    match rest[1:]:
        case ["values", *below]:
            return above + reading.values.get(above, pointer("values", *below))
        case ["routingPolicy", *_below]:
            return f"{above}/dynamic"
        case below:
            return above + pointer(*below)


def _placed(reading: _Reading, data: bytes, file: str, number: int) -> list[Fault]:
    spots = {Spot(at) for at, _message, _hint in reading.wrong}
    found = locate(data, {number: spots})
    faults = [
        Fault(Place(file, *found.get((number, Spot(at)), (1, 1))), message, hint)
        for at, message, hint in reading.wrong
    ]
    return sorted(set(faults), key=lambda fault: (fault.place or Place("", 0, 0), fault.message))
