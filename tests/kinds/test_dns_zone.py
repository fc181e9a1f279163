"""A zone's document: what may be written in `records`, and every fault in it at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.kinds.dns_zone import KIND, OURS, parse_records, type_faults
from remediate.kinds.records.ignored import Ignored
from remediate.kinds.records.rdata import TYPES
from remediate.kinds.records.routing import DATA, table
from remediate.kinds.records.routing_spec import RoutingPolicy
from remediate.model.resource import RecordSet
from remediate.model.values import Quoted, Template
from tests.kinds.checking import faults as spec_faults
from tests.kinds.records.test_rdata import EXAMPLES

ZONE = "example.com."
AT = "/spec/records"


def wrong(records: dict[str, Any], zone: str = ZONE) -> dict[str, str]:
    """{pointer below `records`: message and hint}."""
    _sets, found = parse_records(zone, records, AT)
    return {pointer.removeprefix(AT): f"{message} ({hint})" for pointer, message, hint in found}


def one(name: str, rrtype: str, *values: str, ttl: object = "300") -> dict[str, Any]:
    return {name: {rrtype: {"ttl": ttl, "values": list(values)}}}


def read(name: str, rrtype: str, *values: str) -> tuple[str, ...]:
    sets, found = parse_records(ZONE, one(name, rrtype, *values), AT)
    assert not found
    (only,) = sets.values()
    return only.rrdatas


OWNERS = {"SRV": "_sip._tcp", "TLSA": "_443._tcp", "ALIAS": "@", "SOA": "@"}


@pytest.mark.parametrize("rrtype", sorted(TYPES - {"SPF", "TXT"}))
def test_every_type_can_be_written(rrtype: str) -> None:
    assert read(OWNERS.get(rrtype, "name"), rrtype, EXAMPLES[rrtype]) == (EXAMPLES[rrtype],)


def test_text_is_written_plainly_and_quoted_by_us() -> None:
    assert read("t", "TXT", 'say "hi" \\ there; ü') == ('"say \\"hi\\" \\\\ there; \\195\\188"',)
    assert read("t", "SPF", "v=spf1 -all") == ('"v=spf1 -all"',)
    assert read("t", "TXT", "") == ('""',)


def test_names_are_relative_to_the_zone() -> None:
    records = {
        **one("@", "A", "192.0.2.1"),
        **one("*", "A", "192.0.2.2"),
        **one("*.deep", "A", "192.0.2.3"),
        **one("WWW", "A", "192.0.2.4"),
        **one("_dmarc", "TXT", "v=DMARC1"),
        **one("xn--bcher-kva", "A", "192.0.2.5"),
    }
    sets, found = parse_records(ZONE, records, AT)
    assert not found
    assert [fqdn for fqdn, _type in sets] == [
        "example.com.",
        "*.example.com.",
        "*.deep.example.com.",
        "www.example.com.",
        "_dmarc.example.com.",
        "xn--bcher-kva.example.com.",
    ]


def test_a_ttl_is_seconds_quoted_or_not() -> None:
    sets, found = parse_records(ZONE, one("a", "A", "192.0.2.1", ttl=Quoted("60")), AT)
    assert not found
    assert sets["a.example.com.", "A"] == RecordSet("a.example.com.", "A", 60, ("192.0.2.1",))


def test_plain_and_quoted_text_become_plain_strings() -> None:
    sets, _ = parse_records(ZONE, one("a", "A", Quoted("192.0.2.1")), AT)
    assert type(sets["a.example.com.", "A"].rrdatas[0]) is str


def test_a_reference_stays_as_it_is_written() -> None:
    reference = Template("${Address/staging-lb.address}")
    assert read("a", "A", reference, "192.0.2.1") == (reference, "192.0.2.1")


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("www.example.com", "write `www`"),
        ("www.example.com.", "write `www`"),
        ("example.com", "the apex is written `@`"),
        ("example.com.", "the apex is written `@`"),
        ("", "the apex is written `@`"),
        ("www.example.org.", "it is not in example.com"),
        ("bücher", "write its A-label: `xn--bcher-kva`"),
        ("xn--ü", "A-label"),
        ("a" * 64, "63 is the limit"),
        (".".join(["a" * 60] * 5), "255 is the limit"),
        ("a..b", "two dots in a row"),
        ("a.*.b", "`*` or `*.name`"),
        ("*a", "`*` or `*.name`"),
        ("-a", "no label may"),
        ("a-", "no label may"),
        ("a b", "holds the character ' '"),
        ("0/25", "RFC 2317"),
        ("a\\.b", "holds the character"),
        ("xn--\x7f", "character"),
        ("xn--zzzzzzz99999999", "Punycode is broken"),
    ],
)
def test_a_bad_owner_name_is_refused_with_what_was_meant(key: str, meant: str) -> None:
    (message,) = wrong(one(key, "A", "192.0.2.1")).values()
    assert meant in message


@pytest.mark.parametrize(
    ("rrtype", "value", "meant"),
    [
        ("A", "192.0.2.256", "an IPv4 address"),
        ("A", "2001:db8::1", "an IPv4 address"),
        ("A", "", "an IPv4 address"),
        ("AAAA", "192.0.2.1", "an IPv6 address"),
        ("CNAME", "www.example.net", "write `www.example.net.`"),
        ("CNAME", "www", "write `www.example.com.`"),
        ("CNAME", "192.0.2.1", "is an address, not a name"),
        ("CNAME", "192.0.2.1.", "is an address, not a name"),
        ("CNAME", "2001:db8::1", "is an address, not a name"),
        ("CNAME", ".", "points to the root"),
        ("CNAME", "name.example.com.", "points to itself"),
        ("CNAME", "bücher.example.", "xn--bcher-kva.example."),
        ("CNAME", "a..example.", "two dots in a row"),
        ("CNAME", "", "full name"),
        ("CNAME", "a. b.", "no CNAME value"),
        ("MX", "mail.example.net.", "`preference host.`"),
        ("MX", "10 mail", "write `mail.example.com.`"),
        ("MX", "10 192.0.2.1.", "is an address"),
        ("MX", "10 .", "`0 .` says: no mail here"),
        ("MX", "65536 mail.example.net.", "unsigned 16-bit"),
        ("NS", "ns1.example.net", "write `ns1.example.net.`"),
        ("PTR", "host", "write `host.example.com.`"),
        ("CAA", '1 issue "pki.goog"', "0, or 128"),
        ("CAA", '0 isue "pki.goog"', "one of"),
        ("CAA", '0 issue "https://pki.goog"', "no CA's domain"),
        ("CAA", '0 iodef "security@example.com"', "`mailto:…`"),
        ("HTTPS", "1 svc.example.net alpn=h2", "write `svc.example.net.`"),
        ("HTTPS", "1 . port=70000", "uint16"),
        ("HTTPS", "1 . mandatory=alpn", "mandatory"),
        ("SVCB", "0 x.example.net. alpn=h2", "AliasMode"),
        ("SVCB", "1", "`priority target parameters`"),
        ("NAPTR", '1 1 "" "" "" sip', "write `sip.example.com.`"),
        ("TLSA", "3 1 1 zz", "`usage selector matching-type hex`"),
        ("DNSKEY", "257 4 8 AwEAAaZZ", "always 3"),
        ("IPSECKEY", "10 3 2 gw.example.net AQNR", "does not end with a dot"),
        ("SSHFP", "1 1 aabb", "fingerprint"),
        ("DS", "1 8 2 aabb", "digest"),
    ],
)
def test_a_bad_value_is_refused_with_what_was_meant(rrtype: str, value: str, meant: str) -> None:
    owner = "_443._tcp.name" if rrtype == "TLSA" else "name"
    found = wrong(one(owner, rrtype, value))
    assert list(found) == [f"/{owner}/{rrtype}/values/0"]
    assert meant in found[f"/{owner}/{rrtype}/values/0"]


def test_srv_numbers_have_their_range() -> None:
    assert wrong(one("_sip._tcp", "SRV", "1 2 65536 host.example.net."))
    assert not wrong(one("_sip._tcp", "SRV", "65535 65535 65535 host.example.net."))


@pytest.mark.parametrize(
    ("name", "rrtype", "values", "meant"),
    [
        ("@", "CNAME", ["a.example."], "CNAME cannot stand at the apex"),
        ("@", "DS", [EXAMPLES["DS"]], "parent zone"),
        ("www", "ALIAS", ["a.example."], "only at the apex"),
        ("www", "SOA", [EXAMPLES["SOA"]], "only at the apex"),
        ("*", "NS", ["ns.example.net."], "cannot stand at a wildcard"),
        ("sip", "SRV", ["1 2 3 a.example."], "`_service._proto`"),
        ("www", "TLSA", [EXAMPLES["TLSA"]], "`_port._proto`"),
        ("www", "CNAME", ["a.example.", "b.example."], "only one"),
        ("www", "A", ["192.0.2.1", "192.0.2.1"], "the same data as value 1"),
        ("www", "AAAA", ["2001:db8::1", "2001:DB8:0::1"], "the same data as value 1"),
        ("www", "MX", ["0 .", "10 a.example."], "beside others"),
        ("www", "A", [f"192.0.2.{at}" for at in range(101)], "Cloud DNS takes 100"),
        ("sub", "NS", [f"ns{at}.example.net." for at in range(9)], "Cloud DNS takes 8"),
        ("www", "A", [], "`values` is empty"),
    ],
)
def test_a_bad_set_is_refused(name: str, rrtype: str, values: list[str], meant: str) -> None:
    (message,) = wrong(one(name, rrtype, *values)).values()
    assert meant in message


@pytest.mark.parametrize(
    ("ttl", "meant"),
    [
        ("5m", "`ttl: 300`"),
        ("-1", "seconds"),
        ("2147483648", "seconds"),
        ("1.5", "seconds"),
        (True, "seconds"),
        (["1"], "seconds"),
        (None, "no `ttl`"),
    ],
)
def test_a_bad_ttl_is_refused(ttl: object, meant: str) -> None:
    found = wrong({**one("a", "A", "192.0.2.1"), **one("b", "A", "192.0.2.1", ttl=ttl)})
    (message,) = found.values()
    assert meant in message


@pytest.mark.parametrize(
    ("body", "at", "meant"),
    [
        ("192.0.2.1", "", "a record set was expected"),
        (None, "", "a record set was expected"),
        ({"ttl": "300"}, "", "`values` must be a list"),
        ({"ttl": "300", "values": "192.0.2.1"}, "/values", "write `values: [192.0.2.1]`"),
        ({"ttl": "300", "values": [None]}, "/values/0", "text was expected"),
        ({"ttl": "300", "values": [{"a": "b"}]}, "/values/0", "text was expected"),
        ({"ttl": "300", "values": ["192.0.2.1"], "rrdatas": []}, "/rrdatas", "write `values`"),
        ({"ttl": "300", "values": ["192.0.2.1"], "wrr": {}}, "/wrr", "write `routingPolicy:"),
    ],
)
def test_a_set_of_the_wrong_shape_is_refused_at_its_field(body: Any, at: str, meant: str) -> None:
    found = wrong({"www": {"A": body}})
    assert list(found) == [f"/www/A{at}"]
    assert meant in found[f"/www/A{at}"]


def test_an_unknown_type_is_refused_with_the_nearest() -> None:
    found = wrong({"www": {"a": {}, "CNAM": {}, "SOMETHING": {}}, "x": None, "y": {}})
    assert "write `A`" in found["/www/a"]
    assert "write `CNAME`" in found["/www/CNAM"]
    assert "one of A, AAAA" in found["/www/SOMETHING"]
    assert "no record types" in found["/x"]
    assert "no record types" in found["/y"]


def test_a_cname_beside_other_data_is_refused() -> None:
    records = one("www", "A", "192.0.2.1")
    records["www"] |= one("www", "CNAME", "a.example.")["www"]
    assert "CNAME beside A" in wrong(records)["/www/CNAME"]


def test_a_cname_beside_other_data_is_seen_through_other_spellings() -> None:
    records = {**one("www", "A", "192.0.2.1"), **one("WWW", "CNAME", "a.example.")}
    assert "CNAME beside A" in wrong(records)["/WWW/CNAME"]


def test_an_alias_beside_addresses_is_refused() -> None:
    records = one("@", "A", "192.0.2.1")
    records["@"] |= one("@", "ALIAS", "a.example.")["@"]
    assert "ALIAS beside A" in wrong(records)["/@/ALIAS"]


def test_one_set_under_two_spellings_is_refused() -> None:
    records = {**one("www", "A", "192.0.2.1"), **one("WwW", "A", "192.0.2.2")}
    assert "is written twice, as 'www' and 'WwW'" in wrong(records)["/WwW/A"]


def test_a_delegation_hides_what_is_below_it_but_the_addresses_of_its_servers() -> None:
    records = {
        "sub": one("sub", "NS", "ns.sub.example.com.", "ns.example.net.")["sub"]
        | one("sub", "DS", EXAMPLES["DS"])["sub"]
        | one("sub", "TXT", "hidden")["sub"],
        **one("ns.sub", "A", "192.0.2.1"),
        **one("www.sub", "A", "192.0.2.2"),
        **one("a.b.sub", "TXT", "deep"),
        **one("other", "A", "192.0.2.3"),
    }
    found = wrong(records)
    assert sorted(found) == ["/a.b.sub/TXT", "/sub/TXT", "/www.sub/A"]
    assert all("`sub` is delegated" in message for message in found.values())


def test_every_fault_is_told_at_once_in_the_order_of_the_file() -> None:
    records = {
        **one("b", "A", "x", "y", ttl="z"),
        **one("a.example.com", "MX", "mail"),
        **one("c", "CNAME", "d"),
    }
    assert list(wrong(records)) == [
        "/b/A/ttl",
        "/b/A/values/0",
        "/b/A/values/1",
        "/a.example.com",
        "/a.example.com/MX/values/0",
        "/c/CNAME/values/0",
    ]


def test_a_pointer_escapes_what_json_pointers_escape() -> None:
    assert "/0~125" in wrong(one("0/25", "A", "192.0.2.1"))


@given(
    st.dictionaries(
        st.text(max_size=12),
        st.dictionaries(
            st.sampled_from([*sorted(TYPES), "x"]),
            st.fixed_dictionaries(
                {"ttl": st.text(max_size=4), "values": st.lists(st.text(max_size=20), max_size=3)}
            )
            | st.text(max_size=3),
            max_size=2,
        ),
        max_size=4,
    )
)
def test_nothing_that_people_may_write_makes_it_fall_over(records: dict[str, Any]) -> None:
    sets, found = parse_records(ZONE, records, AT)
    assert all(pointer.startswith(AT) and message for pointer, message, _hint in found)
    if not found:
        assert sum(map(len, records.values())) == len(sets)


def test_ignore_shields_by_name_type_and_glob() -> None:
    shield = Ignored.of(ZONE, ["/records/foo/A", "/records/_acme*", "/records/[*]/*", "/labels/x"])
    assert shield.covers("foo.example.com.", "A")
    assert shield.covers("_acme-challenge.example.com.", "TXT")
    assert shield.covers("*.example.com.", "MX")
    assert not shield.covers("foo.example.com.", "AAAA")
    assert not shield.covers("bar.example.com.", "A")
    assert not Ignored.of(ZONE, ["/labels/x"])


@pytest.mark.parametrize(
    ("spec", "rrtype", "meant"),
    [
        ({"dnssecConfig": {"state": "on"}}, "ALIAS", "a signed zone"),
        ({"visibility": "private"}, "ALIAS", "a private zone"),
        ({}, "DNSKEY", "state: transfer"),
        ({"dnssecConfig": {"state": "on"}}, "DNSKEY", "state: transfer"),
        ({"dnssecConfig": {"state": "transfer"}}, "DNSKEY", ""),
        ({}, "ALIAS", ""),
    ],
)
def test_some_types_stand_only_in_some_zones(spec: dict[str, Any], rrtype: str, meant: str) -> None:
    sets, _ = parse_records(ZONE, one("@", rrtype, EXAMPLES[rrtype]), AT)
    found = [*type_faults({"dnsName": ZONE, **spec}, sets)]
    assert [pointer for pointer, _message, _hint in found] == (
        [f"{AT}/@/{rrtype}"] if meant else []
    )
    assert all(meant in message + hint for _pointer, message, hint in found)


# The zone's own fields.


def google_fields(schema: str, at: str = "") -> Iterator[str]:
    for name, node in _schemas()[schema]["properties"].items():
        below = node.get("$ref") or node.get("items", {}).get("$ref")
        here = f"{at}/{name}" + ("/*" if "items" in node and below else "")
        yield f"{at}/{name}"
        if below:
            yield from google_fields(below, here)


def our_fields(schema: dict[str, Any], node: dict[str, Any], at: str = "") -> Iterator[str]:
    for option in node.get("anyOf", [node]):
        found = option
        if "$ref" in option:
            found = schema["$defs"][option["$ref"].rsplit("/", 1)[1]]
        for name, item in found.get("properties", {}).items():
            if at or name not in OURS:
                yield f"{at}/{name}"
                yield from our_fields(schema, item, f"{at}/{name}")
        if "items" in found:
            yield from our_fields(schema, found["items"], f"{at}/*")


def _schemas() -> dict[str, Any]:
    place = files("googleapiclient") / "discovery_cache" / "documents" / "dns.v1.json"
    document: dict[str, Any] = json.loads(place.read_text())["schemas"]
    return document


def test_the_spec_has_every_field_that_can_be_written_and_no_other() -> None:
    schema = KIND.spec.model_json_schema()
    assert {*our_fields(schema, schema)} == {*google_fields("ManagedZone")} - KIND.server_set
    assert {*google_fields("ManagedZone")} >= KIND.server_set | KIND.immutable


def test_the_words_of_the_spec_are_googles() -> None:
    schema = KIND.spec.model_json_schema()
    fields = _schemas()
    assert schema["$defs"]["DnsSecConfig"]["properties"]["state"]["anyOf"][0]["enum"] == sorted(
        fields["ManagedZoneDnsSecConfig"]["properties"]["state"]["enum"]
    )
    assert schema["$defs"]["KeySpec"]["properties"]["algorithm"]["anyOf"][0]["enum"] == sorted(
        fields["DnsKeySpec"]["properties"]["algorithm"]["enum"]
    )
    assert schema["properties"]["visibility"]["anyOf"][0]["enum"] == sorted(
        fields["ManagedZone"]["properties"]["visibility"]["enum"]
    )


def test_a_record_set_is_written_with_googles_fields() -> None:
    written = {"name", "type", "ttl", "rrdatas", "routingPolicy"}
    set_by_the_server = {"kind", "signatureRrdatas"}
    assert {*_schemas()["ResourceRecordSet"]["properties"]} == written | set_by_the_server


def test_a_routing_policy_has_every_field_that_can_be_written_and_no_other() -> None:
    schema = RoutingPolicy.model_json_schema()
    google = {*google_fields("RRSetRoutingPolicy")}
    assert {*our_fields(schema, schema)} == google - table("A").server_set
    assert google >= table("A").server_set | {at.removesuffix("/*") for at in DATA}
    assert google >= {*table("A").links, *table("A").keyed, *table("A").unordered}


def test_the_words_of_a_routing_policy_are_googles() -> None:
    ours = RoutingPolicy.model_json_schema()["$defs"]["LoadBalancerTarget"]["properties"]
    google = _schemas()["RRSetRoutingPolicyLoadBalancerTarget"]["properties"]
    for name in ("ipProtocol", "loadBalancerType"):
        assert sorted(ours[name]["anyOf"][0]["enum"]) == sorted(google[name]["enum"])


@pytest.mark.parametrize(
    ("spec", "pointer"),
    [
        ({"dnsName": "example.com"}, "/dnsName"),
        ({"dnsName": "exa mple.com."}, "/dnsName"),
        ({"dnsName": "*.example.com."}, "/dnsName"),
        ({"dnsName": ZONE, "description": "x" * 1025}, "/description"),
        ({"dnsName": ZONE, "forwardingConfig": {}}, "/forwardingConfig"),
        ({"dnsName": ZONE, "peeringConfig": {}, "visibility": "public"}, "/peeringConfig"),
        (
            {"dnsName": ZONE, "visibility": "private", "dnssecConfig": {"state": "on"}},
            "/dnssecConfig/state",
        ),
        (
            {
                "dnsName": ZONE,
                "visibility": "private",
                "forwardingConfig": {"targetNameServers": [{}]},
            },
            "/forwardingConfig/targetNameServers/0",
        ),
        (
            {"dnsName": ZONE, "dnssecConfig": {"defaultKeySpecs": [{"keyType": "keySigning"}] * 2}},
            "/dnssecConfig/defaultKeySpecs",
        ),
    ],
)
def test_a_zone_that_google_would_refuse_is_refused_first(
    spec: dict[str, Any], pointer: str
) -> None:
    assert list(spec_faults("DnsZone", spec)) == [pointer]


def test_a_whole_zone_is_fine() -> None:
    spec = {
        "dnsName": ZONE,
        "visibility": "private",
        "privateVisibilityConfig": {"networks": [{"networkUrl": "staging-vpc"}]},
        "forwardingConfig": {"targetNameServers": [{"ipv4Address": "192.0.2.53"}]},
        "labels": {"env": "staging"},
        "reverseLookupConfig": {},
    }
    assert not spec_faults("DnsZone", spec)
