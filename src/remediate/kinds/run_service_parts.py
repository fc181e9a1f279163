"""What a revision of a Cloud Run service is made from: containers, probes, volumes, networks.

Facts: the discovery document's `GoogleCloudRunV2RevisionTemplate` and what is in it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from remediate.kinds.fields.spec import Bool, Int, Int64, Number, Spec, Text, Word


class AmbientNetworking(Spec):
    ambientScope: (
        Annotated[
            Literal["AMBIENT_SCOPE_GLOBAL", "AMBIENT_SCOPE_REGIONAL", "AMBIENT_SCOPE_UNSPECIFIED"],
            Word,
        ]
        | None
    ) = None
    enabled: Bool | None = None


class BuildConfigurationBuildpacksBuild(Spec):
    buildBaseImageUri: Text | None = None
    cacheImageUri: Text | None = None
    environmentVariables: dict[str, Text] | None = None


class BuildConfigurationDockerBuild(Spec):
    """It has no settings: being there is what it says."""


class CloudBuildWorkerConfiguration(Spec):
    machineType: Text | None = None
    workerPool: Text | None = None


class WorkerConfiguration(Spec):
    cloudBuildWorkerConfiguration: CloudBuildWorkerConfiguration | None = None


class BuildConfiguration(Spec):
    buildpacksBuild: BuildConfigurationBuildpacksBuild | None = None
    dockerBuild: BuildConfigurationDockerBuild | None = None
    imageRepositoryUri: Text | None = None
    serviceAccount: Text | None = None
    tags: list[Text] | None = None
    workerConfiguration: WorkerConfiguration | None = None


class SecretKeySelector(Spec):
    secret: Text
    version: Text | None = None


class EnvVarSource(Spec):
    secretKeyRef: SecretKeySelector | None = None


class EnvVar(Spec):
    name: Text
    value: Text | None = None
    valueSource: EnvVarSource | None = None


class GRPCAction(Spec):
    port: Int | None = None
    service: Text | None = None


class HTTPHeader(Spec):
    name: Text
    value: Text | None = None


class HTTPGetAction(Spec):
    httpHeaders: list[HTTPHeader] | None = None
    path: Text | None = None
    port: Int | None = None


class TCPSocketAction(Spec):
    port: Int | None = None


class Probe(Spec):
    failureThreshold: Int | None = None
    grpc: GRPCAction | None = None
    httpGet: HTTPGetAction | None = None
    initialDelaySeconds: Int | None = None
    periodSeconds: Int | None = None
    tcpSocket: TCPSocketAction | None = None
    timeoutSeconds: Int | None = None


class ContainerPort(Spec):
    containerPort: Int | None = None
    name: Text | None = None


class ResourceRequirements(Spec):
    cpuIdle: Bool | None = None
    limits: dict[str, Text] | None = None
    startupCpuBoost: Bool | None = None


class CloudStorageSource(Spec):
    bucket: Text
    generation: Int64 | None = None
    object: Text


class SourceCode(Spec):
    cloudStorageSource: CloudStorageSource | None = None


class VolumeMount(Spec):
    mountPath: Text
    name: Text
    subPath: Text | None = None


class Container(Spec):
    args: list[Text] | None = None
    baseImageUri: Text | None = None
    buildConfig: BuildConfiguration | None = None
    command: list[Text] | None = None
    dependsOn: list[Text] | None = None
    env: list[EnvVar] | None = None
    image: Text
    livenessProbe: Probe | None = None
    name: Text | None = None
    ports: list[ContainerPort] | None = None
    readinessProbe: Probe | None = None
    resources: ResourceRequirements | None = None
    sandboxLauncher: Bool | None = None
    sourceCode: SourceCode | None = None
    startupProbe: Probe | None = None
    volumeMounts: list[VolumeMount] | None = None
    workingDir: Text | None = None


class NodeSelector(Spec):
    accelerator: Text


class SandboxTemplate(Spec):
    args: list[Text] | None = None
    command: list[Text] | None = None
    env: list[EnvVar] | None = None
    image: Text
    name: Text
    volumeMounts: list[VolumeMount] | None = None
    workingDir: Text | None = None


class SandboxConfiguration(Spec):
    templates: list[SandboxTemplate]


class RevisionScaling(Spec):
    concurrencyUtilization: Number | None = None
    cpuUtilization: Number | None = None
    maxInstanceCount: Int | None = None
    minInstanceCount: Int | None = None


class ServiceMesh(Spec):
    mesh: Text | None = None


class CloudSqlInstance(Spec):
    instances: list[Text] | None = None


class EmptyDirVolumeSource(Spec):
    medium: Annotated[Literal["DISK", "MEDIUM_UNSPECIFIED", "MEMORY"], Word] | None = None
    sizeLimit: Text | None = None


class FilestoreVolumeSource(Spec):
    volume: Text


class GCSVolumeSource(Spec):
    bucket: Text
    mountOptions: list[Text] | None = None
    readOnly: Bool | None = None


class NFSVolumeSource(Spec):
    path: Text
    readOnly: Bool | None = None
    server: Text


class VersionToPath(Spec):
    mode: Int | None = None
    path: Text
    version: Text | None = None


class SecretVolumeSource(Spec):
    defaultMode: Int | None = None
    items: list[VersionToPath] | None = None
    secret: Text


class Volume(Spec):
    cloudSqlInstance: CloudSqlInstance | None = None
    emptyDir: EmptyDirVolumeSource | None = None
    filestore: FilestoreVolumeSource | None = None
    gcs: GCSVolumeSource | None = None
    name: Text
    nfs: NFSVolumeSource | None = None
    secret: SecretVolumeSource | None = None


class NetworkInterface(Spec):
    network: Text | None = None
    subnetwork: Text | None = None
    tags: list[Text] | None = None


class VpcAccess(Spec):
    connector: Text | None = None
    egress: (
        Annotated[Literal["ALL_TRAFFIC", "PRIVATE_RANGES_ONLY", "VPC_EGRESS_UNSPECIFIED"], Word]
        | None
    ) = None
    networkInterfaces: list[NetworkInterface] | None = None


class WorkloadIdentityConfig(Spec):
    identity: Text | None = None
    identityCertificateEnabled: Bool | None = None
    identityType: (
        Annotated[
            Literal[
                "IDENTITY_TYPE_AGENT_IDENTITY",
                "IDENTITY_TYPE_SERVICE_ACCOUNT",
                "IDENTITY_TYPE_UNSPECIFIED",
            ],
            Word,
        ]
        | None
    ) = None


class RevisionTemplate(Spec):
    ambientNetworking: AmbientNetworking | None = None
    annotations: dict[str, Text] | None = None
    client: Text | None = None
    clientVersion: Text | None = None
    containers: list[Container]
    encryptionKey: Text | None = None
    encryptionKeyRevocationAction: (
        Annotated[
            Literal["ENCRYPTION_KEY_REVOCATION_ACTION_UNSPECIFIED", "PREVENT_NEW", "SHUTDOWN"], Word
        ]
        | None
    ) = None
    encryptionKeyShutdownDuration: Text | None = None
    executionEnvironment: (
        Annotated[
            Literal[
                "EXECUTION_ENVIRONMENT_GEN1",
                "EXECUTION_ENVIRONMENT_GEN2",
                "EXECUTION_ENVIRONMENT_UNSPECIFIED",
            ],
            Word,
        ]
        | None
    ) = None
    gpuZonalRedundancyDisabled: Bool | None = None
    healthCheckDisabled: Bool | None = None
    labels: dict[str, Text] | None = None
    maxInstanceRequestConcurrency: Int | None = None
    nodeSelector: NodeSelector | None = None
    revision: Text | None = None
    sandboxes: SandboxConfiguration | None = None
    scaling: RevisionScaling | None = None
    serviceAccount: Text | None = None
    serviceMesh: ServiceMesh | None = None
    sessionAffinity: Bool | None = None
    timeout: Text | None = None
    volumes: list[Volume] | None = None
    vpcAccess: VpcAccess | None = None
    workloadIdentityConfig: WorkloadIdentityConfig | None = None
