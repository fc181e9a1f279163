"""Every field of `desired/staging`, changed alone: planned rightly, applied, and taken back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from remediate.model.errors import InvalidInput
from remediate.model.plan import Plan, Undo
from tests.pipeline.documents import PEM
from tests.workbench import NAME, PROJECT, REGION, REPOSITORY, Workbench, moved

HERE = "${var.domain}"
RANGES = ["192.0.2.9"]


@dataclass(frozen=True)
class Change:
    """A field's other value, and what is to be planned: an action, or `no RULE` of a guard."""

    value: Any
    told: str = "update"
    also: tuple[tuple[str, Any], ...] = ()  # other fields that have to move with it


GROUP = "zones/us-central1-b/instanceGroups/other"
# Google takes no path matcher that no host rule uses, so the two change places.
MATCHERS = (("/hostRules/0/pathMatcher", "api"), ("/hostRules/1/pathMatcher", "web"))
SWAPPED = {
    at: Change(value, also=(*MATCHERS, ("/tests/1/service", "staging-backend-service")))
    for at, value in MATCHERS
}
CHANGES: dict[str, dict[str, Change]] = {
    "UrlMap/staging-url-map": {
        "/defaultService": Change("staging-stream-backend"),
        "/hostRules/0/hosts": Change([f"staging.{HERE}", f"www.{HERE}"]),
        "/hostRules/0/pathMatcher": SWAPPED["/hostRules/0/pathMatcher"],
        "/hostRules/1/hosts": Change([f"api-staging.{HERE}", f"ws.{HERE}"]),
        "/hostRules/1/pathMatcher": SWAPPED["/hostRules/1/pathMatcher"],
        "/pathMatchers/0/name": Change("site", also=(("/hostRules/0/pathMatcher", "site"),)),
        "/pathMatchers/0/defaultService": Change(
            "staging-stream-backend", also=(("/tests/2/service", "staging-stream-backend"),)
        ),
        "/pathMatchers/1/name": Change("rest", also=(("/hostRules/1/pathMatcher", "rest"),)),
        "/pathMatchers/1/defaultService": Change(
            "staging-stream-backend", also=(("/tests/0/service", "staging-stream-backend"),)
        ),
        "/pathMatchers/1/pathRules/0/paths": Change(["/stream/*"]),
        "/pathMatchers/1/pathRules/0/service": Change(
            "staging-backend-service", also=(("/tests/1/service", "staging-backend-service"),)
        ),
        "/tests/0/host": Change(f"staging.{HERE}"),
        "/tests/0/path": Change("/socket"),
        "/tests/0/service": Change(
            "staging-stream-backend",
            also=(("/pathMatchers/1/defaultService", "staging-stream-backend"),),
        ),
        "/tests/1/host": Change(
            f"staging.{HERE}", also=(("/tests/1/service", "staging-backend-service"),)
        ),
        "/tests/1/path": Change("/stream/other"),
        "/tests/1/service": Change("staging-backend-service", also=(("/tests/1/path", "/"),)),
        "/tests/2/host": Change(f"api-staging.{HERE}"),
        "/tests/2/path": Change("/"),
        "/tests/2/service": Change(
            "staging-stream-backend",
            also=(("/pathMatchers/0/defaultService", "staging-stream-backend"),),
        ),
    },
    "UrlMap/staging-http-redirect": {
        "/defaultUrlRedirect/httpsRedirect": Change(
            False, also=(("/defaultUrlRedirect/hostRedirect", "www.example.com"),)
        ),
        "/defaultUrlRedirect/redirectResponseCode": Change("PERMANENT_REDIRECT"),
        "/defaultUrlRedirect/stripQuery": Change(True),
    },
    "BackendService/staging-backend-service": {
        "/loadBalancingScheme": Change("EXTERNAL", "no replace"),
        "/protocol": Change("HTTP"),
        "/customRequestHeaders": Change(["X-Forwarded-Proto: https", "X-Region: {client_region}"]),
        "/backends/0/group": Change("regions/us-central1/networkEndpointGroups/somebody-elses"),
        "/logConfig/enable": Change(False, also=(("/logConfig/sampleRate", None),)),
        "/logConfig/sampleRate": Change(0.5),
    },
    "BackendService/staging-stream-backend": {
        "/loadBalancingScheme": Change("EXTERNAL", "no replace"),
        "/protocol": Change("HTTPS"),
        "/portName": Change("http"),
        "/timeoutSec": Change(600),
        "/healthChecks": Change(["global/healthChecks/somebody-elses"]),
        "/backends/0/group": Change(GROUP),
        "/backends/0/balancingMode": Change("RATE", also=(("/backends/0/maxRate", 100),)),
        "/backends/0/maxUtilization": Change(0.5, "nothing"),  # lifecycle.ignore
    },
    "NetworkEndpointGroup/staging-backend-neg": {
        "/networkEndpointType": Change(
            "INTERNET_FQDN_PORT", "replace", also=(("/cloudRun", None), ("/network", "staging-vpc"))
        ),
        "/cloudRun/service": Change("another", "replace"),
    },
    "HealthCheck/staging-stream-health": {
        "/type": Change(
            "TCP", also=(("/httpHealthCheck", None), ("/tcpHealthCheck", {"port": 8000}))
        ),
        "/checkIntervalSec": Change(20),
        "/timeoutSec": Change(6),
        "/healthyThreshold": Change(3),
        "/unhealthyThreshold": Change(4),
        "/httpHealthCheck/port": Change(8001),
        "/httpHealthCheck/requestPath": Change("/ready"),
    },
    "DnsZone/netrasystems-staging": {
        "/dnsName": Change("example.org.", "no zone-replace"),
        "/visibility": Change(
            "private",
            "no zone-replace",
            also=(("/privateVisibilityConfig", {"networks": [{"networkUrl": "staging-vpc"}]}),),
        ),
        "/recordOwnership": Change("exclusive", "nothing"),  # onRemove: keep
        "/records/staging/A/ttl": Change(60),
        "/records/staging/A/values": Change(RANGES),
        "/records/api-staging/A/ttl": Change(60),
        "/records/api-staging/A/values": Change(RANGES),
        "/records/@/CAA/ttl": Change(60),
        "/records/@/CAA/values": Change(['0 issue "pki.goog"', '0 iodef "mailto:a@example.com"']),
    },
    "Address/staging-lb": {
        "/addressType": Change(
            "INTERNAL",
            "no replace",
            also=(
                ("/purpose", "VPC_PEERING"),
                ("/prefixLength", 16),
                ("/network", "staging-vpc"),
                ("/ipVersion", None),
            ),
        ),
        "/ipVersion": Change("IPV6", "no replace"),
    },
    "ForwardingRule/staging-https": {
        "/loadBalancingScheme": Change("EXTERNAL", "replace"),
        "/IPProtocol": Change("UDP", "replace"),
        "/IPAddress": Change("192.0.2.77", "replace"),
        "/portRange": Change("8443", "replace"),
        "/target": Change("TargetHttpProxy/staging-http-proxy"),
    },
    "ForwardingRule/staging-http": {
        "/loadBalancingScheme": Change("EXTERNAL", "replace"),
        "/IPProtocol": Change("UDP", "replace"),
        "/IPAddress": Change("192.0.2.77", "replace"),
        "/portRange": Change("8080", "replace"),
        "/target": Change("TargetHttpsProxy/staging-https-proxy"),
    },
    "TargetHttpProxy/staging-http-proxy": {"/urlMap": Change("staging-url-map")},
    "TargetHttpsProxy/staging-https-proxy": {
        "/urlMap": Change("staging-http-redirect"),
        "/sslCertificates": Change(["global/sslCertificates/somebody-elses"]),
        "/sslPolicy": Change(None),
    },
    "SslPolicy/staging-tls": {
        "/profile": Change("COMPATIBLE"),
        "/minTlsVersion": Change("TLS_1_1", also=(("/profile", "COMPATIBLE"),)),
    },
    "SslCertificate/staging-ssl-cert": {
        "/type": Change(None, "invalid"),
        "/managed/domains": Change([f"staging.{HERE}"], "replace"),
    },
    "VpcConnector/staging-connector": {
        "/network": Change("another-vpc", "no protected"),
        "/ipCidrRange": Change("10.2.0.0/28", "no protected"),
        "/machineType": Change("e2-standard-4"),
        "/minInstances": Change(3),
        "/maxInstances": Change(9, "no replace"),  # it cannot shrink
    },
    "SqlInstance/staging-shared-postgres": {
        "/databaseVersion": Change("POSTGRES_15"),
        "/region": Change("us-east1", "no replace"),
        "/settings/tier": Change("db-custom-1-3840"),
        "/settings/activationPolicy": Change("NEVER"),
        "/settings/dataDiskSizeGb": Change("30"),
        "/settings/dataDiskType": Change("PD_HDD", "no replace"),
        "/settings/storageAutoResize": Change(False),
        "/settings/backupConfiguration/enabled": Change(False),
        "/settings/backupConfiguration/startTime": Change("04:00"),
        "/settings/ipConfiguration/ipv4Enabled": Change(False),
        "/settings/ipConfiguration/privateNetwork": Change(
            "projects/netra-staging/global/networks/other", "no replace"
        ),
        "/settings/databaseFlags/0/name": Change("work_mem"),
        "/settings/databaseFlags/0/value": Change("300"),
        "/settings/deletionProtectionEnabled": Change(False),
    },
    "RunService/netra-backend": {
        "/ingress": Change("INGRESS_TRAFFIC_ALL"),
        "/template/timeout": Change("60s"),
        "/template/vpcAccess/connector": Change(
            "projects/netra-staging/locations/us-central1/connectors/other"
        ),
        "/template/vpcAccess/egress": Change("ALL_TRAFFIC"),
        "/template/containers/0/image": Change("us-docker.pkg.dev/a/b/c", "nothing"),  # ignored
        "/template/containers/0/env/0/name": Change("STAGE"),
        "/template/containers/0/env/0/value": Change("testing"),
        "/template/containers/0/env/1/name": Change("DATABASE"),
        "/template/containers/0/env/1/value": Change("/cloudsql/elsewhere"),
        "/template/containers/0/env/2/name": Change("TOKEN_KEY"),
        "/template/containers/0/env/2/valueSource/secretKeyRef/secret": Change("jwt-other"),
        "/template/containers/0/env/2/valueSource/secretKeyRef/version": Change("1"),
    },
}
CASES = [(ref, at) for ref, changes in CHANGES.items() for at in changes]


def documents() -> list[dict[str, Any]]:
    """As YAML 1.1 reads them, for which `on` is a truth value: nobody is to be told of anything."""
    folder = REPOSITORY / "desired" / NAME
    files = sorted(folder.glob("*.yaml"))
    every = [each for file in files for each in yaml.safe_load_all(file.read_text())]
    for each in every:
        each["spec"].pop("notify", None)
    return every


def called(document: dict[str, Any]) -> str:
    return f"{document['kind']}/{document['metadata']['name']}"


def leaves(value: Any, at: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, f"{at}/{name}")
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for number, item in enumerate(value):
            yield from leaves(item, f"{at}/{number}")
    else:
        yield at


def put(spec: dict[str, Any], at: str, value: Any) -> None:
    *way, last = at.split("/")[1:]
    holder: Any = spec
    for part in way:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]
    if value is None:
        holder.pop(last, None)
    else:
        holder[last] = value


def write(workbench: Workbench, every: list[dict[str, Any]]) -> None:
    folder = workbench.root / "desired" / NAME
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "all.yaml").write_text(yaml.safe_dump_all(every))


def changed(ref: str, at: str) -> list[dict[str, Any]]:
    every = documents()
    (one,) = (document for document in every if called(document) == ref)
    change = CHANGES[ref][at]
    for where, value in ((at, change.value), *change.also):
        put(one["spec"], where, value)
    return every


def about(made: Plan, ref: str) -> set[str]:
    """What is planned for the resource itself, or for a record set in it."""
    name = ref.rpartition("/")[2]
    ours = [d for d in made.differences if d.ref.kind == ref.partition("/")[0]]
    return {d.action.value for d in ours if d.ref.name.partition("/")[0] == name}


def test_no_field_is_forgotten() -> None:
    written = {
        (called(each), at)
        for each in documents()
        if each["kind"] not in {"Environment", "Checks"}
        for at in leaves(each["spec"])
    }
    assert written == {*CASES}


COMPUTE = f"compute/v1/projects/{PROJECT}"
NEIGHBOURS = {
    f"{COMPUTE}/global/healthChecks": {
        "name": "somebody-elses",
        "type": "TCP",
        "tcpHealthCheck": {"port": 1},
    },
    f"{COMPUTE}/regions/{REGION}/networkEndpointGroups": {
        "name": "somebody-elses",
        "networkEndpointType": "SERVERLESS",
        "cloudRun": {"service": "theirs"},
    },
    f"{COMPUTE}/global/sslCertificates": {"name": "somebody-elses", "type": "SELF_MANAGED", **PEM},
    f"v1/projects/{PROJECT}/locations/{REGION}/connectors?connectorId=other": {
        "network": "staging-vpc",
        "ipCidrRange": "10.9.0.0/28",
        "minInstances": 2,
        "maxInstances": 3,
    },
    f"v1/projects/{PROJECT}/secrets?secretId=jwt-other": {"replication": {"automatic": {}}},
    f"v1/projects/{PROJECT}/secrets/jwt-other:addVersion": {"payload": {"data": "b3RoZXI="}},
}


@pytest.mark.parametrize(("ref", "at"), CASES, ids=lambda value: str(value).strip("/"))
def test_a_field_that_changes_alone_is_planned_made_and_taken_back(
    workbench: Workbench, ref: str, at: str
) -> None:
    workbench.reset("staging")
    workbench.copy_staging()
    workbench.apply()
    for path, body in NEIGHBOURS.items():
        workbench.send("POST", path, body)
    before = workbench.state()
    write(workbench, changed(ref, at))
    told = CHANGES[ref][at].told
    if told == "invalid":
        with pytest.raises(InvalidInput):
            workbench.plan()
        return
    made = workbench.plan()
    denied = {o.rule for o in made.objections if o.level == "deny"}
    if told.startswith("no "):
        assert told.removeprefix("no ") in denied
        return
    assert about(made, ref) == ({told} if told != "nothing" else set())
    if told == "nothing":
        assert made.is_empty
        return
    workbench.apply(allow=[f"{rule}=a test" for rule in denied])
    assert workbench.plan().is_empty
    exact = all(step.undo is Undo.EXACT for step in made.steps)
    if exact:
        workbench.roll_back(allow=["protected=a test"])
        assert moved(before, workbench.state()) == {}
