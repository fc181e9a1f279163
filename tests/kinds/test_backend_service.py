from __future__ import annotations

from typing import Any

import pytest

from remediate.kinds.bodies.compare import field_changes
from remediate.kinds.facts import Compare, Scope
from remediate.kinds.registry import kind
from tests.kinds.checking import faults

COOKIE = {"name": "sticky", "ttl": {"seconds": "60"}}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a timeout of nought": ({"timeoutSec": 0}, "/timeoutSec"),
    "a cookie for three weeks": (
        {"sessionAffinity": "GENERATED_COOKIE", "affinityCookieTtlSec": 1_814_400},
        "/affinityCookieTtlSec",
    ),
    "a cookie without affinity": ({"affinityCookieTtlSec": 60}, "/affinityCookieTtlSec"),
    "strong affinity without its cookie": (
        {"sessionAffinity": "STRONG_COOKIE_AFFINITY"},
        "/sessionAffinity",
    ),
    "a strong cookie without affinity": (
        {"strongSessionAffinityCookie": COOKIE},
        "/strongSessionAffinityCookie",
    ),
    "a hash without a ring": ({"consistentHash": {"httpHeaderName": "x"}}, "/consistentHash"),
    "two health checks": ({"healthChecks": ["a", "b"]}, "/healthChecks"),
    "a group twice": ({"backends": [{"group": "g"}, {"group": "g"}]}, "/backends/1/group"),
    "a utilisation of two": (
        {"backends": [{"group": "g", "maxUtilization": 2}]},
        "/backends/0/maxUtilization",
    ),
    "a capacity of a twentieth": (
        {"backends": [{"group": "g", "capacityScaler": 0.05}]},
        "/backends/0/capacityScaler",
    ),
    "a header without a colon": (
        {"customRequestHeaders": ["X-A: b", "X-C"]},
        "/customRequestHeaders/1",
    ),
    "a rate above one": (
        {"logConfig": {"enable": True, "sampleRate": 1.5}},
        "/logConfig/sampleRate",
    ),
    "a rate for no logs": ({"logConfig": {"sampleRate": 0.5}}, "/logConfig/sampleRate"),
    "optional fields out of the blue": (
        {"logConfig": {"enable": True, "optionalFields": ["serverInstance"]}},
        "/logConfig/optionalFields",
    ),
    "a cache for two years": (
        {"cdnPolicy": {"defaultTtl": 63_244_800}},
        "/cdnPolicy/defaultTtl",
    ),
    "a default above the longest": (
        {"cdnPolicy": {"defaultTtl": 20, "maxTtl": 10}},
        "/cdnPolicy/defaultTtl",
    ),
    "two lists of query parameters": (
        {
            "cdnPolicy": {
                "cacheKeyPolicy": {"queryStringWhitelist": ["a"], "queryStringBlacklist": ["b"]}
            }
        },
        "/cdnPolicy/cacheKeyPolicy/queryStringBlacklist",
    ),
    "negative times without negative caching": (
        {"cdnPolicy": {"negativeCachingPolicy": [{"code": 404, "ttl": 1}]}},
        "/cdnPolicy/negativeCachingPolicy",
    ),
    "a second of a billion nanoseconds": (
        {"outlierDetection": {"interval": {"seconds": 1, "nanos": 1_000_000_000}}},
        "/outlierDetection/interval/nanos",
    ),
    "a leader and a health check": (
        {"haPolicy": {"fastIPMove": "GARP_RA"}, "healthChecks": ["h"]},
        "/healthChecks",
    ),
}


@pytest.mark.parametrize(("spec", "at"), REFUSED.values(), ids=REFUSED)
def test_the_mistake_is_reported_at_its_field(spec: dict[str, Any], at: str) -> None:
    assert list(faults("BackendService", spec)) == [at]


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"timeoutSec": 3600, "backends": [{"group": "g", "capacityScaler": 0}]},
        {"sessionAffinity": "STRONG_COOKIE_AFFINITY", "strongSessionAffinityCookie": COOKIE},
        {"localityLbPolicy": "RING_HASH", "consistentHash": {"minimumRingSize": 1024}},
        {"customRequestHeaders": ["X-Forwarded-Proto: https", "X-Client-Region:{client_region}"]},
        {"logConfig": {"enable": True, "sampleRate": 1.0}},
    ],
)
def test_what_google_takes_has_no_faults(spec: dict[str, Any]) -> None:
    assert faults("BackendService", spec) == {}


def test_security_policies_go_by_calls_of_their_own_and_are_not_kept_by_an_insert() -> None:
    facts = kind("BackendService")
    calls = {update.method: update for update in facts.updates}
    edge = calls["setEdgeSecurityPolicy"]
    assert edge.sends is not None
    assert edge.sends({"edgeSecurityPolicy": "policy"}) == {"securityPolicy": "policy"}
    assert edge.scopes == {Scope.GLOBAL}
    assert calls["setSecurityPolicy"].compare is Compare.NOTHING
    assert calls["patch"].compare is Compare.FINGERPRINT
    assert facts.ignored_by_insert == ("securityPolicy", "edgeSecurityPolicy")


def test_what_google_fills_in_is_no_difference() -> None:
    live = {
        "port": 80,
        "portName": "http",
        "protocol": "HTTP",
        "timeoutSec": 30,
        "sessionAffinity": "NONE",
        "affinityCookieTtlSec": 0,
        "description": "",
        "enableCDN": False,
        "connectionDraining": {"drainingTimeoutSec": 0},
        "logConfig": {"enable": False},
    }
    wanted = {"loadBalancingScheme": "EXTERNAL_MANAGED"}
    changes = field_changes(
        kind("BackendService"), wanted, {**wanted, **live}, project="p", restore_defaults=True
    )
    assert changes == ()


def test_a_timeout_that_somebody_else_set_goes_back_to_thirty_seconds() -> None:
    (change,) = field_changes(
        kind("BackendService"), {}, {"timeoutSec": 5}, project="p", restore_defaults=True
    )
    assert (change.pointer, change.before, change.after) == ("/timeoutSec", 5, 30)


def test_secrets_are_sent_and_never_compared() -> None:
    facts = kind("BackendService")
    wanted = {"iap": {"enabled": True, "oauth2ClientId": "i", "oauth2ClientSecret": "s"}}
    live = {"iap": {"enabled": True, "oauth2ClientId": "i", "oauth2ClientSecretSha256": "e3b0"}}
    assert field_changes(facts, wanted, live, project="p") == ()
