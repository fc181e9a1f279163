from __future__ import annotations

from typing import Any

import pytest

from gcp_sandbox.dns.section import DnsSection
from tests.gcp_sandbox.dns.conftest import CloudDns, rrset

WWW = rrset("www.example.com.", "A", "192.0.2.1", "192.0.2.2")


@pytest.fixture
def zone(cloud: CloudDns) -> str:
    path = cloud.zone("example.com.")
    cloud.add(path, WWW)
    return path


def serial(cloud: CloudDns, zone: str) -> int:
    (soa,) = cloud.sets(zone, name="example.com.", type="SOA")
    return int(soa["rrdatas"][0].split()[2])


def test_a_change_is_pending_then_done_and_numbered(cloud: CloudDns, zone: str) -> None:
    status, change = cloud.change(zone, [rrset("b.example.com.", "A", "192.0.2.3")])
    assert status == 200
    assert (change["id"], change["status"], change["kind"]) == ("2", "pending", "dns#change")
    assert change["deletions"] == []
    assert change["additions"][0]["signatureRrdatas"] == []
    assert change["additions"][0]["kind"] == "dns#resourceRecordSet"
    cloud.sandbox.world.clock.advance(5)
    assert cloud.get(f"{zone}/changes/2") == {**change, "status": "done"}


def test_changes_are_listed_in_sequence_both_ways(cloud: CloudDns, zone: str) -> None:
    ascending = cloud.get(f"{zone}/changes", sortBy="changeSequence")["changes"]
    assert [it["id"] for it in ascending] == ["0", "1"]
    assert {it["type"] for it in ascending[0]["additions"]} == {"NS", "SOA"}
    page = cloud.get(f"{zone}/changes", sortOrder="descending", maxResults=1)
    assert [it["id"] for it in page["changes"]] == ["1"]
    rest = cloud.get(f"{zone}/changes", sortOrder="descending", pageToken=page["nextPageToken"])
    assert [it["id"] for it in rest["changes"]] == ["0"]


def test_the_server_moves_the_serial_unless_the_change_does(cloud: CloudDns, zone: str) -> None:
    before = serial(cloud, zone)
    cloud.add(zone, rrset("b.example.com.", "A", "192.0.2.3"))
    assert serial(cloud, zone) == before + 1
    (soa,) = cloud.sets(zone, name="example.com.", type="SOA")
    words = soa["rrdatas"][0].split()
    words[2] = "100"
    new = {**soa, "rrdatas": [" ".join(words)]}
    assert cloud.change(zone, [new], [soa])[0] == 200
    assert serial(cloud, zone) == 100
    status, reason, message = cloud.refused(zone, [new], [soa])
    assert (status, reason) == (412, "conditionNotMet")
    assert message == "Precondition not met for 'entity.change.deletions[0]'"


def test_a_deletion_must_say_what_is_live_in_any_order(cloud: CloudDns, zone: str) -> None:
    for stale in ({**WWW, "ttl": 60}, {**WWW, "rrdatas": ["192.0.2.1"]}):
        assert cloud.refused(zone, (), [stale])[:2] == (412, "conditionNotMet")
    turned = {**WWW, "rrdatas": WWW["rrdatas"][::-1]}
    assert cloud.change(zone, (), [turned])[0] == 200


def test_deleting_what_is_not_there_is_not_found(cloud: CloudDns, zone: str) -> None:
    assert cloud.refused(zone, (), [rrset("x.example.com.", "A", "192.0.2.1")]) == (
        404,
        "notFound",
        "The 'entity.change.deletions[0]' resource named 'x.example.com. (A)' does not exist.",
    )


def test_adding_what_is_there_is_a_conflict(cloud: CloudDns, zone: str) -> None:
    assert cloud.refused(zone, [rrset("www.example.com.", "A", "192.0.2.9")]) == (
        409,
        "alreadyExists",
        "The resource 'entity.change.additions[0]' named 'www.example.com. (A)' already exists",
    )


@pytest.mark.parametrize("rrtype", ["NS", "SOA"])
def test_the_apex_keeps_its_ns_and_soa(cloud: CloudDns, zone: str, rrtype: str) -> None:
    (live,) = cloud.sets(zone, name="example.com.", type=rrtype)
    status, reason, message = cloud.refused(zone, (), [live])
    assert (status, reason) == (400, "invalidZoneApex")
    assert message == (
        "The resource record set 'entity.change.deletions[0]' is invalid because a zone must "
        f"contain exactly one resource record set of type '{rrtype}' at the apex."
    )


def test_a_cname_stands_alone(cloud: CloudDns, zone: str) -> None:
    cname = rrset("www.example.com.", "CNAME", "example.org.")
    status, reason, message = cloud.refused(zone, [cname])
    assert (status, reason) == (400, "cnameResourceRecordSetConflict")
    assert "has a resource record set of the type 'A'" in message
    assert cloud.change(zone, [cname], [WWW])[0] == 200
    text = rrset("www.example.com.", "TXT", '"x"')
    assert cloud.refused(zone, [text])[1] == "cnameResourceRecordSetConflict"
    assert cloud.change(zone, [WWW, text], [cname])[0] == 200
    at_apex = rrset("example.com.", "CNAME", "example.org.")
    assert cloud.refused(zone, [at_apex])[1] == "cnameResourceRecordSetConflict"


INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "outside the zone": (rrset("www.example.org.", "A", "192.0.2.1"), "name"),
    "only looks inside": (rrset("evilexample.com.", "A", "192.0.2.1"), "name"),
    "relative": (rrset("www", "A", "192.0.2.1"), "name"),
    "a star inside": (rrset("a.*.example.com.", "A", "192.0.2.1"), "name"),
    "a long label": (rrset("a" * 64 + ".example.com.", "A", "192.0.2.1"), "name"),
    "a wildcard delegated": (rrset("*.example.com.", "NS", "ns.example.org."), "name"),
    "no such type": (rrset("x.example.com.", "HINFO", "a b"), "type"),
    "a second SOA": (rrset("x.example.com.", "SOA", "a. b. 1 2 3 4 5"), "type"),
    "ALIAS below the apex": (rrset("x.example.com.", "ALIAS", "example.org."), "type"),
    "DNSKEY without transfer": (rrset("x.example.com.", "DNSKEY", "257 3 8 AwEAAQ=="), "type"),
    "negative ttl": (rrset("x.example.com.", "A", "192.0.2.1", ttl=-1), "ttl"),
    "huge ttl": (rrset("x.example.com.", "A", "192.0.2.1", ttl=2**31), "ttl"),
    "no data": (rrset("x.example.com.", "A"), "rrdata"),
    "bad second address": (rrset("x.example.com.", "A", "192.0.2.1", "192.0.2"), "rrdata[1]"),
    "twice the same": (rrset("x.example.com.", "A", "192.0.2.1", "192.0.2.1"), "rrdata[1]"),
    "bad AAAA": (rrset("x.example.com.", "AAAA", "192.0.2.1"), "rrdata[0]"),
    "relative target": (rrset("x.example.com.", "CNAME", "www"), "rrdata[0]"),
    "two CNAMEs": (rrset("x.example.com.", "CNAME", "a.b.", "c.d."), "rrdata"),
    "no preference": (rrset("x.example.com.", "MX", "mail.example.com."), "rrdata[0]"),
    "big port": (rrset("x.example.com.", "SRV", "0 0 65536 a.b."), "rrdata[0]"),
    "open quote": (rrset("x.example.com.", "TXT", '"abc'), "rrdata[0]"),
    "long string": (rrset("x.example.com.", "TXT", '"' + "a" * 256 + '"'), "rrdata[0]"),
    "bad CAA": (rrset("x.example.com.", "CAA", "0 issue"), "rrdata[0]"),
    "quoted HTTPS": (rrset("x.example.com.", "HTTPS", '"1 . alpn=h2"'), "rrdata[0]"),
    "generic data": (rrset("x.example.com.", "TLSA", "\\# 4 01020304"), "rrdata[0]"),
}


@pytest.mark.parametrize("case", INVALID)
def test_an_invalid_set_is_told_by_its_place(cloud: CloudDns, zone: str, case: str) -> None:
    given, place = INVALID[case]
    fine = rrset("fine.example.com.", "A", "192.0.2.1")
    status, reason, message = cloud.refused(zone, [fine, given])
    assert (status, reason) == (400, "invalid")
    assert message.startswith(f"Invalid value for 'entity.change.additions[1].{place}': ")


def test_all_invalid_values_are_told_at_once(cloud: CloudDns, zone: str) -> None:
    _, body = cloud.change(zone, [rrset("x.example.com.", "NS", "a.b.", "c", "d", ttl=-1)])
    assert [it["message"] for it in body["error"]["errors"]] == [
        "Invalid value for 'entity.change.additions[0].ttl': '-1'",
        "Invalid value for 'entity.change.additions[0].rrdata[1]': 'c'",
        "Invalid value for 'entity.change.additions[0].rrdata[2]': 'd'",
    ]


SPELLINGS = [
    ("A", "192.0.2.1", "192.0.2.1"),
    ("AAAA", "2001:DB8:0::1", "2001:db8::1"),
    ("CAA", '0 issue "pki.goog"', '0 issue "pki.goog"'),
    ("CAA", "0 issue pki.goog", '0 issue "pki.goog"'),
    ("CNAME", "Example.ORG.", "example.org."),
    ("DS", "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118", None),
    ("HTTPS", '1 . alpn="h2,h3" ipv4hint=192.0.2.1', None),
    ("IPSECKEY", "10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==", None),
    ("MX", "10  mail.example.com.", "10 mail.example.com."),
    ("MX", "0 .", "0 ."),
    ("NAPTR", '100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .', None),
    ("NS", "ns1.example.org.", None),
    ("PTR", "host.example.com.", None),
    ("SPF", '"v=spf1 -all"', None),
    ("SRV", "0 5 443 Host.example.com.", "0 5 443 host.example.com."),
    ("SSHFP", "2 1 123456789abcdef67890123456789abcdef67890", None),
    ("SVCB", "1 svc.example.com. port=8443", None),
    ("TLSA", "3 1 1 " + "ab" * 32, None),
    ("TXT", '"Case Kept"', None),
    ("TXT", "two words", '"two" "words"'),
    ("TXT", "v=DKIM1; p=x", '"v=DKIM1;" "p=x"'),
    ("TXT", '"say \\"hi\\" \\\\ \\226\\130\\172"', None),
]


@pytest.mark.parametrize(("rrtype", "sent", "stored"), SPELLINGS)
def test_every_type_is_stored_in_one_spelling(
    cloud: CloudDns, zone: str, rrtype: str, sent: str, stored: str | None
) -> None:
    cloud.add(zone, rrset("X.example.com.", rrtype, sent))
    (live,) = cloud.sets(zone, name="x.example.com.")
    assert live["rrdatas"] == [stored or sent]
    assert cloud.change(zone, (), [rrset("x.example.com.", rrtype, sent)])[0] == 200


def test_too_much_for_one_change_tells_every_quota(cloud: CloudDns, zone: str) -> None:
    many = [rrset(f"h{n}.example.com.", "TXT", f'"{"x" * 120}"') for n in range(1001)]
    _, body = cloud.change(zone, many)
    assert body["error"]["code"] == 403
    assert [(it["reason"], it["message"]) for it in body["error"]["errors"]] == [
        ("quotaExceeded", "The change would exceed quota for additions per change."),
        ("quotaExceeded", "The change would exceed quota for total rrdata size per change."),
    ]


def test_a_set_and_a_zone_have_their_quotas(cloud: CloudDns, zone: str) -> None:
    wide = rrset("x.example.com.", "A", *(f"192.0.2.{n}" for n in range(101)))
    assert cloud.refused(zone, [wide])[:2] == (403, "quotaExceeded")
    delegated = rrset("x.example.com.", "NS", *(f"ns{n}.example.org." for n in range(9)))
    assert cloud.refused(zone, [delegated])[:2] == (403, "quotaExceeded")
    section = cloud.sandbox.world.sections["dns"]
    assert isinstance(section, DnsSection)
    section.limits["rrsetsPerManagedZone"] = 3
    more = rrset("x.example.com.", "A", "192.0.2.1")
    assert cloud.refused(zone, [more])[:2] == (403, "quotaExceeded")
    assert cloud.change(zone, [more], [WWW])[0] == 200


def test_an_empty_change_is_refused(cloud: CloudDns, zone: str) -> None:
    assert cloud.refused(zone)[:2] == (400, "required")


def test_a_change_with_one_client_operation_id_happens_once(cloud: CloudDns, zone: str) -> None:
    new = [rrset("b.example.com.", "A", "192.0.2.3")]
    first = cloud.change(zone, new, clientOperationId="c1")
    assert cloud.change(zone, new, clientOperationId="c1") == first
    assert cloud.change(zone, new, clientOperationId="c2")[0] == 409
