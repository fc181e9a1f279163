"""Methods that only one kind has."""

from __future__ import annotations

import copy

from gcp_sandbox.compute import refusals, ssl_policy
from gcp_sandbox.compute.backend_service import BACKEND_SERVICES, health_of
from gcp_sandbox.compute.endpoint_group import NETWORK_ENDPOINT_GROUPS
from gcp_sandbox.compute.engine import Call, once
from gcp_sandbox.compute.kind import Kind
from gcp_sandbox.compute.links import Place
from gcp_sandbox.compute.section import Compute
from gcp_sandbox.compute.url_map import URL_MAPS, validate
from gcp_sandbox.request import Body, Request
from gcp_sandbox.router import Router

_GLOBAL = "/compute/v1/projects/{project}/global"
_REGION = "/compute/v1/projects/{project}/regions/{region}"
_ZONE = "/compute/v1/projects/{project}/zones/{zone}"


def add_extras(compute: Compute, router: Router) -> None:
    extras = _Extras(compute)
    backend, url_map = "backendServices/{name}", "urlMaps/{name}"
    for scope in (_GLOBAL, _REGION):
        router.add("POST", f"{scope}/{backend}/getHealth", extras.get_health)
        router.add("POST", f"{scope}/{url_map}/validate", extras.validate)
        router.add("GET", f"{scope}/sslPolicies/listAvailableFeatures", extras.features)
    for scope, verb in ((_GLOBAL, "POST"), (_REGION, "POST"), (_ZONE, "POST")):
        path = f"{scope}/networkEndpointGroups/{{name}}/listNetworkEndpoints"
        router.add(verb, path, extras.endpoints)
    router.add("POST", f"{_GLOBAL}/{url_map}/invalidateCache", extras.invalidate)
    router.add("POST", f"{_GLOBAL}/{backend}/addSignedUrlKey", extras.add_key)
    router.add("POST", f"{_GLOBAL}/{backend}/deleteSignedUrlKey", extras.delete_key)


class _Extras:
    def __init__(self, compute: Compute) -> None:
        self._compute = compute

    def get_health(self, request: Request) -> Body:
        place, body = self._existing(BACKEND_SERVICES, request)
        group = request.body.get("group") if isinstance(request.body, dict) else None
        if not group or not isinstance(group, str):
            raise refusals.required("resource.group")
        return health_of(self._compute, place, body, group)

    def validate(self, request: Request) -> Body:
        wanted = request.body.get("resource") if isinstance(request.body, dict) else None
        if wanted is None:
            raise refusals.required("resource")
        return validate(self._compute, self._place(URL_MAPS, request), copy.deepcopy(wanted))

    def features(self, _request: Request) -> Body:
        return {"features": ssl_policy.AVAILABLE_FEATURES}

    def endpoints(self, request: Request) -> Body:
        """Serverless groups have none, and no other kind gets any here."""
        self._existing(NETWORK_ENDPOINT_GROUPS, request)
        return {"kind": "compute#networkEndpointGroupsListNetworkEndpoints"}

    def invalidate(self, request: Request) -> Body:
        return once(
            lambda call: call.begin("invalidateCache", call.existing()["id"]),
            self._call(URL_MAPS, request),
        )

    def add_key(self, request: Request) -> Body:
        """A key for signed URLs: its name can be read again, its value never."""
        name = request.body.get("keyName") if isinstance(request.body, dict) else None
        if not name:
            raise refusals.required("resource.keyName")
        return self._change_keys(request, "addSignedUrlKey", add=name)

    def delete_key(self, request: Request) -> Body:
        name = request.query.get("keyName", "")
        return self._change_keys(request, "deleteSignedUrlKey", drop=name)

    def _change_keys(self, request: Request, method: str, *, add: str = "", drop: str = "") -> Body:
        def change(call: Call) -> Body:
            body = copy.deepcopy(call.existing())
            policy = body.setdefault("cdnPolicy", {})
            policy.setdefault("signedUrlCacheMaxAgeSec", "3600")
            names = [key for key in policy.pop("signedUrlKeyNames", []) if key not in (add, drop)]
            if add:
                names.append(add)
            if names:
                policy["signedUrlKeyNames"] = names
            self._compute.put(call.place, body)
            return call.begin(method, body["id"])

        return once(change, self._call(BACKEND_SERVICES, request))

    def _call(self, kind: Kind, request: Request) -> Call:
        return Call(self._compute, kind, self._place(kind, request), request)

    def _place(self, kind: Kind, request: Request) -> Place:
        params = request.params
        scope = "global"
        if "region" in params:
            scope = f"regions/{params['region']}"
        elif "zone" in params:
            scope = f"zones/{params['zone']}"
        return Place(params["project"], scope, kind.collection, params["name"])

    def _existing(self, kind: Kind, request: Request) -> tuple[Place, Body]:
        place = self._place(kind, request)
        body = self._compute.find(place)
        if body is None:
            raise refusals.not_found(place.path)
        return place, body
