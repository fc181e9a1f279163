"""The body of an instance: what clients say, completed by the server, and how it may change."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from typing import Final

from gcp_sandbox.compute.merging import merged, without_nulls
from gcp_sandbox.project import number
from gcp_sandbox.request import Body, Json
from gcp_sandbox.sql.errors import bad_value, refused, required, stale, stopped
from gcp_sandbox.sql.schema import DATABASE_VERSIONS, taken
from gcp_sandbox.sql.settings import RESTARTING, completed

_NAME: Final = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?")
_LONGEST_NAME: Final = 98
"""Of `project:instance`."""
_IMMUTABLE: Final = (
    *("name", "region", "instanceType", "masterInstanceName"),
    *("diskEncryptionConfiguration",),
)
_GIVEN_ONLY: Final = ("rootPassword", "skipPrecheck", "includeReplicasForMajorVersionUpgrade")
"""Never answered."""
_PUBLIC: Final = ipaddress.IPv4Address("198.19.0.1")
_PRIVATE: Final = ipaddress.IPv4Address("10.64.0.3")


def new_body(given: Json, project: str, created: str) -> Body:
    """An instance to be created, complete but for its addresses. Raises 400."""
    body = without_nulls(taken(given))
    name = body.get("name")
    if not name:
        raise required("name")
    if not _NAME.fullmatch(name) or len(project) + 1 + len(name) > _LONGEST_NAME:
        raise bad_value("name", "an instance name", name)
    body = {"databaseVersion": "MYSQL_8_0", "region": "us-central1", **body}
    region, version = body["region"], body["databaseVersion"]
    master = body.get("masterInstanceName")
    preferred = (body.get("settings") or {}).get("locationPreference") or {}
    zone = preferred.get("zone") or body.get("gceZone") or f"{region}-a"
    email = f"p{number(project)}-{_digest(project, name)[:6]}@gcp-sa-cloud-sql"
    body |= {
        "kind": "sql#instance",
        "project": project,
        "instanceType": "READ_REPLICA_INSTANCE" if master else "CLOUD_SQL_INSTANCE",
        "backendType": "SECOND_GEN",
        "connectionName": f"{project}:{region}:{name}",
        "createTime": created,
        "gceZone": zone,
        "databaseInstalledVersion": version,
        "maintenanceVersion": f"{version}.R20240514.00_12",
        "serviceAccountEmailAddress": f"{email}.iam.gserviceaccount.com",
        "sqlNetworkArchitecture": "NEW_NETWORK_ARCHITECTURE",
        "satisfiesPzi": True,
        "settings": completed(body.get("settings") or {}, None, version, zone),
    }
    if master:
        _become_replica(body, project, master)
    _second_zone(body)
    return _dressed(body)


def _become_replica(body: Body, project: str, master: str) -> None:
    given = body.get("replicaConfiguration") or {}
    body["masterInstanceName"] = master if ":" in master else f"{project}:{master}"
    body["replicaConfiguration"] = {**given, "kind": "sql#replicaConfiguration"}


def _second_zone(body: Body) -> None:
    """Where the standby of a REGIONAL instance is."""
    settings = body["settings"]
    if settings["availabilityType"] == "REGIONAL":
        other = f"{body['region']}-{'b' if body['gceZone'].endswith('-c') else 'c'}"
        preferred = settings["locationPreference"].get("secondaryZone")
        body["secondaryGceZone"] = preferred or other
    else:
        body.pop("secondaryGceZone", None)


def changed_body(before: Body, given: Json, *, merge: bool) -> Body:
    """`before` after PATCH (merge, RFC 7396) or PUT (all settings replaced).

    Raises 412 for a stale `settingsVersion` (which PUT must say), 400 for what cannot change.
    """
    asked = taken(given)
    settings = asked.pop("settings", None) or {}
    version = settings.pop("settingsVersion", None)
    current = before["settings"]
    if version != current["settingsVersion"] and (version is not None or not merge):
        raise stale()
    if _last_part(asked.get("masterInstanceName")) == _last_part(before.get("masterInstanceName")):
        asked.pop("masterInstanceName", None)
    if merge:
        settings = merged(_below(current, settings), settings)
        after = merged(before, {name: asked[name] for name in asked if _is_clearable(name, asked)})
    else:
        settings = without_nulls(settings)
        after = before | without_nulls(asked)
    _check_immutable(before, after)
    _check_version(before["databaseVersion"], after["databaseVersion"])
    after["settings"] = completed(settings, current, after["databaseVersion"], before["gceZone"])
    after["gceZone"] = after["settings"]["locationPreference"]["zone"]
    if after["databaseVersion"] != before["databaseVersion"]:
        after["databaseInstalledVersion"] = after["databaseVersion"]
    _second_zone(after)
    after = _dressed(after)
    _check_running(before, after)
    return after


def _is_clearable(name: str, asked: Body) -> bool:
    """Whether a member of a patch counts: a null takes away only what an instance can lack."""
    return asked[name] is not None or name not in {
        *_IMMUTABLE,
        "databaseVersion",
        "maintenanceVersion",
    }


def _below(current: Body, patch: Body) -> Body:
    """What a patch of the settings is merged into: of two words for one thing, the patch's."""
    asked = patch.get("ipConfiguration") or {}
    stale_words = {"requireSsl"} | ({"sslMode"} if asked.get("requireSsl") is not None else set())
    ip = {name: it for name, it in current["ipConfiguration"].items() if name not in stale_words}
    return current | {"ipConfiguration": ip}


def _last_part(name: str | None) -> str:
    return (name or "").rpartition(":")[2]


def _check_immutable(before: Body, after: Body) -> None:
    for name in _IMMUTABLE:
        if after.get(name) != before.get(name):
            raise refused(f"{name} cannot be changed")


def _check_version(before: str, after: str) -> None:
    """Only upwards, and within one engine."""
    order = list(DATABASE_VERSIONS.values())
    engine = before.partition("_")[0]
    if after.partition("_")[0] != engine or order.index(after) < order.index(before):
        raise refused(f"databaseVersion cannot go from {before} to {after}")


def _check_running(before: Body, after: Body) -> None:
    """A stopped instance takes no change but its start, labels and protection."""
    if before["settings"]["activationPolicy"] != "NEVER":
        return
    free = {"activationPolicy", "userLabels", "deletionProtectionEnabled"}
    if any(name not in free for name in differing(before["settings"], after["settings"])):
        raise stopped()


def differing(before: Body, after: Body) -> list[str]:
    """Names of the members that are not the same."""
    return [name for name in before | after if before.get(name) != after.get(name)]


def restarts(before: Body, after: Body) -> bool:
    """Whether the change takes the database down for a while."""
    names = differing(before["settings"], after["settings"])
    versions = ("databaseVersion", "maintenanceVersion")
    return any(before.get(name) != after.get(name) for name in versions) or any(
        name in names for name in (*RESTARTING, "activationPolicy")
    )


def applied(body: Body) -> Body:
    """A body whose change took effect: its settings have a version of their own."""
    settings = body["settings"]
    following = str(int(settings["settingsVersion"]) + 1)
    return _dressed(body | {"settings": settings | {"settingsVersion": following}})


def addresses(body: Body, own: Body) -> list[Body]:
    """Addresses of the instance that was the `place`th to be created; a scenario fixes some."""
    place = own["place"]
    ip = body["settings"]["ipConfiguration"]
    found: list[Body] = []
    if ip["ipv4Enabled"]:
        found.append({"type": "PRIMARY", "ipAddress": str(_PUBLIC + 2 * place)})
        if not body["databaseVersion"].startswith("MYSQL"):
            found.append({"type": "OUTGOING", "ipAddress": str(_PUBLIC + 2 * place + 1)})
    if ip.get("privateNetwork"):
        private = own.get("private") or str(_PRIVATE + place)
        found.append({"type": "PRIVATE", "ipAddress": private})
    return found


def _dressed(body: Body) -> Body:
    """Without what is never answered, and with the etag of what is left."""
    hidden = (*_GIVEN_ONLY, "etag")
    body = {name: value for name, value in body.items() if name not in hidden}
    return body | {"etag": _digest(json.dumps(body["settings"], sort_keys=True))}


def _digest(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()
