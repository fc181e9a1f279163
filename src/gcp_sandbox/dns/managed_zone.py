"""The body of a managed zone: what clients may say and what the server adds."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from gcp_sandbox.dns import names
from gcp_sandbox.dns.errors import immutable, invalid, required
from gcp_sandbox.request import Body, Json

AT: Final = "entity.managedZone"
PRIVATE_SERVERS: Final = ["ns-gcp-private.googledomains.com."]
_WRITABLE: Final = (
    *("name", "dnsName", "description", "visibility", "labels", "dnssecConfig", "nameServerSet"),
    *("privateVisibilityConfig", "forwardingConfig", "peeringConfig", "reverseLookupConfig"),
    *("serviceDirectoryConfig", "cloudLoggingConfig"),
)
_ASSIGNED: Final = ("id", "creationTime", "nameServers")
_IMMUTABLE: Final = ("name", "dnsName", "visibility")
_ZONE_NAME: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LABEL_KEY: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE: Final = re.compile(r"[a-z0-9_-]{0,63}")
_MOST_LABELS: Final = 64
_LONGEST_DESCRIPTION: Final = 1024
_NETWORK: Final = re.compile(r"(?:https?://[^/]+/)?(?:compute/[^/]+/)?(projects/.+)")


def name_servers(letter: str) -> list[str]:
    """The four servers of a public zone; sets are told apart by a letter, a to e."""
    return [f"ns-cloud-{letter}{number}.googledomains.com." for number in range(1, 5)]


def new_body(given: Json) -> Body:
    """A zone to be created, with defaults but without what the server assigns."""
    if not isinstance(given, dict):
        raise required(AT)
    for member in ("name", "dnsName"):
        if not given.get(member):
            raise required(f"{AT}.{member}")
    defaults: Body = {"visibility": "public", "description": ""}
    return _dressed(defaults | _writable(given))


def changed_body(before: Body, given: Json, *, merge: bool) -> Body:
    """`before` after PATCH (`merge`: members given change, null removes) or PUT (all replaced).

    Raises 400 `immutableField` for what cannot be changed.
    """
    asked = _writable(given) if isinstance(given, dict) else {}
    kept = {member: before[member] for member in _IMMUTABLE}
    if merge:
        wanted = _merged(_writable(before), asked)
    else:
        wanted = {member: value for member, value in asked.items() if value is not None}
    assigned = {member: before[member] for member in _ASSIGNED if member in before}
    after = _dressed(kept | wanted) | assigned
    for member in _IMMUTABLE:
        if after[member] != before[member]:
            raise immutable(f"{AT}.{member}")
    _check_dnssec(before.get("dnssecConfig"), after.get("dnssecConfig"))
    return after


def _writable(given: Body) -> Body:
    return {member: given[member] for member in _WRITABLE if member in given}


def _merged(before: Json, patch: Json) -> Json:
    """RFC 7396, as Google's PATCH does it."""
    if not isinstance(patch, dict):
        return patch
    after = dict(before) if isinstance(before, dict) else {}
    for member, value in patch.items():
        if value is None:
            after.pop(member, None)
        else:
            after[member] = _merged(after.get(member), value)
    return after


def _check_dnssec(before: Body | None, after: Body | None) -> None:
    if before is None or before["state"] == "off" or after is None or after["state"] == "off":
        return
    for member in ("defaultKeySpecs", "nonExistence"):
        if before[member] != after[member]:
            raise immutable(f"{AT}.dnssecConfig.{member}")


def _dressed(given: Body) -> Body:
    """Checked, in canonical form, with every `kind`."""
    body = {member: value for member, value in given.items() if value is not None}
    _check_scalars(body)
    body["dnsName"] = body["dnsName"].lower()
    _check_labels(body)
    private = body["visibility"] == "private"
    for member, dress in _CONFIGS.items():
        config = body.get(member)
        if config is None:
            continue
        if not isinstance(config, dict):
            raise invalid(f"{AT}.{member}", config)
        body[member] = dress(config)
    visible = body.get("privateVisibilityConfig")
    if not private and visible is not None:
        if visible.get("networks") or visible.get("gkeClusters"):
            raise invalid(f"{AT}.privateVisibilityConfig", "<only for private zones>")
        del body["privateVisibilityConfig"]
    if private and body.get("dnssecConfig", {}).get("state", "off") != "off":
        raise invalid(f"{AT}.dnssecConfig", "<only for public zones>")
    body.setdefault("cloudLoggingConfig", {"kind": "dns#managedZoneCloudLoggingConfig"})
    return {**body, "kind": "dns#managedZone"}


def _check_scalars(body: Body) -> None:
    if not isinstance(body["name"], str) or not _ZONE_NAME.fullmatch(body["name"]):
        raise invalid(f"{AT}.name", body["name"])
    try:
        apex = names.owner(body["dnsName"])
    except (ValueError, AttributeError):
        apex = "*"
    if apex.startswith("*"):
        raise invalid(f"{AT}.dnsName", body["dnsName"])
    if body["visibility"] not in {"public", "private"}:
        raise invalid(f"{AT}.visibility", body["visibility"])
    description = body.setdefault("description", "")
    if not isinstance(description, str) or len(description) > _LONGEST_DESCRIPTION:
        raise invalid(f"{AT}.description", description)


def _check_labels(body: Body) -> None:
    labels = body.get("labels")
    if not labels:
        body.pop("labels", None)
        return
    if not isinstance(labels, dict) or len(labels) > _MOST_LABELS:
        raise invalid(f"{AT}.labels", labels)
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(str(value)):
            raise invalid(f"{AT}.labels", f"{key}={value}")


def _dnssec(config: Body) -> Body:
    state = config.get("state", "off")
    if state not in {"off", "on", "transfer"}:
        raise invalid(f"{AT}.dnssecConfig.state", state)
    specs = config.get("defaultKeySpecs") or [
        {"keyType": "keySigning", "algorithm": "rsasha256", "keyLength": 2048},
        {"keyType": "zoneSigning", "algorithm": "rsasha256", "keyLength": 1024},
    ]
    return {
        "state": state,
        "defaultKeySpecs": [{**spec, "kind": "dns#dnsKeySpec"} for spec in specs],
        "nonExistence": config.get("nonExistence") or "nsec3",
        "kind": "dns#managedZoneDnsSecConfig",
    }


def _visibility(config: Body) -> Body:
    kind = "dns#managedZonePrivateVisibilityConfig"
    dressed: Body = {**config, "kind": kind}
    networks, clusters = config.get("networks"), config.get("gkeClusters")
    if networks is not None:
        dressed["networks"] = [{**_linked(it), "kind": f"{kind}Network"} for it in networks]
    if clusters is not None:
        dressed["gkeClusters"] = [{**cluster, "kind": f"{kind}GKECluster"} for cluster in clusters]
    return dressed


def _forwarding(config: Body) -> Body:
    kind = "dns#managedZoneForwardingConfig"
    dressed: Body = {**config, "kind": kind}
    if "targetNameServers" in config:
        dressed["targetNameServers"] = [
            {"forwardingPath": "default", **server, "kind": f"{kind}NameServerTarget"}
            for server in config["targetNameServers"]
        ]
    if "outboundEndpoints" in config:
        dressed["outboundEndpoints"] = [
            {**endpoint, "kind": f"{kind}OutboundEndpoint"}
            for endpoint in config["outboundEndpoints"]
        ]
    return dressed


def _peering(config: Body) -> Body:
    kind = "dns#managedZonePeeringConfig"
    network = _linked(config.get("targetNetwork") or {})
    return {**config, "targetNetwork": {**network, "kind": f"{kind}TargetNetwork"}, "kind": kind}


def _directory(config: Body) -> Body:
    kind = "dns#managedZoneServiceDirectoryConfig"
    namespace = config.get("namespace") or {}
    return {**config, "namespace": {**namespace, "kind": f"{kind}Namespace"}, "kind": kind}


def _linked(holder: Body) -> Body:
    """A network's link in the one spelling that is answered, whatever host it was sent with."""
    match = _NETWORK.fullmatch(str(holder.get("networkUrl", "")))
    if match is None:
        raise invalid(f"{AT}.networkUrl", holder.get("networkUrl", ""))
    return {**holder, "networkUrl": f"https://www.googleapis.com/compute/v1/{match[1]}"}


def _of_kind(kind: str) -> Callable[[Body], Body]:
    return lambda config: {**config, "kind": kind}


_CONFIGS: Final[dict[str, Callable[[Body], Body]]] = {
    "dnssecConfig": _dnssec,
    "privateVisibilityConfig": _visibility,
    "forwardingConfig": _forwarding,
    "peeringConfig": _peering,
    "serviceDirectoryConfig": _directory,
    "reverseLookupConfig": _of_kind("dns#managedZoneReverseLookupConfig"),
    "cloudLoggingConfig": _of_kind("dns#managedZoneCloudLoggingConfig"),
}
