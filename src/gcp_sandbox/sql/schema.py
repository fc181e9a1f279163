"""What a client may say of an instance: names and types of its fields.

From the discovery document of Cloud SQL Admin v1beta4. Enums also come by number, int64 as text
or number, and names in snake_case: https://protobuf.dev/programming-guides/json
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from gcp_sandbox.request import Body, Json
from gcp_sandbox.shapes import camel
from gcp_sandbox.sql.errors import bad_value, unknown

Shape: TypeAlias = Any
"""A name below, an enum's names by number, a message's fields by name, or a list of a shape."""

TEXT: Final = "TYPE_STRING"
FLAG: Final = "TYPE_BOOL"
INT32: Final = "TYPE_INT32"
INT64: Final = "TYPE_INT64"
TEXTS: Final = "Map"
OBJECT: Final = "Struct"
"""Any object, taken as it is."""
SERVED: Final = "served"
"""What the server says; a client may send it back, and it is left out."""

_INTEGER: Final = re.compile(r"-?\d{1,19}")


def _choice(*names: str) -> dict[int, str]:
    return dict(enumerate(names))


_VERSIONS: Final = """
MYSQL_5_1=2 MYSQL_5_5=3 MYSQL_5_6=5 MYSQL_5_7=6 MYSQL_8_0=20 MYSQL_8_0_18=41 MYSQL_8_0_26=85
MYSQL_8_0_27=111 MYSQL_8_0_28=132 MYSQL_8_0_29=148 MYSQL_8_0_30=174 MYSQL_8_0_31=197
MYSQL_8_0_32=213 MYSQL_8_0_33=238 MYSQL_8_0_34=239 MYSQL_8_0_35=240 MYSQL_8_0_36=241
MYSQL_8_0_37=355 MYSQL_8_0_39=357 MYSQL_8_0_40=358 MYSQL_8_0_41=488 MYSQL_8_0_42=489
MYSQL_8_0_43=553 MYSQL_8_0_44=554 MYSQL_8_0_45=555 MYSQL_8_0_46=556 MYSQL_8_4=398 MYSQL_9_7=654
POSTGRES_9_6=9 POSTGRES_10=18 POSTGRES_11=10 POSTGRES_12=19 POSTGRES_13=23 POSTGRES_14=110
POSTGRES_15=172 POSTGRES_16=272 POSTGRES_17=408 POSTGRES_18=557 POSTGRES_19=684 POSTGRES_20=781
SQLSERVER_2017_EXPRESS=15 SQLSERVER_2017_WEB=16 SQLSERVER_2017_STANDARD=11
SQLSERVER_2017_ENTERPRISE=14 SQLSERVER_2019_EXPRESS=28 SQLSERVER_2019_WEB=29
SQLSERVER_2019_STANDARD=26 SQLSERVER_2019_ENTERPRISE=27 SQLSERVER_2022_EXPRESS=201
SQLSERVER_2022_WEB=202 SQLSERVER_2022_STANDARD=199 SQLSERVER_2022_ENTERPRISE=200
SQLSERVER_2025_EXPRESS=551 SQLSERVER_2025_STANDARD=549 SQLSERVER_2025_ENTERPRISE=550
"""
DATABASE_VERSIONS: Final[dict[int, str]] = {0: "SQL_DATABASE_VERSION_UNSPECIFIED"} | {
    int(number): name for name, number in (pair.split("=") for pair in _VERSIONS.split())
}
"""In the order in which an engine may be upgraded."""

_BACKUP: Final[Mapping[str, Shape]] = {
    "kind": SERVED,
    "enabled": FLAG,
    "startTime": TEXT,
    "location": TEXT,
    "binaryLogEnabled": FLAG,
    "pointInTimeRecoveryEnabled": FLAG,
    "replicationLogArchivingEnabled": FLAG,
    "transactionLogRetentionDays": INT32,
    "backupRetentionSettings": {
        "retainedBackups": INT32,
        "retentionUnit": _choice("RETENTION_UNIT_UNSPECIFIED", "COUNT"),
    },
    "backupTier": SERVED,
    "transactionalLogStorageState": SERVED,
}
_IP: Final[Mapping[str, Shape]] = {
    "allocatedIpRange": TEXT,
    "authorizedNetworks": [
        {"kind": SERVED, "expirationTime": TEXT, "name": TEXT, "value": TEXT},
    ],
    "customSubjectAlternativeNames": [TEXT],
    "enablePrivatePathForGoogleCloudServices": FLAG,
    "ipv4Enabled": FLAG,
    "privateNetwork": TEXT,
    "pscConfig": OBJECT,
    "requireSsl": FLAG,
    "serverCaMode": _choice(
        "CA_MODE_UNSPECIFIED",
        "GOOGLE_MANAGED_INTERNAL_CA",
        "GOOGLE_MANAGED_CAS_CA",
        "CUSTOMER_MANAGED_CAS_CA",
    ),
    "serverCaPool": TEXT,
    "serverCertificateRotationMode": _choice(
        "SERVER_CERTIFICATE_ROTATION_MODE_UNSPECIFIED",
        "NO_AUTOMATIC_ROTATION",
        "AUTOMATIC_ROTATION_DURING_MAINTENANCE",
    ),
    "sslMode": _choice(
        "SSL_MODE_UNSPECIFIED",
        "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
        "ENCRYPTED_ONLY",
        "TRUSTED_CLIENT_CERTIFICATE_REQUIRED",
    ),
}
_SETTINGS: Final[Mapping[str, Shape]] = {
    "kind": SERVED,
    "settingsVersion": INT64,
    "tier": TEXT,
    "userLabels": TEXTS,
    "activationPolicy": _choice(
        "SQL_ACTIVATION_POLICY_UNSPECIFIED", "ALWAYS", "NEVER", "ON_DEMAND"
    ),
    "availabilityType": _choice("SQL_AVAILABILITY_TYPE_UNSPECIFIED", "ZONAL", "REGIONAL"),
    "pricingPlan": _choice("SQL_PRICING_PLAN_UNSPECIFIED", "PACKAGE", "PER_USE"),
    "replicationType": _choice("SQL_REPLICATION_TYPE_UNSPECIFIED", "SYNCHRONOUS", "ASYNCHRONOUS"),
    "edition": _choice("EDITION_UNSPECIFIED", "ENTERPRISE", "ENTERPRISE_PLUS", "DEVELOPER"),
    "connectorEnforcement": _choice(
        "CONNECTOR_ENFORCEMENT_UNSPECIFIED", "NOT_REQUIRED", "REQUIRED"
    ),
    "dataApiAccess": _choice("DATA_API_ACCESS_UNSPECIFIED", "DISALLOW_DATA_API", "ALLOW_DATA_API"),
    "dataDiskType": _choice(
        "SQL_DATA_DISK_TYPE_UNSPECIFIED",
        "PD_SSD",
        "PD_HDD",
        "OBSOLETE_LOCAL_SSD",
        "HYPERDISK_BALANCED",
    ),
    "dataDiskSizeGb": INT64,
    "storageAutoResizeLimit": INT64,
    "dataDiskProvisionedIops": INT64,
    "dataDiskProvisionedThroughput": INT64,
    "replicationLagMaxSeconds": INT32,
    **dict.fromkeys(
        (
            *("storageAutoResize", "databaseReplicationEnabled", "crashSafeReplicationEnabled"),
            *("deletionProtectionEnabled", "enableDataplexIntegration", "retainBackupsOnDelete"),
            *("enableGoogleMlIntegration", "acceleratedReplicaMode", "autoUpgradeEnabled"),
        ),
        FLAG,
    ),
    "collation": TEXT,
    "timeZone": TEXT,
    "authorizedGaeApplications": [TEXT],
    "databaseFlags": [{"name": TEXT, "value": TEXT}],
    "backupConfiguration": _BACKUP,
    "ipConfiguration": _IP,
    "locationPreference": {
        "kind": SERVED,
        "followGaeApplication": TEXT,
        "zone": TEXT,
        "secondaryZone": TEXT,
    },
    "maintenanceWindow": {
        "kind": SERVED,
        "day": INT32,
        "hour": INT32,
        "updateTrack": _choice("SQL_UPDATE_TRACK_UNSPECIFIED", "canary", "stable", "week5"),
    },
    "denyMaintenancePeriods": [{"startDate": TEXT, "endDate": TEXT, "time": TEXT}],
    "insightsConfig": {
        "queryInsightsEnabled": FLAG,
        "enhancedQueryInsightsEnabled": FLAG,
        "recordApplicationTags": FLAG,
        "recordClientAddress": FLAG,
        "queryPlansPerMinute": INT32,
        "queryStringLength": INT32,
    },
    "advancedMachineFeatures": {"threadsPerCore": INT32},
    "dataCacheConfig": {"dataCacheEnabled": FLAG},
    **dict.fromkeys(
        (
            *("activeDirectoryConfig", "connectionPoolConfig", "entraidConfig"),
            *("finalBackupConfig", "passwordValidationPolicy", "performanceCaptureConfig"),
            *("readPoolAutoScaleConfig", "sqlServerAuditConfig"),
        ),
        OBJECT,
    ),
}
INSTANCE: Final[Mapping[str, Shape]] = {
    "name": TEXT,
    "region": TEXT,
    "gceZone": TEXT,
    "secondaryGceZone": TEXT,
    "databaseVersion": DATABASE_VERSIONS,
    "instanceType": {
        0: "SQL_INSTANCE_TYPE_UNSPECIFIED",
        1: "CLOUD_SQL_INSTANCE",
        2: "ON_PREMISES_INSTANCE",
        3: "READ_REPLICA_INSTANCE",
        5: "READ_POOL_INSTANCE",
        7: "GREEN_INSTANCE",
    },
    "settings": _SETTINGS,
    "maintenanceVersion": TEXT,
    "masterInstanceName": TEXT,
    "rootPassword": TEXT,
    "nodeCount": INT32,
    "includeReplicasForMajorVersionUpgrade": FLAG,
    "switchTransactionLogsToCloudStorageEnabled": FLAG,
    "skipPrecheck": FLAG,
    "databaseCenterIntegrationEnabled": FLAG,
    "databaseCenterIntegration": _choice(
        "DATABASE_CENTER_INTEGRATION_UNSPECIFIED", "ENABLED", "DISABLED"
    ),
    "sqlNetworkArchitecture": _choice(
        "SQL_NETWORK_ARCHITECTURE_UNSPECIFIED",
        "NEW_NETWORK_ARCHITECTURE",
        "OLD_NETWORK_ARCHITECTURE",
    ),
    "tags": TEXTS,
    **dict.fromkeys(
        (
            *("diskEncryptionConfiguration", "onPremisesConfiguration", "replicaConfiguration"),
            *("replicationCluster", "failoverReplica"),
        ),
        OBJECT,
    ),
    **dict.fromkeys(
        (
            *("kind", "selfLink", "project", "state", "etag", "backendType", "connectionName"),
            *("createTime", "ipAddresses", "ipv6Address", "serverCaCert", "satisfiesPzi"),
            *("serviceAccountEmailAddress", "databaseInstalledVersion", "geminiConfig"),
            *("availableMaintenanceVersions", "upgradableDatabaseVersions", "satisfiesPzs"),
            *("currentDiskSize", "maxDiskSize", "diskEncryptionStatus", "replicaNames"),
            *("deploymentInfo", "dnsName", "dnsNames", "primaryDnsName", "writeEndpoint"),
            *("nodes", "outOfDiskReport", "pscServiceAttachmentLink", "scheduledMaintenance"),
            *("suspensionReason",),
        ),
        SERVED,
    ),
}


def taken(value: Json, at: str = "body") -> Body:
    """An instance as a client sent it, in its one form; nulls stay. Raises 400."""
    taken: Body = _message(INSTANCE, value, at)
    return taken


def _message(shape: Mapping[str, Shape], value: Json, at: str) -> Body:
    if not isinstance(value, dict):
        raise bad_value(at, "TYPE_MESSAGE", value)
    body: Body = {}
    for given, member in value.items():
        name = camel(given)
        if name not in shape:
            raise unknown(given, at)
        if shape[name] != SERVED:
            where = name if at == "body" else f"{at}.{name}"
            body[name] = None if member is None else _member(shape[name], member, where)
    return body


def _member(shape: Shape, value: Json, at: str) -> Json:
    if isinstance(shape, list):
        if not isinstance(value, list):
            raise bad_value(at, "TYPE_LIST", value)
        return [_member(shape[0], item, f"{at}[{i}]") for i, item in enumerate(value)]
    if isinstance(shape, dict):
        return _chosen(shape, value, at) if 0 in shape else _message(shape, value, at)
    if shape in {INT32, INT64}:
        return _integer(shape, value, at)
    if shape == TEXTS:
        good = isinstance(value, dict) and all(
            item is None or isinstance(item, str) for item in value.values()
        )
    else:
        good = isinstance(value, {TEXT: str, FLAG: bool, OBJECT: dict}[shape])
    if not good:
        raise bad_value(at, shape, value)
    return value


def _chosen(names: Mapping[int, str], value: Json, at: str) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        value = names.get(value)
    if value not in names.values():
        raise bad_value(at, "TYPE_ENUM", value)
    return None if value == names[0] else str(value)


def _integer(kind: str, value: Json, at: str) -> int | str:
    """int64 is answered as text."""
    if isinstance(value, bool) or not _INTEGER.fullmatch(str(value)):
        raise bad_value(at, kind, value)
    return int(value) if kind == INT32 else str(int(value))
