"""Network endpoint groups: made and deleted, never changed."""

from __future__ import annotations

from gcp_sandbox.compute import refusals
from gcp_sandbox.compute.kind import Draft, Kind, Link
from gcp_sandbox.compute.links import HOST

_SERVERLESS = ("cloudRun", "cloudFunction", "appEngine")


def _prepare(draft: Draft) -> None:
    body = draft.body
    if body["networkEndpointType"] == "SERVERLESS":
        if draft.place.scope == "global" or draft.place.scope.startswith("zones/"):
            raise refusals.invalid(
                "resource.networkEndpointType", "SERVERLESS", "Serverless groups are regional."
            )
        if sum(name in body for name in _SERVERLESS) != 1:
            raise refusals.invalid(
                "resource.networkEndpointType",
                "SERVERLESS",
                f"Exactly one of {', '.join(_SERVERLESS)} must be specified.",
            )
    elif draft.place.scope.startswith("zones/"):
        body.setdefault("network", f"{HOST}projects/{draft.place.project}/global/networks/default")
    body["size"] = 0


NETWORK_ENDPOINT_GROUPS = Kind(
    collection="networkEndpointGroups",
    singular="networkEndpointGroup",
    noun="network_endpoint_group",
    resources={
        "global": "globalNetworkEndpointGroups",
        "regions": "regionNetworkEndpointGroups",
        "zones": "networkEndpointGroups",
    },
    texts=("name", "description", "network", "subnetwork", "pscTargetService"),
    numbers=("defaultPort",),
    objects=("annotations", "appEngine", "cloudFunction", "cloudRun", "pscData"),
    choices={
        "networkEndpointType": (
            "GCE_VM_IP",
            "GCE_VM_IP_DEDICATED_BACKEND",
            "GCE_VM_IP_PORT",
            "GCE_VM_IP_PORTMAP",
            "INTERNET_FQDN_PORT",
            "INTERNET_IP_PORT",
            "NON_GCP_PRIVATE_IP_PORT",
            "PRIVATE_SERVICE_CONNECT",
            "SERVERLESS",
        )
    },
    served=frozenset({"size"}),
    links=(Link("network", ("networks",)), Link("subnetwork", ("subnetworks",))),
    defaults={"networkEndpointType": "GCE_VM_IP_PORT"},
    prepare=_prepare,
    operations={"insert": "compute.*.insert", "delete": "compute.*.delete"},
    seconds={"insert": 3.0, "delete": 3.0},
)
