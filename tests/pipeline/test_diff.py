"""What differs, who moved, and what is nobody's business here."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.model.errors import NotAuthorised, Unreachable
from remediate.model.plan import Action, Cause, Plan
from tests.pipeline.documents import (
    PLAIN_EDGE,
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

API = "compute/v1/projects/netra-staging"
CHECK = f"{API}/global/healthChecks/alive"


def causes(made: Plan) -> dict[str, str]:
    return {str(difference.ref): difference.cause.value for difference in made.differences}


def check(**spec: Any) -> Document:
    return health_check(checkIntervalSec=10, **spec)


KEPT = (
    "HealthCheck/alive is no longer in the YAML and stays (onRemove: keep); to remove it, write it "
    "again with `lifecycle: {onRemove: delete}`, apply, take it out, and apply with --prune"
)

# Who moved: the YAML, the live side, or both

MOVES: dict[str, tuple[dict[str, Any], dict[str, Any], Cause]] = {
    "the YAML": ({"checkIntervalSec": 20}, {}, Cause.PENDING),
    "somebody at Google": ({"checkIntervalSec": 10}, {"checkIntervalSec": 30}, Cause.DRIFT),
    "both, differently": ({"checkIntervalSec": 20}, {"checkIntervalSec": 30}, Cause.CONFLICT),
    "both, in other fields": (
        {"checkIntervalSec": 20, "timeoutSec": 5},
        {"timeoutSec": 7},
        Cause.PENDING,
    ),
}


@pytest.mark.parametrize("who", MOVES)
def test_pending_drift_and_conflict_are_told_apart(workbench: Workbench, who: str) -> None:
    written, theirs, cause = MOVES[who]
    workbench.write(health_check(checkIntervalSec=10, timeoutSec=5))
    workbench.apply()
    if theirs:
        workbench.send("PATCH", CHECK, theirs)
    workbench.write(health_check(**{"timeoutSec": 5, **written}))
    assert causes(workbench.plan()) == {"HealthCheck/alive": cause.value}


def test_both_moved_to_the_same_is_no_difference(workbench: Workbench) -> None:
    workbench.write(health_check(checkIntervalSec=10))
    workbench.apply()
    workbench.send("PATCH", CHECK, {"checkIntervalSec": 20})
    workbench.write(health_check(checkIntervalSec=20))
    assert workbench.plan().is_empty


def test_what_somebody_deleted_is_drift_and_what_never_was_is_pending(
    workbench: Workbench,
) -> None:
    workbench.write(health_check())
    workbench.apply()
    workbench.send("DELETE", CHECK)
    workbench.write(health_check(), url_map())
    assert causes(workbench.plan()) == {"HealthCheck/alive": "drift", "UrlMap/main": "pending"}


def test_without_a_ledger_everything_is_pending_and_removals_cannot_be_seen(
    workbench: Workbench,
) -> None:
    workbench.write(health_check(checkIntervalSec=10), url_map())
    workbench.apply()
    workbench.forget()
    workbench.write(health_check(checkIntervalSec=20))
    made = workbench.plan(prune=True)
    assert causes(made) == {"HealthCheck/alive": "pending"}
    assert "nothing was applied from here yet, so removals cannot be seen" in made.notes


# What was written once (rule 11), and what never was (rule 10)


def test_a_field_that_was_written_and_no_longer_is_goes_back(workbench: Workbench) -> None:
    workbench.write(health_check(logConfig={"enable": True}, description="x"))
    workbench.apply()
    workbench.write(health_check())
    (difference,) = workbench.plan().differences
    assert {change.pointer for change in difference.changes} == {"/description", "/logConfig"} or {
        change.pointer for change in difference.changes
    } == {"/description", "/logConfig/enable"}
    workbench.apply()
    assert workbench.plan().is_empty


def test_a_block_of_nothing_but_empty_values_may_go_without_a_word(workbench: Workbench) -> None:
    workbench.write(health_check(logConfig={"enable": False}))
    workbench.apply()
    workbench.write(health_check())
    assert workbench.plan().is_empty


def test_a_field_that_never_was_written_is_nobodys_business_where_no_default_is_known(
    workbench: Workbench,
) -> None:
    workbench.write(health_check())
    workbench.apply()
    workbench.send("PATCH", CHECK, {"logConfig": {"enable": False}})
    assert workbench.plan().is_empty


def test_an_owner_of_the_whole_takes_unwritten_fields_back_to_their_defaults(
    workbench: Workbench,
) -> None:
    workbench.write(health_check())
    workbench.apply()
    workbench.send("PATCH", CHECK, {"checkIntervalSec": 30, "timeoutSec": 5})
    (difference,) = workbench.plan().differences
    assert [(c.pointer, c.before, c.after) for c in difference.changes] == [
        ("/checkIntervalSec", 30, 5)
    ]


def test_a_shared_resource_is_compared_only_in_what_is_written(workbench: Workbench) -> None:
    shared = {"ownership": "shared"}
    workbench.write(health_check(lifecycle=shared, timeoutSec=5))
    workbench.apply()
    workbench.send("PATCH", CHECK, {"checkIntervalSec": 30, "description": "theirs"})
    assert workbench.plan().is_empty
    workbench.send("PATCH", CHECK, {"timeoutSec": 7})
    (difference,) = workbench.plan().differences
    assert [change.pointer for change in difference.changes] == ["/timeoutSec"]
    workbench.apply()
    live: Any = workbench.live("HealthCheck/alive")
    assert (live["timeoutSec"], live["checkIntervalSec"], live["description"]) == (5, 30, "theirs")


def test_what_is_only_observed_is_told_and_left(workbench: Workbench) -> None:
    seen = {"ownership": "observe"}
    workbench.send("POST", f"{API}/global/healthChecks", {"name": "alive", **CHECK_BODY})
    before = workbench.state()
    other = document("UrlMap", "other", url_map()["spec"], seen)
    workbench.write(health_check(lifecycle=seen, checkIntervalSec=30), other)
    made = workbench.apply()
    assert told(made) == []
    assert "HealthCheck/alive is only observed, and differs in /checkIntervalSec" in made.notes
    assert "UrlMap/other is only observed, and is not there" in made.notes
    assert moved(before, workbench.state()) == {}


CHECK_BODY: dict[str, Any] = {"type": "HTTP", "httpHealthCheck": {"port": 8000}}


# Ignored fields: wished for as they are


def test_what_is_ignored_is_kept_as_it_is_and_a_creation_sends_it(workbench: Workbench) -> None:
    ignore = {"ignore": ["/checkIntervalSec", "/httpHealthCheck/requestPath"]}
    first = {"type": "HTTP", "httpHealthCheck": {"port": 8000, "requestPath": "/health"}}
    workbench.write(document("HealthCheck", "alive", {**first, "checkIntervalSec": 10}, ignore))
    workbench.apply()
    live: Any = workbench.live("HealthCheck/alive")
    assert live["checkIntervalSec"] == 10
    theirs: Any = {
        "checkIntervalSec": 30,
        "httpHealthCheck": {"port": 8000, "requestPath": "/theirs"},
    }
    workbench.send("PATCH", CHECK, theirs)
    assert workbench.plan().is_empty
    second = {"type": "HTTP", "httpHealthCheck": {"port": 8001, "requestPath": "/health"}}
    workbench.write(document("HealthCheck", "alive", {**second, "checkIntervalSec": 10}, ignore))
    workbench.apply()
    changed: Any = workbench.live("HealthCheck/alive")
    assert changed["httpHealthCheck"]["port"] == 8001
    assert changed["httpHealthCheck"]["requestPath"] == "/theirs"
    assert changed["checkIntervalSec"] == 30
    assert workbench.plan().is_empty


def test_a_field_in_every_element_may_be_ignored(workbench: Workbench) -> None:
    backend = {"group": "zones/us-central1-a/instanceGroups/web", "balancingMode": "UTILIZATION"}
    service = {"loadBalancingScheme": "EXTERNAL_MANAGED", "protocol": "HTTP"}
    ignore = {"ignore": ["/backends/*/maxUtilization"]}

    def web(most: float) -> Document:
        spec = {**service, "backends": [{**backend, "maxUtilization": most}]}
        return document("BackendService", "web", spec, ignore)

    workbench.write(web(0.8))
    workbench.apply()
    workbench.write(web(0.5))
    assert workbench.plan().is_empty


def test_an_ignored_record_set_is_shielded_whether_written_once_or_not(
    workbench: Workbench,
) -> None:
    workbench.write(zone({"www": sets("A", "192.0.2.1"), "foo": sets("A", "192.0.2.2")}))
    workbench.apply()
    shield = {"onRemove": "delete", "ignore": ["/records/foo/*"]}
    workbench.write(zone({"www": sets("A", "192.0.2.1")}, lifecycle=shield))
    assert workbench.plan(prune=True).is_empty


# Absence never deletes


@pytest.mark.parametrize(
    ("on_remove", "prune", "gone"),
    [
        ("keep", False, False),
        ("keep", True, False),
        ("delete", False, False),
        ("delete", True, True),
    ],
)
def test_a_removal_takes_a_word_in_the_yaml_and_a_word_for_the_run(
    workbench: Workbench, on_remove: str, *, prune: bool, gone: bool
) -> None:
    workbench.write(health_check(lifecycle={"onRemove": on_remove}), url_map())
    workbench.apply()
    workbench.write(url_map())
    made = workbench.apply(prune=prune)
    workbench.gc(retention=0)
    assert (workbench.live("HealthCheck/alive") is None) is gone
    expected = {
        ("keep", False): [KEPT],
        ("keep", True): [KEPT],
        ("delete", False): [
            "HealthCheck/alive is no longer in the YAML; --prune sets it aside, for `remediate gc`"
        ],
        ("delete", True): [],
    }
    assert list(made.notes) == expected[on_remove, prune]


def test_all_that_is_kept_is_one_note(workbench: Workbench) -> None:
    workbench.write(health_check(), health_check("other"), url_map())
    workbench.apply()
    workbench.write(url_map())
    (note,) = workbench.plan(prune=True).notes
    assert note.startswith(
        "HealthCheck/alive, HealthCheck/other are no longer in the YAML and stay (onRemove: keep); "
    )


def test_what_is_kept_is_forgotten_and_what_is_to_go_is_remembered(workbench: Workbench) -> None:
    keep, gone = {"onRemove": "keep"}, {"onRemove": "delete"}
    workbench.write(health_check("kept", keep), health_check("going", gone), url_map())
    workbench.apply()
    workbench.write(url_map())
    workbench.apply()
    assert [str(ref) for ref in workbench.ledger.resources] == ["HealthCheck/going", "UrlMap/main"]


def test_what_was_as_wished_already_is_remembered_too(workbench: Workbench) -> None:
    gone = {"onRemove": "delete"}
    workbench.send("POST", f"{API}/global/healthChecks", {"name": "alive", **CHECK_BODY})
    workbench.write(health_check(lifecycle=gone), url_map())
    workbench.apply()
    workbench.write(url_map())
    assert told(workbench.plan(prune=True)) == [("set-aside", "HealthCheck/alive")]


# Links and addresses


def test_an_address_that_moved_behind_its_reference_is_seen(workbench: Workbench) -> None:
    """Another tool takes any reference for equal to any address; the drift is invisible there."""
    workbench.write(*PLAIN_EDGE)
    workbench.apply()
    live: Any = workbench.live("ForwardingRule/port-80")
    rules = f"{API}/global/forwardingRules"
    workbench.send("DELETE", f"{rules}/port-80")
    workbench.send("POST", f"{API}/global/addresses", {"name": "theirs"})
    theirs: Any = workbench.send("GET", f"{API}/global/addresses/theirs")
    kept = ("IPProtocol", "loadBalancingScheme", "target", "portRange")
    body = {"name": "port-80", **{name: live[name] for name in kept}}
    workbench.send("POST", rules, {**body, "IPAddress": theirs["address"]})
    (difference,) = workbench.plan().differences
    assert [change.pointer for change in difference.changes] == ["/IPAddress"]
    assert difference.action is Action.REPLACE
    assert difference.cause is Cause.DRIFT


def test_two_of_one_name_in_two_places_are_two(workbench: Workbench) -> None:
    """Another tool compares the last segment of a link alone."""

    def service(text: str) -> list[Document]:
        spec = {"loadBalancingScheme": "INTERNAL_MANAGED", "protocol": "HTTP"}
        body = {"type": "HTTP", "httpHealthCheck": {"port": 8000}}
        return [
            document("HealthCheck", "alive", body),
            document("HealthCheck", "alive", body, location="us-central1"),
            document(
                "BackendService", "web", {**spec, "healthChecks": [text]}, location="us-central1"
            ),
        ]

    workbench.write(*service("HealthCheck/us-central1/alive"))
    workbench.apply()
    workbench.write(*service("global/healthChecks/alive"))
    (difference,) = workbench.plan().differences
    assert [change.pointer for change in difference.changes] == ["/healthChecks"] or [
        change.pointer for change in difference.changes
    ] == ["/healthChecks/0"]


def test_a_text_that_differs_in_case_alone_is_another(workbench: Workbench) -> None:
    """Another tool lower-cases TXT: a token that differs in case is never applied there."""
    workbench.write(zone({"token": sets("TXT", "AbC")}))
    workbench.apply()
    workbench.write(zone({"token": sets("TXT", "aBc")}))
    assert told(workbench.plan()) == [("update", "DnsZone/example/token.example.com./TXT")]


def test_labels_of_others_stay_and_only_ours_come_and_go(workbench: Workbench) -> None:
    def labelled(**labels: str) -> Document:
        spec = {"addressType": "EXTERNAL", "ipVersion": "IPV4"}
        return document("Address", "edge", {**spec, **({"labels": labels} if labels else {})})

    def labels() -> Any:
        live: Any = workbench.live("Address/edge")
        return live.get("labels", {})

    workbench.write(labelled(team="edge", tier="front"))
    workbench.apply()
    live: Any = workbench.live("Address/edge")
    theirs = {"labels": {**live["labels"], "goog-managed": "yes"}}
    fingerprint = {"labelFingerprint": live["labelFingerprint"]}
    workbench.send("POST", f"{API}/global/addresses/edge/setLabels", {**theirs, **fingerprint})
    assert workbench.plan().is_empty
    workbench.write(labelled(team="web"))
    workbench.apply()
    assert labels() == {"team": "web", "goog-managed": "yes"}
    workbench.write(labelled())
    workbench.apply()
    assert labels() == {"goog-managed": "yes"}
    assert workbench.plan().is_empty


def test_a_replacement_is_known_again_without_a_ledger(workbench: Workbench) -> None:
    workbench.write(certificate())
    workbench.apply()
    other = {**certificate()["spec"], "description": "new"}
    workbench.write(certificate(spec=other))
    workbench.apply()
    workbench.forget()
    assert workbench.plan().is_empty


def test_a_rule_that_is_recreated_takes_its_labels_along(workbench: Workbench) -> None:
    edge = [address(), url_map(), http_proxy()]
    workbench.write(*edge, rule(labels={"team": "edge"}))
    workbench.apply()
    workbench.write(*edge, rule(labels={"team": "edge"}, description="new"))
    made = workbench.apply()
    assert [step.method for step in made.steps] == ["delete", "insert", "setLabels"]
    assert workbench.plan().is_empty


# Unreadable is never absent


@pytest.mark.parametrize(
    ("fault", "error"), [("forbidden", NotAuthorised), ("503", Unreachable), ("html", Unreachable)]
)
def test_what_cannot_be_read_claims_no_difference(
    workbench: Workbench, fault: str, error: type[Exception]
) -> None:
    workbench.write(health_check(), url_map())
    workbench.apply()
    workbench.send("POST", f"_sandbox/faults/{fault}", {"match": "GET */urlMaps*", "times": 100})
    with pytest.raises(error):
        workbench.plan()


def test_what_came_to_be_only_observed_is_never_pruned(workbench: Workbench) -> None:
    workbench.write(health_check(), health_check("old", {"onRemove": "delete"}))
    workbench.apply()
    watched = {"ownership": "observe", "onRemove": "delete"}
    workbench.write(health_check(), health_check("old", watched))
    workbench.apply()
    workbench.write(health_check())
    assert workbench.plan(prune=True).is_empty


def test_sets_that_have_left_the_yaml_are_named_up_to_three(workbench: Workbench) -> None:
    every = {name: sets("TXT", name) for name in "abcde"}
    workbench.write(zone(every))
    workbench.apply()
    workbench.write(zone({**every, "a": sets("A", "192.0.2.1")}, lifecycle={"onRemove": "keep"}))
    (note,) = workbench.plan().notes
    assert note == "example: a.example.com. TXT is not in the YAML (onRemove: keep)"
    workbench.write(zone({"e": every["e"]}))
    (note,) = workbench.plan().notes
    assert note == (
        "example: a.example.com. TXT, b.example.com. TXT, c.example.com. TXT and 1 more "
        "are not in the YAML (--prune deletes them)"
    )
