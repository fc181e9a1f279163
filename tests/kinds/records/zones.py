"""Small worlds of record sets for laws: what is written, what is live, and Cloud DNS in a dict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from remediate.kinds.dns_zone import parse_records
from remediate.kinds.records.changes import Change
from remediate.model.errors import Place
from remediate.model.json import Body
from remediate.model.ref import Ref
from remediate.model.resource import Lifecycle, Zone

ZONE = Ref("DnsZone", "example")
DNS_NAME = "example.com."
World = dict[tuple[str, str], Body]

APEX: list[Body] = [
    {
        "name": DNS_NAME,
        "type": "NS",
        "ttl": 21600,
        "rrdatas": ["ns-cloud-a1.googledomains.com.", "ns-cloud-a2.googledomains.com."],
    },
    {
        "name": DNS_NAME,
        "type": "SOA",
        "ttl": 21600,
        "rrdatas": ["ns-cloud-a1.googledomains.com. a.google.com. 7 21600 3600 259200 300"],
    },
]

_owners = st.sampled_from(["@", "*", "www", "api", "_dmarc", "a.b"])
_hosts = st.sampled_from(["lb.example.net.", "Mail.Example.net.", "x.example.com."])
_ttls = st.sampled_from(["0", "60", "300"])


def _values(values: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(values, min_size=1, max_size=3, unique_by=str.lower)
    return st.fixed_dictionaries({"ttl": _ttls, "values": several})


_text = st.text(st.characters(max_codepoint=0x17F), max_size=40)
_texts = st.lists(_text, min_size=1, max_size=2, unique=True)
_data = st.fixed_dictionaries(
    {},
    optional={
        "A": _values(st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3"])),
        "AAAA": _values(st.sampled_from(["2001:db8::1", "2001:db8::2"])),
        "MX": _values(st.sampled_from(["10 mail.example.net.", "20 Mail2.example.net."])),
        "TXT": st.fixed_dictionaries({"ttl": _ttls, "values": _texts}),
        "CAA": _values(st.sampled_from(['0 issue "pki.goog"', '0 issue "letsencrypt.org"'])),
    },
)
_one_host = st.lists(_hosts, min_size=1, max_size=1)
_alias = st.fixed_dictionaries(
    {"CNAME": st.fixed_dictionaries({"ttl": _ttls, "values": _one_host})}
)


def _valid(written: dict[str, Any]) -> dict[str, Any]:
    return {
        owner: types
        for owner, types in written.items()
        if types and not (owner == "@" and "CNAME" in types)
    }


records = st.dictionaries(_owners, _data | _alias, max_size=5).map(_valid)
"""`records` as the YAML has them, always valid."""


def zone(
    written: Mapping[str, Any],
    *,
    exclusive: bool = True,
    ignore: tuple[str, ...] = (),
) -> Zone:
    found, wrong = parse_records(DNS_NAME, written, "/spec/records")
    assert not wrong
    lifecycle = Lifecycle(ignore=ignore)
    return Zone(ZONE, {}, lifecycle, Place("zone.yaml", 1, 1), DNS_NAME, exclusive, found)


def live(written: Mapping[str, Any]) -> World:
    """The zone as Cloud DNS would hold it after these records."""
    bodies: list[Body] = [
        {"name": one.fqdn, "type": one.type, "ttl": one.ttl, "rrdatas": list(one.rrdatas)}
        for one in zone(written).records.values()
    ]
    return {(str(body["name"]), str(body["type"])): body for body in [*APEX, *bodies]}


worlds = records.map(live)


@st.composite
def respelled(draw: st.DrawFn, world: World) -> list[Body]:
    """The same data in another order and other spellings."""
    result: list[Body] = []
    for body in draw(st.permutations(list(world.values()))):
        values: Any = body["rrdatas"]
        rrtype = body["type"]
        values = draw(st.permutations(values))
        if rrtype in {"CNAME", "MX", "NS"}:
            values = [value.upper() for value in values]
        elif rrtype == "AAAA":
            values = [value.replace("::", ":0:0:0:0:0:").upper() for value in values]
        elif rrtype == "TXT":
            values = [draw(_split(value)) for value in values]
        result.append({**body, "rrdatas": values})
    return result


@st.composite
def _split(draw: st.DrawFn, value: str) -> str:
    """A character-string cut in two where no escape is."""
    if "\\" in value or len(value) < 4:
        return value
    at = draw(st.integers(1, len(value) - 1))
    if value[at - 1 : at + 2] in {'" "', '" '} or value[at] in '" ' or value[at - 1] in '" ':
        return value
    return f'{value[:at]}" "{value[at:]}'


def pages(bodies: Iterable[Body], size: int = 3) -> Iterator[list[Body]]:
    rest = list(bodies)
    while rest:
        yield rest[:size]
        rest = rest[size:]


def apply(world: World, changes: Iterable[Change]) -> World:
    """Cloud DNS: a deletion must be what is live, an addition must not be there, all or nothing."""
    for change in changes:
        after = dict(world)
        for body in change.deletions:
            assert after.pop((str(body["name"]), str(body["type"]))) == body
        for body in change.additions:
            key = (str(body["name"]), str(body["type"]))
            assert key not in after
            after[key] = body
        owners = {name for name, rrtype in after if rrtype == "CNAME"}
        assert not any(name in owners and rrtype != "CNAME" for name, rrtype in after)
        assert {(DNS_NAME, "NS"), (DNS_NAME, "SOA")} <= after.keys()
        world = after
    return world
