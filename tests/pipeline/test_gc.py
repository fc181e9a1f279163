"""Removals in two phases: set aside at once, deleted by `gc`, and a way back from either."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remediate.model.aside import DAY, RETENTION
from remediate.model.errors import InvalidInput, PartlyApplied, PlanRefused, Stale
from remediate.model.plan import Action, Plan, Risk, Undo
from remediate.model.ref import parse_ref
from remediate.stores.ledger import Entry
from tests.pipeline.documents import (
    OTHER_PEM,
    Document,
    address,
    certificate,
    health_check,
    http_proxy,
    rule,
    sets,
    url_map,
    zone,
)
from tests.workbench import Workbench, document, moved, told

API = "compute/v1/projects/netra-staging/global"
ZONE = "dns/v1/projects/netra-staging/managedZones/example"
GONE: dict[str, Any] = {"onRemove": "delete"}
ALL = ["too-many-deletes=tried", "irreversible=tried", "protected=tried"]
EDGE: list[Document] = [
    address(),
    url_map(lifecycle=GONE),
    http_proxy(lifecycle=GONE),
    rule(lifecycle=GONE),
]


def without_its_front(workbench: Workbench) -> Plan:
    """The rule goes, and what stands behind it is set aside."""
    workbench.write(*EDGE)
    workbench.apply()
    workbench.write(address())
    return workbench.apply(prune=True, allow=ALL)


def entry(workbench: Workbench, ref: str) -> Entry | None:
    return workbench.ledger.entry(parse_ref(ref))


def written(workbench: Workbench) -> list[tuple[str, str]]:
    """What was sent to Google besides reads, by the last part of its path."""
    calls = [(m, path.rpartition("/")[2]) for m, path in workbench.calls() if m != "GET"]
    return [(m, name) for m, name in calls if not name.endswith(":testIamPermissions")]


# Set aside


def test_what_is_removed_is_detached_at_once_and_deleted_later(workbench: Workbench) -> None:
    workbench.write(*EDGE)
    workbench.apply()
    workbench.write(address())
    workbench.forget_calls()
    made = workbench.apply(prune=True, allow=ALL)
    assert [(step.verb, str(step.ref)) for step in made.steps] == [
        (Action.DELETE, "ForwardingRule/port-80"),
        (Action.SET_ASIDE, "TargetHttpProxy/plain"),
        (Action.SET_ASIDE, "UrlMap/main"),
    ]
    assert written(workbench) == [("DELETE", "port-80")]
    assert workbench.live("TargetHttpProxy/plain") is not None
    assert workbench.live("UrlMap/main") is not None
    assert workbench.plan(prune=True).is_empty


def test_a_step_that_sets_aside_can_be_undone_and_says_so(workbench: Workbench) -> None:
    workbench.write(*EDGE)
    workbench.apply()
    workbench.write(address())
    *_rule, proxy, _map = workbench.plan(prune=True).steps
    assert proxy.undo is Undo.EXACT
    assert proxy.undo_why == "it stays as it is until `remediate gc` deletes it"
    assert proxy.estimate == 0
    assert proxy.risk is Risk.MEDIUM  # the kind's own: what raises it is the deletion


def test_nearly_every_rollback_is_a_re_attach(workbench: Workbench) -> None:
    workbench.write(*EDGE)
    workbench.apply()
    before, remembered = workbench.state(), workbench.ledger.resources
    workbench.write(address())
    workbench.apply(prune=True, allow=ALL)
    workbench.forget_calls()
    made = workbench.roll_back()
    assert sorted(told(made)) == [
        ("create", "ForwardingRule/port-80"),
        ("keep", "TargetHttpProxy/plain"),
        ("keep", "UrlMap/main"),
    ]
    assert [name for _method, name in written(workbench)] == ["forwardingRules"]
    assert moved(before, workbench.state()) == {}
    assert workbench.ledger.resources == remembered
    assert workbench.gc(retention=0).is_empty


def test_a_second_rollback_sets_aside_again_as_it_was(workbench: Workbench) -> None:
    without_its_front(workbench)
    after, remembered = workbench.state(), workbench.ledger.resources
    workbench.roll_back()
    workbench.advance(DAY)
    assert ("set-aside", "UrlMap/main") in told(workbench.roll_back(allow=ALL))
    assert moved(after, workbench.state()) == {}
    assert workbench.ledger.resources == remembered  # with the time of then


def test_what_was_set_aside_holds_nothing_that_a_rollback_deletes_again(
    workbench: Workbench,
) -> None:
    """Google lets a service go that an endpoint group names."""
    group = {"networkEndpointType": "SERVERLESS", "cloudRun": {"service": "web"}}
    spec = {"template": {"containers": [{"image": "us-docker.pkg.dev/cloudrun/container/hello"}]}}
    workbench.write(
        address(),
        document("RunService", "web", spec, GONE),
        document("NetworkEndpointGroup", "web", group, GONE),
    )
    workbench.apply()
    workbench.write(address())
    workbench.apply(prune=True, allow=[*ALL, "delete=tried"])
    after = workbench.state()
    workbench.roll_back()
    workbench.roll_back(allow=ALL)
    assert workbench.live("RunService/us-central1/web") is None
    assert moved(after, workbench.state()) == {}


def test_what_somebody_changes_just_now_is_not_set_aside(workbench: Workbench) -> None:
    workbench.write(health_check(lifecycle=GONE), url_map())
    workbench.apply()
    workbench.write(url_map())
    made = workbench.plan(prune=True)
    (step,) = made.steps
    workbench.send("PATCH", f"{API}/healthChecks/alive", {"checkIntervalSec": 30})
    assert workbench.plan(prune=True).steps[0].precondition != step.precondition


def test_a_run_that_fails_after_it_has_set_aside_goes_on_or_back(workbench: Workbench) -> None:
    workbench.write(*EDGE, health_check(lifecycle=GONE))
    workbench.apply()
    before, remembered = workbench.state(), workbench.ledger.resources
    workbench.write(address())
    match: Any = {"match": "GET */urlMaps/main", "times": 9}
    workbench.send("POST", "_sandbox/faults/403", match)
    with pytest.raises(PartlyApplied):
        workbench.apply(prune=True, allow=ALL)
    workbench.send("DELETE", "_sandbox/faults")
    assert told(workbench.plan(prune=True)) == [("set-aside", "UrlMap/main")]
    workbench.roll_back()
    assert moved(before, workbench.state()) == {}
    assert workbench.ledger.resources == remembered
    workbench.apply(prune=True, allow=ALL)
    assert len(workbench.plan_gc(retention=0).steps) == 3


def test_every_later_plan_says_when_it_may_go(workbench: Workbench) -> None:
    without_its_front(workbench)
    workbench.write(address(), apply={"retention": "36h"})
    since = entry(workbench, "UrlMap/main")
    assert since is not None
    due = since.asides[0].when(1.5 * DAY)
    assert f"UrlMap/main is set aside; `remediate gc` may delete it {due}" in workbench.plan().notes


def test_an_empty_environment_is_no_mistake_once_all_of_it_is_set_aside(
    workbench: Workbench,
) -> None:
    workbench.write(health_check(lifecycle=GONE))
    workbench.apply()
    workbench.write()
    workbench.apply(prune=True, allow=[*ALL, "empty-environment=tried"])
    assert workbench.plan().objections == []


# Deleted


def test_nothing_goes_before_its_time(workbench: Workbench) -> None:
    without_its_front(workbench)
    workbench.advance(RETENTION - 60)
    made = workbench.gc()
    assert made.is_empty
    assert [note for note in made.notes if note.startswith("UrlMap/main may be deleted from 20")]
    workbench.advance(60)
    assert [str(d.ref) for d in workbench.gc().differences] == [
        "TargetHttpProxy/plain",
        "UrlMap/main",
    ]
    assert workbench.live("UrlMap/main") is None


def test_the_environment_or_the_run_may_name_another_retention(workbench: Workbench) -> None:
    without_its_front(workbench)
    workbench.write(address(), apply={"retention": "1h"})
    assert workbench.plan_gc().is_empty
    assert len(workbench.plan_gc(retention=0).steps) == 2
    workbench.advance(3600)
    assert len(workbench.plan_gc().steps) == 2


def test_it_goes_in_the_order_that_is_the_reverse_of_creation(workbench: Workbench) -> None:
    without_its_front(workbench)
    workbench.forget_calls()
    made = workbench.gc(retention=0)
    assert [[str(step.ref) for step in wave] for wave in made.waves] == [
        ["TargetHttpProxy/plain"],
        ["UrlMap/main"],
    ]
    assert written(workbench) == [("DELETE", "plain"), ("DELETE", "main")]
    assert {step.risk for step in made.steps} == {Risk.HIGH}
    assert [str(ref) for ref in workbench.ledger.resources] == ["Address/edge"]
    assert workbench.gc(retention=0).is_empty


def test_a_gc_is_taken_back_and_may_be_done_again(workbench: Workbench) -> None:
    without_its_front(workbench)
    before, remembered = workbench.state(), workbench.ledger.resources
    workbench.gc(retention=0)
    made = workbench.roll_back()
    assert {action for action, _ref in told(made)} == {"create"}
    assert moved(before, workbench.state()) == {}
    again = workbench.ledger.resources
    assert {ref: since(entry) for ref, entry in again.items()} == {
        ref: since(entry) for ref, entry in remembered.items()
    }
    assert len(workbench.gc(retention=0).steps) == 2


def since(entry: Entry) -> list[tuple[str, str]]:
    return [(aside.name, aside.since) for aside in entry.asides]


def test_the_rollback_of_the_removal_makes_again_what_gc_has_deleted(workbench: Workbench) -> None:
    workbench.write(*EDGE)
    workbench.apply()
    before, remembered = workbench.state(), workbench.ledger.resources
    workbench.write(address())
    _made, outcome = workbench.carry_out(prune=True, allow=ALL)
    assert outcome is not None
    workbench.gc(retention=0)
    workbench.roll_back(outcome.snapshot)
    assert moved(before, workbench.state()) == {}
    assert workbench.ledger.resources == remembered


@pytest.mark.parametrize("fault", ["failed-operation", "500", "reset"])
def test_a_gc_that_came_half_way_goes_on_or_back(workbench: Workbench, fault: str) -> None:
    without_its_front(workbench)
    before = workbench.state()
    workbench.send(
        "POST", f"_sandbox/faults/{fault}", {"match": "DELETE */urlMaps/main", "times": 99}
    )
    with pytest.raises(PartlyApplied):
        workbench.gc(retention=0)
    workbench.send("DELETE", "_sandbox/faults")
    workbench.roll_back()
    assert moved(before, workbench.state()) == {}
    workbench.gc(retention=0)
    assert workbench.live("UrlMap/main") is None
    assert [str(ref) for ref in workbench.ledger.resources] == ["Address/edge"]


def test_what_cannot_be_had_back_is_deleted_on_a_word_alone(workbench: Workbench) -> None:
    workbench.write(certificate(**GONE), health_check())
    workbench.apply()
    workbench.write(health_check())
    workbench.apply(prune=True)
    with pytest.raises(PlanRefused, match=r"irreversible: delete SslCertificate/brought: its pri"):
        workbench.gc(retention=0)
    workbench.gc(retention=0, allow=["irreversible:SslCertificate/brought=in the vault"])
    assert workbench.live("SslCertificate/brought") is None


def test_how_many_go_was_judged_when_they_were_set_aside(workbench: Workbench) -> None:
    checks = [health_check(f"h{n}", GONE) for n in range(4)]
    workbench.write(*checks, url_map())
    workbench.apply()
    workbench.write(url_map())
    with pytest.raises(PlanRefused, match="4 of 5 resources would go"):
        workbench.apply(prune=True)
    workbench.apply(prune=True, allow=ALL)
    assert len(workbench.gc(retention=0).steps) == 4


def test_a_choice_narrows_it_and_one_that_matches_nothing_is_an_error(
    workbench: Workbench,
) -> None:
    workbench.write(health_check(lifecycle=GONE), health_check("other", GONE), url_map())
    workbench.apply()
    workbench.write(url_map())
    workbench.apply(prune=True, allow=ALL)
    chosen = workbench.plan_gc(retention=0, targets=("HealthCheck/o*",))
    assert told(chosen) == [("delete", "HealthCheck/other")]
    chosen = workbench.plan_gc(retention=0, excludes=("HealthCheck/o*",))
    assert told(chosen) == [("delete", "HealthCheck/alive")]
    with pytest.raises(InvalidInput, match=r"--target UrlMap/main matches nothing that was set a"):
        workbench.plan_gc(targets=("UrlMap/main",))


# Left


def test_what_is_in_use_again_stays_with_all_that_it_needs(workbench: Workbench) -> None:
    without_its_front(workbench)
    theirs: Any = {
        "name": "theirs",
        "target": "global/targetHttpProxies/plain",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "IPProtocol": "TCP",
        "portRange": "8080",
    }
    workbench.send("POST", f"{API}/forwardingRules", theirs)
    made = workbench.gc(retention=0)
    assert made.is_empty
    assert made.notes == [
        "TargetHttpProxy/plain stays, since ForwardingRule/theirs uses it",
        "UrlMap/main stays, since TargetHttpProxy/plain (set aside too) uses it",
    ]
    workbench.send("DELETE", f"{API}/forwardingRules/theirs")
    assert len(workbench.gc(retention=0).steps) == 2


def test_what_waits_for_longer_holds_what_it_uses(workbench: Workbench) -> None:
    workbench.write(*EDGE, http_proxy("second", lifecycle=GONE))
    workbench.apply()
    workbench.write(address(), url_map(lifecycle=GONE))
    workbench.apply(prune=True, allow=ALL)
    workbench.advance(DAY)
    workbench.write(address())
    workbench.apply(prune=True, allow=ALL)
    made = workbench.gc(retention=DAY)
    gone = ["TargetHttpProxy/plain", "TargetHttpProxy/second"]
    assert [str(d.ref) for d in made.differences] == gone
    assert workbench.live("UrlMap/main") is not None


def test_a_check_that_record_sets_are_answered_by_stays(workbench: Workbench) -> None:
    workbench.write(health_check(lifecycle=GONE), zone({}, "listed"))
    workbench.apply()
    workbench.write(zone({}, "listed"))
    workbench.apply(prune=True, allow=ALL)
    check = f"https://www.googleapis.com/{API}/healthChecks/alive"
    workbench.send(
        "POST",
        f"{ZONE}/rrsets",
        {
            "name": "www.example.com.",
            "type": "A",
            "ttl": 60,
            "routingPolicy": {
                "healthCheck": check,
                "wrr": {
                    "items": [
                        {"weight": 1, "healthCheckedTargets": {"externalEndpoints": ["192.0.2.1"]}}
                    ]
                },
            },
        },
    )
    (note,) = workbench.gc(retention=0).notes
    assert note == "HealthCheck/alive stays, since DnsZone/example/www.example.com./A uses it"
    assert workbench.live("HealthCheck/alive") is not None


@pytest.mark.parametrize("by", ["a new one", "a change"])
def test_what_is_not_as_it_was_set_aside_is_not_ours_any_more(
    workbench: Workbench, by: str
) -> None:
    workbench.write(health_check(lifecycle=GONE), url_map())
    workbench.apply()
    workbench.write(url_map())
    workbench.apply(prune=True)
    theirs: Any = {"name": "alive", **health_check()["spec"]}
    if by == "a new one":
        workbench.send("DELETE", f"{API}/healthChecks/alive")
        workbench.send("POST", f"{API}/healthChecks", theirs)
        why = "somebody made it anew since it was set aside"
    else:
        workbench.send("PATCH", f"{API}/healthChecks/alive", {"checkIntervalSec": 30})
        why = "somebody changed it since it was set aside"
    made = workbench.gc(retention=0)
    assert made.is_empty
    assert made.notes == [f"HealthCheck/alive is not ours any more, and stays: {why}"]
    assert workbench.live("HealthCheck/alive") is not None
    assert [str(ref) for ref in workbench.ledger.resources] == ["UrlMap/main"]


def test_what_is_gone_already_is_forgotten(workbench: Workbench) -> None:
    workbench.write(health_check(lifecycle=GONE), url_map())
    workbench.apply()
    workbench.write(url_map())
    workbench.apply(prune=True)
    workbench.send("DELETE", f"{API}/healthChecks/alive")
    made = workbench.gc(retention=0)
    assert (made.is_empty, made.notes) == (True, ["HealthCheck/alive is gone already"])
    assert [str(ref) for ref in workbench.ledger.resources] == ["UrlMap/main"]


def test_what_is_protected_is_deleted_only_on_a_word(workbench: Workbench) -> None:
    kept = {"lifecycle": {**GONE, "protect": True}}
    workbench.write({**health_check(), **kept}, url_map())
    workbench.apply()
    workbench.write(url_map())
    (objection,) = workbench.plan(prune=True).objections
    assert "`remediate gc` asks once more" in objection.message
    workbench.apply(prune=True, allow=ALL)
    with pytest.raises(PlanRefused, match="HealthCheck/alive is protected from being deleted"):
        workbench.gc(retention=0)
    assert workbench.live("HealthCheck/alive") is not None
    workbench.gc(retention=0, allow=["protected:HealthCheck/alive=agreed"])
    assert workbench.live("HealthCheck/alive") is None


def test_protection_is_of_what_stands_for_a_document_and_not_of_what_it_left_behind(
    workbench: Workbench,
) -> None:
    kept = {"lifecycle": {"protect": True}}
    workbench.write({**certificate(), **kept})
    workbench.apply()
    workbench.write({**certificate(spec=OTHER_PEM), **kept})
    workbench.apply(allow=["protected:SslCertificate/brought=rotated"])
    workbench.gc(retention=0, allow=["irreversible:SslCertificate/brought=rotated"])
    assert workbench.live("SslCertificate/brought") is None
    assert workbench.plan().is_empty


def test_what_is_declared_again_is_never_touched(workbench: Workbench) -> None:
    """Before the apply that takes it up already, and after it for good."""
    without_its_front(workbench)
    workbench.write(address(), url_map(lifecycle=GONE))
    made = workbench.gc(retention=0)
    assert told(made) == [("delete", "TargetHttpProxy/plain")]
    assert made.notes == ["UrlMap/main is declared again, and stays"]
    made = workbench.apply()
    assert made.is_empty
    assert "UrlMap/main was set aside, and is ours again" in made.notes
    again = entry(workbench, "UrlMap/main")
    assert again is not None
    assert again.asides == ()


def test_what_is_taken_up_again_and_changed_waits_again_after_a_rollback(
    workbench: Workbench,
) -> None:
    without_its_front(workbench)
    before, remembered = workbench.state(), entry(workbench, "UrlMap/main")
    workbench.write(address(), url_map(lifecycle=GONE, description="back"))
    assert told(workbench.apply()) == [("update", "UrlMap/main")]
    workbench.roll_back()
    assert moved(before, workbench.state()) == {}
    assert entry(workbench, "UrlMap/main") == remembered


# What replacements leave behind


def replaced(workbench: Workbench) -> str:
    """The live name of the new one; the old one stays as `brought`."""
    workbench.write(certificate(**GONE), health_check())
    workbench.apply()
    workbench.write(certificate(spec=OTHER_PEM, **GONE), health_check())
    return workbench.apply().differences[0].live.name


def test_what_a_replacement_leaves_behind_goes_when_its_time_is_over(
    workbench: Workbench,
) -> None:
    new = replaced(workbench)
    assert workbench.gc(allow=ALL).is_empty
    workbench.advance(RETENTION)
    made = workbench.gc(allow=ALL)
    assert [str(d.live) for d in made.differences] == ["SslCertificate/brought"]
    assert workbench.live(f"SslCertificate/{new}") is not None
    left = entry(workbench, "SslCertificate/brought")
    assert left is not None
    assert (left.name, left.asides) == (new, ())
    assert workbench.plan().is_empty


def test_the_time_of_the_old_one_goes_on_whatever_is_applied(workbench: Workbench) -> None:
    replaced(workbench)
    first = entry(workbench, "SslCertificate/brought")
    workbench.advance(DAY)
    workbench.write(certificate(spec=OTHER_PEM, **GONE), health_check(checkIntervalSec=20))
    workbench.apply()
    assert entry(workbench, "SslCertificate/brought") == first


def test_what_the_document_means_again_is_not_what_goes(workbench: Workbench) -> None:
    """The YAML is back at the old spec, applied or not: then it is the new one that waits."""
    new = replaced(workbench)
    workbench.write(certificate(**GONE), health_check())
    assert workbench.plan_gc(retention=0).is_empty
    workbench.apply()
    made = workbench.gc(retention=0, allow=ALL)
    assert [str(d.live) for d in made.differences] == [f"SslCertificate/{new}"]


def test_a_rollback_of_a_replacement_takes_the_mark_with_it(workbench: Workbench) -> None:
    workbench.write(certificate(**GONE), health_check())
    workbench.apply()
    remembered = workbench.ledger.resources
    workbench.write(certificate(spec=OTHER_PEM, **GONE), health_check())
    workbench.apply()
    workbench.roll_back(allow=["irreversible=tried"])
    assert workbench.ledger.resources == remembered
    assert workbench.gc(retention=0, allow=ALL).is_empty


def test_names_without_a_time_wait_from_the_next_apply(workbench: Workbench) -> None:
    """As a ledger of the first format has them."""
    replaced(workbench)
    ref, ledger = parse_ref("SslCertificate/brought"), workbench.ledger
    known = ledger.resources[ref]
    (aside,) = known.asides
    ledger.remember(ref, replace(known, asides=(replace(aside, since="", born="", state=""),)))
    ledger.save()
    made = workbench.gc(retention=0)
    assert made.is_empty
    assert made.notes == ["SslCertificate/brought may be deleted 0 seconds after the next apply"]
    workbench.advance(DAY)
    workbench.apply()
    began = entry(workbench, "SslCertificate/brought")
    assert began is not None
    assert replace(began.asides[0], since=aside.since) == aside
    assert began.asides[0].since > aside.since
    assert len(workbench.gc(retention=0, allow=ALL).steps) == 1


def test_a_removed_one_goes_with_what_its_replacements_left_behind(workbench: Workbench) -> None:
    new = replaced(workbench)
    workbench.advance(DAY)
    workbench.write(health_check())
    workbench.apply(prune=True)
    made = workbench.gc(retention=DAY, allow=ALL)
    assert [str(d.live) for d in made.differences] == ["SslCertificate/brought"]
    workbench.advance(DAY)
    made = workbench.gc(retention=DAY, allow=ALL)
    assert [str(d.live) for d in made.differences] == [f"SslCertificate/{new}"]
    assert [str(ref) for ref in workbench.ledger.resources] == ["HealthCheck/alive"]


def test_somebody_who_changes_it_between_plan_and_deletion_is_not_overwritten(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench.write(health_check(lifecycle=GONE), url_map())
    workbench.apply()
    workbench.write(url_map(), zone({"www": sets("A", "192.0.2.1")}))
    workbench.apply(prune=True)
    look = workbench.plan_gc

    def and_then_somebody_else(*args: Any, **more: Any) -> Any:
        made = look(*args, **more)
        workbench.send("PATCH", f"{API}/healthChecks/alive", {"checkIntervalSec": 30})
        return made

    monkeypatch.setattr("tests.workbench.insist", lambda _plan: and_then_somebody_else())
    with pytest.raises(Stale, match="HealthCheck/alive has changed since"):
        workbench.gc(retention=0)
    assert workbench.live("HealthCheck/alive") is not None


def test_what_somebody_deleted_is_forgotten_so_that_the_next_of_its_name_is_theirs(
    workbench: Workbench,
) -> None:
    """However it went, by hand or by a run that was killed before it could say so."""
    workbench.write(health_check(lifecycle=GONE), url_map())
    workbench.apply()
    workbench.send("DELETE", f"{API}/healthChecks/alive")
    workbench.write(url_map())
    workbench.apply(prune=True)
    workbench.send("POST", f"{API}/healthChecks", {"name": "alive", **health_check()["spec"]})
    assert workbench.plan(prune=True).is_empty


def test_what_still_links_to_what_is_set_aside_is_named_in_the_plan(workbench: Workbench) -> None:
    """Google would have refused a deletion; a mark it hears nothing of."""
    workbench.write(url_map(lifecycle=GONE), http_proxy(lifecycle=GONE), health_check())
    workbench.apply()
    theirs: Any = {"name": "theirs", "urlMap": "global/urlMaps/main"}
    workbench.send("POST", f"{API}/targetHttpProxies", theirs)
    workbench.write(health_check())
    made = workbench.apply(prune=True, allow=["too-many-deletes=tried"])
    said = [(o.level, o.message) for o in made.objections if o.rule == "still-linked"]
    assert said == [
        (
            "warn",
            "TargetHttpProxy/theirs links to UrlMap/main, which goes on serving; `gc` leaves it",
        )
    ]
    made = workbench.gc(retention=0)
    assert told(made) == [("delete", "TargetHttpProxy/plain")]
    assert made.notes == ["UrlMap/main stays, since TargetHttpProxy/theirs uses it"]
