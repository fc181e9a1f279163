"""Instances of Cloud SQL. A change writes its leaves alone, and what must go alone goes alone.

Google takes one operation at a time for an instance, and refuses a write whose `settingsVersion`
is not the newest, so nobody else's edit is ever overwritten. A disk that grows by itself, a minor
version that Google has raised and maintenance that has moved on are no differences. An instance
is never replaced; it is deleted on an explicit word alone, after a step that takes Google's own
deletion protection away where that is on, and leaves a final backup behind for 30 days.

Facts: the discovery document's `DatabaseInstance`; recorded answers; the order of writes is that of
Terraform's provider, which its users have found out one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from remediate.gcp.api import Api
from remediate.kinds.bodies.fields import at_field
from remediate.kinds.facts import (
    Compare,
    Naming,
    Readiness,
    Removal,
    Replacement,
    Scope,
    Update,
    Verdict,
)
from remediate.kinds.fields.spec import Bool, Int, Spec, Text, Word
from remediate.kinds.fields.spellings import without_host
from remediate.kinds.kind import Kind
from remediate.kinds.sql_instance_changes import (
    DEFAULTS,
    FILLED,
    RESTARTS,
    REVERTS,
    activation,
    clock,
    flags_restart,
    met,
    network,
    one_way,
    preferred,
    verdict,
    without_project,
)
from remediate.kinds.sql_instance_parts import (
    DiskEncryptionConfiguration,
    ReplicaConfiguration,
    ReplicationCluster,
    Settings,
)
from remediate.kinds.sql_instance_rules import check
from remediate.kinds.sql_instance_versions import DatabaseVersion
from remediate.model.json import Body, Json
from remediate.model.plan import Action, FieldChange, Risk, Undo

FINAL_BACKUP_DAYS = 30
LONGEST_NAME = 91  # `project:instance` is at most 98 long, and a project at least 6


class SqlInstance(Spec):
    databaseCenterIntegration: (
        Annotated[Literal["DATABASE_CENTER_INTEGRATION_UNSPECIFIED", "DISABLED", "ENABLED"], Word]
        | None
    ) = None
    databaseCenterIntegrationEnabled: Bool | None = None
    databaseVersion: DatabaseVersion
    diskEncryptionConfiguration: DiskEncryptionConfiguration | None = None
    instanceType: (
        Annotated[
            Literal[
                "CLOUD_SQL_INSTANCE",
                "GREEN_INSTANCE",
                "ON_PREMISES_INSTANCE",
                "READ_POOL_INSTANCE",
                "READ_REPLICA_INSTANCE",
                "SQL_INSTANCE_TYPE_UNSPECIFIED",
            ],
            Word,
        ]
        | None
    ) = None
    maintenanceVersion: Text | None = None
    masterInstanceName: Text | None = None
    nodeCount: Int | None = None
    region: Text
    replicaConfiguration: ReplicaConfiguration | None = None
    replicationCluster: ReplicationCluster | None = None
    rootPassword: Text | None = None
    settings: Settings
    sqlNetworkArchitecture: (
        Annotated[
            Literal[
                "NEW_NETWORK_ARCHITECTURE",
                "OLD_NETWORK_ARCHITECTURE",
                "SQL_NETWORK_ARCHITECTURE_UNSPECIFIED",
            ],
            Word,
        ]
        | None
    ) = None
    tags: dict[str, Text] | None = None


def ready(body: Body) -> Readiness:
    """Google has no state for a stopped instance: it is RUNNABLE with the policy NEVER."""
    state = str(body.get("state") or "SQL_INSTANCE_STATE_UNSPECIFIED")
    is_stopped = at_field(body, "settings/activationPolicy") == "NEVER"
    remark = "is stopped (activationPolicy NEVER), though RUNNABLE" if is_stopped else ""
    return Readiness(state == "RUNNABLE", state, failed=state in _FINAL, remark=remark)


_FINAL = frozenset({"FAILED", "SUSPENDED"})


def unprotected(body: Body) -> tuple[FieldChange, ...]:
    """What has to change before Google deletes one."""
    if at_field(body, "settings/deletionProtectionEnabled") is not True:
        return ()
    return (FieldChange(_PROTECTION, True, after=False),)


def address(sort: str) -> Callable[[Body], Json]:
    """The first address of a sort: PRIMARY is public, PRIVATE that in the network."""

    def found(body: Body) -> Json:
        listed = body.get("ipAddresses")
        for each in listed if isinstance(listed, list) else ():
            if isinstance(each, dict) and each.get("type") == sort:
                return each.get("ipAddress")
        return None

    return found


def starts(changes: Sequence[FieldChange]) -> bool:
    """To start it."""
    return any(at == _POLICY and after != "NEVER" for at, after in _wanted(changes))


def stops(changes: Sequence[FieldChange]) -> bool:
    """To stop it."""
    return any(at == _POLICY and after == "NEVER" for at, after in _wanted(changes))


def moves_edition(changes: Sequence[FieldChange]) -> bool:
    """Where the edition changes."""
    return any(at == "/settings/edition" for at, _ in _wanted(changes))


def unprotects(changes: Sequence[FieldChange]) -> bool:
    """To take the protection away."""
    return any(at == _PROTECTION and after is not True for at, after in _wanted(changes))


def _wanted(changes: Sequence[FieldChange]) -> list[tuple[str, Json]]:
    return [(change.pointer, change.after) for change in changes]


_POLICY, _PROTECTION = "/settings/activationPolicy", "/settings/deletionProtectionEnabled"


def _patch(*fields: str, when: Callable[[Sequence[FieldChange]], bool] | None = None) -> Update:
    return Update("patch", fields, Compare.SETTINGS_VERSION, when=when)


_ONE_UPGRADE = "it says how one upgrade goes, and not how the instance is; upgrade with gcloud"
_ASSIGNED = frozenset(
    {
        *("/diskEncryptionConfiguration", "/instanceType", "/masterInstanceName"),
        *("/replicaConfiguration", "/settings/collation", "/settings/dataDiskType"),
        *("/settings/timeZone",),
    }
)

KIND = Kind(
    name="SqlInstance",
    collection="instances",
    schema="DatabaseInstance",
    spec=SqlInstance,
    api=Api.SQL,
    scopes=frozenset({Scope.GLOBAL}),
    links={
        "/settings/ipConfiguration/privateNetwork": ("networks",),
        "/settings/ipConfiguration/pscConfig/pscAutoConnections/*/consumerNetwork": ("networks",),
    },
    links_by_name={"/masterInstanceName": ("SqlInstance",)},
    server_set=frozenset(
        {
            *("/kind", "/name", "/project", "/selfLink", "/etag", "/state", "/suspensionReason"),
            *("/backendType", "/connectionName", "/createTime", "/currentDiskSize", "/maxDiskSize"),
            *("/databaseInstalledVersion", "/availableMaintenanceVersions"),
            *("/upgradableDatabaseVersions", "/deploymentInfo", "/diskEncryptionStatus"),
            *("/dnsName", "/dnsNames", "/primaryDnsName", "/writeEndpoint", "/gceZone"),
            *("/secondaryGceZone", "/geminiConfig", "/ipAddresses", "/ipv6Address", "/nodes"),
            *("/outOfDiskReport", "/pscServiceAttachmentLink", "/replicaNames", "/satisfiesPzi"),
            *("/satisfiesPzs", "/scheduledMaintenance", "/serverCaCert"),
            *("/serviceAccountEmailAddress", "/diskEncryptionConfiguration/kind"),
            *("/replicaConfiguration/kind", "/replicationCluster/drReplica"),
            *("/replicationCluster/psaWriteEndpoint", "/settings/kind"),
            "/settings/settingsVersion",
            *("/settings/activeDirectoryConfig/kind", "/settings/backupConfiguration/kind"),
            "/settings/backupConfiguration/backupTier",
            "/settings/backupConfiguration/replicationLogArchivingEnabled",
            "/settings/backupConfiguration/transactionalLogStorageState",
            *("/settings/connectionPoolConfig/poolerCount", "/settings/entraidConfig/kind"),
            "/settings/ipConfiguration/authorizedNetworks/*/kind",
            *(
                f"/settings/ipConfiguration/pscConfig/pscAutoConnections/*/{name}"
                for name in (
                    *("consumerNetworkStatus", "instanceAutoDnsStatus", "ipAddress"),
                    *("serviceConnectionPolicy", "serviceConnectionPolicyCreationResult"),
                    *("status", "writeEndpointAutoDnsStatus"),
                )
            ),
            *("/settings/locationPreference/kind", "/settings/maintenanceWindow/kind"),
            "/settings/sqlServerAuditConfig/kind",
        }
    ),
    unsupported={
        "/failoverReplica": "Google has retired it; write `settings.availabilityType: REGIONAL`",
        "/includeReplicasForMajorVersionUpgrade": _ONE_UPGRADE,
        "/skipPrecheck": _ONE_UPGRADE,
        "/switchTransactionLogsToCloudStorageEnabled": (
            "it is done once and never read back; use `gcloud sql instances patch`"
        ),
        "/onPremisesConfiguration": (
            "it stands for a server elsewhere, with its passwords; migration services set it up"
        ),
        "/replicaConfiguration/mysqlReplicaConfiguration": (
            "it holds passwords and keys of a server elsewhere, which are never read back"
        ),
        "/settings/crashSafeReplicationEnabled": "only first generation instances had it",
        "/settings/locationPreference/followGaeApplication": (
            "only first generation instances had it; write `zone`"
        ),
        "/settings/passwordValidationPolicy/disallowCompromisedCredentials": (
            "Google has retired it and will remove it"
        ),
    },
    immutable=_ASSIGNED | {"/region", "/tags"},
    replacement=Replacement.REFUSED,
    naming=Naming(longest=LONGEST_NAME),
    one_way=one_way,
    write_only=frozenset({"/rootPassword", "/tags"}),
    telling=frozenset({"/settings/databaseFlags/*", "/settings/connectionPoolConfig/flags/*"}),
    keyed={
        "/settings/databaseFlags": ("name",),
        "/settings/connectionPoolConfig/flags": ("name",),
        "/settings/ipConfiguration/authorizedNetworks": ("value",),
    },
    unordered=frozenset(
        {
            *("/settings/databaseFlags", "/settings/connectionPoolConfig/flags"),
            "/settings/authorizedGaeApplications",
            *(
                f"/settings/ipConfiguration/{name}"
                for name in (
                    *("authorizedNetworks", "customSubjectAlternativeNames"),
                    "pscConfig/allowedConsumerProjects",
                )
            ),
        }
    ),
    normalise={
        "/diskEncryptionConfiguration/kmsKeyName": without_host,
        "/masterInstanceName": without_project,
        "/settings/backupConfiguration/startTime": clock,
        "/settings/ipConfiguration/authorizedNetworks/*/value": network,
        "/settings/ipConfiguration/serverCaPool": without_host,
        "/settings/locationPreference/secondaryZone": preferred,
    },
    defaults=DEFAULTS,
    reverts=REVERTS,
    filled=FILLED,
    stays=_ASSIGNED
    | {
        *("/maintenanceVersion", "/sqlNetworkArchitecture", "/settings/dataDiskSizeGb"),
        *("/settings/edition", "/settings/dataCacheConfig", "/settings/locationPreference"),
        *("/settings/backupConfiguration/startTime", "/settings/backupConfiguration/location"),
        *("/settings/locationPreference/zone", "/settings/ipConfiguration/serverCaMode"),
        "/settings/ipConfiguration/allocatedIpRange",
    },
    met=met,
    labels="/settings/userLabels",
    shared=frozenset({"/settings/userLabels"}),
    by_leaf=True,
    updates=(
        _patch("settings/activationPolicy", when=starts),
        _patch("sqlNetworkArchitecture"),
        _patch("databaseVersion"),
        _patch("maintenanceVersion"),
        _patch(
            *("settings/edition", "settings/tier", "settings/dataCacheConfig"),
            when=moves_edition,
        ),
        _patch(),
        _patch("settings/deletionProtectionEnabled", when=unprotects),
        _patch("settings/activationPolicy", when=stops),
    ),
    restarts=RESTARTS,
    restarts_if={
        "/settings/databaseFlags": flags_restart,
        "/settings/activationPolicy": activation,
    },
    before_delete=unprotected,
    delete_asks={"enableFinalBackup": "true", "finalBackupTtlDays": str(FINAL_BACKUP_DAYS)},
    outputs=frozenset({"connectionName", "selfLink", "serviceAccountEmailAddress"}),
    computed={"ipAddress": address("PRIMARY"), "privateIpAddress": address("PRIVATE")},
    base_risk=Risk.CRITICAL,
    removal=Removal.ON_WORD,
    holds_data=True,
    loses="its data, but for the final backup that is kept for 30 days, and its addresses",
    undo={
        Action.CREATE: Verdict(
            Undo.APPROXIMATE,
            "it is deleted again, and what was put into it meanwhile is in its final backup alone; "
            "Google may keep its name for a week",
        ),
        Action.UPDATE: Verdict(Undo.EXACT, "the old values are patched back, one by one"),
        Action.REPLACE: Verdict(Undo.NEVER, "it is never replaced: its data would be lost"),
        Action.DELETE: Verdict(
            Undo.APPROXIMATE,
            "it is made again empty, to restore the final backup into: its addresses, service "
            "account, certificates and passwords are new ones",
        ),
    },
    verdict=verdict,
    remade=(
        "without its data: restore its final backup into it with "
        "`gcloud sql backups restore BACKUP --restore-instance={name}`"
    ),
    # Recorded operations of MySQL: insert 162 s, delete 89 s. Updates: nobody here has seen one.
    seconds={Action.CREATE: 162.0, Action.UPDATE: 60.0, Action.DELETE: 89.0},
    ready=ready,
    check=check,
)
