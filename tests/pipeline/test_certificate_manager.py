"""Certificates that are ACTIVE before any traffic comes: authorized by DNS, shown by a map."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import yaml

from remediate.kinds.registry import NAMES
from remediate.model.errors import CheckFailed, PartlyApplied
from remediate.model.json import Body
from remediate.model.plan import Action, Plan, Step, Undo
from remediate.model.progress import StepDone, Waiting
from remediate.model.ref import Ref, parse_ref
from remediate.pipeline.gcloud_output import gcloud_output
from remediate.pipeline.graph import graph, impact
from remediate.pipeline.importing import Target, imported
from remediate.pipeline.inventory import inventory
from remediate.probes.dial import dial_for
from remediate.probes.tls import ServedCertificate, served
from remediate.report.imported import files_text
from tests.kinds.examples import examples
from tests.pipeline.documents import Document, address, managed, rule, sets, url_map, zone
from tests.workbench import NAME, PROJECT, REGION, Workbench, document, told

DATA = "${DnsAuthorization/%s.dnsResourceRecord.data}"
LOCATION = f"v1/projects/{PROJECT}/locations/global"
ENTRY = "CertificateMapEntry/edge/a"
BROUGHT = next(one for one in examples("Certificate") if one.variant == "brought along")
EXCHANGED = BROUGHT.changed(BROUGHT.changes["it is exchanged"])["spec"]


def authorization(name: str = "a") -> Document:
    return document("DnsAuthorization", name, {"domain": f"{name}.example.com"})


def certificate(*names: str, **lifecycle: Any) -> Document:
    """For these hosts of example.com, authorized by DNS."""
    hosts = [f"{star}{name}.example.com" for name in names for star in ("", "*.")]
    spec = {"managed": {"domains": hosts, "dnsAuthorizations": [*names]}}
    return document("Certificate", "shown", spec, lifecycle)


def shown_by_balancer(*domains: str) -> Document:
    return document("Certificate", "shown", {"managed": {"domains": [*domains]}})


def entry(*certificates: str, **spec: Any) -> Document:
    body = {"hostname": "a.example.com", "certificates": [*certificates] or ["shown"], **spec}
    return document("CertificateMapEntry", "edge/a", body)


def proxy(**spec: Any) -> Document:
    return document("TargetHttpsProxy", "secure", {"urlMap": "main", **spec})


def records(*names: str) -> Document:
    """The hosts themselves, and what authorizes them."""
    proofs = {f"_acme-challenge.{name}": sets("CNAME", DATA % name) for name in names or ("a",)}
    hosts = {name: sets("A", "${Address/edge.address}") for name in names or ("a",)}
    return zone({**hosts, **proofs})


MAP = document("CertificateMap", "edge", {})
FRONT = (address(), url_map(), proxy(certificateMap="edge"), rule("TargetHttpsProxy/secure", "443"))


def chain(*names: str) -> list[Document]:
    """Everything from the authorizations to the front door."""
    names = names or ("a",)
    proofs = [authorization(name) for name in names]
    return [*FRONT, MAP, entry(), certificate(*names), *proofs, records(*names)]


@pytest.fixture
def standing(workbench: Workbench) -> Workbench:
    workbench.write(*chain())
    workbench.apply()
    return workbench


def at(made: Plan, ref: str) -> Step:
    """The last step of a resource."""
    return [step for step in made.steps if str(step.ref) == ref][-1]


def wave(made: Plan, ref: str) -> int:
    return max(n for n, steps in enumerate(made.waves) if any(str(s.ref) == ref for s in steps))


def shown(workbench: Workbench) -> list[str]:
    body: Any = workbench.live(ENTRY)
    return sorted(link.rpartition("/")[2] for link in body["certificates"])


def state(workbench: Workbench, ref: str | Ref) -> Any:
    body: Any = workbench.live(ref)
    return body["managed"]["state"]


class Witness:
    """After every step: what is done, where the certificate stands, and what a client is shown."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.early: list[str] = []  # done before the certificate was ACTIVE
        self.refused: list[str] = []  # shown at the front door instead of it

    def on(self, event: object) -> None:
        if not isinstance(event, StepDone):
            return
        body: Any = self.workbench.live("Certificate/shown")
        if body is None or body["managed"]["state"] != "ACTIVE":
            self.early.append(str(event.step.ref))
        if self.workbench.live("ForwardingRule/port-443"):
            edge: Any = self.workbench.live("Address/edge")
            seen = served(dial_for(self.workbench.google), edge["address"], "a.example.com")
            if not isinstance(seen, ServedCertificate) or not seen.covers("a.example.com"):
                self.refused.append(str(seen))


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


def test_a_project_by_its_number_is_the_project(standing: Workbench) -> None:
    """Certificate Manager answers numbers where the documents have names."""
    body: Any = standing.live(ENTRY)
    assert f"projects/{PROJECT}/" not in body["certificates"][0]
    standing.forget()
    assert standing.plan().is_empty


def test_a_certificate_for_more_hosts_is_made_beside_and_shown_once_it_is_active(
    standing: Workbench,
) -> None:
    standing.write(*chain("a", "b"))
    made = standing.plan()
    (replacing,) = (d for d in made.differences if d.action is Action.REPLACE)
    assert str(replacing.ref) == "Certificate/shown"
    attach, detach = (step for step in made.steps if str(step.ref) == ENTRY)
    assert attach.ready == (replacing.live,)
    assert detach.ready == (replacing.live, parse_ref(ENTRY))
    assert wave(made, "Certificate/shown") < wave(made, ENTRY)
    proof = "DnsZone/example/_acme-challenge.b.example.com./CNAME"
    assert wave(made, proof) < wave(made, ENTRY)
    before, witness = standing.state(), Witness(standing)
    standing.carry_out([witness])
    assert witness.refused == []
    assert shown(standing) == [replacing.live.name]
    assert state(standing, replacing.live) == "ACTIVE"
    assert state(standing, "Certificate/shown") == "ACTIVE"  # it stays, for a rollback
    assert standing.plan().is_empty
    standing.roll_back()
    assert standing.state() == before


def test_who_proves_its_domains_by_the_load_balancer_is_shown_beside_the_old_until_it_is_ready(
    workbench: Workbench,
) -> None:
    hosts = {name: sets("A", "${Address/edge.address}") for name in "ab"}
    edge = [*FRONT, MAP, zone(hosts)]
    workbench.write(*edge, entry(), shown_by_balancer("a.example.com"))
    made = workbench.apply()
    assert [str(ref) for ref in made.settles] == ["Certificate/shown"]
    assert state(workbench, "Certificate/shown") == "ACTIVE"
    workbench.write(*edge, entry(), shown_by_balancer("a.example.com", "b.example.com"))
    made = workbench.apply()
    attach, detach = (step for step in made.steps if str(step.ref) == ENTRY)
    new = next(d.live for d in made.differences if d.action is Action.REPLACE)
    assert len((attach.after or {})["certificates"]) == 2
    assert attach.ready == ()
    assert detach.ready == (new, parse_ref(ENTRY))
    assert shown(workbench) == [new.name]
    assert state(workbench, new) == "ACTIVE"
    assert workbench.plan().is_empty


def test_one_that_has_failed_for_good_is_made_again(workbench: Workbench) -> None:
    workbench.write(*chain())
    workbench.fault("doomed-certificate", match="POST */certificates*", times=1)
    with pytest.raises(CheckFailed, match="will not become ready: FAILED"):
        workbench.apply()
    made = workbench.plan()
    assert ("replace", "Certificate/shown") in told(made)
    workbench.apply()
    new = next(d.live for d in made.differences if str(d.ref) == "Certificate/shown")
    assert shown(workbench) == [new.name]
    assert state(workbench, new) == "ACTIVE"
    assert workbench.plan().is_empty


def test_a_proxy_moves_from_its_list_to_a_map_only_when_the_map_is_served(
    workbench: Workbench,
) -> None:
    classic = managed("a.example.com", name="classic")
    listed = proxy(sslCertificates=["classic"])
    front = [each for each in chain() if each["metadata"]["name"] != "secure"]
    workbench.write(*front, classic, listed)
    workbench.apply()
    mapped = proxy(sslCertificates=["classic"], certificateMap="edge")
    more = document(
        "CertificateMapEntry", "edge/rest", {"matcher": "PRIMARY", "certificates": ["shown"]}
    )
    workbench.write(*front, classic, mapped, more)
    made = workbench.apply()
    assert at(made, "TargetHttpsProxy/secure").ready == (
        parse_ref("CertificateMapEntry/edge/rest"),
    )
    body: Any = workbench.live("CertificateMapEntry/edge/rest")
    assert body["state"] == "ACTIVE"
    assert workbench.plan().is_empty


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


def test_in_a_list_it_is_rotated_as_any_other_wherever_its_names_lead(
    workbench: Workbench,
) -> None:
    front = [each for each in FRONT if each["metadata"]["name"] != "secure"]
    edge = [*front, proxy(sslCertificates=["Certificate/shown"])]
    proved = zone({f"_acme-challenge.{name}": sets("CNAME", DATA % name) for name in "ab"})
    proofs = [authorization("a"), authorization("b"), proved]
    workbench.write(*edge, *proofs, certificate("a"))
    workbench.apply()
    workbench.write(*edge, *proofs, certificate("a", "b"))
    made = workbench.apply()
    notes = [step.note for step in made.steps if step.ref.kind == "TargetHttpsProxy"]
    assert notes == [
        "attach beside the old, once the new is ready",
        "put the new first, once it is ready",
        "detach the old, once the new is served",
    ]
    assert workbench.plan().is_empty


def test_a_certificate_that_was_brought_along_is_exchanged_in_place(workbench: Workbench) -> None:
    own = document("Certificate", "shown", BROUGHT.spec)
    workbench.write(*FRONT, MAP, entry(), own)
    workbench.apply()
    workbench.write(*FRONT, MAP, entry(), document("Certificate", "shown", EXCHANGED))
    made = workbench.apply()
    (step,) = made.steps
    assert (step.verb, step.undo) == (Action.UPDATE, Undo.APPROXIMATE)
    assert "never given back" in step.undo_why
    assert workbench.plan().is_empty
    back = workbench.roll_back()
    assert back.is_empty
    assert any("private key is never given back" in note for note in back.notes)
    kept = "".join(path.read_text() for path in workbench.root.rglob(".remediate/**/*.json"))
    assert "BEGIN PRIVATE KEY" not in kept


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


class Meddler:
    """Somebody else, who edits the entry while its certificate is waited for."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench
        self.done = False

    def on(self, event: object) -> None:
        if isinstance(event, Waiting) and not self.done:
            self.done = True
            where = f"{LOCATION}/certificateMaps/edge/certificateMapEntries/a"
            theirs: Body = {"certificates": [f"{LOCATION.removeprefix('v1/')}/certificates/theirs"]}
            self.workbench.send("PATCH", f"{where}?updateMask=certificates", theirs)


def test_somebody_elses_edit_between_plan_and_write_is_never_overwritten(
    standing: Workbench,
) -> None:
    standing.send("POST", f"{LOCATION}/certificates?certificateId=theirs", BROUGHT.spec)
    standing.write(*chain("a", "b"))
    with pytest.raises(PartlyApplied, match="has changed since"):
        standing.carry_out([Meddler(standing)])
    assert shown(standing) == ["theirs"]


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
    standing: Workbench,
) -> None:
    removable = {"onRemove": "delete"}
    standing.write(*({**one, "lifecycle": removable} for one in chain()))
    standing.apply()
    standing.write()
    allow = ["too-many-deletes", "delete", "dns-last-address", "empty-environment", "irreversible"]
    standing.apply(prune=True, allow=[f"{rule}=tried" for rule in allow])
    assert standing.live(ENTRY) is None
    standing.gc(retention=0, allow=[f"{rule}=tried" for rule in allow])
    for ref in ("Certificate/shown", "CertificateMap/edge", "DnsAuthorization/a"):
        assert standing.live(ref) is None


def test_the_chain_is_imported_by_names_and_plans_empty(standing: Workbench) -> None:
    found = inventory(standing.google, NAMES, [REGION])
    target = Target(NAME, PROJECT, REGION)
    brought = imported(found.live, found.record_sets, target)
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
    folder = standing.root / "desired" / NAME
    shutil.rmtree(folder)
    folder.mkdir()
    for name, text in files_text(brought, target).items():
        (folder / name).write_text(text)
    standing.forget()
    assert standing.plan().is_empty


def test_what_gcloud_prints_of_it_is_imported_too(standing: Workbench) -> None:
    printed = [
        standing.send("GET", f"{LOCATION}/{path}")
        for path in (
            "certificates/shown",
            "dnsAuthorizations/a",
            "certificateMaps/edge",
            "certificateMaps/edge/certificateMapEntries/a",
        )
    ]
    files = {f"{at}.yaml": yaml.safe_dump(body).encode() for at, body in enumerate(printed)}
    found = gcloud_output(files, PROJECT)
    listed = inventory(standing.google, NAMES, [REGION])
    assert {str(ref) for ref in found.live} == {
        *("Certificate/shown", "DnsAuthorization/a", "CertificateMap/edge", ENTRY)
    }
    assert all(found.live[ref] == listed.live[ref] for ref in found.live)


def test_where_there_is_no_room_beside_the_old_the_new_takes_its_place_once_it_is_active(
    workbench: Workbench,
) -> None:
    more = [document("Certificate", f"c{n}", certificate("a")["spec"]) for n in range(3)]
    full = entry("shown", "c0", "c1", "c2")
    rest = [one for one in chain() if one["metadata"]["name"] != "edge/a"]
    workbench.write(*rest, *more, full)
    workbench.apply()
    rest = [one for one in chain("a", "b") if one["metadata"]["name"] != "edge/a"]
    workbench.write(*rest, *more, full)
    made = workbench.apply()
    (step,) = (step for step in made.steps if str(step.ref) == ENTRY)
    assert len(step.ready) == 1
    assert len(shown(workbench)) == 4
    assert workbench.plan().is_empty


def test_the_last_entry_of_a_map_that_is_shown_goes_only_on_a_word(standing: Workbench) -> None:
    removable = {**entry(), "lifecycle": {"onRemove": "delete"}}
    rest = [one for one in chain() if one["metadata"]["name"] != "edge/a"]
    standing.write(*rest, removable)
    standing.apply()
    standing.write(*rest)
    found = standing.plan(prune=True).objections
    assert [(each.rule, str(each.ref)) for each in found] == [
        ("no-certificate", "CertificateMap/edge")
    ]
    standing.apply(prune=True, allow=["no-certificate=tried"])
    assert standing.live(ENTRY) is None


def test_the_way_of_the_traffic_leads_through_map_entry_and_certificate(
    standing: Workbench,
) -> None:
    found = graph(standing.load())
    for ref in ("CertificateMap/edge", ENTRY, "Certificate/shown"):
        assert impact(found, parse_ref(ref)).hosts == ("a.example.com",)
    standing.write(*chain("a", "b"))
    assert at(standing.plan(), ENTRY).hosts == ("a.example.com",)
