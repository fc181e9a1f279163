"""What a load balancer depends on and is not made of: firewalls, instance groups, Cloud Armor.

They are served for reading, and so that they can be taken away. Links to them are not held
against what is there: groups and policies come about in many ways that are not emulated.
https://cloud.google.com/firewall/docs/firewalls, https://cloud.google.com/armor/docs
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any, Final

from gcp_sandbox.compute import refusals
from gcp_sandbox.compute.kind import Draft, Kind, Link, Setter
from gcp_sandbox.compute.links import HOST, Place
from gcp_sandbox.compute.section import Compute
from gcp_sandbox.request import Body

_LAST: Final = 2**31 - 1
"""The priority of a policy's default rule, which cannot be removed."""
_HIGHEST_PORT: Final = 65535
_PORTS: Final = re.compile(r"\d{1,5}(-\d{1,5})?")


def _prepare_firewall(draft: Draft) -> None:
    body = draft.body
    body.setdefault("network", f"{HOST}projects/{draft.place.project}/global/networks/default")
    if ("allowed" in body) == ("denied" in body):
        raise refusals.invalid(
            "resource.allowed", "", "Exactly one of allowed and denied must be specified."
        )
    for name in ("allowed", "denied"):
        for rule in body.get(name, []):
            _check_protocol(f"resource.{name}[]", rule)
    ingress = body["direction"] == "INGRESS"
    ranges = "sourceRanges" if ingress else "destinationRanges"
    sources = (ranges, "sourceTags", "sourceServiceAccounts") if ingress else (ranges,)
    if not any(body.get(name) for name in sources):
        body[ranges] = ["0.0.0.0/0"]
    for text in body.get(ranges, []):
        _check_range(f"resource.{ranges}", text)


def _check_protocol(where: str, rule: object) -> None:
    if not isinstance(rule, dict) or not isinstance(rule.get("IPProtocol"), str):
        raise refusals.required(f"{where}.IPProtocol")
    for text in rule.get("ports") or []:
        if not _PORTS.fullmatch(str(text)):
            raise refusals.invalid(f"{where}.ports", str(text), "Must be a port or a range.")


def _check_range(where: str, text: object) -> None:
    try:
        ip_network(str(text))
    except ValueError:
        raise refusals.invalid(where, str(text), "Must be a valid CIDR range.") from None


FIREWALLS = Kind(
    collection="firewalls",
    singular="firewall",
    noun="firewall",
    resources={"global": "firewalls"},
    methods=frozenset({"insert", "get", "list", "delete", "patch", "update"}),
    texts=("name", "description", "network"),
    numbers=("priority",),
    flags=("disabled",),
    objects=("logConfig", "params"),
    lists=(
        "allowed",
        "denied",
        "destinationRanges",
        "sourceRanges",
        "sourceServiceAccounts",
        "sourceTags",
        "targetServiceAccounts",
        "targetTags",
    ),
    choices={"direction": ("EGRESS", "INGRESS")},
    immutable=frozenset({"network", "direction"}),
    links=(Link("network", ("networks",)),),
    defaults={
        "direction": "INGRESS",
        "priority": 1000,
        "disabled": False,
        "logConfig": {"enable": False},
    },
    prepare=_prepare_firewall,
    is_surrounding=True,
    aggregated=False,
    seconds={"insert": 5.0, "patch": 5.0, "update": 5.0, "delete": 5.0},
)


def _prepare_group(draft: Draft) -> None:
    body = draft.body
    names = [port.get("name") for port in body["namedPorts"] if isinstance(port, dict)]
    if len(names) < len(body["namedPorts"]) or not all(names):
        raise refusals.required("resource.namedPorts[].name")
    for port in body["namedPorts"]:
        number = port.get("port")
        if not isinstance(number, int) or not 1 <= number <= _HIGHEST_PORT:
            raise refusals.invalid(
                "resource.namedPorts[].port", str(number), "Must be between 1 and 65535."
            )


def _view_group(compute: Compute, place: Place, body: Body) -> Body:
    return body | {"size": len(members(compute, place))}


def members(compute: Compute, place: Place) -> list[Body]:
    """Instances of a group, as a scenario has them: `{"instance", "ipAddress", "port", …}`."""
    found: list[Body] = compute.health.get(f"{place.scope}/{place.collection}/{place.name}", [])
    return found


INSTANCE_GROUPS = Kind(
    collection="instanceGroups",
    singular="instanceGroup",
    noun="instance_group",
    resources={"zones": "instanceGroups"},
    texts=("name", "description", "network", "subnetwork"),
    lists=("namedPorts",),
    served=frozenset({"size"}),
    links=(Link("network", ("networks",)), Link("subnetwork", ("subnetworks",))),
    setters=(Setter("setNamedPorts", "namedPorts", scopes=("zones",), heeds_fingerprint=True),),
    has_fingerprint=True,
    defaults={"namedPorts": []},
    prepare=_prepare_group,
    view=_view_group,
    is_surrounding=True,
    seconds={"insert": 2.0, "delete": 2.0, "setNamedPorts": 1.0},
)


def default_rule(action: str = "allow") -> Body:
    """The rule that every policy ends with."""
    return {
        "kind": "compute#securityPolicyRule",
        "description": "default rule",
        "priority": _LAST,
        "action": action,
        "match": {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}},
        "preview": False,
    }


def checked_rule(rule: object) -> Body:
    """A rule with what Google fills in. Raises 400."""
    if not isinstance(rule, dict):
        raise refusals.required("resource.rules[]")
    if not isinstance(rule.get("action"), str) or not rule["action"]:
        raise refusals.required("resource.rules[].action")
    if not isinstance(rule.get("match"), dict):
        raise refusals.required("resource.rules[].match")
    priority = rule.get("priority")
    if isinstance(priority, bool) or not isinstance(priority, int) or not 0 <= priority <= _LAST:
        raise refusals.invalid("resource.rules[].priority", str(priority), "Out of range.")
    ranges: Any = (rule["match"].get("config") or {}).get("srcIpRanges") or []
    for text in ranges:
        if text != "*":
            _check_range("resource.rules[].match.config.srcIpRanges", text)
    return {"kind": "compute#securityPolicyRule", "preview": False, **rule}


def _prepare_policy(draft: Draft) -> None:
    rules = [checked_rule(rule) for rule in draft.body["rules"]]
    if _LAST not in (known := [rule["priority"] for rule in rules]):
        rules.append(default_rule())
    if len(set(known)) < len(known):
        raise refusals.invalid("resource.rules", "", "Rules must have distinct priorities.")
    draft.body["rules"] = sorted(rules, key=lambda rule: int(rule["priority"]))


SECURITY_POLICIES = Kind(
    collection="securityPolicies",
    singular="securityPolicy",
    noun="security_policy",
    resources={"global": "securityPolicies"},
    methods=frozenset({"insert", "get", "list", "delete", "patch"}),
    texts=("name", "description"),
    objects=(
        "adaptiveProtectionConfig",
        "advancedOptionsConfig",
        "ddosProtectionConfig",
        "recaptchaOptionsConfig",
    ),
    lists=("rules", "userDefinedFields"),
    choices={"type": ("CLOUD_ARMOR", "CLOUD_ARMOR_EDGE", "CLOUD_ARMOR_NETWORK")},
    served=frozenset({"associations", "parent", "shortName"}),
    immutable=frozenset({"type"}),
    has_fingerprint=True,
    has_labels=True,
    on_patch="optional",
    defaults={"description": "", "rules": [], "type": "CLOUD_ARMOR"},
    prepare=_prepare_policy,
    is_surrounding=True,
    aggregated_word="securityPoliciesAggregatedList",
    seconds={"insert": 5.0, "patch": 5.0, "delete": 5.0},
)

SURROUNDINGS: Final = {
    kind.collection: kind for kind in (FIREWALLS, INSTANCE_GROUPS, SECURITY_POLICIES)
}
