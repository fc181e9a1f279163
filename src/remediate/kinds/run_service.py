"""Cloud Run services (v2): a template that makes revisions, and who gets the requests.

Facts: the discovery document's `GoogleCloudRunV2Service` and its descriptions. Every change of the
template makes a revision, once and for all; traffic, labels and ingress change without one.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from remediate.gcp.api import Api
from remediate.kinds.facts import Compare, Fields, Naming, Removal, Scope, Update, Verdict
from remediate.kinds.fields.pointers import Patterns, transformed
from remediate.kinds.fields.spec import Bool, Int, Spec, Text, Word
from remediate.kinds.fields.spellings import quantity, seconds
from remediate.kinds.kind import Kind
from remediate.kinds.run_service_parts import RevisionTemplate
from remediate.kinds.run_service_rules import check
from remediate.kinds.run_service_states import (
    PROBES,
    TELLING,
    WITNESS,
    aftermath,
    holds,
    ready,
    used_by,
    verdict,
)
from remediate.model.json import Body, Json
from remediate.model.plan import Action, Risk, Undo


class BinaryAuthorization(Spec):
    breakglassJustification: Text | None = None
    policy: Text | None = None
    useDefault: Bool | None = None


class BuildConfig(Spec):
    baseImage: Text | None = None
    enableAutomaticUpdates: Bool | None = None
    environmentVariables: dict[str, Text] | None = None
    functionTarget: Text | None = None
    imageUri: Text | None = None
    serviceAccount: Text | None = None
    sourceLocation: Text | None = None
    workerPool: Text | None = None


class ServiceScaling(Spec):
    manualInstanceCount: Int | None = None
    maxInstanceCount: Int | None = None
    minInstanceCount: Int | None = None
    scalingMode: (
        Annotated[Literal["AUTOMATIC", "MANUAL", "SCALING_MODE_UNSPECIFIED"], Word] | None
    ) = None


class TrafficTarget(Spec):
    percent: Int | None = None
    revision: Text | None = None
    tag: Text | None = None
    type: (
        Annotated[
            Literal[
                "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST",
                "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
                "TRAFFIC_TARGET_ALLOCATION_TYPE_UNSPECIFIED",
            ],
            Word,
        ]
        | None
    ) = None


class RunService(Spec):
    annotations: dict[str, Text] | None = None
    binaryAuthorization: BinaryAuthorization | None = None
    buildConfig: BuildConfig | None = None
    client: Text | None = None
    clientVersion: Text | None = None
    customAudiences: list[Text] | None = None
    defaultUriDisabled: Bool | None = None
    description: Text | None = None
    functionalType: (
        Annotated[
            Literal[
                "FUNCTIONAL_TYPE_AGENT", "FUNCTIONAL_TYPE_MCP_SERVER", "FUNCTIONAL_TYPE_UNSPECIFIED"
            ],
            Word,
        ]
        | None
    ) = None
    iapEnabled: Bool | None = None
    ingress: (
        Annotated[
            Literal[
                "INGRESS_TRAFFIC_ALL",
                "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
                "INGRESS_TRAFFIC_INTERNAL_ONLY",
                "INGRESS_TRAFFIC_NONE",
                "INGRESS_TRAFFIC_UNSPECIFIED",
            ],
            Word,
        ]
        | None
    ) = None
    invokerIamDisabled: Bool | None = None
    labels: dict[str, Text] | None = None
    launchStage: (
        Annotated[
            Literal[
                "ALPHA",
                "BETA",
                "DEPRECATED",
                "EARLY_ACCESS",
                "GA",
                "LAUNCH_STAGE_UNSPECIFIED",
                "PRELAUNCH",
                "UNIMPLEMENTED",
            ],
            Word,
        ]
        | None
    ) = None
    scaling: ServiceScaling | None = None
    sshEnabled: Bool | None = None
    template: RevisionTemplate
    traffic: list[TrafficTarget] | None = None


def whole(fields: Body) -> Body:
    """Fields as they are sent: each whole, so what is to go is left out rather than null.

    Google takes null for a field, which a mask then clears, but for no entry of a map.
    """
    return {name: _without_nulls(value) for name, value in fields.items()}


def _without_nulls(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


_INTERFACE = "/template/vpcAccess/networkInterfaces/*"


def with_whole_networks(body: Body) -> Body:
    """A live body in which networks that were written by their bare names have their whole ones."""
    owner = str(body.get("name")).split("/")
    if len(owner) < 4:  # noqa: PLR2004 - projects/P/locations/L
        return body
    places = {"network": "global/networks", "subnetwork": f"regions/{owner[3]}/subnetworks"}

    def whole_name(place: str, name: Json) -> Json:
        is_bare = isinstance(name, str) and name and "/" not in name
        return f"projects/{owner[1]}/{place}/{name}" if is_bare else name

    where = Patterns({f"{_INTERFACE}/{field}": place for field, place in places.items()})
    result: Body = transformed(body, where, whole_name)
    return result


_CONTAINER = "/template/containers/*"
_SANDBOX = "/template/sandboxes/templates/*"
_SECRETS = (
    *(f"{at}/env/*/valueSource/secretKeyRef/secret" for at in (_CONTAINER, _SANDBOX)),
    "/template/volumes/*/secret/secret",
)


def with_bare_secrets(body: Fields, live: Fields) -> Body:
    """A body in which secrets of the live service's own project go by their bare names.

    Either spelling may be sent (the discovery document's `SecretKeySelector`).
    """
    own = "/".join(str(live.get("name")).split("/")[:2])
    prefixes = re.compile(rf"({re.escape(own)}|projects/[0-9]+)/secrets/")

    def bare(name: Json) -> Json:
        return prefixes.sub("", name, count=1) if isinstance(name, str) else name

    result: Body = transformed(body, Patterns.flags(_SECRETS), lambda _fact, name: bare(name))
    return result


def as_written(body: Body) -> Body:
    return with_bare_secrets(with_whole_networks(body), body)


KIND = Kind(
    name="RunService",
    collection="services",
    schema="GoogleCloudRunV2Service",
    spec=RunService,
    api=Api.RUN,
    scopes=frozenset({Scope.REGION}),
    default_scope=Scope.REGION,
    links={
        "/template/vpcAccess/connector": ("VpcConnector",),
        f"{_INTERFACE}/network": ("networks",),
        f"{_INTERFACE}/subnetwork": ("subnetworks",),
    },
    as_written=as_written,
    met=with_bare_secrets,
    server_set=frozenset(
        {
            *("/name", "/uid", "/etag", "/generation", "/observedGeneration", "/reconciling"),
            *("/createTime", "/updateTime", "/deleteTime", "/expireTime"),
            *("/creator", "/lastModifier", "/satisfiesPzs", "/threatDetectionEnabled"),
            *("/terminalCondition", "/conditions", "/trafficStatuses", "/uri", "/urls"),
            *("/latestReadyRevision", "/latestCreatedRevision"),
            *("/buildConfig/name", f"{_CONTAINER}/buildInfo"),
        }
    ),
    unsupported={
        "/multiRegionSettings": "a service of several regions is made by commands of its own",
        f"{_CONTAINER}/sourceCode/inlinedSource": "Google keeps it elsewhere and never answers it",
    },
    naming=Naming(longest=49),
    # The name of a revision is good for one template: sent again with another, it is refused.
    momentary=frozenset({"/template/revision"}),
    keyed={
        "/template/containers": ("name",),
        f"{_CONTAINER}/env": ("name",),
        f"{_CONTAINER}/volumeMounts": ("mountPath",),
        "/template/volumes": ("name",),
        "/template/volumes/*/secret/items": ("path",),
        "/template/sandboxes/templates": ("name",),
        f"{_SANDBOX}/env": ("name",),
        f"{_SANDBOX}/volumeMounts": ("mountPath",),
        "/traffic": ("type", "revision"),
    },
    unordered=frozenset(
        {
            *(f"{at}/{name}" for at in (_CONTAINER, _SANDBOX) for name in ("env", "volumeMounts")),
            *(f"{_CONTAINER}/dependsOn", "/template/volumes", "/template/volumes/*/secret/items"),
            "/template/volumes/*/cloudSqlInstance/instances",
            *("/template/vpcAccess/networkInterfaces/*/tags", "/customAudiences"),
        }
    ),
    alternatives={
        f"{_CONTAINER}/env/*": ("value", "valueSource"),
        f"{_SANDBOX}/env/*": ("value", "valueSource"),
        **{f"{_CONTAINER}/{probe}": ("grpc", "httpGet", "tcpSocket") for probe in PROBES},
        "/template/volumes/*": (
            *("cloudSqlInstance", "emptyDir", "filestore", "gcs", "nfs", "secret"),
        ),
        "/template/vpcAccess": ("connector", "networkInterfaces"),
        "/binaryAuthorization": ("policy", "useDefault"),
    },
    telling=TELLING,
    normalise={
        "/template/timeout": seconds,
        "/template/encryptionKeyShutdownDuration": seconds,
        f"{_CONTAINER}/resources/limits/*": quantity,
        "/template/volumes/*/emptyDir/sizeLimit": quantity,
    },
    # Traffic is left out: after a rollback it may be pinned, and only who writes it means it.
    defaults={
        "/customAudiences": [],
        "/defaultUriDisabled": False,
        "/description": "",
        "/iapEnabled": False,
        "/ingress": "INGRESS_TRAFFIC_ALL",
        "/invokerIamDisabled": False,
        "/template/healthCheckDisabled": False,
        "/template/sessionAffinity": False,
        "/template/timeout": "300s",
    },
    filled={
        "/launchStage": "GA",
        "/scaling/scalingMode": "AUTOMATIC",
        "/template/containers/*/ports": [{"name": "http1", "containerPort": 8080}],
        "/template/containers/*/resources/cpuIdle": True,
        "/template/containers/*/resources/startupCpuBoost": True,
        "/template/containers/*/resources/limits/cpu": re.compile("1|1000m"),
        "/template/containers/*/resources/limits/memory": "512Mi",
        "/template/containers/*/startupProbe": {
            "timeoutSeconds": 240,
            "periodSeconds": 240,
            "failureThreshold": 1,
            "tcpSocket": {"port": 8080},
        },
        "/template/executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2",
        "/template/maxInstanceRequestConcurrency": 80,
        "/template/scaling/maxInstanceCount": 100,
        "/template/serviceAccount": re.compile(r"[0-9]+-compute@developer\.gserviceaccount\.com"),
        "/traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
    },
    shared=frozenset({"/annotations", "/labels", "/template/annotations", "/template/labels"}),
    updates=(Update("patch", compare=Compare.ETAG, sends=whole),),
    delete_compares=Compare.ETAG,
    ready_when_done=True,
    rehearsal="validateOnly",
    outputs=frozenset({"latestReadyRevision", "name", "uri"}),
    # A bad template is caught by its own readiness, while the last ready revision goes on serving.
    base_risk=Risk.MEDIUM,
    removal=Removal.ON_WORD,
    used_by=used_by,
    loses="its images, its revisions and its IAM policy",
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is deleted again"),
        Action.UPDATE: Verdict(
            Undo.EXACT,
            "traffic goes back to the revision of before at once, then the template follows",
        ),
        Action.REPLACE: Verdict(Undo.EXACT, "it is never replaced"),
        Action.DELETE: Verdict(
            Undo.APPROXIMATE,
            "made again under the same name with a new uid; its images, its revisions and values "
            "that looked like secrets are lost, and its IAM policy is not in its body",
        ),
    },
    # Recorded: ready 5 to 6 s after a write; with an image that was never pulled, 51 to 53 s.
    seconds={Action.CREATE: 5.5, Action.UPDATE: 5.0, Action.DELETE: 0.8},
    verdict=verdict,
    ready=ready,
    holds=holds,
    aftermath=aftermath,
    witness=WITNESS,
    check=check,
)
