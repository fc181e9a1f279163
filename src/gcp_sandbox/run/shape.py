"""What a client may say of a service, after the discovery document of Cloud Run v2."""

from __future__ import annotations

from typing import Final

from gcp_sandbox.shapes import (
    DURATION,
    FLAG,
    INT32,
    NUMBER,
    STRUCT,
    TEXT,
    TEXTS,
    Choice,
    Message,
)

LATEST: Final = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION: Final = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
_TRAFFIC_TYPE: Final = Choice(("TRAFFIC_TARGET_ALLOCATION_TYPE_UNSPECIFIED", LATEST, REVISION))
_LAUNCH_STAGE: Final = Choice(
    (
        "LAUNCH_STAGE_UNSPECIFIED",
        "EARLY_ACCESS",
        "ALPHA",
        "BETA",
        "GA",
        "DEPRECATED",
        "UNIMPLEMENTED",
        "PRELAUNCH",
    )
)
_INGRESS: Final = Choice(
    (
        "INGRESS_TRAFFIC_UNSPECIFIED",
        "INGRESS_TRAFFIC_ALL",
        "INGRESS_TRAFFIC_INTERNAL_ONLY",
        "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
        "INGRESS_TRAFFIC_NONE",
    )
)
_HEADER: Final = Message({"name": TEXT, "value": TEXT}, ("name",))
_PROBE: Final = Message(
    {
        "initialDelaySeconds": INT32,
        "timeoutSeconds": INT32,
        "periodSeconds": INT32,
        "failureThreshold": INT32,
        "httpGet": Message({"path": TEXT, "port": INT32, "httpHeaders": [_HEADER]}),
        "tcpSocket": Message({"port": INT32}),
        "grpc": Message({"port": INT32, "service": TEXT}),
    }
)
_ENV: Final = Message(
    {
        "name": TEXT,
        "value": TEXT,
        "valueSource": Message(
            {"secretKeyRef": Message({"secret": TEXT, "version": TEXT}, ("secret",))},
            ("secretKeyRef",),
        ),
    },
    ("name",),
    kept=frozenset({"value"}),
)
_CONTAINER: Final = Message(
    {
        "name": TEXT,
        "image": TEXT,
        "command": [TEXT],
        "args": [TEXT],
        "env": [_ENV],
        "resources": Message({"limits": TEXTS, "cpuIdle": FLAG, "startupCpuBoost": FLAG}),
        "ports": [Message({"name": TEXT, "containerPort": INT32})],
        "volumeMounts": [
            Message({"name": TEXT, "mountPath": TEXT, "subPath": TEXT}, ("name", "mountPath"))
        ],
        "workingDir": TEXT,
        "livenessProbe": _PROBE,
        "startupProbe": _PROBE,
        "readinessProbe": _PROBE,
        "dependsOn": [TEXT],
        "baseImageUri": TEXT,
        "sourceCode": STRUCT,
        "buildConfig": STRUCT,
        "sandboxLauncher": FLAG,
    },
    ignored=frozenset({"buildInfo"}),
)
_SECRET_ITEM: Final = Message({"path": TEXT, "version": TEXT, "mode": INT32}, ("path",))
_VOLUME: Final = Message(
    {
        "name": TEXT,
        "secret": Message(
            {"secret": TEXT, "items": [_SECRET_ITEM], "defaultMode": INT32}, ("secret",)
        ),
        "cloudSqlInstance": Message({"instances": [TEXT]}),
        "emptyDir": Message(
            {"medium": Choice(("MEDIUM_UNSPECIFIED", "MEMORY", "DISK")), "sizeLimit": TEXT}
        ),
        "nfs": Message({"server": TEXT, "path": TEXT, "readOnly": FLAG}, ("server", "path")),
        "gcs": Message({"bucket": TEXT, "readOnly": FLAG, "mountOptions": [TEXT]}, ("bucket",)),
        "filestore": STRUCT,
    },
    ("name",),
)
_VPC_ACCESS: Final = Message(
    {
        "connector": TEXT,
        "egress": Choice(("VPC_EGRESS_UNSPECIFIED", "ALL_TRAFFIC", "PRIVATE_RANGES_ONLY")),
        "networkInterfaces": [Message({"network": TEXT, "subnetwork": TEXT, "tags": [TEXT]})],
    }
)
TEMPLATE: Final = Message(
    {
        "revision": TEXT,
        "labels": TEXTS,
        "annotations": TEXTS,
        "scaling": Message(
            {
                "minInstanceCount": INT32,
                "maxInstanceCount": INT32,
                "concurrencyUtilization": NUMBER,
                "cpuUtilization": NUMBER,
            }
        ),
        "vpcAccess": _VPC_ACCESS,
        "timeout": DURATION,
        "serviceAccount": TEXT,
        "containers": [_CONTAINER],
        "volumes": [_VOLUME],
        "executionEnvironment": Choice(
            (
                "EXECUTION_ENVIRONMENT_UNSPECIFIED",
                "EXECUTION_ENVIRONMENT_GEN1",
                "EXECUTION_ENVIRONMENT_GEN2",
            )
        ),
        "encryptionKey": TEXT,
        "encryptionKeyRevocationAction": Choice(
            ("ENCRYPTION_KEY_REVOCATION_ACTION_UNSPECIFIED", "PREVENT_NEW", "SHUTDOWN")
        ),
        "encryptionKeyShutdownDuration": DURATION,
        "maxInstanceRequestConcurrency": INT32,
        "sessionAffinity": FLAG,
        "healthCheckDisabled": FLAG,
        "gpuZonalRedundancyDisabled": FLAG,
        "nodeSelector": Message({"accelerator": TEXT}, ("accelerator",)),
        "serviceMesh": Message({"mesh": TEXT}),
        "client": TEXT,
        "clientVersion": TEXT,
        "ambientNetworking": STRUCT,
        "sandboxes": STRUCT,
        "workloadIdentityConfig": STRUCT,
    }
)
SERVICE: Final = Message(
    {
        "description": TEXT,
        "labels": TEXTS,
        "annotations": TEXTS,
        "client": TEXT,
        "clientVersion": TEXT,
        "ingress": _INGRESS,
        "launchStage": _LAUNCH_STAGE,
        "binaryAuthorization": Message(
            {"useDefault": FLAG, "policy": TEXT, "breakglassJustification": TEXT}
        ),
        "template": TEMPLATE,
        "traffic": [
            Message({"type": _TRAFFIC_TYPE, "revision": TEXT, "percent": INT32, "tag": TEXT})
        ],
        "scaling": Message(
            {
                "minInstanceCount": INT32,
                "maxInstanceCount": INT32,
                "manualInstanceCount": INT32,
                "scalingMode": Choice(("SCALING_MODE_UNSPECIFIED", "AUTOMATIC", "MANUAL")),
            }
        ),
        "customAudiences": [TEXT],
        "defaultUriDisabled": FLAG,
        "invokerIamDisabled": FLAG,
        "iapEnabled": FLAG,
        "sshEnabled": FLAG,
        "multiRegionSettings": STRUCT,
        "buildConfig": STRUCT,
        "functionalType": Choice(
            ("FUNCTIONAL_TYPE_UNSPECIFIED", "FUNCTIONAL_TYPE_AGENT", "FUNCTIONAL_TYPE_MCP_SERVER")
        ),
    },
    ignored=frozenset(
        {
            "name",
            "uid",
            "generation",
            "createTime",
            "updateTime",
            "deleteTime",
            "expireTime",
            "creator",
            "lastModifier",
            "observedGeneration",
            "terminalCondition",
            "conditions",
            "latestReadyRevision",
            "latestCreatedRevision",
            "trafficStatuses",
            "uri",
            "urls",
            "satisfiesPzs",
            "reconciling",
            "etag",
            "threatDetectionEnabled",
        }
    ),
)
WRITABLE: Final = frozenset(SERVICE.fields)
