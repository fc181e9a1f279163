"""What a resource is called: in YAML, on the command line, in JSON and in every store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from remediate.model.errors import InvalidInput

GLOBAL = "global"
NESTED = frozenset({"CertificateMapEntry"})  # kinds whose names are `parent/name`
_PART = re.compile(r"[A-Za-z0-9@*._\\-]+")


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """`Kind/name`, or `Kind/location/name` where the location is not global.

    What stands in another resource is named after it: `CertificateMapEntry/<map>/<name>`.

    A record set is named inside its zone: `DnsZone/<zone>/<fqdn with its dot>/<TYPE>`.
    """

    kind: str
    name: str
    location: str = GLOBAL

    def __str__(self) -> str:
        where = "" if self.location == GLOBAL else f"{self.location}/"
        return f"{self.kind}/{where}{self.name}"

    @property
    def is_record_set(self) -> bool:
        return self.kind == "DnsZone" and "/" in self.name

    @property
    def zone(self) -> Ref:
        """The zone of a record set."""
        return Ref(self.kind, self.name.partition("/")[0], self.location)

    @property
    def record(self) -> tuple[str, str]:
        """Owner name and type of a record set."""
        fqdn, _, rrtype = self.name.partition("/")[2].rpartition("/")
        return fqdn, rrtype  # an owner name may hold slashes (RFC 2317)

    def named(self, name: str) -> Ref:
        """The same kind in the same place under another name."""
        return Ref(self.kind, name, self.location)

    def matches(self, glob: str) -> bool:
        return fnmatchcase(str(self), glob)


def record_ref(zone: str, fqdn: str, rrtype: str) -> Ref:
    return Ref("DnsZone", f"{zone}/{fqdn}/{rrtype}")


def parse_ref(text: str) -> Ref:
    """Read what `str(ref)` wrote; raises InvalidInput on anything else."""
    kind, *rest = text.split("/")
    if not rest or not all(_PART.fullmatch(part) for part in (kind, *rest)):
        raise _no_ref(text)
    match rest:
        case [name]:
            return Ref(kind, name)
        case [parent, name] if kind in NESTED:
            return Ref(kind, f"{parent}/{name}")
        case [zone, *fqdn, rrtype] if kind == "DnsZone" and fqdn:
            return record_ref(zone, "/".join(fqdn), rrtype)
        case [location, name] if kind != "DnsZone":
            return Ref(kind, name, location)
        case _:
            raise _no_ref(text)


def _no_ref(text: str) -> InvalidInput:
    return InvalidInput(
        f"{text!r} is not `Kind/name` or `Kind/location/name`",
        hint="Write it as plans and `remediate graph` do, such as `Address/edge`.",
    )
