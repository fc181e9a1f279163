"""The host names whose traffic passes through a step, from the live side and from the wanted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from remediate.model.plan import Action, Plan
from remediate.model.ref import parse_ref
from remediate.pipeline.graph import graph, impact
from remediate.report.human import plan_text
from remediate.report.machine import plan_json
from remediate.report.readback import read_plan
from remediate.report.summary import hosts_words
from tests.pipeline.documents import (
    PLAIN_EDGE,
    address,
    certificate,
    health_check,
    http_proxy,
    https_proxy,
    managed,
    rule,
    sets,
    url_map,
    zone,
)
from tests.workbench import Workbench, document

BOTH = ("api-staging.netrasystems.ai", "staging.netrasystems.ai")
WWW = {"www": sets("A", "${Address/edge.address}")}
RECORD = "DnsZone/example/{}.example.com./{}"


def hosts(made: Plan) -> dict[str, tuple[str, ...]]:
    """By Ref; of several steps of one resource, all."""
    found: dict[str, set[str]] = {}
    for step in made.steps:
        found.setdefault(str(step.ref), set()).update(step.hosts)
    return {ref: tuple(sorted(names)) for ref, names in found.items()}


def applied(workbench: Workbench, *documents: dict[str, Any]) -> None:
    workbench.write(*documents)
    workbench.apply(prune=True)


def replanned(workbench: Workbench, *documents: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    workbench.write(*documents)
    return hosts(workbench.plan(prune=True))


def test_all_of_staging_says_what_the_graph_says(workbench: Workbench) -> None:
    workbench.copy_staging()
    desired = workbench.load()
    drawn = graph(desired)
    told = hosts(workbench.plan())
    assert told["TargetHttpsProxy/staging-https-proxy"] == BOTH
    compared = {ref: found for ref, found in told.items() if parse_ref(ref) in drawn.needs}
    assert len(compared) > 10
    assert compared == {ref: impact(drawn, parse_ref(ref)).hosts for ref in compared}


@pytest.mark.parametrize(
    ("mention", "expected"),
    [
        ("/cloudsql/${SqlInstance/db.connectionName}", True),
        ("/cloudsql/netra-staging:us-central1:db", True),
        ("/cloudsql/netra-staging:us-central1:db-2", False),
        ("nothing", False),
    ],
)
def test_a_database_is_led_to_by_whoever_speaks_of_it(
    workbench: Workbench, mention: str, *, expected: bool
) -> None:
    settings = {"tier": "db-f1-micro", "edition": "ENTERPRISE"}
    sql = {"databaseVersion": "POSTGRES_16", "region": "us-central1", "settings": settings}
    env = [{"name": "DB", "value": mention}]
    group = {"networkEndpointType": "SERVERLESS", "cloudRun": {"service": "web"}}
    backends = {"loadBalancingScheme": "EXTERNAL_MANAGED", "backends": [{"group": "web"}]}
    every = [
        address(),
        rule(),
        http_proxy(),
        document("UrlMap", "main", {"defaultService": "web"}),
        document("BackendService", "web", backends),
        document("NetworkEndpointGroup", "web", group),
        document("RunService", "web", {"template": {"containers": [{"image": "i", "env": env}]}}),
        document("SqlInstance", "db", sql),
        zone(WWW),
    ]
    told = replanned(workbench, *every)
    assert told["RunService/us-central1/web"] == ("www.example.com",)
    found = ("www.example.com",) if expected else ()
    assert told["SqlInstance/db"] == found
    assert impact(graph(workbench.load()), parse_ref("SqlInstance/db")).hosts == found


def test_the_url_map_sends_each_host_its_own_way(workbench: Workbench) -> None:
    workbench.reset("staging")
    workbench.copy_staging()
    folder = workbench.root / "desired" / "staging"
    text = (folder / "backends.yaml").read_text()
    changed = text.replace("checkIntervalSec: 10", "checkIntervalSec: 11")
    assert changed != text
    (folder / "backends.yaml").write_text(changed)
    assert hosts(workbench.plan()) == {
        "HealthCheck/staging-stream-health": ("api-staging.netrasystems.ai",)
    }


def test_a_certificate_is_shown_to_its_own_hosts_alone(workbench: Workbench) -> None:
    records = {name: sets("A", "${Address/edge.address}") for name in ("a", "b", "c.d", "e.d")}
    told = replanned(
        workbench,
        address(),
        url_map(),
        rule("TargetHttpsProxy/secure", "443"),
        https_proxy("one", "many", "brought"),
        managed("a.example.com", name="one"),
        managed("b.example.com", "c.d.example.com", name="many"),
        certificate(),
        zone(records),
    )
    assert told["SslCertificate/one"] == ("a.example.com",)
    assert told["SslCertificate/many"] == ("b.example.com", "c.d.example.com")
    assert len(told["SslCertificate/brought"]) == 4  # its names are in its PEM: any, for all we see
    assert len(told["TargetHttpsProxy/secure"]) == 4


def test_other_names_for_a_name_lead_where_it_leads(workbench: Workbench) -> None:
    records = {**WWW, "old": sets("CNAME", "www.example.com."), "mail": sets("A", "192.0.2.1")}
    records["older"] = sets("CNAME", "old.example.com.")
    told = replanned(workbench, *PLAIN_EDGE, zone(records))
    three = ("old.example.com", "older.example.com", "www.example.com")
    assert told["ForwardingRule/port-80"] == three
    assert told[RECORD.format("www", "A")] == three
    assert told[RECORD.format("older", "CNAME")] == ("older.example.com",)
    assert told["DnsZone/example"] == three


def test_a_record_that_leads_nowhere_of_ours_is_its_own_host(workbench: Workbench) -> None:
    records = {"mail": sets("A", "192.0.2.1"), "@": sets("TXT", "hello")}
    told = replanned(workbench, zone(records))
    assert told == {
        "DnsZone/example": (),
        RECORD.format("mail", "A"): ("mail.example.com",),
        "DnsZone/example/example.com./TXT": (),
    }


def test_the_way_that_is_given_up_counts_as_the_new_one_does(workbench: Workbench) -> None:
    applied(workbench, *PLAIN_EDGE, url_map("other"), zone(WWW))
    told = replanned(
        workbench,
        address(),
        url_map(description="given up"),
        url_map("other", description="taken"),
        http_proxy(urlMap="other"),
        rule(),
        zone({"new": WWW["www"]}),
    )
    assert told == {
        "TargetHttpProxy/plain": ("new.example.com", "www.example.com"),
        "UrlMap/main": ("www.example.com",),
        "UrlMap/other": ("new.example.com",),
        RECORD.format("new", "A"): ("new.example.com",),
        RECORD.format("www", "A"): ("www.example.com",),
    }


@pytest.mark.parametrize("ignore", [[], ["/records/theirs/*"]])
def test_a_name_of_others_that_leads_here_counts_too(
    workbench: Workbench, ignore: list[str]
) -> None:
    listed = zone(WWW, "listed", {"ignore": ignore} if ignore else None)
    applied(workbench, *PLAIN_EDGE, listed)
    live = workbench.live("Address/edge")
    assert live is not None
    at = "dns/v1/projects/netra-staging/managedZones/example/rrsets"
    for name, value in (("theirs", live["address"]), ("elsewhere", "192.0.2.9")):
        rrset = {"name": f"{name}.example.com.", "type": "A", "ttl": 60, "rrdatas": [value]}
        workbench.send("POST", at, rrset)
    changed = url_map(description="x")
    told = replanned(workbench, address(), changed, http_proxy(), rule(), listed)
    assert told == {"UrlMap/main": ("theirs.example.com", "www.example.com")}


def test_what_nothing_uses_has_no_traffic(workbench: Workbench) -> None:
    applied(workbench, *PLAIN_EDGE, health_check(), zone(WWW))
    told = replanned(workbench, *PLAIN_EDGE, health_check(checkIntervalSec=11), zone(WWW))
    assert told == {"HealthCheck/alive": ()}


def test_a_rule_with_an_address_of_its_own_is_led_to(workbench: Workbench) -> None:
    open_rule = rule()
    del open_rule["spec"]["IPAddress"]
    shared = {"ownership": "shared"}
    applied(workbench, url_map(), http_proxy(), open_rule)
    live = workbench.live("ForwardingRule/port-80")
    assert live is not None
    records = {"direct": sets("A", str(live["IPAddress"]))}
    described = url_map(description="x", lifecycle=shared)
    told = replanned(workbench, described, http_proxy(), open_rule, zone(records))
    assert told["UrlMap/main"] == ("direct.example.com",)


def test_a_way_back_knows_the_hosts_too(workbench: Workbench) -> None:
    applied(workbench, *PLAIN_EDGE, zone(WWW))
    described = url_map(description="x")
    applied(workbench, address(), described, http_proxy(), rule(), zone(WWW))
    back = workbench.plan_back()
    assert [(step.verb, step.hosts) for step in back.steps] == [
        (Action.UPDATE, ("www.example.com",))
    ]


SERVICES = {
    "RunService": ("value: staging}", "value: stage}"),
    "VpcConnector": ("e2-micro", "f1-micro"),
}


@pytest.fixture(params=SERVICES.values(), ids=SERVICES)
def serving(request: pytest.FixtureRequest, workbench: Workbench) -> Workbench:
    """Staging, with a change applied that is not a load balancer's; it has the same hosts."""
    workbench.reset("staging")
    workbench.copy_staging()
    workbench.apply()
    file = next((workbench.root / "desired").glob("*/services.yaml"))
    file.write_text(file.read_text().replace(*request.param, 1))
    assert workbench.apply().hosts == BOTH
    return workbench


def test_a_way_back_knows_the_hosts_of_what_is_behind_a_load_balancer(serving: Workbench) -> None:
    assert serving.plan_back().hosts == BOTH


def test_a_way_back_says_why_it_may_not_know_the_hosts_and_goes_on(serving: Workbench) -> None:
    serving.fault("forbidden", match="GET *urlMaps*", times=100)
    back = serving.roll_back()
    serving.clear_faults()
    assert any(note.startswith("hosts may be missing below: ") for note in back.notes)
    assert serving.plan_back().hosts == BOTH


@pytest.fixture
def named(workbench: Workbench) -> Plan:
    records = {f"host-{number}": WWW["www"] for number in range(9)}
    workbench.write(*PLAIN_EDGE, zone(records))
    return workbench.plan()


def test_people_see_one_line_of_them(named: Plan) -> None:
    (line,) = [line for line in plan_text(named).splitlines() if line.startswith("Hosts")]
    assert len(line) <= 80
    assert line.startswith("Hosts    host-0.example.com, host-1.example.com, ")
    assert line.endswith(" +6")


def test_machines_see_them_by_step_and_they_come_back(named: Plan) -> None:
    document = plan_json(named)
    steps = {step["address"]: step for step in document["remediate"]["steps"]}
    assert len(steps["UrlMap/main"]["hosts"]) == 9
    assert steps[RECORD.format("host-3", "A")]["hosts"] == ["host-3.example.com"]
    again = read_plan(json.loads(json.dumps(document)))
    assert again.hosts == named.hosts


def test_hosts_say_nothing_of_whether_a_plan_is_the_same(workbench: Workbench) -> None:
    workbench.write(*PLAIN_EDGE, zone(WWW, "listed"))
    before = workbench.plan()
    assert before.digest == workbench.plan().digest
    assert before.hosts == ("www.example.com",)


@pytest.mark.parametrize(
    ("names", "room", "said"),
    [
        (["a", "b"], 10, "a, b"),
        (["a", "b", "c"], 5, "a +2"),
        (["a", "b", "c"], 7, "a, b, c"),
        (["a" * 90, "b"], 71, "a" * 90 + " +1"),
        (["a"] * 1500, 10, "a +1,499"),
    ],
)
def test_the_line_holds_what_fits(names: list[str], room: int, said: str) -> None:
    assert hosts_words(names, room) == said
