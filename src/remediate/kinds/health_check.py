"""Health checks. The type names the block; everything changes in place, and nothing is compared.

Facts: the discovery document's `HealthCheck`, which has no fingerprint, and its descriptions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from remediate.kinds.facts import Compare, Removal, Replacement, Scope, Update, Verdict
from remediate.kinds.fields.rules import Fault, spelled, within
from remediate.kinds.fields.spec import Bool, Int, Spec, Text, Word
from remediate.kinds.kind import Kind
from remediate.model.plan import Action, Undo

PortSpecification: TypeAlias = Annotated[
    Literal["USE_FIXED_PORT", "USE_NAMED_PORT", "USE_SERVING_PORT"], Word
]
ProxyHeader: TypeAlias = Annotated[Literal["NONE", "PROXY_V1"], Word]

BLOCKS = {
    "GRPC": "grpcHealthCheck",
    "GRPC_WITH_TLS": "grpcTlsHealthCheck",
    "HTTP": "httpHealthCheck",
    "HTTP2": "http2HealthCheck",
    "HTTPS": "httpsHealthCheck",
    "SSL": "sslHealthCheck",
    "TCP": "tcpHealthCheck",
}
DEFAULT_INTERVAL = DEFAULT_TIMEOUT = 5  # seconds
SLOWEST_FROM_REGIONS = 30


class GRPCTLSHealthCheck(Spec):
    grpcServiceName: Text | None = None
    port: Int | None = None
    portSpecification: PortSpecification | None = None


class GRPCHealthCheck(GRPCTLSHealthCheck):
    portName: Text | None = None


class HTTPHealthCheck(Spec):
    host: Text | None = None
    port: Int | None = None
    portName: Text | None = None
    portSpecification: PortSpecification | None = None
    proxyHeader: ProxyHeader | None = None
    requestPath: Text | None = None
    response: Text | None = None


class HTTPSHealthCheck(HTTPHealthCheck):
    pass


class HTTP2HealthCheck(HTTPHealthCheck):
    pass


class TCPHealthCheck(Spec):
    port: Int | None = None
    portName: Text | None = None
    portSpecification: PortSpecification | None = None
    proxyHeader: ProxyHeader | None = None
    request: Text | None = None
    response: Text | None = None


class SSLHealthCheck(TCPHealthCheck):
    pass


class HealthCheckLogConfig(Spec):
    enable: Bool | None = None


class HealthCheck(Spec):
    checkIntervalSec: Int | None = None
    description: Text | None = None
    grpcHealthCheck: GRPCHealthCheck | None = None
    grpcTlsHealthCheck: GRPCTLSHealthCheck | None = None
    healthyThreshold: Int | None = None
    http2HealthCheck: HTTP2HealthCheck | None = None
    httpHealthCheck: HTTPHealthCheck | None = None
    httpsHealthCheck: HTTPSHealthCheck | None = None
    logConfig: HealthCheckLogConfig | None = None
    sourceRegions: list[Text] | None = None
    sslHealthCheck: SSLHealthCheck | None = None
    tcpHealthCheck: TCPHealthCheck | None = None
    timeoutSec: Int | None = None
    type: Annotated[
        Literal["GRPC", "GRPC_WITH_TLS", "HTTP", "HTTP2", "HTTPS", "INVALID", "SSL", "TCP"], Word
    ]
    unhealthyThreshold: Int | None = None


def check(spec: Mapping[str, object]) -> list[Fault]:
    counts = ("checkIntervalSec", "timeoutSec", "healthyThreshold", "unhealthyThreshold")
    return [
        *_block(spec),
        *(fault for name in counts for fault in within(spec, f"/{name}", 1, 2**31 - 1, name)),
        *_timeout(spec),
        *within(spec, "/*/port", 1, 65535, "a port"),
        *spelled(spec, "/*/grpcServiceName", str.isascii, "ASCII"),
        *spelled(spec, "/*/requestPath", lambda path: path.startswith("/"), "a path from `/` on"),
        *_source_regions(spec),
    ]


def _block(spec: Mapping[str, Any]) -> Iterator[Fault]:
    block = BLOCKS.get(spec.get("type", ""))
    if block is None:
        yield "/type", "the type is one of " + ", ".join(BLOCKS)
        return
    if spec.get(block) is None:
        yield "/type", f"type {spec['type']} needs the block {block} (`{{}}` takes the defaults)"
    for other in BLOCKS.values():
        if other != block and spec.get(other) is not None:
            yield f"/{other}", f"type {spec['type']} goes with {block} only"


def _timeout(spec: Mapping[str, object]) -> Iterator[Fault]:
    interval = spec.get("checkIntervalSec", DEFAULT_INTERVAL)
    timeout = spec.get("timeoutSec", DEFAULT_TIMEOUT)
    if isinstance(interval, int) and isinstance(timeout, int) and timeout > interval:
        where = "/timeoutSec" if "timeoutSec" in spec else "/checkIntervalSec"
        yield where, f"a timeout of {timeout} s is longer than the interval of {interval} s"


def _source_regions(spec: Mapping[str, Any]) -> Iterator[Fault]:
    """Health checks of DNS routing policies run from three regions, and can do less."""
    regions = spec.get("sourceRegions")
    if not regions:
        return
    if len(regions) != 3:  # noqa: PLR2004 - the number is Google's
        yield "/sourceRegions", f"exactly 3 regions are wanted, not {len(regions)}"
    if spec.get("type") not in {"HTTP", "HTTPS", "TCP"}:
        yield "/type", "a health check with sourceRegions is of type HTTP, HTTPS or TCP"
    interval = spec.get("checkIntervalSec", DEFAULT_INTERVAL)
    if isinstance(interval, int) and interval < SLOWEST_FROM_REGIONS:
        yield "/sourceRegions", "a health check with sourceRegions has a checkIntervalSec of 30 up"


def _block_defaults() -> dict[str, Any]:
    """An unwritten block is not there; in a written one these fields are filled in."""
    ports = {"HTTP": 80, "HTTPS": 443, "HTTP2": 443, "SSL": 443}
    paths = dict.fromkeys(("HTTP", "HTTPS", "HTTP2"), "/")
    headers = dict.fromkeys((*paths, "SSL", "TCP"), "NONE")
    return {
        **{f"/{block}": None for block in BLOCKS.values()},
        **{f"/{BLOCKS[type_]}/port": port for type_, port in ports.items()},
        **{f"/{BLOCKS[type_]}/requestPath": path for type_, path in paths.items()},
        **{f"/{BLOCKS[type_]}/proxyHeader": header for type_, header in headers.items()},
    }


KIND = Kind(
    name="HealthCheck",
    collection="healthChecks",
    schema="HealthCheck",
    spec=HealthCheck,
    scopes=frozenset({Scope.GLOBAL, Scope.REGION}),
    server_set=frozenset({"/kind", "/id", "/name", "/selfLink", "/creationTimestamp", "/region"}),
    replacement=Replacement.RECREATE,
    unordered=frozenset({"/sourceRegions"}),
    defaults={
        "/checkIntervalSec": DEFAULT_INTERVAL,
        "/timeoutSec": DEFAULT_TIMEOUT,
        "/healthyThreshold": 2,
        "/unhealthyThreshold": 2,
        "/description": "",
        "/logConfig/enable": False,
        **_block_defaults(),
    },
    updates=(Update("patch", compare=Compare.NOTHING),),
    outputs=frozenset({"selfLink", "id"}),
    removal=Removal.LATER,
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is deleted again"),
        Action.UPDATE: Verdict(Undo.EXACT, "the old values are patched back"),
        Action.REPLACE: Verdict(Undo.EXACT, "replaced once more with the old values"),
        Action.DELETE: Verdict(Undo.EXACT, "it is inserted again as it was"),
    },
    # Recorded operations take 0.8 s.
    seconds=dict.fromkeys((Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE), 0.8),
    check=check,
)
