"""The settings of a Cloud SQL instance, as its spec has them.

Facts: the schemas of the same names in the discovery document.
"""

from __future__ import annotations

from typing import Annotated, Literal

from remediate.kinds.fields.spec import Bool, Int, Int64, Number, Spec, Text, Word


class DiskEncryptionConfiguration(Spec):
    cmekSourceLogEncryptionEnforced: Bool | None = None
    confidentialMode: Bool | None = None
    kmsKeyName: Text | None = None


class ReplicaConfiguration(Spec):
    cascadableReplica: Bool | None = None
    failoverTarget: Bool | None = None


class ReplicationCluster(Spec):
    failoverDrReplicaName: Text | None = None


class SqlActiveDirectoryConfig(Spec):
    adminCredentialSecretName: Text | None = None
    dnsServers: list[Text] | None = None
    domain: Text | None = None
    mode: (
        Annotated[
            Literal[
                "ACTIVE_DIRECTORY_MODE_UNSPECIFIED",
                "CUSTOMER_MANAGED_ACTIVE_DIRECTORY",
                "MANAGED_ACTIVE_DIRECTORY",
                "SELF_MANAGED_ACTIVE_DIRECTORY",
            ],
            Word,
        ]
        | None
    ) = None
    organizationalUnit: Text | None = None


class AdvancedMachineFeatures(Spec):
    threadsPerCore: Int | None = None


class BackupRetentionSettings(Spec):
    retainedBackups: Int | None = None
    retentionUnit: Annotated[Literal["COUNT", "RETENTION_UNIT_UNSPECIFIED"], Word] | None = None


class BackupConfiguration(Spec):
    backupRetentionSettings: BackupRetentionSettings | None = None
    binaryLogEnabled: Bool | None = None
    enabled: Bool | None = None
    location: Text | None = None
    pointInTimeRecoveryEnabled: Bool | None = None
    startTime: Text | None = None
    transactionLogRetentionDays: Int | None = None


class ConnectionPoolFlags(Spec):
    name: Text
    value: Text | None = None


class ConnectionPoolConfig(Spec):
    connectionPoolingEnabled: Bool | None = None
    flags: list[ConnectionPoolFlags] | None = None


class DataCacheConfig(Spec):
    dataCacheEnabled: Bool | None = None


class DatabaseFlags(Spec):
    name: Text
    value: Text | None = None


class DenyMaintenancePeriod(Spec):
    endDate: Text | None = None
    startDate: Text | None = None
    time: Text | None = None


class SqlServerEntraIdConfig(Spec):
    applicationId: Text | None = None
    tenantId: Text | None = None


class FinalBackupConfig(Spec):
    enabled: Bool | None = None
    retentionDays: Int | None = None


class InsightsConfig(Spec):
    enhancedQueryInsightsEnabled: Bool | None = None
    queryInsightsEnabled: Bool | None = None
    queryPlansPerMinute: Int | None = None
    queryStringLength: Int | None = None
    recordApplicationTags: Bool | None = None
    recordClientAddress: Bool | None = None


class AclEntry(Spec):
    expirationTime: Text | None = None
    name: Text | None = None
    value: Text


class PscAutoConnectionConfig(Spec):
    consumerNetwork: Text | None = None
    consumerProject: Text | None = None


class PscConfig(Spec):
    allowedConsumerProjects: list[Text] | None = None
    networkAttachmentUri: Text | None = None
    pscAutoConnectionPolicyEnabled: Bool | None = None
    pscAutoConnections: list[PscAutoConnectionConfig] | None = None
    pscAutoDnsEnabled: Bool | None = None
    pscEnabled: Bool | None = None
    pscWriteEndpointDnsEnabled: Bool | None = None


class IpConfiguration(Spec):
    allocatedIpRange: Text | None = None
    authorizedNetworks: list[AclEntry] | None = None
    customSubjectAlternativeNames: list[Text] | None = None
    enablePrivatePathForGoogleCloudServices: Bool | None = None
    ipv4Enabled: Bool | None = None
    privateNetwork: Text | None = None
    pscConfig: PscConfig | None = None
    requireSsl: Bool | None = None
    serverCaMode: (
        Annotated[
            Literal[
                "CA_MODE_UNSPECIFIED",
                "CUSTOMER_MANAGED_CAS_CA",
                "GOOGLE_MANAGED_CAS_CA",
                "GOOGLE_MANAGED_INTERNAL_CA",
            ],
            Word,
        ]
        | None
    ) = None
    serverCaPool: Text | None = None
    serverCertificateRotationMode: (
        Annotated[
            Literal[
                "AUTOMATIC_ROTATION_DURING_MAINTENANCE",
                "NO_AUTOMATIC_ROTATION",
                "SERVER_CERTIFICATE_ROTATION_MODE_UNSPECIFIED",
            ],
            Word,
        ]
        | None
    ) = None
    sslMode: (
        Annotated[
            Literal[
                "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
                "ENCRYPTED_ONLY",
                "SSL_MODE_UNSPECIFIED",
                "TRUSTED_CLIENT_CERTIFICATE_REQUIRED",
            ],
            Word,
        ]
        | None
    ) = None


class LocationPreference(Spec):
    secondaryZone: Text | None = None
    zone: Text | None = None


class MaintenanceWindow(Spec):
    day: Int | None = None
    hour: Int | None = None
    updateTrack: (
        Annotated[Literal["SQL_UPDATE_TRACK_UNSPECIFIED", "canary", "stable", "week5"], Word] | None
    ) = None


class PasswordValidationPolicy(Spec):
    complexity: Annotated[Literal["COMPLEXITY_DEFAULT", "COMPLEXITY_UNSPECIFIED"], Word] | None = (
        None
    )
    disallowUsernameSubstring: Bool | None = None
    enablePasswordPolicy: Bool | None = None
    minLength: Int | None = None
    passwordChangeInterval: Text | None = None
    reuseInterval: Int | None = None


class PerformanceCaptureConfig(Spec):
    cpuUtilizationThresholdPercent: Int | None = None
    enabled: Bool | None = None
    historyListLengthThresholdCount: Int | None = None
    memoryUsageThresholdPercent: Int | None = None
    probeThreshold: Int | None = None
    probingIntervalSeconds: Int | None = None
    runningThreadsThreshold: Int | None = None
    secondsBehindSourceThreshold: Int | None = None
    semaphoreWaitThresholdCount: Int | None = None
    transactionDurationThreshold: Int | None = None
    transactionKillExcludedUserHosts: list[Text] | None = None
    transactionKillThresholdSeconds: Int | None = None
    transactionKillType: (
        Annotated[
            Literal[
                "ALL_TRANSACTIONS", "READ_ONLY_TRANSACTIONS", "TRANSACTION_KILL_TYPE_UNSPECIFIED"
            ],
            Word,
        ]
        | None
    ) = None
    transactionLockWaitThresholdCount: Int | None = None


class TargetMetric(Spec):
    metric: Text | None = None
    targetValue: Number | None = None


class ReadPoolAutoScaleConfig(Spec):
    disableScaleIn: Bool | None = None
    enabled: Bool | None = None
    maxNodeCount: Int | None = None
    minNodeCount: Int | None = None
    scaleInCooldownSeconds: Int | None = None
    scaleOutCooldownSeconds: Int | None = None
    targetMetrics: list[TargetMetric] | None = None


class SqlServerAuditConfig(Spec):
    bucket: Text | None = None
    retentionInterval: Text | None = None
    uploadInterval: Text | None = None


class Settings(Spec):
    acceleratedReplicaMode: Bool | None = None
    activationPolicy: (
        Annotated[
            Literal["ALWAYS", "NEVER", "ON_DEMAND", "SQL_ACTIVATION_POLICY_UNSPECIFIED"], Word
        ]
        | None
    ) = None
    activeDirectoryConfig: SqlActiveDirectoryConfig | None = None
    advancedMachineFeatures: AdvancedMachineFeatures | None = None
    authorizedGaeApplications: list[Text] | None = None
    autoUpgradeEnabled: Bool | None = None
    availabilityType: (
        Annotated[Literal["REGIONAL", "SQL_AVAILABILITY_TYPE_UNSPECIFIED", "ZONAL"], Word] | None
    ) = None
    backupConfiguration: BackupConfiguration | None = None
    collation: Text | None = None
    connectionPoolConfig: ConnectionPoolConfig | None = None
    connectorEnforcement: (
        Annotated[Literal["CONNECTOR_ENFORCEMENT_UNSPECIFIED", "NOT_REQUIRED", "REQUIRED"], Word]
        | None
    ) = None
    dataApiAccess: (
        Annotated[
            Literal["ALLOW_DATA_API", "DATA_API_ACCESS_UNSPECIFIED", "DISALLOW_DATA_API"], Word
        ]
        | None
    ) = None
    dataCacheConfig: DataCacheConfig | None = None
    dataDiskProvisionedIops: Int64 | None = None
    dataDiskProvisionedThroughput: Int64 | None = None
    dataDiskSizeGb: Int64 | None = None
    dataDiskType: (
        Annotated[
            Literal[
                "HYPERDISK_BALANCED",
                "OBSOLETE_LOCAL_SSD",
                "PD_HDD",
                "PD_SSD",
                "SQL_DATA_DISK_TYPE_UNSPECIFIED",
            ],
            Word,
        ]
        | None
    ) = None
    databaseFlags: list[DatabaseFlags] | None = None
    databaseReplicationEnabled: Bool | None = None
    deletionProtectionEnabled: Bool | None = None
    denyMaintenancePeriods: list[DenyMaintenancePeriod] | None = None
    edition: (
        Annotated[
            Literal["DEVELOPER", "EDITION_UNSPECIFIED", "ENTERPRISE", "ENTERPRISE_PLUS"], Word
        ]
        | None
    ) = None
    enableDataplexIntegration: Bool | None = None
    enableGoogleMlIntegration: Bool | None = None
    entraidConfig: SqlServerEntraIdConfig | None = None
    finalBackupConfig: FinalBackupConfig | None = None
    insightsConfig: InsightsConfig | None = None
    ipConfiguration: IpConfiguration | None = None
    locationPreference: LocationPreference | None = None
    maintenanceWindow: MaintenanceWindow | None = None
    passwordValidationPolicy: PasswordValidationPolicy | None = None
    performanceCaptureConfig: PerformanceCaptureConfig | None = None
    pricingPlan: (
        Annotated[Literal["PACKAGE", "PER_USE", "SQL_PRICING_PLAN_UNSPECIFIED"], Word] | None
    ) = None
    readPoolAutoScaleConfig: ReadPoolAutoScaleConfig | None = None
    replicationLagMaxSeconds: Int | None = None
    replicationType: (
        Annotated[Literal["ASYNCHRONOUS", "SQL_REPLICATION_TYPE_UNSPECIFIED", "SYNCHRONOUS"], Word]
        | None
    ) = None
    retainBackupsOnDelete: Bool | None = None
    sqlServerAuditConfig: SqlServerAuditConfig | None = None
    storageAutoResize: Bool | None = None
    storageAutoResizeLimit: Int64 | None = None
    tier: Text
    timeZone: Text | None = None
    userLabels: dict[str, Text] | None = None
