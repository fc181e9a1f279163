"""Small environments, one for each way of writing, and what somebody else may do to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from remediate.model.resource import Desired
from remediate.pipeline.load import load
from tests.pipeline.connectors import connector
from tests.pipeline.connectors import service as connected
from tests.pipeline.documents import (
    OTHER_PEM,
    PLAIN_EDGE,
    Document,
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
from tests.pipeline.test_run_services import service
from tests.pipeline.test_sql_instances import shop
from tests.simulator.cloud import Cloud
from tests.workbench import NAME, PROJECT, REGION, document

COMPUTE = f"/compute/v1/projects/{PROJECT}/global"
RRSETS = f"/dns/v1/projects/{PROJECT}/managedZones/example/rrsets"
SHOP = f"/v1/projects/{PROJECT}/instances/shop"
WEB = f"/v2/projects/{PROJECT}/locations/{REGION}/services/web"
INNER = f"/v1/projects/{PROJECT}/locations/{REGION}/connectors/inner"
GONE: dict[str, Any] = {"onRemove": "delete"}


@dataclass(frozen=True)
class Hand:
    """Something that somebody else does, and where it can be seen afterwards.

    `value` is what they write there; it is never what our YAML says.
    """

    act: Callable[[Cloud], int]
    path: str
    at: tuple[Any, ...]
    value: Any

    def __str__(self) -> str:
        return f"{self.path} {'/'.join(map(str, self.at))} = {self.value!r}"


@dataclass(frozen=True)
class Environment:
    """`applied` is live, and remembered; `wanted` is what the YAML says now."""

    name: str
    applied: Sequence[Document]
    wanted: Sequence[Document]
    hands: Sequence[Hand] = ()
    names: Sequence[str] = ()
    proxies: Sequence[str] = ()
    choices: Mapping[str, Any] = field(default_factory=dict)
    weight: int = 2
    fragile: bool = False  # what a failed operation leaves behind takes people to mend

    @property
    def before(self) -> Desired:
        return _loaded(json.dumps(list(self.applied)))

    @property
    def desired(self) -> Desired:
        return _loaded(json.dumps(list(self.wanted)))


@cache
def _loaded(text: str) -> Desired:
    about = document(
        "Environment", NAME, {"project": PROJECT, "region": REGION, "apply": {"parallelism": 1}}
    )
    with TemporaryDirectory() as folder:
        at = Path(folder) / "desired" / NAME
        at.mkdir(parents=True)
        every = [about, *json.loads(text)]
        (at / "all.yaml").write_text("\n---\n".join(json.dumps(one) for one in every))
        return load(Path(folder), NAME, {})


def field_of(collection: str, name: str, at: str, value: Any, method: str = "PATCH") -> Hand:
    """One field of a Compute resource, with the fingerprint that they find."""
    path = f"{COMPUTE}/{collection}/{name}"

    def act(cloud: Cloud) -> int:
        live = cloud.get(path)
        if live is None:
            return 404
        guards = {one: live[one] for one in ("fingerprint",) if one in live}
        return cloud.send(method, path, {at: value, **guards})

    return Hand(act, path, (at,), value)


def made(path: str, body: Mapping[str, Any], at: str, value: Any) -> Hand:
    """A resource that they make, under a name that is ours."""
    seen = f"{path}/{body['name']}"
    return Hand(lambda cloud: cloud.send("POST", path, {**body, at: value}), seen, (at,), value)


def record_by_hand(name: str, rrtype: str, ttl: int, *values: str) -> Hand:
    """A record set as they want it, whether it was there or not."""
    fqdn = f"{name}.example.com."
    body = {"name": fqdn, "type": rrtype, "ttl": ttl, "rrdatas": [*values]}

    def act(cloud: Cloud) -> int:
        status = cloud.send("PATCH", f"{RRSETS}/{fqdn}/{rrtype}", body)
        return cloud.send("POST", RRSETS, body) if status == 404 else status

    return Hand(act, f"{RRSETS}?name={fqdn}&type={rrtype}", ("rrsets", 0, "ttl"), ttl)


def record_gone(name: str, rrtype: str) -> Hand:
    fqdn = f"{name}.example.com."
    path = f"{RRSETS}/{fqdn}/{rrtype}"
    at = f"{RRSETS}?name={fqdn}&type={rrtype}"
    return Hand(lambda cloud: cloud.send("DELETE", path), at, ("rrsets", 0, "ttl"), "gone")


def patched(path: str, query: str, body: Mapping[str, Any], at: tuple[Any, ...]) -> Hand:
    """A PATCH that compares nothing, as most people's clients send it."""
    value: Any = body
    for part in at:
        value = value[part]
    return Hand(lambda cloud: cloud.send("PATCH", f"{path}{query}", body), path, at, value)


def _backend(timeout: int, drain: int = 0) -> list[Document]:
    body = {
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "protocol": "HTTP",
        "timeoutSec": timeout,
        "healthChecks": ["alive"],
        "connectionDraining": {"drainingTimeoutSec": drain},
    }
    return [document("BackendService", "pool", body), health_check(checkIntervalSec=timeout // 2)]


def _policy(features: str, labels: str) -> list[Document]:
    edge = {"addressType": "EXTERNAL", "ipVersion": "IPV4", "labels": {"team": labels}}
    return [
        document("SslPolicy", "modern", {"profile": features, "minTlsVersion": "TLS_1_2"}),
        document("Address", "edge", edge),
    ]


THEIR_ADDRESS = {"name": "edge", "addressType": "EXTERNAL", "ipVersion": "IPV4"}
THEIR_MAP = {
    "name": "main",
    "defaultUrlRedirect": {"httpsRedirect": True, "hostRedirect": "theirs.example"},
}
TO_EDGE = sets("A", "${Address/edge.address}")
FRONT = [address(), url_map(), rule("TargetHttpsProxy/secure", "443")]

ENVIRONMENTS = [
    Environment(
        "records",
        [
            zone(
                {
                    "www": sets("A", "192.0.2.1"),
                    "api": sets("A", "192.0.2.2"),
                    "blog": sets("A", "192.0.2.3"),
                    "old": sets("TXT", "to be removed"),
                    "@": sets("MX", "10 mail.example.com."),
                }
            )
        ],
        [
            zone(
                {
                    "www": sets("A", "192.0.2.11", "192.0.2.12"),
                    "api": sets("A", "192.0.2.2", ttl=60),
                    "blog": sets("CNAME", "www.example.com."),
                    "new": sets("A", "192.0.2.4"),
                    "@": sets("MX", "20 mail.example.com."),
                }
            )
        ],
        (
            record_by_hand("www", "A", 77, "198.51.100.1"),
            record_by_hand("new", "A", 78, "198.51.100.2"),
            record_by_hand("strange", "TXT", 79, '"somebody"'),
            record_by_hand("old", "TXT", 80, '"is wanted"'),
            record_gone("old", "TXT"),
        ),
        names=("www.example.com.", "api.example.com.", "blog.example.com."),
        weight=4,
    ),
    Environment(
        "in place",
        [*_backend(30), url_map(description="one")],
        [*_backend(60, 20), url_map(description="two")],
        (
            field_of("backendServices", "pool", "timeoutSec", 45),
            field_of("backendServices", "pool", "description", "theirs"),
            field_of("healthChecks", "alive", "checkIntervalSec", 17),
            field_of("urlMaps", "main", "description", "theirs"),
        ),
        weight=4,
    ),
    Environment(
        "policy and labels",
        _policy("COMPATIBLE", "one"),
        _policy("MODERN", "two"),
        (field_of("sslPolicies", "modern", "profile", "RESTRICTED"),),
    ),
    Environment(
        "a front from nothing",
        [],
        [*PLAIN_EDGE, *_backend(30), zone({"www": TO_EDGE, "api": TO_EDGE})],
        (
            made(f"{COMPUTE}/urlMaps", THEIR_MAP, "description", "theirs"),
            made(f"{COMPUTE}/addresses", THEIR_ADDRESS, "description", "theirs"),
            field_of("urlMaps", "main", "description", "their edit"),
        ),
        weight=4,
    ),
    Environment(
        "a certificate of our own rotates",
        [*FRONT, https_proxy("brought"), certificate("brought")],
        [*FRONT, https_proxy("brought"), certificate("brought", OTHER_PEM)],
        (field_of("targetHttpsProxies", "secure", "quicOverride", "DISABLE"),),
        proxies=("secure",),
        weight=4,
    ),
    Environment(
        "a managed certificate rotates",
        [
            *FRONT,
            https_proxy("one"),
            managed("www.example.com", name="one"),
            zone({"www": TO_EDGE}),
        ],
        [
            *FRONT,
            https_proxy("one"),
            managed("www.example.com", "api.example.com", name="one"),
            zone({"www": TO_EDGE, "api": TO_EDGE}),
        ],
        (field_of("targetHttpsProxies", "secure", "quicOverride", "ENABLE"),),
        names=("www.example.com.",),
        proxies=("secure",),
        weight=2,
    ),
    Environment(
        "removed and pruned",
        [
            address(),
            url_map(lifecycle=GONE),
            http_proxy(lifecycle=GONE),
            rule(lifecycle=GONE),
            zone({"www": TO_EDGE, "gone": TO_EDGE}),
        ],
        [address(), zone({"www": TO_EDGE})],
        (
            field_of("urlMaps", "main", "description", "theirs"),
            record_by_hand("gone", "A", 81, "198.51.100.9"),
        ),
        names=("www.example.com.",),
        choices={"prune": True},
        weight=4,
    ),
    Environment(
        "leaves of a database",
        [shop()],
        [shop(settings={"tier": "db-custom-2-7680", "userLabels": {"team": "two"}})],
        (
            patched(
                SHOP,
                "",
                {"settings": {"userLabels": {"team": "them"}}},
                ("settings", "userLabels", "team"),
            ),
            patched(
                SHOP,
                "",
                {"settings": {"deletionProtectionEnabled": True}},
                ("settings", "deletionProtectionEnabled"),
            ),
        ),
        weight=2,
    ),
    Environment(
        "a service",
        [service({"MODE": "one"})],
        [service({"MODE": "two"}, labels={"team": "two"})],
        (patched(WEB, "?updateMask=labels", {"labels": {"team": "them"}}, ("labels", "team")),),
        weight=2,
    ),
    Environment(
        "a connector moves",
        [connector(), connected()],
        [connector(maxInstances=4), connected()],
        (
            patched(
                INNER,
                "?updateMask=minInstances,maxInstances",
                {"minInstances": 2, "maxInstances": 7},
                ("maxInstances",),
            ),
        ),
        weight=1,
        fragile=True,
    ),
]
