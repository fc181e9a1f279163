"""A load balancer on plain HTTP that leads to a new Cloud Run service, by calls alone."""

from __future__ import annotations

from typing import Any

from tests.gcp_sandbox.client import PROJECT, Client

SERVICES = f"/v2/projects/{PROJECT}/locations/us-central1/services"


def road(client: Client, container: dict[str, Any]) -> str:
    """Where it listens, as the dial map has it; everybody may call the service."""
    client.call("POST", SERVICES, {"template": {"containers": [container]}}, serviceId="web")
    binding = {"role": "roles/run.invoker", "members": ["allUsers"]}
    client.post(f"{SERVICES}/web:setIamPolicy", {"policy": {"bindings": [binding]}})
    for collection, body in _ROAD.items():
        client.done("POST", collection, body)
    return f"{client.get('global/addresses/ip')['address']}:80"


_ROAD: dict[str, dict[str, Any]] = {
    "global/addresses": {"name": "ip"},
    "regions/us-central1/networkEndpointGroups": {
        "name": "neg",
        "networkEndpointType": "SERVERLESS",
        "cloudRun": {"service": "web"},
    },
    "global/backendServices": {
        "name": "bs",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "backends": [{"group": "regions/us-central1/networkEndpointGroups/neg"}],
    },
    "global/urlMaps": {"name": "um", "defaultService": "global/backendServices/bs"},
    "global/targetHttpProxies": {"name": "http", "urlMap": "global/urlMaps/um"},
    "global/forwardingRules": {
        "name": "rule",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "IPAddress": "global/addresses/ip",
        "portRange": "80",
        "target": "global/targetHttpProxies/http",
    },
}
