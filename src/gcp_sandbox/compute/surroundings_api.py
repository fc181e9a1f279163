"""Methods that only instance groups and security policies have."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Final

from gcp_sandbox.compute import refusals
from gcp_sandbox.compute.engine import Call, once
from gcp_sandbox.compute.links import HOST, Place
from gcp_sandbox.compute.merging import merged
from gcp_sandbox.compute.section import Compute
from gcp_sandbox.compute.surroundings import (
    INSTANCE_GROUPS,
    SECURITY_POLICIES,
    checked_rule,
    default_rule,
    members,
)
from gcp_sandbox.request import Body, Request
from gcp_sandbox.router import Router

_ROOT: Final = "/compute/v1/projects/{project}"
_Rules = Callable[[list[Body], Request], list[Body]]


def add_surroundings(compute: Compute, router: Router) -> None:
    group = f"{_ROOT}/zones/{{zone}}/instanceGroups/{{name}}"
    policy = f"{_ROOT}/global/securityPolicies/{{name}}"
    router.add("POST", f"{group}/listInstances", partial(_list_instances, compute))
    router.add("GET", f"{policy}/getRule", partial(_get_rule, compute))
    for method, change in (("addRule", _added), ("patchRule", _patched), ("removeRule", _removed)):
        router.add("POST", f"{policy}/{method}", partial(_change_rules, compute, method, change))


def _existing(compute: Compute, place: Place) -> Body:
    body = compute.find(place)
    if body is None:
        raise refusals.not_found(place.path)
    return body


def _list_instances(compute: Compute, request: Request) -> Body:
    params = request.params
    zone = f"zones/{params['zone']}"
    place = Place(params["project"], zone, INSTANCE_GROUPS.collection, params["name"])
    ports = _existing(compute, place)["namedPorts"]
    found = [
        {"instance": member["instance"], "status": "RUNNING", "namedPorts": ports}
        for member in members(compute, place)
    ]
    answer: Body = {
        "kind": "compute#instanceGroupsListInstances",
        "id": place.path,
        "selfLink": HOST + place.path,
    }
    return answer | ({"items": found} if found else {})


def _policy(request: Request) -> Place:
    params = request.params
    return Place(params["project"], "global", SECURITY_POLICIES.collection, params["name"])


def _get_rule(compute: Compute, request: Request) -> Body:
    rules = _existing(compute, _policy(request))["rules"]
    return copy.deepcopy(_numbered(rules, _priority(request)))


def _change_rules(compute: Compute, method: str, change: _Rules, request: Request) -> Body:
    call = Call(compute, SECURITY_POLICIES, _policy(request), request)

    def act(call: Call) -> Body:
        body = copy.deepcopy(call.existing())
        rules = change(body["rules"], call.request)
        body["rules"] = sorted(rules, key=lambda rule: int(rule["priority"]))
        compute.put(call.place, body)
        return call.begin(method, body["id"])

    return once(act, call)


def _added(rules: list[Body], request: Request) -> list[Body]:
    rule = checked_rule(request.body)
    if any(known["priority"] == rule["priority"] for known in rules):
        raise refusals.invalid(
            "priority", str(rule["priority"]), "Cannot have rules with the same priorities."
        )
    return [*rules, rule]


def _patched(rules: list[Body], request: Request) -> list[Body]:
    old = _numbered(rules, _priority(request))
    sent = request.body if isinstance(request.body, dict) else {}
    new = checked_rule(merged(old, sent | {"priority": old["priority"]}))
    return [new if rule is old else rule for rule in rules]


def _removed(rules: list[Body], request: Request) -> list[Body]:
    old = _numbered(rules, _priority(request))
    if old["priority"] == default_rule()["priority"]:
        raise refusals.invalid("priority", str(old["priority"]), "The default rule must stay.")
    return [rule for rule in rules if rule is not old]


def _priority(request: Request) -> str:
    """Of the query; Google takes the highest (0) where none is given."""
    return request.query.get("priority", "0")


def _numbered(rules: list[Body], priority: str) -> Body:
    for rule in rules:
        if str(rule["priority"]) == priority:
            return rule
    raise refusals.invalid("priority", priority, "The rule does not exist.")
