"""Zones of octoDNS become documents, or every fault is named at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remediate.model.errors import InvalidInput
from remediate.model.ref import Ref
from remediate.model.resource import RoutedSet, Zone
from remediate.pipeline.importing import Target, imported
from remediate.pipeline.load import load
from remediate.pipeline.octodns_zone import octodns_zone
from remediate.report.imported import files_text
from remediate.stores.new_files import write_new
from tests.workbench import PROJECT, Workbench, document

FILE = (Path(__file__).parent / "example.com.yaml").read_text()


def written(tmp_path: Path, text: str, file: str = "example.com.yaml") -> Zone:
    found = octodns_zone(text.encode(), file)
    target = Target("staging", PROJECT)
    result = imported(found, target)
    write_new(tmp_path / "desired" / "staging", files_text(result, target), overwrite=False)
    zone = load(tmp_path, None, {}).resources[Ref("DnsZone", "example-com")]
    assert isinstance(zone, Zone)
    return zone


def test_a_zone_loads_as_what_it_says(tmp_path: Path) -> None:
    zone = written(tmp_path, FILE)
    found: dict[Any, Any] = {at: (one.ttl, one.rrdatas) for at, one in zone.records.items()}
    routed = found.pop(("shared.example.com.", "A"))
    tlsa = "3 1 1 0d6fce3a0d6fce3a0d6fce3a0d6fce3a0d6fce3a0d6fce3a0d6fce3a0d6fce3a"
    sshfp = "4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789"
    ds = "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118"
    assert zone.dns_name == "example.com."
    assert found == {
        ("example.com.", "A"): (300, ("192.0.2.1", "192.0.2.2")),
        ("example.com.", "MX"): (3600, ("10 mail.example.com.", "20 backup.example.net.")),
        ("example.com.", "CAA"): (3600, ('0 issue "pki.goog"',)),
        ("example.com.", "TXT"): (
            3600,
            ('"v=DKIM1; k=rsa"', '"one two"', r'"say \"hi\" ${var.x}"'),
        ),
        ("*.example.com.", "A"): (60, ("192.0.2.9",)),
        ("www.example.com.", "CNAME"): (60, ("example.com.",)),
        ("_sip._tcp.example.com.", "SRV"): (3600, ("10 5 5060 sip.example.net.",)),
        ("sip.example.com.", "NAPTR"): (
            3600,
            ('100 10 "S" "SIP+D2U" "" _sip._udp.example.net.',),
        ),
        ("gate.example.com.", "SSHFP"): (3600, (sshfp,)),
        ("_443._tcp.mail.example.com.", "TLSA"): (3600, (tlsa,)),
        ("sub.example.com.", "NS"): (3600, ("ns1.sub.example.net.",)),
        ("sub.example.com.", "DS"): (3600, (ds,)),
        ("old.example.com.", "DS"): (3600, (ds,)),
        ("svc.example.com.", "HTTPS"): (3600, ('1 svc.example.net. alpn="h2,h3" port="8443"',)),
    }
    assert routed == (60, ())
    policy = zone.records["shared.example.com.", "A"]
    assert isinstance(policy, RoutedSet)
    assert policy.policy == {
        "wrr": {
            "items": [
                {"weight": 3.0, "rrdatas": ["192.0.2.1"]},
                {"weight": 1.0, "rrdatas": ["192.0.2.2"]},
            ]
        }
    }


def test_it_plans_empty_where_the_live_zone_has_the_same(workbench: Workbench) -> None:
    found = octodns_zone(FILE.encode(), "example.com.yaml")
    target = Target("staging", PROJECT, "us-central1")
    result = imported(found, target)
    records = [
        {
            name: body[name]
            for name in ("name", "type", "ttl", "rrdatas", "routingPolicy")
            if name in body
        }
        for body in found.record_sets["example-com"]
        if (body["name"], body["type"]) != ("example.com.", "NS")
    ]
    api = f"dns/v1/projects/{PROJECT}/managedZones"
    about = {"name": "example-com", "dnsName": "example.com.", "description": ""}
    workbench.send("POST", api, {**about, "visibility": "public"})
    workbench.send("POST", f"{api}/example-com/changes", {"additions": records, "deletions": []})
    workbench.write(document("Address", "unused", {}))
    for file in (workbench.root / "desired" / "staging").iterdir():
        file.unlink()
    texts = files_text(result, target)
    write_new(workbench.root / "desired" / "staging", texts, overwrite=False)
    assert workbench.plan().is_empty


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("www: {type: A, value: 1.2.3}\n", ["1:23: '1.2.3' is no A value"]),
        (
            "www:\n- {type: A, values: [192.0.2.1, 192.0.2.1]}\n- {type: A, value: 10.0.0.1}\n",
            ["2:33: the same data as value 1", "3:3: www A is written twice"],
        ),
        ("www: {type: CNAME, value: lb}\n", ["1:27: `lb` is not a full name"]),
        ("www: {type: A}\n", ["1:6: the record has no `value` or `values`"]),
        ("www: {value: 192.0.2.1}\n", ["1:6: the record has no `type`"]),
        ("www: 192.0.2.1\n", ["1:6: a record was expected"]),
        ("www: {type: A, vaule: 192.0.2.1}\n", ["1:6: the record has no", "1:23: unknown field"]),
        ("'': {type: ALIAS, value: a.example.net.}\n", ["1:5: an ALIAS of octoDNS"]),
        ("www: {type: LOC, value: x}\n", ["1:6: 'LOC' is no record type of Cloud DNS"]),
        (
            "www: {type: A, ttl: 5m, value: 10.0.0.1}\n",
            ["1:21: '5m' is no TTL (seconds: `ttl: 300`)"],
        ),
        ("www: {type: MX, value: 10 a.}\n", ["1:24: a value of MX is a mapping"]),
        (
            "www: {type: MX, value: {exchange: a., prefrence: 1}}\n",
            ["1:24: `preference` is missing", "1:50: unknown field `prefrence` (did you mean"],
        ),
        (
            "www: {type: A, value: 10.0.0.1, geo: {NA: [10.0.0.2]}}\n",
            ["1:38: octoDNS's places are continents"],
        ),
        (
            "w: {type: A, value: 10.0.0.1, dynamic: {pools: {a: {values: [{value: 10.0.0.1}]}}}}\n",
            ["1:40: this dynamic record has no exact likeness"],
        ),
        ("www.example.com.: {type: A, value: 10.0.0.1}\n", ["1:19: 'www.example.com.' is a full"]),
        ("www: &x {type: A, value: 10.0.0.1}\n", ["1:6: the anchor `&x` is refused"]),
        ("www: {type: A, value: 10.0.0.1}\n---\nb: {}\n", ["1:1: a zone is one document"]),
        ("www: [\n", ["2:1: a value was expected here"]),
        (
            "x: {type: A, value: 10.0.0.1}\nX: {type: A, value: 10.0.0.1}\n",
            ["2:4: x.example.com. A"],
        ),
        (
            "w: {type: HTTPS, value: {svcpriority: 1, targetname: ., svcparams: h2}}\n",
            ["1:68: a map"],
        ),
    ],
)
def test_every_fault_is_told_at_its_place(text: str, faults: list[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        octodns_zone(text.encode(), "example.com.yaml")
    told = [str(fault) for fault in refused.value.faults]
    assert len(told) == len(faults), told
    for fault, wanted in zip(told, faults, strict=True):
        assert fault.startswith(f"example.com.yaml:{wanted}"), told


@pytest.mark.parametrize(
    ("file", "origin", "name"),
    [
        ("zones/Example.com.yaml", "", "example.com."),
        ("zone.yaml", "example.org", "example.org."),
        ("zone.yaml", "", ""),
    ],
)
def test_the_zones_name_is_that_of_the_file_or_said(file: str, origin: str, name: str) -> None:
    text = b"www: {type: A, value: 192.0.2.1}\n"
    if not name:
        with pytest.raises(InvalidInput, match="name the zone with --origin"):
            octodns_zone(text, file, origin)
        return
    (body,) = octodns_zone(text, file, origin).live.values()
    assert body["dnsName"] == name


def test_what_octodns_alone_does_with_a_record_is_told_beside_the_zone() -> None:
    text = (
        "www: {type: A, value: 192.0.2.1, octodns: {excluded: [ns1], cloudflare: {}}}\n"
        "api: {type: A, value: 192.0.2.1, octodns: {ignored: false}}\n"
        "old: {type: A, value: 192.0.2.1, octodns: {ignored: true, lenient: true}}\n"
    )
    found = octodns_zone(text.encode(), "example.com.yaml")
    said = "www A: what `octodns` says is left out (cloudflare, excluded)"
    assert dict(found.remarks) == {Ref("DnsZone", "example-com"): [said]}
    target = Target("staging", PROJECT)
    result = imported(found, target)
    assert f"# {said}" in files_text(result, target)["dns.yaml"]
