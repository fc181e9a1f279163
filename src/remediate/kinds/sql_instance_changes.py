"""How an instance of Cloud SQL changes: what is no difference, what is for good, what restarts.

Facts: descriptions in the discovery document ("cannot be removed after it is set", "WARNING:
Changing this restarts the instance"); recorded answers, for what Google fills in;
https://cloud.google.com/sql/docs/postgres/instance-settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from remediate.kinds.bodies.fields import at_field, with_fields
from remediate.kinds.facts import Verdict
from remediate.kinds.sql_instance_flags import at_start
from remediate.kinds.sql_instance_versions import is_maintained, is_met, version_of, why_not
from remediate.model.json import Body, Json
from remediate.model.plan import FieldChange, Undo

# Going back to these by ourselves neither restarts nor loosens nor cuts off anything.
DEFAULTS: Mapping[str, Json] = {
    "/settings/pricingPlan": "PER_USE",
    "/settings/replicationType": "SYNCHRONOUS",
    "/settings/storageAutoResize": True,
    "/settings/storageAutoResizeLimit": "0",
}
REVERTS: Mapping[str, Json] = {
    "/settings/activationPolicy": "ALWAYS",
    "/settings/availabilityType": "ZONAL",
    "/settings/connectorEnforcement": "NOT_REQUIRED",
    "/settings/databaseFlags": [],
    "/settings/deletionProtectionEnabled": False,
    "/settings/backupConfiguration/enabled": False,
    "/settings/ipConfiguration/authorizedNetworks": [],
    "/settings/ipConfiguration/ipv4Enabled": True,
    "/settings/ipConfiguration/requireSsl": False,
    "/settings/ipConfiguration/sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
}
# What Google chooses at an insert besides; a form where it is another one each time.
FILLED: Mapping[str, Json | re.Pattern[str]] = {
    "/instanceType": "CLOUD_SQL_INSTANCE",
    "/maintenanceVersion": re.compile(".+"),
    "/sqlNetworkArchitecture": "NEW_NETWORK_ARCHITECTURE",
    "/settings/authorizedGaeApplications": [],
    "/settings/backupConfiguration/backupRetentionSettings": {
        "retentionUnit": "COUNT",
        "retainedBackups": 7,
    },
    "/settings/backupConfiguration/transactionLogRetentionDays": 7,
    "/settings/edition": "ENTERPRISE",
    "/settings/ipConfiguration/serverCaMode": "GOOGLE_MANAGED_INTERNAL_CA",
    "/settings/locationPreference/zone": re.compile(".+"),
}
_DISK, _RESIZES = "settings/dataDiskSizeGb", "settings/storageAutoResize"
_MODE, _MUST = "settings/ipConfiguration/sslMode", "settings/ipConfiguration/requireSsl"
_STRICT = "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
_LOOSE = "ALLOW_UNENCRYPTED_AND_ENCRYPTED"
_ARCHITECTURE = "Google takes no instance back to its old network architecture"


def met(wanted: Mapping[str, object], live: Mapping[str, object]) -> Body:
    """Wanted, with what is live wherever that is as good: what Google has raised or filled in."""
    grown = [
        field
        for field, is_as_good in _AS_GOOD.items()
        if at_field(wanted, field) is not None and is_as_good(wanted, live)
    ]
    assumed = [
        at[1:]
        for at, default in {**DEFAULTS, **REVERTS}.items()
        if at_field(live, at[1:]) is None and at_field(wanted, at[1:]) == default
    ]
    return with_fields(wanted, live, [*grown, *assumed])


def _is_grown(wanted: Mapping[str, object], live: Mapping[str, object]) -> bool:
    """A disk that grows by itself is no smaller than was written."""
    grows = at_field(wanted, _RESIZES)
    grows = at_field(live, _RESIZES) if grows is None else grows
    want, have = at_field(wanted, _DISK), at_field(live, _DISK)
    return grows is not False and _is_number(want) and _is_number(have) and int(have) >= int(want)


def _is_upgraded(wanted: Mapping[str, object], live: Mapping[str, object]) -> bool:
    have = (live.get("databaseVersion"), live.get("databaseInstalledVersion"))
    return any(is_met(wanted["databaseVersion"], version) for version in have if version)


def _is_as_encrypted(wanted: Mapping[str, object], live: Mapping[str, object]) -> bool:
    """Instances from before `sslMode` was thought of answer `requireSsl` alone."""
    if at_field(live, _MODE) is not None:
        return False
    return bool(at_field(wanted, _MODE) == (_STRICT if at_field(live, _MUST) else _LOOSE))


_AS_GOOD: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], bool]] = {
    _DISK: _is_grown,
    "databaseVersion": _is_upgraded,
    "maintenanceVersion": lambda wanted, live: is_maintained(
        wanted["maintenanceVersion"], live.get("maintenanceVersion")
    ),
    _MODE: _is_as_encrypted,
    _MUST: lambda wanted, live: (
        at_field(live, _MUST) is None
        and at_field(wanted, _MUST) is (at_field(live, _MODE) == _STRICT)
    ),
}


def without_project(value: Json) -> Json:
    """Google answers `project:primary` where `primary` was sent."""
    return value.rpartition(":")[2] if isinstance(value, str) else value


def clock(value: Json) -> Json:
    """`3:00` is `03:00`."""
    return value.zfill(5) if isinstance(value, str) else value


def preferred(value: Json) -> Json:
    """The word by which a secondary zone is taken away."""
    return "" if value == "no_secondary_zone" else value


def network(value: Json) -> Json:
    """One address is a range of one."""
    return value.removesuffix("/32") if isinstance(value, str) else value


def one_way(change: FieldChange) -> str:
    """Why this cannot be done to a live instance; empty where it can."""
    refuse = _REFUSALS.get(change.pointer)
    return refuse(change.before, change.after) if refuse else ""


def _shrinks(before: Any, after: Any) -> str:  # noqa: ANN401 - JSON
    if _is_number(before) and _is_number(after) and int(after) < int(before):
        return f"a disk never shrinks, and this one has {before} GB, not {after}"
    return ""


def _moves(before: object, _after: object) -> str:
    return f"the private network stays as it was once set ({before})" if before else ""


def _loses_network(before: Any, after: Any) -> str:  # noqa: ANN401 - JSON
    network = (before or {}).get("privateNetwork")
    return _moves(network, None) if not (after or {}).get("privateNetwork") else ""


_REFUSALS: Mapping[str, Callable[[Any, Any], str]] = {
    "/settings/dataDiskSizeGb": _shrinks,
    "/databaseVersion": why_not,
    "/maintenanceVersion": lambda before, after: (
        "maintenance goes forward only" if is_maintained(after, before) else ""
    ),
    "/sqlNetworkArchitecture": lambda before, _after: (
        _ARCHITECTURE if before == "NEW_NETWORK_ARCHITECTURE" else ""
    ),
    "/settings/ipConfiguration/privateNetwork": _moves,
    "/settings/ipConfiguration": _loses_network,
}


# Where -> what becomes of it if it is to be as it was before. The rest is patched back, exactly.
_AGAIN: Mapping[str, Verdict] = {
    "/settings/dataDiskSizeGb": Verdict(Undo.NEVER, "a disk never shrinks"),
    "/databaseVersion": Verdict(
        Undo.NEVER,
        "a database is never downgraded: take a backup before, which a new instance can restore",
    ),
    "/maintenanceVersion": Verdict(Undo.NEVER, "maintenance goes forward only"),
    "/sqlNetworkArchitecture": Verdict(Undo.NEVER, _ARCHITECTURE),
    "/settings/ipConfiguration/privateNetwork": Verdict(
        Undo.NEVER, "the private network cannot be taken away once it is set"
    ),
    "/settings/edition": Verdict(
        Undo.APPROXIMATE, "Google sets terms for going back to the edition before"
    ),
}
_LOGS = "the transaction logs of today are deleted, and with them the moments to recover to"
_BACKUPS = "backups beyond the new number are deleted, and do not come back"


def verdict(changes: Sequence[FieldChange]) -> Verdict | None:
    """The worst that is to be said of taking these back; None where nothing is."""
    found = [said for change in changes if (said := _verdict(change))]
    never = [said for said in found if said.undo is Undo.NEVER]
    return next(iter(never or found), None)


def _verdict(change: FieldChange) -> Verdict | None:
    before, after = change.before, change.after
    match change.pointer:
        case "/settings/ipConfiguration" if not (after or {}).get("privateNetwork"):
            return None
        case "/settings/ipConfiguration":
            return _AGAIN["/settings/ipConfiguration/privateNetwork"]
        case (
            "/settings/backupConfiguration/pointInTimeRecoveryEnabled"
            | "/settings/backupConfiguration/binaryLogEnabled"
        ):
            return Verdict(Undo.APPROXIMATE, _LOGS) if before and not after else None
        case "/settings/backupConfiguration/backupRetentionSettings/retainedBackups":
            fewer = _is_number(before) and _is_number(after) and int(after) < int(before)
            return Verdict(Undo.APPROXIMATE, _BACKUPS) if fewer else None
        case at:
            return _AGAIN.get(at)


RESTARTS = {
    "/databaseVersion": "restarts the database",
    "/maintenanceVersion": "restarts the database",
    "/sqlNetworkArchitecture": "may restart the database",
    "/settings/advancedMachineFeatures": "restarts the database",
    "/settings/availabilityType": "restarts the database",
    "/settings/backupConfiguration/binaryLogEnabled": "restarts the database",
    "/settings/backupConfiguration/pointInTimeRecoveryEnabled": "may restart the database",
    "/settings/connectionPoolConfig": "may restart the database",
    "/settings/dataCacheConfig": "restarts the database",
    "/settings/databaseReplicationEnabled": "restarts the database",
    "/settings/edition": "restarts the database",
    "/settings/enableGoogleMlIntegration": "may restart the database",
    "/settings/insightsConfig/queryStringLength": "restarts the database",
    "/settings/ipConfiguration/privateNetwork": "restarts the database",
    "/settings/locationPreference/zone": "may restart the database",
    "/settings/tier": "restarts the database",
}


def flags_restart(
    before: Mapping[str, object], after: Mapping[str, object]
) -> dict[str, list[str]]:
    """What a change of the flags does to the database, and which of them do."""
    field = "settings/databaseFlags"
    version = version_of(before.get("databaseVersion"))
    engine = version.engine if version else ""
    surely, perhaps = at_start(engine, at_field(before, field), at_field(after, field))
    found = {"restarts the database": surely, "may restart the database": perhaps}
    return {sentence: names for sentence, names in found.items() if names}


def activation(_before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, list[str]]:
    stops = at_field(after, "settings/activationPolicy") == "NEVER"
    return {"stops the database" if stops else "starts the database": []}


def _is_number(value: object) -> bool:
    return str(value).isdigit()
