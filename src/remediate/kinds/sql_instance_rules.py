"""What Cloud SQL takes and types cannot say.

Facts: the descriptions of `DatabaseInstance` and `Settings` in the discovery document;
https://cloud.google.com/sql/docs/postgres/instance-settings and its siblings for the ranges.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from remediate.kinds.fields.labels import label_faults
from remediate.kinds.fields.rules import (
    Fault,
    at_most,
    distinct,
    looks_like,
    spelled,
    values,
    within,
)
from remediate.kinds.sql_instance_versions import version_of
from remediate.model.values import Template

LEAST_DISK = 10  # GB
MOST_LOG_DAYS = {"ENTERPRISE": 7, "ENTERPRISE_PLUS": 35}
# What only one engine has.
_OF_ONE_ENGINE = {
    "SQLSERVER": (
        *("collation", "timeZone", "activeDirectoryConfig", "sqlServerAuditConfig"),
        *("entraidConfig", "advancedMachineFeatures"),
    ),
    "MYSQL": ("autoUpgradeEnabled",),
}
_CLOCK = looks_like(r"([01]?\d|2[0-3]):[0-5]\d")
_CLOCK_WITH_SECONDS = looks_like(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d")
_DATE = looks_like(r"(\d{4}-)?\d{2}-\d{2}")
_SECONDS = looks_like(r"\d+(\.\d+)?s")
_PLUS_TIER = re.compile(r"db-(perf-optimized|memory-optimized|c4a-)")
# With which `sslMode` each `requireSsl` may be sent, on all engines but SQL Server.
_SSL = {
    True: {"TRUSTED_CLIENT_CERTIFICATE_REQUIRED"},
    False: {"ALLOW_UNENCRYPTED_AND_ENCRYPTED", "ENCRYPTED_ONLY"},
}


def check(spec: Mapping[str, Any]) -> list[Fault]:
    version = version_of(spec.get("databaseVersion"))
    engine = version.engine if version else ""
    settings = spec.get("settings") or {}
    return [
        *_ranges(spec),
        *_forms(spec),
        *_one_engine_alone(settings, engine),
        *_kinds_of_instance(spec),
        *_disk(settings),
        *_edition(settings),
        *_backups(settings, engine),
        *_flags(spec, engine),
        *_network(settings.get("ipConfiguration") or {}, engine),
        *(
            (f"/settings/userLabels{at.removeprefix('/labels')}", why)
            for at, why in label_faults({"labels": settings.get("userLabels")})
        ),
    ]


def _ranges(spec: Mapping[str, object]) -> Iterator[Fault]:
    retention = "/settings/backupConfiguration/backupRetentionSettings"
    for pattern, low, high, what in (
        ("/nodeCount", 1, 20, "the nodes of a read pool"),
        ("/settings/dataDiskSizeGb", LEAST_DISK, 65_536, "the disk in GB"),
        ("/settings/storageAutoResizeLimit", 0, 65_536, "the limit in GB (0 for none)"),
        ("/settings/maintenanceWindow/day", 1, 7, "the day (1 is Monday)"),
        ("/settings/maintenanceWindow/hour", 0, 23, "the hour"),
        (f"{retention}/retainedBackups", 1, 365, "the number of backups"),
        ("/settings/finalBackupConfig/retentionDays", 1, 365, "the retention in days"),
        ("/settings/insightsConfig/queryStringLength", 256, 1_048_576, "the length in bytes"),
        ("/settings/insightsConfig/queryPlansPerMinute", 0, 20, "the plans a minute"),
        ("/settings/passwordValidationPolicy/minLength", 0, 2**31 - 1, "the length"),
        ("/settings/advancedMachineFeatures/threadsPerCore", 1, 2, "the threads of a core"),
    ):
        yield from within(spec, pattern, low, high, what)


def _forms(spec: Mapping[str, object]) -> Iterator[Fault]:
    for pattern, fits, what in (
        ("/settings/backupConfiguration/startTime", _CLOCK, "a time such as 03:00"),
        (
            "/settings/denyMaintenancePeriods/*/startDate",
            _DATE,
            "a date such as 2026-11-01 or 11-01",
        ),
        ("/settings/denyMaintenancePeriods/*/endDate", _DATE, "a date such as 2026-11-01 or 11-01"),
        ("/settings/denyMaintenancePeriods/*/time", _CLOCK_WITH_SECONDS, "a time such as 00:00:00"),
        (
            "/settings/passwordValidationPolicy/passwordChangeInterval",
            _SECONDS,
            "seconds such as 86400s",
        ),
        ("/settings/sqlServerAuditConfig/*Interval", _SECONDS, "seconds such as 86400s"),
        (
            "/settings/ipConfiguration/authorizedNetworks/*/value",
            _is_network,
            "an IPv4 range such as 198.51.100.0/24",
        ),
    ):
        yield from spelled(spec, pattern, fits, what)
    periods = "/settings/denyMaintenancePeriods"
    yield from at_most(spec, periods, 1, "period without maintenance")
    networks = "/settings/ipConfiguration/authorizedNetworks/*/value"
    yield from distinct(spec, networks, "network")


def _is_network(text: str) -> object:
    try:
        return IPv4Network(text)
    except ValueError:
        return None


def _one_engine_alone(settings: Mapping[str, object], engine: str) -> Iterator[Fault]:
    for only, names in _OF_ONE_ENGINE.items():
        for name in names:
            if settings.get(name) is not None and engine != only:
                yield f"/settings/{name}", f"{name} is for {_NAMES[only]} alone"
    if settings.get("activationPolicy") == "ON_DEMAND":
        at = "/settings/activationPolicy"
        yield (
            at,
            "Google takes ALWAYS (on) and NEVER (stopped); ON_DEMAND was the first generation's",
        )


_NAMES = {"MYSQL": "MySQL", "POSTGRES": "PostgreSQL", "SQLSERVER": "SQL Server"}


def _kinds_of_instance(spec: Mapping[str, Any]) -> Iterator[Fault]:
    sort = spec.get("instanceType")
    if sort == "READ_REPLICA_INSTANCE" and not spec.get("masterInstanceName"):
        yield "/instanceType", "a read replica needs masterInstanceName"
    if spec.get("replicaConfiguration") and not spec.get("masterInstanceName"):
        yield "/replicaConfiguration", "this needs masterInstanceName"
    if sort in {"ON_PREMISES_INSTANCE", "GREEN_INSTANCE"}:
        yield "/instanceType", "an instance like this is made by Google's migration services"
    if spec.get("nodeCount") is not None and sort != "READ_POOL_INSTANCE":
        yield "/nodeCount", "this needs instanceType READ_POOL_INSTANCE"
    pool = (spec.get("settings") or {}).get("readPoolAutoScaleConfig") or {}
    least, most = pool.get("minNodeCount"), pool.get("maxNodeCount")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield "/settings/readPoolAutoScaleConfig/minNodeCount", "this is more than maxNodeCount"


def _disk(settings: Mapping[str, object]) -> Iterator[Fault]:
    size, limit = settings.get("dataDiskSizeGb"), settings.get("storageAutoResizeLimit")
    if isinstance(size, str) and isinstance(limit, str) and 0 < int(limit) < int(size):
        yield "/settings/storageAutoResizeLimit", "the limit is below the disk's size"
    if settings.get("dataDiskType") != "HYPERDISK_BALANCED":
        for name in ("dataDiskProvisionedIops", "dataDiskProvisionedThroughput"):
            if settings.get(name) is not None:
                yield f"/settings/{name}", "this needs dataDiskType HYPERDISK_BALANCED"


def _edition(settings: Mapping[str, Any]) -> Iterator[Fault]:
    edition, tier = settings.get("edition"), settings.get("tier")
    if edition is None or not isinstance(tier, str):
        return
    is_plus = bool(_PLUS_TIER.match(tier))
    if is_plus and edition == "ENTERPRISE" and not tier.startswith("db-c4a-"):
        yield "/settings/tier", f"{tier} is a machine of edition ENTERPRISE_PLUS"
    if not is_plus and edition == "ENTERPRISE_PLUS":
        message = f"edition ENTERPRISE_PLUS has machines such as db-perf-optimized-N-2, not {tier}"
        yield "/settings/tier", message
    cache = settings.get("dataCacheConfig") or {}
    if cache.get("dataCacheEnabled") is True and edition != "ENTERPRISE_PLUS":
        yield "/settings/dataCacheConfig", "a data cache needs edition ENTERPRISE_PLUS"


def _backups(settings: Mapping[str, Any], engine: str) -> Iterator[Fault]:
    at, backup = "/settings/backupConfiguration", settings.get("backupConfiguration") or {}
    most = MOST_LOG_DAYS.get(str(settings.get("edition")), max(MOST_LOG_DAYS.values()))
    days = f"{at}/transactionLogRetentionDays"
    yield from within({"settings": settings}, days, 1, most, "the days of transaction logs")
    binary, recovery = backup.get("binaryLogEnabled"), backup.get("pointInTimeRecoveryEnabled")
    if binary is not None and engine != "MYSQL":
        yield f"{at}/binaryLogEnabled", "binary logs are MySQL's; write pointInTimeRecoveryEnabled"
    if recovery is not None and engine == "MYSQL":
        yield f"{at}/pointInTimeRecoveryEnabled", "MySQL recovers by binaryLogEnabled"
    for name, is_on in (("binaryLogEnabled", binary), ("pointInTimeRecoveryEnabled", recovery)):
        if is_on is True and backup.get("enabled") is False:
            yield f"{at}/{name}", "this needs backups: `enabled: true`"
    if settings.get("availabilityType") == "REGIONAL":
        if backup.get("enabled") is False:
            yield "/settings/availabilityType", "REGIONAL needs backups: `enabled: true`"
        if engine == "MYSQL" and binary is False:
            yield "/settings/availabilityType", "REGIONAL needs `binaryLogEnabled: true`"


def _flags(spec: Mapping[str, object], engine: str) -> Iterator[Fault]:
    flags = "/settings/databaseFlags/*/name"
    yield from distinct(spec, flags, "the flag")
    if engine == "SQLSERVER":
        return
    for at, name in values(spec, flags):
        if "-" in name:
            yield at, f"Cloud SQL spells it {name.replace('-', '_')}"


def _network(ip: Mapping[str, Any], engine: str) -> Iterator[Fault]:
    at = "/settings/ipConfiguration"
    has_psc = (ip.get("pscConfig") or {}).get("pscEnabled")
    if ip.get("ipv4Enabled") is False and not ip.get("privateNetwork") and not has_psc:
        yield f"{at}/ipv4Enabled", "without a public address this needs privateNetwork or pscConfig"
    for name in ("allocatedIpRange", "enablePrivatePathForGoogleCloudServices"):
        if ip.get(name) and not ip.get("privateNetwork"):
            yield f"{at}/{name}", "this needs privateNetwork"
    if ip.get("serverCaPool") and ip.get("serverCaMode") != "CUSTOMER_MANAGED_CAS_CA":
        yield f"{at}/serverCaPool", "this needs serverCaMode CUSTOMER_MANAGED_CAS_CA"
    must, mode = ip.get("requireSsl"), ip.get("sslMode")
    if not isinstance(must, bool) or mode is None or isinstance(mode, Template):
        return
    if engine != "SQLSERVER" and mode not in _SSL[must]:
        yield f"{at}/requireSsl", f"requireSsl {str(must).lower()} contradicts sslMode {mode}"
