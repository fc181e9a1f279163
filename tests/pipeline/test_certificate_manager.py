"""Certificates that are ACTIVE before any traffic comes: authorized by DNS, shown by a map."""

from __future__ import annotations

import shutil
from typing import Any

import yaml

from remediate.kinds.registry import NAMES
from remediate.model.json import Body
from remediate.model.plan import Undo
from remediate.model.ref import parse_ref
from remediate.pipeline.gcloud_output import gcloud_output
from remediate.pipeline.graph import graph, impact
from remediate.pipeline.importing import Target, imported
from remediate.pipeline.inventory import inventory
from remediate.report.imported import files_text
from tests.pipeline.certificate_chain import (
    DATA,
    ENTRY,
    FRONT,
    LOCATION,
    MAP,
    Witness,
    at,
    authorization,
    certificate,
    chain,
    entry,
    proxy,
    shown_by_balancer,
    state,
    wave,
)
from tests.pipeline.documents import sets, url_map, zone
from tests.workbench import NAME, PROJECT, REGION, Workbench, document


def test_one_apply_makes_the_whole_chain(workbench: Workbench) -> None:
    workbench.write(*chain())
    witness = Witness(workbench)
    workbench.carry_out([witness])
    assert state(workbench, "Certificate/shown") == "ACTIVE"
    assert "DnsZone/example/_acme-challenge.a.example.com./CNAME" in witness.early
    traffic = {ENTRY, "ForwardingRule/port-443", "DnsZone/example/a.example.com./A"}
    assert traffic.isdisjoint(witness.early)
    assert witness.refused == []
    assert workbench.plan().is_empty


def test_what_is_needed_for_it_goes_first_and_what_brings_traffic_last(
    workbench: Workbench,
) -> None:
    workbench.write(*chain())
    made = workbench.plan()
    way = (
        "DnsAuthorization/a",
        "DnsZone/example/_acme-challenge.a.example.com./CNAME",
        ENTRY,
        "TargetHttpsProxy/secure",
        "ForwardingRule/port-443",
        "DnsZone/example/a.example.com./A",
    )
    waves = [wave(made, ref) for ref in way]
    assert waves == sorted({*waves})
    assert wave(made, "Certificate/shown") < wave(made, ENTRY)
    assert at(made, ENTRY).ready == (parse_ref("Certificate/shown"),)
    assert at(made, "TargetHttpsProxy/secure").ready == (parse_ref(ENTRY),)
    assert made.settles == []


def test_the_same_plan_has_the_same_digest(workbench: Workbench) -> None:
    workbench.write(*chain("a", "b"))
    first = workbench.plan().digest
    workbench.write(*reversed(chain("a", "b")))
    assert workbench.plan().digest == first


def test_a_rollback_leaves_nothing_of_it(workbench: Workbench) -> None:
    born = workbench.state()
    workbench.write(*chain())
    made = workbench.apply()
    assert {step.undo for step in made.steps} == {Undo.EXACT}
    workbench.roll_back()
    assert workbench.state() == born


def test_a_project_by_its_number_is_the_project(chained: Workbench) -> None:
    """Certificate Manager answers numbers where the documents have names."""
    body: Any = chained.live(ENTRY)
    assert f"projects/{PROJECT}/" not in body["certificates"][0]
    chained.forget()
    assert chained.plan().is_empty


def test_a_proxy_may_list_certificates_of_certificate_manager(workbench: Workbench) -> None:
    front = [each for each in chain() if each["metadata"]["name"] not in {"secure", "edge/a"}]
    listed = proxy(sslCertificates=["Certificate/shown"])
    workbench.write(*front, listed)
    made = workbench.apply()
    assert at(made, "TargetHttpsProxy/secure").ready == (parse_ref("Certificate/shown"),)
    body: Any = workbench.live("TargetHttpsProxy/secure")
    assert body["sslCertificates"] == [
        f"//certificatemanager.googleapis.com/{LOCATION.removeprefix('v1/')}/certificates/shown"
    ]
    assert workbench.plan().is_empty


def test_a_private_authority_asks_for_no_proof(workbench: Workbench) -> None:
    config: Body = {
        "certificateAuthorityConfig": {
            "certificateAuthorityServiceConfig": {"caPool": "projects/p/locations/l/caPools/c"}
        },
        "keyAlgorithm": "ECDSA_P256",
        "lifetime": "2592000s",
        "rotationWindowPercentage": 50,
    }
    configs = f"{LOCATION}/certificateIssuanceConfigs"
    workbench.send("POST", f"{configs}?certificateIssuanceConfigId=own", config)
    spec = {"managed": {"domains": ["a.example.com"], "issuanceConfig": "own"}}
    workbench.write(*FRONT, MAP, entry(), document("Certificate", "shown", spec))
    workbench.apply()
    assert state(workbench, "Certificate/shown") == "ACTIVE"
    assert workbench.plan().is_empty


def test_what_is_not_ready_is_said_with_googles_reasons(workbench: Workbench) -> None:
    workbench.write(*chain())
    workbench.apply()
    asked = document("Certificate", "other", certificate("b")["spec"])
    workbench.write(*chain(), asked, authorization("b"))
    workbench.apply()
    workbench.advance(7200)
    notes = " ".join(workbench.plan().notes)
    assert "Certificate/other is not ready: PROVISIONING: AUTHORIZATION_ISSUE" in notes
    assert "b.example.com FAILED CONFIG" in notes


def test_one_plan_takes_all_of_it_away_in_the_order_that_google_insists_on(
    chained: Workbench,
) -> None:
    removable = {"onRemove": "delete"}
    chained.write(*({**one, "lifecycle": removable} for one in chain()))
    chained.apply()
    chained.write()
    allow = ["too-many-deletes", "delete", "dns-last-address", "empty-environment", "irreversible"]
    chained.apply(prune=True, allow=[f"{rule}=tried" for rule in allow])
    assert chained.live(ENTRY) is None
    chained.gc(retention=0, allow=[f"{rule}=tried" for rule in allow])
    for ref in ("Certificate/shown", "CertificateMap/edge", "DnsAuthorization/a"):
        assert chained.live(ref) is None


def test_the_chain_is_imported_by_names_and_plans_empty(chained: Workbench) -> None:
    found = inventory(chained.google, NAMES, [REGION])
    target = Target(NAME, PROJECT, REGION)
    brought = imported(found, target)
    every: list[Any] = [each.document for drafts in brought.files.values() for each in drafts]
    made = {f"{each['kind']}/{each['metadata']['name']}": each["spec"] for each in every}
    assert made["CertificateMapEntry/edge/a"] == {
        "certificates": ["shown"],
        "hostname": "a.example.com",
    }
    assert made["TargetHttpsProxy/secure"] == {"certificateMap": "edge", "urlMap": "main"}
    assert made["Certificate/shown"]["managed"] == {
        "dnsAuthorizations": ["a"],
        "domains": ["a.example.com", "*.a.example.com"],
    }
    proof = made["DnsZone/example"]["records"]["_acme-challenge.a"]["CNAME"]["values"]
    assert proof == [DATA % "a"]
    folder = chained.root / "desired" / NAME
    shutil.rmtree(folder)
    folder.mkdir()
    for name, text in files_text(brought, target).items():
        (folder / name).write_text(text)
    chained.forget()
    assert chained.plan().is_empty


def test_what_gcloud_prints_of_it_is_imported_too(chained: Workbench) -> None:
    printed = [
        chained.send("GET", f"{LOCATION}/{path}")
        for path in (
            "certificates/shown",
            "dnsAuthorizations/a",
            "certificateMaps/edge",
            "certificateMaps/edge/certificateMapEntries/a",
        )
    ]
    files = {f"{at}.yaml": yaml.safe_dump(body).encode() for at, body in enumerate(printed)}
    found = gcloud_output(files, PROJECT)
    listed = inventory(chained.google, NAMES, [REGION])
    assert {str(ref) for ref in found.live} == {
        *("Certificate/shown", "DnsAuthorization/a", "CertificateMap/edge", ENTRY)
    }
    assert all(found.live[ref] == listed.live[ref] for ref in found.live)


def test_the_way_of_the_traffic_leads_through_map_entry_and_certificate(
    chained: Workbench,
) -> None:
    found = graph(chained.load())
    for ref in ("CertificateMap/edge", ENTRY, "Certificate/shown"):
        assert impact(found, parse_ref(ref)).hosts == ("a.example.com",)
    chained.write(*chain("a", "b"))
    assert at(chained.plan(), ENTRY).hosts == ("a.example.com",)


def test_a_regional_certificate_is_for_a_regional_proxy(workbench: Workbench) -> None:
    region = {"location": REGION}
    regional = {"domain": "a.example.com", "type": "FIXED_RECORD"}
    listed = {"urlMap": "main", "sslCertificates": ["Certificate/shown"]}
    documents = [
        {**each, "metadata": {**each["metadata"], **region}}
        for each in (
            url_map(),
            document("DnsAuthorization", "a", regional),
            certificate("a"),
            document("TargetHttpsProxy", "secure", listed),
        )
    ]
    data = f"${{DnsAuthorization/{REGION}/a.dnsResourceRecord.data}}"
    workbench.write(*documents, zone({"_acme-challenge.a": sets("CNAME", data)}))
    workbench.apply()
    assert state(workbench, f"Certificate/{REGION}/shown") == "ACTIVE"
    body: Any = workbench.live(f"TargetHttpsProxy/{REGION}/secure")
    assert body["sslCertificates"][0].endswith(f"/locations/{REGION}/certificates/shown")
    assert workbench.plan().is_empty


def test_nobody_waits_for_what_no_load_balancer_shows_yet(workbench: Workbench) -> None:
    """Its load balancer is to prove the domain, and there is none."""
    workbench.write(MAP, entry(), shown_by_balancer("a.example.com"))
    made = workbench.apply()
    assert made.settles == []
    assert workbench.plan().is_empty
    hosts = zone({"a": sets("A", "${Address/edge.address}")})
    workbench.write(*FRONT, MAP, entry(), shown_by_balancer("a.example.com"), hosts)
    assert workbench.apply().settles == [parse_ref("Certificate/shown"), parse_ref(ENTRY)]
    assert state(workbench, "Certificate/shown") == "ACTIVE"


def test_a_plan_lists_each_collection_once_and_the_entries_of_each_map(chained: Workbench) -> None:
    chained.forget_calls()
    chained.plan()
    paths = [path.removeprefix(f"/{LOCATION}/") for _method, path in chained.calls()]
    ours = sorted(path for path in paths if not path.startswith("/"))
    maps = "certificateMaps"
    assert ours == [maps, f"{maps}/edge/certificateMapEntries", "certificates", "dnsAuthorizations"]
