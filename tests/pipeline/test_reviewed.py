"""What moved between two plans, told line by line, and never what is secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from remediate.model.errors import InvalidInput, Stale
from remediate.model.json import Body, Json
from remediate.model.plan import Plan
from remediate.model.ref import parse_ref
from remediate.pipeline.choices import Choices
from remediate.pipeline.moved import moved
from remediate.pipeline.observe import Observed, observe
from remediate.pipeline.plan import plan
from remediate.pipeline.promise import about_refs, promise_of
from remediate.pipeline.reviewed import planned_again
from remediate.report.machine import plan_json
from remediate.report.readback import read_plan
from remediate.stores.actor import Actor
from tests.pipeline.documents import (
    Document,
    address,
    certificate,
    health_check,
    http_proxy,
    https_proxy,
    rule,
    sets,
    url_map,
    zone,
)
from tests.pipeline.somebody import GLOBAL, ZONES, Hand, env, post, run, run_by_hand, www_by_hand
from tests.workbench import Workbench

ADA = Actor("ada", "desk", 42, "/home/ada")
ALLOWED: Mapping[str, str] = {
    "dns-last-address:DnsZone/example/www.example.com./A": "meant",
    "too-many-deletes:DnsZone/example": "meant",
}


def shown(made: Plan) -> Plan:
    return read_plan(plan_json(made))


def made_now(bench: Workbench, choices: Choices) -> tuple[Plan, Observed]:
    desired, ledger = bench.load(), bench.ledger
    seen = observe(bench.google, desired, ledger.resources)
    return plan(desired, seen, ledger, choices), seen


def again(bench: Workbench, reviewed: Plan, choices: Choices = Choices()) -> Plan:  # noqa: B008 - frozen
    """The plan once more, as an apply makes it of a review on a terminal."""
    return planned_again(
        shown(reviewed),
        None,
        choices,
        lambda chosen: made_now(bench, chosen),
        bench.google,
        shown,
    )[0]


def told(bench: Workbench, reviewed: Plan, choices: Choices = Choices()) -> list[str]:  # noqa: B008 - frozen
    """What is said of what moved, line by line."""
    with pytest.raises(Stale) as stale:
        again(bench, reviewed, choices)
    first, *lines, last = str(stale.value).split("\n")
    assert first == "live has moved since this was planned:"
    assert last == "Nothing was changed."
    return [line.removeprefix("  ") for line in lines]


def changed(bench: Workbench, before: list[Document], now: list[Document], **choices: Any) -> Plan:
    bench.write(*before)
    bench.apply()
    bench.write(*now)
    return made_now(bench, Choices(**choices))[0]


def test_where_nothing_moved_it_is_the_same_plan(workbench: Workbench) -> None:
    made = changed(workbench, [health_check()], [health_check(timeoutSec=3)])
    assert again(workbench, made).digest == made.digest


def test_what_is_to_be_made_and_is_there_by_now(workbench: Workbench) -> None:
    made = changed(workbench, [url_map()], [url_map(), health_check()])
    body: Body = {"name": "alive", "type": "HTTP", "httpHealthCheck": {"port": 8000}}
    post(f"{GLOBAL}/healthChecks", body).act(workbench)
    assert told(workbench, made) == [
        'HealthCheck/alive was not there, and now it is: httpHealthCheck {"port":8000}'
    ]


def test_what_is_to_be_made_and_is_there_by_now_otherwise(workbench: Workbench) -> None:
    made = changed(workbench, [url_map()], [url_map(), health_check()])
    body: Body = {"name": "alive", "type": "HTTP", "httpHealthCheck": {"port": 1}}
    post(f"{GLOBAL}/healthChecks", body).act(workbench)
    (line,) = told(workbench, made)
    assert line.startswith("HealthCheck/alive was not there, and now it is: httpHealthCheck ")
    assert '"port":1,' in line


def test_what_is_to_be_deleted_and_was_changed(workbench: Workbench) -> None:
    choices = Choices(ALLOWED, prune=True)
    made = changed(
        workbench,
        [zone({"www": sets("A", "192.0.2.1"), "a": sets("A", "192.0.2.5")})],
        [zone({"a": sets("A", "192.0.2.5")})],
        allowances=ALLOWED,
        prune=True,
    )
    www_by_hand("A", "192.0.2.9", ttl=60).act(workbench)
    www = "DnsZone/example/www.example.com./A"
    assert told(workbench, made, choices) == [
        f'{www} /rrdatas was ["192.0.2.1"], and is ["192.0.2.9"]',
        f"{www} /ttl was 300, and is 60",
    ]


def test_what_is_to_be_deleted_and_is_gone(workbench: Workbench) -> None:
    choices = Choices(prune=True)
    made = changed(
        workbench,
        [url_map(), address(), http_proxy(), rule(lifecycle={"onRemove": "delete"})],
        [url_map(), address(), http_proxy()],
        prune=True,
    )
    Hand("DELETE", f"{GLOBAL}/forwardingRules/port-80").act(workbench)
    assert "ForwardingRule/port-80 was there, and is gone" in told(workbench, made, choices)


def test_what_a_forwarding_rule_that_goes_was_like_before(workbench: Workbench) -> None:
    choices = Choices(prune=True)
    made = changed(
        workbench,
        [url_map(), address(), http_proxy(), rule(lifecycle={"onRemove": "delete"})],
        [url_map(), address(), http_proxy()],
        prune=True,
    )
    live = workbench.live("ForwardingRule/port-80")
    assert live is not None
    body: Body = {"labels": {"team": "theirs"}, "labelFingerprint": live["labelFingerprint"]}
    workbench.send("POST", f"{GLOBAL}/forwardingRules/port-80/setLabels", body)
    assert told(workbench, made, choices) == [
        'ForwardingRule/port-80 /labels was not set, and is {"team":"theirs"}'
    ]


def test_a_list_of_certificates_that_is_another_by_now(workbench: Workbench) -> None:
    made = changed(
        workbench,
        [url_map(), certificate("one"), certificate("two"), https_proxy("one")],
        [url_map(), certificate("one"), certificate("two"), https_proxy("two")],
    )
    links: list[Json] = [
        f"{GLOBAL.removeprefix('compute/v1/')}/sslCertificates/{n}" for n in ("one", "two")
    ]
    path = f"{GLOBAL}/targetHttpsProxies/secure/setSslCertificates".replace("/global/", "/")
    post(path, {"sslCertificates": links}).act(workbench)
    (line,) = told(workbench, made)
    assert line.startswith("TargetHttpsProxy/secure /sslCertificates was ")


def test_a_secret_that_moved_is_told_by_its_place_alone(workbench: Workbench) -> None:
    made = changed(
        workbench,
        [run(env(API_TOKEN="first-of-the-secrets"))],
        [run(env(API_TOKEN="ours-of-the-secrets"))],
    )
    run_by_hand(env(API_TOKEN="theirs-of-the-secrets")).act(workbench)
    lines = told(workbench, made)
    assert lines
    assert all(line.startswith("RunService/us-central1/web ") for line in lines)
    assert "of-the-secrets" not in str(lines)


def test_a_guard_that_speaks_only_now_is_told(workbench: Workbench) -> None:
    """The last address of a name goes, now that somebody has deleted the other one."""
    choices = Choices(prune=True)
    made = changed(
        workbench,
        [zone({"www": {**sets("A", "192.0.2.1"), **sets("AAAA", "2001:db8::1")}})],
        [zone({"www": sets("AAAA", "2001:db8::1")})],
        prune=True,
    )
    Hand("DELETE", f"{ZONES}/example/rrsets/www.example.com./AAAA").act(workbench)
    assert "too-many-deletes was not objected, and now it is: 1 of 1 record sets of " in str(
        told(workbench, made, choices)
    )


def test_of_two_equal_plans_no_field_is_blamed(workbench: Workbench) -> None:
    made = shown(changed(workbench, [health_check()], [health_check(timeoutSec=3)]))
    assert moved(made, made) == ["its steps are not the same any more"]


def test_what_it_needs_and_is_gone_is_told_though_nothing_can_be_planned(
    workbench: Workbench,
) -> None:
    before = [url_map("spare"), url_map(), http_proxy()]
    now = [url_map("spare"), url_map(), http_proxy(urlMap="spare")]
    choices = Choices(targets=("TargetHttpProxy/*",))
    made = changed(workbench, before, now, targets=choices.targets)
    _plan, seen = made_now(workbench, choices)
    promise = promise_of(made, seen, workbench.load(), choices, workbench.google, ADA)
    assert [str(ref) for ref in promise.links] == ["UrlMap/main", "UrlMap/spare"]
    Hand("DELETE", f"{GLOBAL}/urlMaps/spare").act(workbench)
    with pytest.raises(InvalidInput):
        made_now(workbench, choices)
    with pytest.raises(Stale, match="UrlMap/spare was there, and is gone"):
        planned_again(
            shown(made),
            promise,
            choices,
            lambda chosen: made_now(workbench, chosen),
            workbench.google,
            shown,
        )


def test_a_link_that_does_not_change_and_is_gone_spoils_it_too(workbench: Workbench) -> None:
    """The digest knows nothing of it, since the plan does not touch it."""
    body: Body = {"name": "theirs", "type": "HTTP", "httpHealthCheck": {"port": 80}}
    made = changed(workbench, [health_check()], [health_check(timeoutSec=3)])
    _plan, seen = made_now(workbench, Choices())
    promise = promise_of(made, seen, workbench.load(), Choices(), workbench.google, ADA)
    there = parse_ref("HealthCheck/theirs")
    post(f"{GLOBAL}/healthChecks", body).act(workbench)
    relying = replace(promise, links=(there,))
    arguments: Any = (
        Choices(),
        lambda chosen: made_now(workbench, chosen),
        workbench.google,
        shown,
    )
    assert planned_again(shown(made), relying, *arguments)[0].digest == made.digest
    Hand("DELETE", f"{GLOBAL}/healthChecks/theirs").act(workbench)
    with pytest.raises(Stale, match="HealthCheck/theirs was there, and is gone"):
        planned_again(shown(made), relying, *arguments)


def test_a_promise_is_read_as_it_was_written(workbench: Workbench) -> None:
    made = changed(workbench, [health_check()], [health_check(timeoutSec=3)])
    _plan, seen = made_now(workbench, Choices())
    promise = promise_of(made, seen, workbench.load(), Choices(), workbench.google, ADA)
    stored = promise.to_json()
    assert type(promise).from_json(stored).to_json() == stored
    assert promise.only == about_refs(made) == {parse_ref("HealthCheck/alive")}
