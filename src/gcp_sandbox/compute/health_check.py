"""Health checks: no fingerprint, a block that follows the type."""

from __future__ import annotations

from gcp_sandbox.compute import refusals
from gcp_sandbox.compute.kind import Draft, Kind
from gcp_sandbox.request import Body

_BLOCKS = {
    "HTTP": "httpHealthCheck",
    "HTTPS": "httpsHealthCheck",
    "HTTP2": "http2HealthCheck",
    "TCP": "tcpHealthCheck",
    "SSL": "sslHealthCheck",
    "GRPC": "grpcHealthCheck",
    "GRPC_WITH_TLS": "grpcTlsHealthCheck",
}
_PORTS = {"HTTP": 80, "TCP": 80, "HTTPS": 443, "HTTP2": 443, "SSL": 443}
_WEB = ("HTTP", "HTTPS", "HTTP2")


def _prepare(draft: Draft) -> None:
    body = draft.body
    for kind, name in _BLOCKS.items():
        if name in body and kind != body["type"]:
            if draft.before is None or name not in draft.before:
                raise refusals.invalid(
                    f"resource.{name}", str(body[name]), f"Type is {body['type']}."
                )
            del body[name]
    block = body.setdefault(_BLOCKS[body["type"]], {})
    _fill(body["type"], block)
    if body["timeoutSec"] > body["checkIntervalSec"]:
        raise refusals.invalid(
            "resource.timeoutSec",
            str(body["timeoutSec"]),
            "Must be less than or equal to checkIntervalSec.",
        )


def _fill(kind: str, block: Body) -> None:
    by_name = block.get("portSpecification") in ("USE_SERVING_PORT", "USE_NAMED_PORT")
    if not by_name and "portName" not in block and kind in _PORTS:
        block.setdefault("port", _PORTS[kind])
    if "port" in block and isinstance(block["port"], str) and block["port"].isdecimal():
        block["port"] = int(block["port"])
    if kind in _WEB:
        block.setdefault("requestPath", "/")
    if not kind.startswith("GRPC"):
        block.setdefault("proxyHeader", "NONE")


HEALTH_CHECKS = Kind(
    collection="healthChecks",
    singular="healthCheck",
    noun="health_check",
    resources={"global": "healthChecks", "regions": "regionHealthChecks"},
    methods=frozenset({"insert", "get", "list", "delete", "patch", "update"}),
    required=("type",),
    numbers=("checkIntervalSec", "timeoutSec", "healthyThreshold", "unhealthyThreshold"),
    objects=(*_BLOCKS.values(), "logConfig"),
    lists=("sourceRegions",),
    choices={"type": tuple(_BLOCKS)},
    defaults={
        "checkIntervalSec": 5,
        "timeoutSec": 5,
        "healthyThreshold": 2,
        "unhealthyThreshold": 2,
    },
    prepare=_prepare,
    aggregated_word="healthChecksAggregatedList",
    seconds={"insert": 0.8, "update": 0.8, "patch": 0.8, "delete": 0.8},
)
