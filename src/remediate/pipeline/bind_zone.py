"""A zone file as BIND has it (RFC 1035 §5), read as if Cloud DNS held the zone. No network."""

from __future__ import annotations

import re
from collections.abc import Iterator

import dns.exception
import dns.name
import dns.rdatatype
import dns.zone

from remediate.model.errors import Fault, InvalidInput, Place
from remediate.model.json import Body, Json
from remediate.model.ref import Ref
from remediate.pipeline.inventory import Inventory

_ORIGIN = re.compile(r"^\$ORIGIN[ \t]+(\S+)", re.MULTILINE | re.IGNORECASE)
_APEX = re.compile(
    r"^([^\s;$]\S*\.)[ \t]+(?:(?:IN|[0-9]\w*)[ \t]+){0,2}SOA[ \t]", re.MULTILINE | re.IGNORECASE
)
_LINE = re.compile(r":(\d+): ")
_LONGEST = 63


def bind_zone(data: bytes, file: str, origin: str = "") -> Inventory:
    """A managed zone's body and its record sets, as the API would list them.

    `origin` is needed where the file has no SOA of the zone's whole name and no `$ORIGIN`. Raises
    InvalidInput at the line that cannot be read; `$INCLUDE` is refused.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInput(faults=[Fault(Place(file, line, 1), "this is not UTF-8")]) from None
    if not origin and (found := _APEX.search(text) or _ORIGIN.search(text)):
        origin = found[1]
    if not origin:
        hint = "name the zone with --origin example.com."
        message = "the file does not name its zone, neither by an SOA nor by $ORIGIN"
        raise InvalidInput(faults=[Fault(Place(file, 1, 1), message, hint)])
    apex = origin.lower()
    apex = apex if apex.endswith(".") else apex + "."
    try:
        zone = dns.zone.from_text(
            text, origin=apex, relativize=False, filename=file, check_origin=False
        )
    except (dns.exception.DNSException, ValueError) as error:
        raise InvalidInput(faults=[_fault(error, file)]) from None
    name = zone_name(apex)
    body: Body = {"name": name, "dnsName": apex, "visibility": "public"}
    return Inventory({Ref("DnsZone", name): body}, {name: [*_record_sets(zone)]})


def _record_sets(zone: dns.zone.Zone) -> Iterator[Body]:
    for owner, rdataset in sorted(zone.iterate_rdatasets(), key=lambda at: (at[0], at[1].rdtype)):
        values: list[Json] = sorted(each.to_text() for each in rdataset)
        yield {
            "name": str(owner).lower(),
            "type": dns.rdatatype.to_text(rdataset.rdtype),
            "ttl": rdataset.ttl,
            "rrdatas": values,
        }


def zone_name(apex: str) -> str:
    """What `gcloud` users call a zone: its name with hyphens."""
    plain = re.sub(r"[^a-z0-9]+", "-", apex.removesuffix(".")).strip("-")
    return (plain if plain[:1].isalpha() else f"zone-{plain}")[:_LONGEST].rstrip("-")


def _fault(error: Exception, file: str) -> Fault:
    said = str(error)
    line = int(found[1]) if (found := _LINE.search(said)) else 1
    message = said[found.end() :] if found else said
    return Fault(Place(file, line, 1), f"this is no zone file, here or just before: {message}")
