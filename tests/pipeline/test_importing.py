"""What is imported plans empty: for staging, for every example of every kind, and odd zones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remediate.kinds.bodies.overlay import widened
from remediate.kinds.bodies.resolve import Names, resolved
from remediate.kinds.documents.imported import spec_of
from remediate.kinds.registry import NAMES, kind
from remediate.model.errors import InvalidInput
from remediate.model.json import Body
from remediate.model.ref import Ref
from remediate.model.resource import Desired, RecordSet, Zone
from remediate.pipeline.importing import (
    ENVIRONMENT,
    Imported,
    Target,
    first_target,
    imported,
    staying,
)
from remediate.pipeline.inventory import Inventory, chosen, inventory
from remediate.pipeline.observe import observe
from remediate.report.imported import files_text, told_text
from remediate.stores.new_files import write_new
from tests.kinds.examples import Example, examples
from tests.pipeline.documents import (
    OTHER_PEM,
    address,
    certificate,
    http_proxy,
    https_proxy,
    rule,
    url_map,
    zone,
)
from tests.workbench import NAME, PROJECT, REGION, Workbench, told

EXAMPLES = [example for name in NAMES for example in examples(name)]
CHANGES = [(example, said) for example in EXAMPLES for said in example.changes]
PLACES = (REGION, "us-central1-a", "europe-west1", "us-east1")
NEW = Target(NAME, PROJECT, REGION)


def brought(workbench: Workbench, target: Target = NEW, kinds: Any = NAMES) -> Imported:
    found = inventory(workbench.google, kinds, PLACES)
    return imported(found, target)


def bring_in(workbench: Workbench, target: Target = NEW) -> Imported:
    """Import all, in place of what was written, by somebody who has no ledger."""
    found = brought(workbench, target)
    for file in (workbench.root / "desired" / NAME).iterdir():
        file.unlink()
    write_new(workbench.root / "desired" / NAME, files_text(found, target), overwrite=False)
    workbench.forget()
    return found


def documents(found: Imported) -> dict[str, Any]:
    every: list[Any] = [d.document for drafts in found.files.values() for d in drafts]
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in every}


def remarks(found: Imported) -> list[str]:
    return [each for drafts in found.files.values() for d in drafts for each in d.remarks]


def bodies(workbench: Workbench, desired: Desired) -> dict[Ref, Body]:
    """Every spec as Google would hold it, but for what goes without saying."""
    seen = observe(workbench.google, desired)
    names = Names(PROJECT, desired.resources)
    for ref, body in seen.live.items():
        names.settle(ref, ref, body)
    result = {}
    for ref, each in desired.resources.items():
        facts = kind(ref.kind)
        wanted = resolved(facts, each, names)
        as_live = widened(facts, wanted, seen.live[ref], each.lifecycle.ignore, PROJECT)
        result[ref] = spec_of(facts, as_live, PROJECT)[0]
    return result


def records(workbench: Workbench, ref: str) -> dict[tuple[str, str], RecordSet]:
    found = workbench.load().resources[Ref("DnsZone", ref)]
    assert isinstance(found, Zone)
    return dict(found.records)


def test_importing_staging_gives_what_its_yaml_says(workbench: Workbench) -> None:
    workbench.reset("staging")
    workbench.copy_staging()
    written = workbench.load()
    wanted = bodies(workbench, written)
    found = bring_in(workbench)
    assert (remarks(found), found.left_out) == ([], [])
    again = workbench.load()
    assert bodies(workbench, again) == wanted
    assert again.environment.labels == written.environment.labels
    assert again.environment.project == PROJECT
    for ref, each in written.resources.items():
        if isinstance(each, Zone):
            assert each.records.items() <= records(workbench, ref.name).items()
    assert workbench.plan().is_empty


def test_what_is_imported_is_linked_by_name(workbench: Workbench) -> None:
    workbench.reset("staging")
    found = documents(brought(workbench))
    assert found["TargetHttpsProxy/staging-https-proxy"]["spec"] == {
        "urlMap": "staging-url-map",
        "sslCertificates": ["staging-ssl-cert"],
        "sslPolicy": "staging-tls",
    }
    assert "${Address/staging-lb.address}" in str(found["DnsZone/netrasystems-staging"]["spec"])
    service = str(found["RunService/netra-backend"]["spec"])
    assert "/cloudsql/${SqlInstance/staging-shared-postgres.connectionName}'" in service
    assert "'connector': 'staging-connector'" in service


def test_what_is_not_imported_is_linked_as_somebody_elses(workbench: Workbench) -> None:
    workbench.reset("staging")
    found = documents(brought(workbench, kinds=["TargetHttpsProxy", "ForwardingRule", "DnsZone"]))
    proxy, front = (
        found["TargetHttpsProxy/staging-https-proxy"],
        found["ForwardingRule/staging-https"],
    )
    assert proxy["spec"]["urlMap"] == "global/urlMaps/staging-url-map"
    assert front["spec"]["IPAddress"] == "203.0.113.10"


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_comes_back_as_yaml_that_plans_empty(
    workbench: Workbench, example: Example
) -> None:
    comes_back(workbench, [*example.requires, example.first])


@pytest.mark.parametrize(("example", "said"), CHANGES, ids=str)
def test_so_does_every_change_of_it(workbench: Workbench, example: Example, said: str) -> None:
    comes_back(workbench, [*example.requires, example.changed(example.changes[said])])


def comes_back(workbench: Workbench, wanted: list[dict[str, Any]]) -> None:
    workbench.write(*wanted)
    workbench.apply()
    refs = workbench.load().resources.keys()
    found = bring_in(workbench)
    assert found.left_out == []
    made = workbench.plan()
    assert told(made) == []
    assert {objection.rule for objection in made.objections} <= {"empty-environment"}
    assert workbench.load().resources.keys() == refs
    assert workbench.load().warnings == ()


def test_an_import_twice_gives_the_same_bytes(workbench: Workbench) -> None:
    workbench.reset("staging")
    assert files_text(brought(workbench), NEW) == files_text(brought(workbench), NEW)


def test_a_chosen_kind_alone_joins_an_environment_that_is_there(workbench: Workbench) -> None:
    workbench.write(address(), url_map(), http_proxy(), rule())
    workbench.apply()
    workbench.write(address())
    about = workbench.load()
    target = Target(NAME, PROJECT, REGION, {}, about.resources.keys())
    found = brought(workbench, target, ["Address", "ForwardingRule"])
    assert [*documents(found)] == ["ForwardingRule/port-80"]
    assert found.known == 1


def test_text_is_read_back_as_what_it_was(workbench: Workbench) -> None:
    texts = {
        *("no", "1.10", "0x1f", "null", "~", "${Address/edge.address}", "$${x}", "22:00", " a "),
        *("'", '"', "\\", "# no comment", "a: b", "- a", "@", "%", "ü" * 300, "x" * 700, "\ttab"),
    }
    spec = zone({"txt": {"TXT": {"ttl": 60, "values": [t.replace("${", "$${") for t in texts]}}})
    workbench.write(spec)
    workbench.apply()
    before = records(workbench, "example")
    found = bring_in(workbench)
    assert remarks(found) == []
    assert set(records(workbench, "example")[("txt.example.com.", "TXT")].rrdatas) == set(
        before[("txt.example.com.", "TXT")].rrdatas
    )
    assert workbench.plan().is_empty


def live_zone(*record_sets: Body) -> Inventory:
    body: Body = {"name": "example", "dnsName": "example.com.", "visibility": "public"}
    return Inventory({Ref("DnsZone", "example"): body}, {"example": record_sets})


def a_set(name: str, rrtype: str, *values: str, **more: Any) -> Body:
    return {"name": name, "type": rrtype, "ttl": 300, "rrdatas": [*values], **more}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (a_set("geo.example.com.", "A", routingPolicy={"geo": {}}), "routing policy"),
        (a_set("odd.example.com.", "WKS", "x"), "a type that we do not know"),
        (a_set("o\\032dd.example.com.", "A", "192.0.2.1"), "its name is none"),
        (a_set("raw.example.com.", "TXT", '"\\200\\201"'), "octets that are no text"),
        (a_set("twice.example.com.", "A", "192.0.2.1", "192.0.2.1"), "the same data as value 1"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["name"],
)
def test_a_set_that_cannot_be_written_is_a_comment(body: Body, why: str) -> None:
    found = live_zone(body, a_set("www.example.com.", "A", "192.0.2.7"))
    result = imported(found, NEW)
    [remark] = remarks(result)
    assert why in remark
    text = files_text(result, NEW)["dns.yaml"]
    assert "# " + remark.split(":")[0] in text
    assert "www: " in text or "www:\n" in text


def test_the_apexs_own_servers_are_left_out_without_a_word() -> None:
    soa = "ns-1.googledomains.com. cloud-dns-hostmaster.google.com. 1 21600 3600 259200 300"
    found = live_zone(
        a_set("example.com.", "SOA", soa),
        a_set("example.com.", "NS", "ns-1.googledomains.com."),
        a_set("sub.example.com.", "NS", "ns1.example.net."),
    )
    result = imported(found, NEW)
    assert remarks(result) == []
    [draft] = result.files["dns.yaml"]
    spec: Any = draft.document["spec"]
    assert [*spec["records"]] == ["sub"]


def test_fields_that_nobody_knows_yet_are_comments() -> None:
    body: Body = {"name": "new", "profile": "MODERN", "minTlsVersion": "TLS_1_2", "postQuantum": 1}
    live = {Ref("SslPolicy", "new"): {**body, "customFeatures": None}}
    result = imported(Inventory(live, {}), NEW)
    assert documents(result)["SslPolicy/new"]["spec"] == {
        "minTlsVersion": "TLS_1_2",
        "profile": "MODERN",
    }
    odd: Body = {"name": "odd", "type": "HTTP", "httpHealthCheck": {"port": 8000, "news": "x"}}
    result = imported(Inventory({Ref("HealthCheck", "odd"): odd}, {}), NEW)
    assert "/httpHealthCheck/news is left out" in remarks(result)[0]


def test_what_our_rules_refuse_whole_is_left_out_and_told() -> None:
    odd: Body = {"name": "odd", "type": "HTTP"}
    result = imported(Inventory({Ref("HealthCheck", "odd"): odd}, {}), NEW)
    assert [*result.files] == [ENVIRONMENT]
    assert "HealthCheck/odd cannot be written: /type: type HTTP needs" in result.left_out[0]
    assert "HealthCheck/odd" in told_text(result, NEW, [*result.files])


def test_labels_that_all_have_are_the_environments_and_googles_own_are_nobodys() -> None:
    def labelled(name: str, **labels: str) -> tuple[Ref, Body]:
        return Ref("Address", name), {"name": name, "labels": {**labels, "goog-x": "y"}}

    live = dict([labelled("a", env="x", team="a"), labelled("b", env="x", team="b")])
    found = documents(imported(Inventory(live, {}), NEW))
    assert found[f"Environment/{NAME}"]["spec"]["labels"] == {"env": "x"}
    assert found["Address/a"]["spec"] == {"labels": {"team": "a"}}


def test_a_private_key_is_never_had_and_that_is_said() -> None:
    example = next(each for each in examples("SslCertificate") if "privateKey" in each.spec)
    body = {"name": "own", "type": "SELF_MANAGED", **example.spec}
    result = imported(Inventory({Ref("SslCertificate", "own"): body}, {}), NEW)
    assert "PRIVATE KEY" not in "".join(files_text(result, NEW).values())
    assert "its private key is never given back" in remarks(result)[0]


def test_files_that_are_there_stay_unless_told_and_then_are_kept(tmp_path: Path) -> None:
    (tmp_path / "front.yaml").write_text("mine")
    texts = {"dns.yaml": "a", "front.yaml": "b"}
    with pytest.raises(InvalidInput, match=r"front\.yaml:1:1: the file is there already"):
        write_new(tmp_path, texts, overwrite=False)
    assert not (tmp_path / "dns.yaml").exists()
    write_new(tmp_path, texts, overwrite=True)
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {
        **texts,
        "front.yaml.old": "mine",
    }


def test_a_file_with_something_else_in_it_is_not_written_anew(workbench: Workbench) -> None:
    workbench.copy_staging()
    desired = workbench.load()
    assert Ref("SslPolicy", "staging-tls") not in staying(desired, NAMES)
    with pytest.raises(InvalidInput, match="SslPolicy/staging-tls would be lost with this file"):
        staying(desired, ["SslCertificate"])


@pytest.mark.parametrize(
    ("name", "project"), [("../up", PROJECT), ("Staging", PROJECT), ("s", "P")]
)
def test_an_environment_that_cannot_be_is_refused(name: str, project: str) -> None:
    with pytest.raises(InvalidInput):
        first_target(name, project, "")


def test_a_kind_that_is_none_is_refused_with_what_was_meant() -> None:
    with pytest.raises(InvalidInput, match="did you mean `UrlMap`"):
        chosen(["UrlMaps"])
    assert chosen([]) == NAMES


def test_what_a_replacement_left_behind_is_imported_beside_it(workbench: Workbench) -> None:
    first, second = certificate(), certificate(spec=OTHER_PEM)
    other = [address(), url_map(), rule("TargetHttpsProxy/secure", "443")]
    for one in (first, second):
        workbench.write(*other, one, https_proxy("brought"))
        workbench.apply()
    found = bring_in(workbench)
    names = [ref.name for ref in workbench.load().resources if ref.kind == "SslCertificate"]
    assert len(names) == 2
    proxy = documents(found)["TargetHttpsProxy/secure"]["spec"]
    assert proxy["sslCertificates"] == [max(names)]
    assert told(workbench.plan()) == []


def test_one_whose_replacement_is_as_like_it_is_left_out(workbench: Workbench) -> None:
    """By its name the replacement would be meant, and the plan would not be empty."""
    workbench.write(address(), url_map(), http_proxy(), rule())
    workbench.apply()
    workbench.write(url_map(), {**http_proxy(), "metadata": {"name": "plain-0a1b2c3d"}})
    workbench.apply()
    found = bring_in(workbench)
    assert found.left_out == [
        "TargetHttpProxy/plain would be taken for plain-0a1b2c3d, which took its place"
    ]
    front = documents(found)["ForwardingRule/port-80"]["spec"]
    assert front["target"] == "global/targetHttpProxies/plain"
    assert told(workbench.plan()) == []


def test_a_zone_that_is_not_as_google_answers_it_is_taken_without_what_is_odd() -> None:
    body: Body = {"name": "example", "dnsName": "example.com.", "dnssecConfig": "on"}
    result = imported(Inventory({Ref("DnsZone", "example"): body}, {}), NEW)
    assert "/dnssecConfig is left out" in remarks(result)[0]
