"""Network endpoint groups: what a backend service sends to. They are inserted and deleted only.

Facts: the discovery document's `NetworkEndpointGroup` and its descriptions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from remediate.kinds.facts import Removal, Replacement, Scope, Verdict
from remediate.kinds.fields.rules import Fault, exactly_one, looks_like, spelled, within
from remediate.kinds.fields.spec import Int, Spec, Text, Word
from remediate.kinds.kind import Kind
from remediate.model.plan import Action, Undo

SERVERLESS_BLOCKS = ("cloudRun", "cloudFunction", "appEngine")
_NAME = looks_like(r"(RunService/([a-z0-9-]+/)?)?[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


class NetworkEndpointGroupAppEngine(Spec):
    service: Text | None = None
    urlMask: Text | None = None
    version: Text | None = None


class NetworkEndpointGroupCloudFunction(Spec):
    function: Text | None = None
    urlMask: Text | None = None


class NetworkEndpointGroupCloudRun(Spec):
    service: Text | None = None
    tag: Text | None = None
    urlMask: Text | None = None


class NetworkEndpointGroupPscData(Spec):
    producerPort: Int | None = None


class NetworkEndpointGroup(Spec):
    annotations: dict[str, Text] | None = None
    appEngine: NetworkEndpointGroupAppEngine | None = None
    cloudFunction: NetworkEndpointGroupCloudFunction | None = None
    cloudRun: NetworkEndpointGroupCloudRun | None = None
    defaultPort: Int | None = None
    description: Text | None = None
    network: Text | None = None
    networkEndpointType: Annotated[
        Literal[
            "GCE_VM_IP",
            "GCE_VM_IP_DEDICATED_BACKEND",
            "GCE_VM_IP_PORT",
            "GCE_VM_IP_PORTMAP",
            "INTERNET_FQDN_PORT",
            "INTERNET_IP_PORT",
            "NON_GCP_PRIVATE_IP_PORT",
            "PRIVATE_SERVICE_CONNECT",
            "SERVERLESS",
        ],
        Word,
    ]
    pscData: NetworkEndpointGroupPscData | None = None
    pscTargetService: Text | None = None
    subnetwork: Text | None = None


def check(spec: Mapping[str, object]) -> list[Fault]:
    return [
        *(_serverless(spec) if _type(spec) == "SERVERLESS" else _others(spec)),
        *within(spec, "/defaultPort", 1, 65535, "a port"),
        *within(spec, "/pscData/producerPort", 1, 65535, "a port"),
        *_default_port(spec),
        *_private_service_connect(spec),
    ]


def _type(spec: Mapping[str, object]) -> Any:  # noqa: ANN401 - a word, or nothing
    return spec.get("networkEndpointType")


def _serverless(spec: Mapping[str, Any]) -> Iterator[Fault]:
    yield from exactly_one(spec, SERVERLESS_BLOCKS)
    for block, field in (("cloudRun", "service"), ("cloudFunction", "function")):
        inner = spec.get(block)
        if inner is not None and not (inner.get(field) or inner.get("urlMask")):
            yield f"/{block}", f"{block} needs a {field} or a urlMask"
    yield from spelled(
        spec, "/cloudRun/service", _NAME, "the name of a Cloud Run service (without its location)"
    )
    if spec.get("network") is not None:
        yield "/network", "a SERVERLESS group has no network"


def _others(spec: Mapping[str, object]) -> Iterator[Fault]:
    for block in SERVERLESS_BLOCKS:
        if spec.get(block) is not None:
            yield f"/{block}", f"{block} goes with networkEndpointType SERVERLESS"


def _default_port(spec: Mapping[str, object]) -> Iterator[Fault]:
    portless = {"GCE_VM_IP", "SERVERLESS", "PRIVATE_SERVICE_CONNECT"}
    if spec.get("defaultPort") is not None and _type(spec) in portless:
        yield "/defaultPort", f"a {_type(spec)} group has no defaultPort"


def _private_service_connect(spec: Mapping[str, object]) -> Iterator[Fault]:
    if _type(spec) == "PRIVATE_SERVICE_CONNECT":
        if not spec.get("pscTargetService"):
            yield "", "a PRIVATE_SERVICE_CONNECT group needs a pscTargetService"
        if spec.get("network") is not None:
            yield "/network", "a PRIVATE_SERVICE_CONNECT group has no network"
        return
    for name in ("pscTargetService", "pscData"):
        if spec.get(name) is not None:
            yield f"/{name}", f"{name} goes with networkEndpointType PRIVATE_SERVICE_CONNECT"


KIND = Kind(
    name="NetworkEndpointGroup",
    collection="networkEndpointGroups",
    schema="NetworkEndpointGroup",
    spec=NetworkEndpointGroup,
    scopes=frozenset(Scope),
    default_scope=Scope.REGION,
    links={"/network": ("networks",), "/subnetwork": ("subnetworks",)},
    links_by_name={"/cloudRun/service": ("RunService",)},
    server_set=frozenset(
        {
            *("/kind", "/id", "/name", "/selfLink", "/creationTimestamp", "/region", "/zone"),
            *("/size", "/pscData/consumerPscAddress"),
            *("/pscData/pscConnectionId", "/pscData/pscConnectionStatus"),
        }
    ),
    immutable=frozenset(f"/{name}" for name in NetworkEndpointGroup.__annotations__),
    replacement=Replacement.BESIDE,
    defaults={"/cloudRun/tag": None},  # unwritten, whatever serves is asked, and no one revision
    updates=(),
    outputs=frozenset({"selfLink", "id"}),
    removal=Removal.LATER,
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is deleted again"),
        Action.REPLACE: Verdict(Undo.EXACT, "the old group is set aside until `gc`"),
        Action.DELETE: Verdict(
            Undo.APPROXIMATE,
            "it is inserted again as it was; endpoints that were attached to it are not in it",
        ),
    },
    check=check,
)
