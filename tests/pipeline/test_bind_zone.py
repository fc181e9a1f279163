"""Zone files of others become documents, or the line that cannot be read is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remediate.model.errors import InvalidInput
from remediate.model.ref import Ref
from remediate.model.resource import Zone
from remediate.pipeline.bind_zone import bind_zone
from remediate.pipeline.importing import Target, imported
from remediate.pipeline.load import load
from remediate.report.imported import files_text
from remediate.stores.new_files import write_new

FILE = r"""
$ORIGIN Example.COM.
$TTL 1h
@   IN SOA ns1.example.net. admin.example.com. ( 2026112301 ; serial
        7200 3600 1209600 300 )
@       IN NS    ns1.example.net.
        IN NS    ns2.example.net.
@   300 IN A     192.0.2.1
    300 IN A     192.0.2.2
@       IN MX    10 mail
WWW     IN CNAME @
mail    IN AAAA  2001:DB8::1
txt     IN TXT   "one; " "two \"quoted\" \\ ${var.x}"
*       IN A     192.0.2.9
_sip._tcp IN SRV 10 5 5060 sip.example.net.
@       IN CAA   0 issue "pki.goog"
hinfo   IN HINFO "cpu" "os"
"""


def written(tmp_path: Path, text: str, origin: str = "") -> tuple[Zone, list[str]]:
    found = bind_zone(text.encode(), "db.example", origin)
    target = Target("staging", "netra-staging")
    result = imported(found, target)
    write_new(tmp_path / "desired" / "staging", files_text(result, target), overwrite=False)
    zone = load(tmp_path, None, {}).resources[Ref("DnsZone", "example-com")]
    assert isinstance(zone, Zone)
    return zone, [each for d in result.files["dns.yaml"] for each in d.remarks]


def test_a_zone_file_loads_as_what_it_says(tmp_path: Path) -> None:
    zone, remarks = written(tmp_path, FILE)
    found: dict[Any, Any] = {at: (one.ttl, one.rrdatas) for at, one in zone.records.items()}
    assert zone.dns_name == "example.com."
    assert found == {
        ("example.com.", "A"): (300, ("192.0.2.1", "192.0.2.2")),
        ("example.com.", "CAA"): (3600, ('0 issue "pki.goog"',)),
        ("example.com.", "MX"): (3600, ("10 mail.example.com.",)),
        ("*.example.com.", "A"): (3600, ("192.0.2.9",)),
        ("_sip._tcp.example.com.", "SRV"): (3600, ("10 5 5060 sip.example.net.",)),
        ("mail.example.com.", "AAAA"): (3600, ("2001:db8::1",)),
        ("txt.example.com.", "TXT"): (3600, (r'"one; two \"quoted\" \\ ${var.x}"',)),
        ("www.example.com.", "CNAME"): (3600, ("example.com.",)),
    }
    assert remarks == ["hinfo.example.com. HINFO is left out: HINFO is a type that we do not know"]


def test_an_origin_may_be_said_instead(tmp_path: Path) -> None:
    zone, _ = written(tmp_path, "www 300 IN A 192.0.2.1\n", "example.com")
    assert [*zone.records] == [("www.example.com.", "A")]


@pytest.mark.parametrize("between", ["21600 IN", "IN 1h", "IN", "300", ""])
def test_a_zone_is_that_of_its_soa(between: str) -> None:
    """As `gcloud dns record-sets export --zone-file-format` writes it, without an $ORIGIN."""
    soa = f"Example.com. {between} SOA ns1.example.net. admin.example.net. 1 21600 3600 259200 300"
    www, below = "www.example.com. 60 IN A 192.0.2.1", "$ORIGIN sub.example.com.\na IN A 192.0.2.2"
    found = bind_zone(f"$TTL 60\n{www}\n{soa}\n{below}\n".encode(), "db")
    assert found.live[Ref("DnsZone", "example-com")]["dnsName"] == "example.com."
    assert {one["name"] for one in found.record_sets["example-com"]} == {
        "example.com.",
        "www.example.com.",
        "a.sub.example.com.",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"www 300 IN A 192.0.2.1\n", r"db:1:1: the file does not name its zone"),
        (b"@ 300 IN SOA a. b. 1 1 1 1 1\n", r"db:1:1: the file does not name its zone"),
        (b"; x.com. IN SOA a. b. 1 1 1 1 1\n", r"db:1:1: the file does not name its zone"),
        (
            b"$ORIGIN x.com.\n\nwww 300 IN A nonsense\n",
            r"db:4:1: this is no zone file, here or just before: ",
        ),
        (
            b"$ORIGIN x.com.\nwww IN A 192.0.2.1\n",
            r"db:3:1: this is no zone file, here or just before: ",
        ),
        (b"$ORIGIN x.com.\n$INCLUDE /etc/passwd\n", r"db:2:1: this is no zone file"),
        (b"$ORIGIN x.com.\n\xff\n", r"db:2:1: this is not UTF-8"),
        (b"$ORIGIN nonsense..com.\nwww 300 IN A 192.0.2.1\n", r"db:1:1: this is no zone file"),
    ],
)
def test_a_fault_is_told_at_its_line(text: bytes, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        bind_zone(text, "db")


@pytest.mark.parametrize(
    ("origin", "name"), [("2.0.192.in-addr.arpa.", "zone-2-0-192-in-addr-arpa"), ("a.b", "a-b")]
)
def test_a_zone_gets_a_name_that_google_takes(origin: str, name: str) -> None:
    assert [*bind_zone(b"www 300 IN A 192.0.2.1\n", "db", origin).live] == [Ref("DnsZone", name)]
