"""Steps in waves: what needs another waits for it, deletions come last, certificates overlap."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from remediate.model.errors import InvalidInput
from remediate.model.plan import Action, Step, Undo
from remediate.model.ref import Ref
from tests.pipeline.documents import (
    OTHER_PEM,
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
from tests.workbench import Workbench, document, moved, told

ALL = ["too-many-deletes=x", "delete=x", "irreversible=x", "protected=x", "empty-environment=x"]
# Facts: the order in which Google lets resources refer to one another.
CREATION = [
    "NetworkEndpointGroup/us-central1/staging-backend-neg",
    "BackendService/staging-backend-service",
    "UrlMap/staging-url-map",
    "TargetHttpsProxy/staging-https-proxy",
    "ForwardingRule/staging-https",
    "DnsZone/netrasystems-staging/staging.netrasystems.ai./A",
]
NEEDED = [
    ("HealthCheck/staging-stream-health", "BackendService/staging-stream-backend"),
    ("BackendService/staging-stream-backend", "UrlMap/staging-url-map"),
    ("SslCertificate/staging-ssl-cert", "TargetHttpsProxy/staging-https-proxy"),
    ("SslPolicy/staging-tls", "TargetHttpsProxy/staging-https-proxy"),
    ("Address/staging-lb", "ForwardingRule/staging-http"),
    ("DnsZone/netrasystems-staging", CREATION[-1]),
    ("ForwardingRule/staging-http", CREATION[-1]),
]


def kind_of(step: Step) -> str:
    return "record set" if step.ref.is_record_set else step.ref.kind


def test_everything_is_created_after_what_it_needs(workbench: Workbench) -> None:
    workbench.copy_staging()
    made = workbench.plan()
    assert {difference.action for difference in made.differences} == {Action.CREATE}
    waves = {str(step.ref): number for number, wave in enumerate(made.waves) for step in wave}
    for before, after in pairwise(CREATION):
        assert waves[before] < waves[after]
    for needed, user in NEEDED:
        assert waves[needed] < waves[user]


def test_a_name_is_created_after_the_rules_that_listen_at_its_address(
    workbench: Workbench,
) -> None:
    records = {"www": sets("A", "${Address/edge.address}"), "old": sets("A", "192.0.2.1")}
    workbench.write(*PLAIN_EDGE, zone(records))
    made = workbench.plan()
    at = {str(step.ref): number for number, wave in enumerate(made.waves) for step in wave}
    name = "DnsZone/example/{}.example.com./A"
    assert at[name.format("www")] > at["ForwardingRule/port-80"]
    assert at[name.format("old")] < at["ForwardingRule/port-80"]
    workbench.apply()
    assert workbench.plan().is_empty


def test_deletions_are_creation_reversed_and_records_go_first(workbench: Workbench) -> None:
    gone: dict[str, Any] = {"onRemove": "delete"}
    edge = [{**one, "lifecycle": gone} for one in PLAIN_EDGE]
    workbench.write(*edge, zone({"www": sets("A", "${Address/edge.address}")}))
    creation = workbench.plan()
    workbench.apply()
    workbench.write()
    deletion = workbench.plan(prune=True)
    order = [str(step.ref) for step in creation.steps if step.ref.kind != "DnsZone"]
    reverse = [str(step.ref) for step in deletion.steps if step.ref.kind != "DnsZone"]
    links = [
        ("UrlMap/main", "TargetHttpProxy/plain"),
        ("TargetHttpProxy/plain", "ForwardingRule/port-80"),
        ("Address/edge", "ForwardingRule/port-80"),
    ]
    for needed, user in links:
        assert order.index(needed) < order.index(user)
        assert reverse.index(user) < reverse.index(needed)
    assert [kind_of(step) for step in deletion.waves[0]] == ["record set"]
    born = workbench.state()
    workbench.apply(prune=True, allow=[*ALL, "dns-last-address=x"])
    assert born != workbench.state()


def test_deletions_wait_for_every_other_step(workbench: Workbench) -> None:
    gone: dict[str, Any] = {"onRemove": "delete"}
    workbench.write(health_check(lifecycle=gone), url_map(), health_check("other"))
    workbench.apply()
    workbench.write(url_map(), health_check("other", checkIntervalSec=20), health_check("third"))
    made = workbench.plan(prune=True)
    verbs = [{step.verb for step in wave} for wave in made.waves]
    assert verbs == [{Action.CREATE, Action.UPDATE}, {Action.SET_ASIDE}]


def test_what_depends_by_word_alone_waits_too(workbench: Workbench) -> None:
    depends = {"dependsOn": ["HealthCheck/alive"]}
    workbench.write(url_map(lifecycle=depends), health_check())
    made = workbench.plan()
    assert [[str(step.ref) for step in wave] for wave in made.waves] == [
        ["HealthCheck/alive"],
        ["UrlMap/main"],
    ]


def test_steps_say_which_steps_they_wait_for(workbench: Workbench) -> None:
    workbench.write(*PLAIN_EDGE)
    made = workbench.plan()
    ids = {str(step.ref): step.id for step in made.steps}
    waits = {str(step.ref): {*step.after_steps} for step in made.steps}
    assert waits["TargetHttpProxy/plain"] == {ids["UrlMap/main"]}
    assert waits["ForwardingRule/port-80"] == {ids["TargetHttpProxy/plain"], ids["Address/edge"]}
    assert [step.id for step in made.steps] == [str(n + 1) for n in range(len(made.steps))]


# Certificates


def certificates_of(steps: list[Step]) -> list[list[str]]:
    """The names on the proxy after each step, in order."""
    return [
        [str(link).rpartition("/")[2] for link in (step.after or {})["sslCertificates"]]
        for step in steps
        if step.ref.kind == "TargetHttpsProxy"
    ]


def tls_edge(*certificates: dict[str, Any]) -> list[dict[str, Any]]:
    names = [one["metadata"]["name"] for one in certificates]
    return [
        *(address(), url_map(), https_proxy(*names), rule("TargetHttpsProxy/secure", "443")),
        *certificates,
    ]


NAMES = zone({"www": sets("A", "${Address/edge.address}")})


def test_a_managed_certificate_is_attached_beside_the_old_and_the_old_goes_when_it_is_ready(
    workbench: Workbench,
) -> None:
    workbench.write(*tls_edge(managed("www.example.com", name="one")), NAMES)
    workbench.apply()
    before = workbench.state()
    workbench.write(
        *tls_edge(managed("www.example.com", "api.example.com", name="one")),
        zone({name: sets("A", "${Address/edge.address}") for name in ("www", "api")}),
    )
    made = workbench.plan()
    (replaced,) = [d for d in made.differences if d.action is Action.REPLACE]
    new = replaced.live.name
    assert certificates_of(made.steps) == [["one", new], [new, "one"], [new]]
    attach, ahead, detach = (step for step in made.steps if step.ref.kind == "TargetHttpsProxy")
    assert (attach.ready, ahead.ready, detach.ready) == ((), (replaced.live,), ())
    assert attach.after_steps
    records = {step.id for step in made.steps if step.ref.is_record_set}
    assert records <= {*ahead.after_steps}  # it is issued only where its names lead here
    workbench.apply()
    assert workbench.live(replaced.live)["managed"]["status"] == "ACTIVE"  # type: ignore[index,call-overload] # a body
    assert workbench.plan().is_empty
    workbench.roll_back()
    assert moved(before, workbench.state()) == {}


def test_one_that_is_attached_already_is_only_waited_for(workbench: Workbench) -> None:
    old, new = managed("www.example.com", name="old"), managed("www.example.com", name="new")
    workbench.write(*tls_edge(old, new))  # no name leads there, so neither is issued
    with pytest.raises(Exception, match="not ready"):
        workbench.apply()
    workbench.write(*tls_edge(new), old, NAMES)
    made = workbench.plan()
    assert certificates_of(made.steps) == [["new", "old"], ["new"]]
    ahead, _detach = (step for step in made.steps if step.ref.kind == "TargetHttpsProxy")
    assert ahead.ready == (Ref("SslCertificate", "new"),)
    workbench.apply()
    assert workbench.plan().is_empty


def test_one_of_ones_own_takes_the_place_directly(workbench: Workbench) -> None:
    workbench.write(*tls_edge(certificate()))
    workbench.apply()
    workbench.write(*tls_edge(certificate(spec=OTHER_PEM)))
    made = workbench.plan()
    (replaced,) = [d for d in made.differences if d.action is Action.REPLACE]
    assert certificates_of(made.steps) == [[replaced.live.name]]
    assert [step.ready for step in made.steps] == [(), ()]
    workbench.apply()
    assert workbench.plan().is_empty


def test_one_that_is_added_leaves_nobody_waiting(workbench: Workbench) -> None:
    workbench.write(*tls_edge(certificate()))
    workbench.apply()
    workbench.write(*tls_edge(certificate(), managed("www.example.com")), NAMES)
    made = workbench.plan()
    assert certificates_of(made.steps) == [["brought", "managed"]]
    assert made.settles == [Ref("SslCertificate", "managed")]


def test_what_a_replacement_left_behind_is_said_and_goes_with_its_document(
    workbench: Workbench,
) -> None:
    gone: dict[str, Any] = {"onRemove": "delete"}
    workbench.write(certificate(**gone), health_check())
    workbench.apply()
    workbench.write(certificate(spec=OTHER_PEM, **gone), health_check())
    replaced = workbench.apply().differences[0].live.name
    (note,) = workbench.plan().notes
    said = f"SslCertificate/brought is {replaced} in place of brought, which stays, for a rollback"
    assert note.startswith(f"{said}; `remediate gc` may delete it from 20")
    workbench.write(health_check())
    made = workbench.apply(prune=True, allow=ALL)
    assert [(step.verb, step.live.name) for step in made.steps] == [(Action.SET_ASIDE, replaced)]
    (note,) = workbench.plan().notes
    assert note.startswith("SslCertificate/brought is set aside; `remediate gc` may delete them ")
    made = workbench.gc(retention=0, allow=ALL)
    assert [step.live.name for step in made.steps] == ["brought", replaced]
    assert workbench.plan().notes == []


def test_what_only_looks_like_a_replacement_of_ours_is_never_deleted(
    workbench: Workbench,
) -> None:
    gone: dict[str, Any] = {"onRemove": "delete"}
    theirs = "compute/v1/projects/netra-staging/global/sslCertificates"
    workbench.write(certificate(**gone), health_check())
    workbench.apply()
    workbench.send("POST", theirs, {**OTHER_PEM, "name": "brought-0123abcd"})
    workbench.write(health_check())
    workbench.apply(prune=True, allow=ALL)
    workbench.gc(retention=0, allow=ALL)
    assert workbench.live("SslCertificate/brought") is None
    assert workbench.live("SslCertificate/brought-0123abcd") is not None


# What a plan is known by


def test_a_plan_says_of_each_step_whether_it_can_be_undone(workbench: Workbench) -> None:
    gone: dict[str, Any] = {"onRemove": "delete"}
    own = [address(**gone), certificate(**gone), health_check(lifecycle=gone)]
    workbench.write(*own, managed("a.example.com", **gone))
    workbench.apply()
    workbench.write(url_map())
    made = workbench.apply(prune=True, allow=ALL)
    undo = {str(step.ref): step.undo for step in made.steps}
    assert undo.pop("Address/edge") is Undo.NEVER
    assert {*undo.values()} == {Undo.EXACT}
    later = {str(step.ref): step.undo for step in workbench.plan_gc(retention=0).steps}
    assert later == {
        "SslCertificate/brought": Undo.NEVER,
        "SslCertificate/managed": Undo.APPROXIMATE,
        "HealthCheck/alive": Undo.EXACT,
    }


def test_targets_narrow_a_plan_and_one_that_matches_nothing_is_an_error(
    workbench: Workbench,
) -> None:
    workbench.write(*PLAIN_EDGE, health_check())
    assert told(workbench.plan(targets=("HealthCheck/*",))) == [("create", "HealthCheck/alive")]
    assert len(told(workbench.plan(excludes=("HealthCheck/*",)))) == 4
    with pytest.raises(InvalidInput, match=r"--target UrlMaps/\* matches nothing in staging"):
        workbench.plan(targets=("UrlMaps/*",))


def test_a_target_may_be_one_record_set(workbench: Workbench) -> None:
    workbench.write(zone({"www": sets("A", "192.0.2.1"), "api": sets("A", "192.0.2.1")}))
    workbench.apply(targets=("DnsZone/example",))
    workbench.apply(targets=("DnsZone/example/www.*",))
    assert told(workbench.plan()) == [("create", "DnsZone/example/api.example.com./A")]


def test_the_digest_is_of_desired_live_and_ledger_and_of_nothing_else(
    workbench: Workbench,
) -> None:
    workbench.write(*PLAIN_EDGE, health_check())
    first = workbench.plan()
    assert first.digest == workbench.plan().digest
    assert workbench.plan(allow=["delete=x"]).digest != first.digest
    workbench.write(*PLAIN_EDGE, health_check(checkIntervalSec=20))
    assert workbench.plan().digest != first.digest
    workbench.write(*PLAIN_EDGE, health_check())
    assert workbench.plan().digest == first.digest
    api = "compute/v1/projects/netra-staging/global/urlMaps"
    workbench.send("POST", api, {"name": "main", **url_map()["spec"]})
    assert workbench.plan().digest != first.digest


def test_an_unrelated_change_never_spoils_a_plan(workbench: Workbench) -> None:
    workbench.write(url_map(), http_proxy(), health_check())
    workbench.apply()
    workbench.write(url_map(), http_proxy(httpKeepAliveTimeoutSec=60), health_check())
    first = workbench.plan()
    api = "compute/v1/projects/netra-staging/global"
    workbench.send("POST", f"{api}/sslPolicies", {"name": "theirs", "profile": "MODERN"})
    fingerprint: Any = workbench.live("TargetHttpProxy/plain")
    body = {"fingerprint": fingerprint["fingerprint"], "urlMap": "global/urlMaps/main"}
    workbench.send("PATCH", f"{api}/targetHttpProxies/plain", body)
    assert workbench.plan().digest == first.digest


def test_a_backend_service_moves_to_the_new_group_before_the_old_one_could_go(
    workbench: Workbench,
) -> None:
    def edge(service: str) -> list[dict[str, Any]]:
        spec = {"networkEndpointType": "SERVERLESS", "cloudRun": {"service": service}}
        backends = {"backends": [{"group": "NetworkEndpointGroup/run"}], "protocol": "HTTPS"}
        scheme = {"loadBalancingScheme": "EXTERNAL_MANAGED"}
        return [
            document("NetworkEndpointGroup", "run", spec),
            document("BackendService", "web", {**scheme, **backends}),
        ]

    workbench.write(*edge("one"))
    workbench.apply()
    before = workbench.state()
    workbench.write(*edge("two"))
    made = workbench.apply()
    assert [str(step.ref) for step in made.steps] == [
        "NetworkEndpointGroup/us-central1/run",
        "BackendService/web",
    ]
    assert workbench.plan().is_empty
    workbench.write(*edge("one"))  # the old group is still there, and is taken up again
    assert told(workbench.plan()) == [("update", "BackendService/web")]
    workbench.apply()
    assert workbench.plan().is_empty
    workbench.roll_back()
    workbench.write(*edge("two"))
    assert workbench.plan().is_empty
    assert moved(before, workbench.state()) != {}
