"""Settings of an instance as the server completes them."""

from __future__ import annotations

from typing import Final

from gcp_sandbox.request import Body
from gcp_sandbox.sql.errors import refused, required

_LEAST_DISK: Final = 10
_DEFAULTS: Final[Body] = {
    "activationPolicy": "ALWAYS",
    "authorizedGaeApplications": [],
    "availabilityType": "ZONAL",
    "connectorEnforcement": "NOT_REQUIRED",
    "dataDiskType": "PD_SSD",
    "deletionProtectionEnabled": False,
    "edition": "ENTERPRISE",
    "pricingPlan": "PER_USE",
    "replicationType": "SYNCHRONOUS",
    "storageAutoResize": True,
    "storageAutoResizeLimit": "0",
}
_RETENTION: Final = {"ENTERPRISE": (7, 7), "ENTERPRISE_PLUS": (15, 14)}
"""Backups kept, and days of transaction logs."""
_MOST_LOG_DAYS: Final = {"ENTERPRISE": 7, "ENTERPRISE_PLUS": 35}
RESTARTING: Final = ("tier", "edition", "databaseFlags", "availabilityType", "timeZone")
"""What cannot change without a restart of the database (of flags: many)."""
_IMMUTABLE: Final = ("dataDiskType", "collation", "timeZone")


def completed(given: Body, before: Body | None, version: str, zone: str) -> Body:
    """`given` with every default, for a database of `version` in `zone`.

    `before` is what it replaces: what the server once assigned stays. Raises 400.
    """
    if not given.get("tier"):
        raise required("tier")
    settings = {
        **_DEFAULTS,
        **_kept(before),
        **given,
        "kind": "sql#settings",
        "settingsVersion": before["settingsVersion"] if before else "1",
    }
    settings["ipConfiguration"] = _ip(given.get("ipConfiguration") or {})
    settings["backupConfiguration"] = _backup(settings, before, version)
    settings["locationPreference"] = {
        "zone": zone,
        **(given.get("locationPreference") or {}),
        "kind": "sql#locationPreference",
    }
    if "maintenanceWindow" in settings:
        settings["maintenanceWindow"] |= {"kind": "sql#maintenanceWindow"}
    if (given.get("insightsConfig") or {}).get("queryInsightsEnabled"):
        settings["insightsConfig"] = {
            "queryPlansPerMinute": 5,
            "queryStringLength": 1024,
            **given["insightsConfig"],
        }
    if version.startswith("SQLSERVER"):
        settings.setdefault("collation", "SQL_Latin1_General_CP1_CI_AS")
    _check(settings, before)
    return settings


def _kept(before: Body | None) -> Body:
    """What PUT does not take back to its default: a disk, once grown, stays."""
    if before is None:
        return {"dataDiskSizeGb": str(_LEAST_DISK)}
    names = ("dataDiskSizeGb", "dataDiskType", "collation", "timeZone")
    return {name: before[name] for name in names if name in before}


def _ip(given: Body) -> Body:
    """`sslMode` is the newer word; `requireSsl` is kept in step with it."""
    strict = "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
    loose = strict if given.get("requireSsl") else "ALLOW_UNENCRYPTED_AND_ENCRYPTED"
    mode = given.get("sslMode") or loose
    if given.get("requireSsl") and mode == "ALLOW_UNENCRYPTED_AND_ENCRYPTED":
        raise refused(f"requireSsl and sslMode {mode} contradict each other")
    networks = given.get("authorizedNetworks") or []
    ip = {
        "ipv4Enabled": True,
        **given,
        "sslMode": mode,
        "requireSsl": mode == strict,
        "authorizedNetworks": [{**entry, "kind": "sql#aclEntry"} for entry in networks],
    }
    if not ip["ipv4Enabled"] and not ip.get("privateNetwork") and not ip.get("pscConfig"):
        raise refused("At least one of Public IP, Private IP or PSC connectivity must be enabled")
    return ip


def _backup(settings: Body, before: Body | None, version: str) -> Body:
    given = settings.get("backupConfiguration") or {}
    assigned = (before or {}).get("backupConfiguration", {}).get("startTime", "12:00")
    kept, log_days = _RETENTION.get(settings["edition"], _RETENTION["ENTERPRISE"])
    retention = {"retainedBackups": kept, "retentionUnit": "COUNT"}
    backup = {
        "enabled": False,
        "startTime": assigned,
        "transactionLogRetentionDays": log_days,
        "backupTier": "STANDARD",
        **given,
        "backupRetentionSettings": retention | (given.get("backupRetentionSettings") or {}),
        "kind": "sql#backupConfiguration",
    }
    if version.startswith("MYSQL"):
        backup.setdefault("binaryLogEnabled", False)
    elif version.startswith("POSTGRES"):
        recovery = bool(given.get("pointInTimeRecoveryEnabled"))
        backup["replicationLogArchivingEnabled"] = recovery
    logs = backup.get("binaryLogEnabled") or backup.get("pointInTimeRecoveryEnabled")
    stored = "CLOUD_STORAGE" if logs else "TRANSACTIONAL_LOG_STORAGE_STATE_UNSPECIFIED"
    return backup | {"transactionalLogStorageState": stored}


def _check(settings: Body, before: Body | None) -> None:
    size = int(settings["dataDiskSizeGb"])
    if size < _LEAST_DISK:
        raise refused(f"Disk size must be at least {_LEAST_DISK} GB")
    backup = settings["backupConfiguration"]
    days = backup["transactionLogRetentionDays"]
    most = _MOST_LOG_DAYS.get(settings["edition"], _MOST_LOG_DAYS["ENTERPRISE"])
    if not 1 <= days <= most:
        raise refused(f"Transaction log retention days must be between 1 and {most}")
    logs = backup.get("binaryLogEnabled") or backup.get("pointInTimeRecoveryEnabled")
    if logs and not backup["enabled"]:
        raise refused("Point-in-time recovery and binary logs need automated backups")
    names = [flag.get("name") for flag in settings.get("databaseFlags") or ()]
    if len(set(names)) < len(names):
        raise refused("A database flag is given twice")
    if before is not None:
        _check_change(settings, before)


def _check_change(settings: Body, before: Body) -> None:
    if int(settings["dataDiskSizeGb"]) < int(before["dataDiskSizeGb"]):
        raise refused("Disk size cannot be decreased")
    for name in _IMMUTABLE:
        if settings.get(name) != before.get(name):
            raise refused(f"{name} cannot be changed")
    private = before["ipConfiguration"].get("privateNetwork")
    if private and not settings["ipConfiguration"].get("privateNetwork"):
        raise refused("Private network cannot be removed once it is set")
