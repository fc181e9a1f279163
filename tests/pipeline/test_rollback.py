"""The way back: three sides held against each other, and nothing of others' lost without a word."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from remediate.model.errors import InvalidInput, PartlyApplied, PlanRefused, Stale
from remediate.model.plan import Action, Undo
from remediate.stores.snapshots import Snapshots
from tests.pipeline.documents import (
    PLAIN_EDGE,
    Document,
    address,
    certificate,
    health_check,
    http_proxy,
    managed,
    rule,
    sets,
    url_map,
    zone,
)
from tests.workbench import NAME, Workbench, moved, told

API = "compute/v1/projects/netra-staging/global"
ZONE = "dns/v1/projects/netra-staging/managedZones/example"
GONE: dict[str, Any] = {"onRemove": "delete"}


def changed_twice(workbench: Workbench) -> None:
    """Ours went from 10 to 20, and somebody else took it to 30."""
    workbench.write(health_check(checkIntervalSec=10), url_map())
    workbench.apply()
    workbench.write(health_check(checkIntervalSec=20), url_map(description="ours"))
    workbench.apply()
    workbench.send("PATCH", f"{API}/healthChecks/alive", {"checkIntervalSec": 30})


def test_what_somebody_else_changed_since_stops_all_of_it(workbench: Workbench) -> None:
    changed_twice(workbench)
    before = workbench.state()
    with pytest.raises(Stale, match="HealthCheck/alive: /checkIntervalSec") as stopped:
        workbench.roll_back()
    assert "nothing was written" in str(stopped.value)
    assert "--on-conflict skip" in stopped.value.hint
    assert "--on-conflict overwrite" in stopped.value.hint
    assert "snapshot diff" in stopped.value.hint
    assert "remediate plan" not in stopped.value.hint
    assert "UrlMap/main" not in str(stopped.value)
    assert moved(before, workbench.state()) == {}


def test_it_may_be_left_while_the_rest_goes_back(workbench: Workbench) -> None:
    changed_twice(workbench)
    made = workbench.roll_back(on_conflict="skip")
    assert told(made) == [("update", "UrlMap/main")]
    assert "HealthCheck/alive was changed by somebody else since, and stays" in made.notes
    assert interval(workbench) == 30


def test_it_may_be_taken_back_as_well(workbench: Workbench) -> None:
    changed_twice(workbench)
    assert len(told(workbench.roll_back(on_conflict="overwrite"))) == 2
    assert interval(workbench) == 10


def interval(workbench: Workbench) -> int:
    live: Any = workbench.live("HealthCheck/alive")
    return int(live["checkIntervalSec"])


def test_a_record_set_that_somebody_else_changed_since_is_a_conflict_too(
    workbench: Workbench,
) -> None:
    workbench.write(zone({"www": sets("A", "192.0.2.1"), "api": sets("A", "192.0.2.1")}))
    workbench.apply()
    workbench.write(zone({"www": sets("A", "192.0.2.2"), "api": sets("A", "192.0.2.2")}))
    workbench.apply()
    theirs: Any = {"name": "www.example.com.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.9"]}
    workbench.send("PATCH", f"{ZONE}/rrsets/www.example.com./A", theirs)
    with pytest.raises(Stale, match=r"www\.example\.com\./A: /ttl is 60 now"):
        workbench.roll_back()
    workbench.roll_back(on_conflict="skip")
    live: Any = workbench.live("DnsZone/example/api.example.com./A")
    assert live["rrdatas"] == ["192.0.2.1"]
    live = workbench.live("DnsZone/example/www.example.com./A")
    assert live["rrdatas"] == ["192.0.2.9"]


def test_what_others_did_elsewhere_is_no_conflict_and_stays(workbench: Workbench) -> None:
    workbench.write(health_check(), url_map())
    workbench.apply()
    workbench.write(health_check(checkIntervalSec=20), url_map())
    workbench.apply()
    workbench.send("POST", f"{API}/sslPolicies", {"name": "theirs", "profile": "MODERN"})
    theirs: Any = workbench.live("UrlMap/main")
    body = {"description": "theirs", "fingerprint": theirs["fingerprint"]}
    workbench.send("PATCH", f"{API}/urlMaps/main", body)
    workbench.roll_back()
    live: Any = workbench.live("UrlMap/main")
    assert live["description"] == "theirs"
    assert workbench.live("SslPolicy/theirs") is not None


def test_what_somebody_else_uses_by_now_stays(workbench: Workbench) -> None:
    workbench.write(url_map(), health_check())
    workbench.apply()
    theirs: Any = {"name": "theirs", "urlMap": "global/urlMaps/main"}
    workbench.send("POST", f"{API}/targetHttpProxies", theirs)
    made = workbench.roll_back()
    assert told(made) == [("delete", "HealthCheck/alive")]
    assert "UrlMap/main stays, since TargetHttpProxy/theirs uses it" in made.notes
    assert workbench.live("UrlMap/main") is not None


def test_what_somebody_else_made_where_nothing_was_stays(workbench: Workbench) -> None:
    workbench.write(url_map(), health_check())
    taken = workbench.take_snapshot()
    theirs: Any = {"name": "main", **url_map()["spec"]}
    workbench.send("POST", f"{API}/urlMaps", theirs)
    made = workbench.roll_back(taken)
    assert made.is_empty
    assert made.notes == ["UrlMap/main was made by somebody else since, and stays"]


def test_a_second_rollback_to_the_latest_does_it_again(workbench: Workbench) -> None:
    workbench.write(*PLAIN_EDGE, zone({"www": sets("A", "${Address/edge.address}")}))
    workbench.apply()
    first = workbench.state()
    changed = sets("CNAME", "lb.example.net.")
    workbench.write(*PLAIN_EDGE[:-1], rule(description="new"), zone({"www": changed}))
    workbench.apply(allow=["rule-replaced=its gap was announced"])
    second = workbench.state()
    for expected in (first, second, first):
        workbench.roll_back()
        assert moved(expected, workbench.state()) == {}


def test_a_rollback_after_several_runs_goes_back_before_the_first(workbench: Workbench) -> None:
    states, ids = [], []
    for seconds in (10, 20, 30, 40):
        workbench.write(health_check(checkIntervalSec=seconds), url_map())
        states.append(workbench.state())
        workbench.apply()
        ids.append(Snapshots(workbench.store).latest(NAME).id)
    workbench.roll_back(ids[2])
    assert interval(workbench) == 20
    workbench.roll_back(ids[1])
    assert interval(workbench) == 10
    workbench.roll_back(ids[0])
    assert moved(states[0], workbench.state()) == {}


def test_protection_does_not_yield_to_a_rollback(workbench: Workbench) -> None:
    workbench.write(url_map(lifecycle={"protect": True}), health_check())
    workbench.apply()
    before = workbench.state()
    with pytest.raises(PlanRefused, match="UrlMap/main is protected from being deleted"):
        workbench.roll_back()
    assert moved(before, workbench.state()) == {}
    workbench.roll_back(allow=["protected:UrlMap/main=its owner agreed"])
    assert workbench.live("UrlMap/main") is None


def test_a_snapshot_taken_by_hand_restores_all_of_it(workbench: Workbench) -> None:
    records = {"www": sets("A", "192.0.2.1"), "api": sets("TXT", "a")}
    workbench.write(*PLAIN_EDGE, health_check(lifecycle=GONE), zone(records))
    workbench.apply()
    before, taken = workbench.state(), workbench.take_snapshot()
    workbench.send("PATCH", f"{API}/healthChecks/alive", {"checkIntervalSec": 30})
    workbench.send("DELETE", f"{ZONE}/rrsets/www.example.com./A")
    more: Any = {"name": "x.example.com.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.9"]}
    workbench.send("POST", f"{ZONE}/rrsets", more)
    with pytest.raises(Stale):
        workbench.roll_back(taken)
    workbench.roll_back(taken, on_conflict="overwrite")
    left = moved(before, workbench.state())
    assert {at for at in left if "x.example.com." not in str(left[at])} == set()


def test_a_snapshot_taken_by_hand_undoes_the_runs_after_it(workbench: Workbench) -> None:
    workbench.write(health_check(lifecycle=GONE), url_map(), zone({"www": sets("A", "192.0.2.1")}))
    workbench.apply()
    before, taken = workbench.state(), workbench.take_snapshot()
    workbench.write(url_map(description="x"), zone({"www": sets("CNAME", "lb.example.net.")}))
    workbench.apply(prune=True)
    workbench.write(url_map(description="y"), zone({"api": sets("A", "192.0.2.1")}))
    workbench.apply(prune=True, allow=["too-many-deletes=x", "dns-last-address=x"])
    workbench.roll_back(taken)
    left = moved(before, workbench.state())
    assert [at for at in left if "api.example.com." not in str(left[at])] == []


def test_the_yaml_is_not_needed(workbench: Workbench) -> None:
    workbench.write(health_check(checkIntervalSec=10))
    workbench.apply()
    workbench.write(health_check(checkIntervalSec=20))
    workbench.apply()
    shutil.rmtree(workbench.root / "desired")
    workbench.roll_back()
    assert interval(workbench) == 10


def test_the_ledger_goes_back_too(workbench: Workbench) -> None:
    workbench.write(health_check(checkIntervalSec=10), url_map(lifecycle=GONE))
    workbench.apply()
    before = dict(workbench.ledger.resources)
    workbench.write(health_check(checkIntervalSec=20, timeoutSec=7), certificate())
    workbench.apply(prune=True, allow=["too-many-deletes=x"])
    workbench.roll_back()
    assert dict(workbench.ledger.resources) == before


@pytest.mark.parametrize("fault", ["failed-operation", "500"])
@pytest.mark.parametrize(
    "at", ["POST */urlMaps*", "POST */targetHttpProxies*", "POST */forwarding*"]
)
def test_a_run_that_came_half_way_is_taken_back(workbench: Workbench, fault: str, at: str) -> None:
    born = workbench.state()
    workbench.write(*PLAIN_EDGE, zone({"www": sets("A", "${Address/edge.address}")}))
    workbench.send("POST", f"_sandbox/faults/{fault}", {"match": at, "times": 100})
    with pytest.raises(PartlyApplied, match=r"\d of 6 steps are done"):
        workbench.apply()
    workbench.send("DELETE", "_sandbox/faults")
    workbench.roll_back()
    assert moved(born, workbench.state()) == {}


def test_what_cannot_be_made_again_is_said_and_the_rest_goes_back_when_that_is_accepted(
    workbench: Workbench,
) -> None:
    workbench.write(certificate(**GONE), health_check(lifecycle=GONE), url_map(), http_proxy())
    workbench.apply()
    workbench.write(url_map(), http_proxy())
    workbench.apply(prune=True, allow=["too-many-deletes=x"])
    workbench.gc(retention=0, allow=["irreversible=x"])
    with pytest.raises(PlanRefused, match="SslCertificate/brought cannot be made again: its pri"):
        workbench.roll_back()
    workbench.roll_back(allow=["irreversible:SslCertificate/brought=it is in the vault"])
    assert workbench.live("HealthCheck/alive") is not None
    assert workbench.live("SslCertificate/brought") is None


def test_an_address_that_nobody_took_meanwhile_comes_back_with_its_number(
    workbench: Workbench,
) -> None:
    workbench.write(address(**GONE), url_map(), http_proxy(), health_check())
    workbench.apply()
    before: Any = workbench.live("Address/edge")
    workbench.write(url_map(), http_proxy(), health_check())
    workbench.apply(prune=True, allow=["delete=x"])
    back = workbench.roll_back()
    after: Any = workbench.live("Address/edge")
    assert after["address"] == before["address"]
    (note,) = [note for note in back.notes if "Address/edge" in note]
    (step,) = back.steps
    assert step.undo is Undo.APPROXIMATE
    for said in (note, step.undo_why):
        assert "cannot be had back for sure" in said


def test_a_rollback_needs_nothing_where_nothing_moved(workbench: Workbench) -> None:
    workbench.write(health_check())
    workbench.apply()
    taken = workbench.take_snapshot()
    assert workbench.roll_back(taken).is_empty


def test_an_unknown_snapshot_is_an_error(workbench: Workbench) -> None:
    with pytest.raises(InvalidInput, match="there is no snapshot of staging yet"):
        workbench.roll_back()


def test_deletions_of_a_rollback_come_last_and_in_order(workbench: Workbench) -> None:
    workbench.write(*PLAIN_EDGE)
    workbench.apply()
    made = workbench.plan_back()
    assert {difference.action for difference in made.differences} == {Action.DELETE}
    order = [str(step.ref) for step in made.steps]
    assert order.index("ForwardingRule/port-80") < order.index("TargetHttpProxy/plain")
    assert order.index("TargetHttpProxy/plain") < order.index("UrlMap/main")
    assert order.index("ForwardingRule/port-80") < order.index("Address/edge")


DOCUMENTS: dict[str, tuple[list[Document], list[Document]]] = {
    "a rule is recreated": (PLAIN_EDGE, [*PLAIN_EDGE[:-1], rule(description="new")]),
    "a rule moves to another address": (
        [*PLAIN_EDGE, address("edge2")],
        [*PLAIN_EDGE[:-1], address("edge2"), rule(IPAddress="edge2")],
    ),
    "a proxy is replaced": (
        PLAIN_EDGE,
        [address(), url_map(), http_proxy(description="new"), rule()],
    ),
    "a certificate is replaced": (
        [certificate()],
        [certificate(spec={**certificate()["spec"], "description": "new"})],
    ),
}


@pytest.mark.parametrize("world", DOCUMENTS)
def test_replacements_go_back(workbench: Workbench, world: str) -> None:
    first, then = DOCUMENTS[world]
    workbench.write(*first)
    workbench.apply()
    before = workbench.state()
    workbench.write(*then)
    workbench.apply()
    assert workbench.plan().is_empty
    workbench.roll_back()
    assert moved(before, workbench.state()) == {}
    workbench.write(*first)
    assert workbench.plan().is_empty


def test_a_managed_certificate_is_made_again_and_waited_for_beside_the_old(
    workbench: Workbench,
) -> None:
    """Without what Google had issued, which nobody may send."""
    workbench.reset("dns-outage")
    workbench.copy_staging()
    workbench.apply()
    workbench.roll_back()
    made = workbench.roll_back()
    inserted = [step.after for step in made.steps if step.method == "insert"]
    assert [body and body.get("certificate") for body in inserted] == [None]
    attached = [step.note for step in made.steps if step.note]
    assert attached == [
        "attach beside the old",
        "put the new first, once it is ready",
        "detach the old, once the new is served",
    ]
    certificate: Any = workbench.live("SslCertificate/staging-ssl-cert")
    assert certificate is not None
    assert certificate["managed"]["status"] == "ACTIVE"
    assert workbench.plan().is_empty


def made_again(workbench: Workbench, collection: str, body: dict[str, Any]) -> None:
    """Somebody else deletes one of ours and makes another of that name."""
    workbench.send("DELETE", f"{API}/{collection}/{body['name']}")
    workbench.send("POST", f"{API}/{collection}", body)


OTHERS = {"name": "managed", "type": "MANAGED", "managed": {"domains": ["b.example.com"]}}


def test_what_somebody_made_again_with_another_spec_gives_way_when_told(
    workbench: Workbench,
) -> None:
    workbench.write(managed("a.example.com"))
    workbench.apply()
    workbench.take_snapshot()
    made_again(workbench, "sslCertificates", OTHERS)
    made = workbench.roll_back(on_conflict="overwrite")
    assert [step.method for step in made.steps] == ["delete", "insert"]
    (step,) = [step for step in made.steps if step.method == "insert"]
    assert step.after is not None
    assert step.after["managed"] == {"domains": ["a.example.com"]}
    assert workbench.plan().is_empty


def test_what_cannot_be_had_back_never_gives_way(workbench: Workbench) -> None:
    workbench.write(address("edge"))
    workbench.apply()
    workbench.take_snapshot()
    made_again(workbench, "addresses", {"name": "edge", "description": "another"})
    with pytest.raises(PlanRefused, match="Address/edge is another one now"):
        workbench.roll_back(on_conflict="overwrite", allow=["irreversible=x"])


def test_a_zone_that_others_have_filled_since_stays(workbench: Workbench) -> None:
    workbench.write(zone({"www": sets("A", "192.0.2.1")}))
    workbench.apply()
    mail = {
        "name": "mail.example.com.",
        "type": "A",
        "ttl": 60,
        "rrdatas": ["192.0.2.9"],
    }
    workbench.send("POST", f"{ZONE}/rrsets", mail)
    made = workbench.roll_back()
    assert [str(difference.ref) for difference in made.differences] == [
        "DnsZone/example/www.example.com./A"
    ]
    assert "DnsZone/example stays, since it holds 1 record sets of others" in made.notes
    assert workbench.live("DnsZone/example") is not None


def test_what_a_later_run_created_stays_and_is_named(workbench: Workbench) -> None:
    workbench.write(zone({"www": sets("A", "192.0.2.1")}))
    workbench.apply()
    workbench.write(zone({"www": sets("A", "192.0.2.2")}))
    workbench.apply()
    older = Snapshots(workbench.store).ids()[-1]
    workbench.write(zone({"www": sets("A", "192.0.2.2"), "new": sets("A", "192.0.2.3")}))
    workbench.apply()
    made = workbench.roll_back(older)
    assert [str(difference.ref) for difference in made.differences] == [
        "DnsZone/example/www.example.com./A"
    ]
    assert made.notes == [
        (
            "DnsZone/example/new.example.com./A was created by a later run, and stays; "
            "its own snapshot takes it back"
        )
    ]
