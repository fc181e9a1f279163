"""A Cloud Run service in the shape of Knative, which `gcloud run` prints, as v2 has it.

Facts: the discovery documents run.v1 (`ObjectMeta` lists the annotations; `iap-enabled` and `mesh`
are gcloud's) and run.v2. A field that v2 does not have stays as it is, for the spec to refuse.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from remediate.kinds.run_service_knative_parts import (
    aliases,
    container,
    fields,
    objects,
    renamed,
    texts,
    volume,
    without,
)
from remediate.kinds.run_service_rules import is_googles
from remediate.kinds.run_service_states import LATEST, REVISION
from remediate.model.json import Body, Json

Note: TypeAlias = tuple[str, Callable[[str], Json]]
"""The field that an annotation stands for, and how its text is read."""

_RUN, _SCALE = "run.googleapis.com/", "autoscaling.knative.dev/"
_LOCATION = "cloud.googleapis.com/location"
_ACCELERATOR = f"{_RUN}accelerator"
_SOCKETS = "cloudsql"  # the name that Google reserves for the volume of databases
_TRUTH = {"True": "CONDITION_SUCCEEDED", "False": "CONDITION_FAILED"}

_DATABASES, _DEPENDS = f"{_RUN}cloudsql-instances", f"{_RUN}container-dependencies"
_SECRETS, _THROTTLING = f"{_RUN}secrets", f"{_RUN}cpu-throttling"
_BOOST = f"{_RUN}startup-cpu-boost"
_READ = frozenset({_DATABASES, _DEPENDS, _SECRETS, _THROTTLING, _BOOST})
_SERVERS = frozenset(f"{_RUN}{name}" for name in ("ingress-status", "operation-id", "urls"))
_SERVERS_OWN = ("serving.knative.dev/", f"{_RUN}build-")  # a template has the service's build too
_GCLOUDS = "client.knative.dev/"


def _is_on(text: str) -> bool:
    return text.lower() == "true"


def _word(words: Mapping[str, str], text: str) -> str:
    return words.get(text, text)


_INGRESS = {
    "all": "INGRESS_TRAFFIC_ALL",
    "internal": "INGRESS_TRAFFIC_INTERNAL_ONLY",
    "internal-and-cloud-load-balancing": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
    "none": "INGRESS_TRAFFIC_NONE",
}
_EGRESS = {
    "all": "ALL_TRAFFIC",
    "all-traffic": "ALL_TRAFFIC",
    "private-ranges-only": "PRIVATE_RANGES_ONLY",
}
_GENERATIONS = {"gen1": "EXECUTION_ENVIRONMENT_GEN1", "gen2": "EXECUTION_ENVIRONMENT_GEN2"}
_REVOCATION = {"prevent-new": "PREVENT_NEW", "shut-down": "SHUTDOWN"}

_CLIENT: Mapping[str, Note] = {
    f"{_RUN}client-name": ("client", str),
    f"{_RUN}client-version": ("clientVersion", str),
}
_OF_SERVICE: Mapping[str, Note] = {
    **_CLIENT,
    f"{_RUN}binary-authorization": (
        "binaryAuthorization",
        lambda policy: {"useDefault": True} if policy == "default" else {"policy": policy},
    ),
    f"{_RUN}binary-authorization-breakglass": (
        "binaryAuthorization/breakglassJustification",
        str,
    ),
    f"{_RUN}build-base-image": ("buildConfig/baseImage", str),
    f"{_RUN}build-enable-automatic-updates": ("buildConfig/enableAutomaticUpdates", _is_on),
    f"{_RUN}build-environment-variables": ("buildConfig/environmentVariables", json.loads),
    f"{_RUN}build-function-target": ("buildConfig/functionTarget", str),
    f"{_RUN}build-image-uri": ("buildConfig/imageUri", str),
    f"{_RUN}build-service-account": ("buildConfig/serviceAccount", str),
    f"{_RUN}build-source-location": ("buildConfig/sourceLocation", str),
    f"{_RUN}build-worker-pool": ("buildConfig/workerPool", str),
    f"{_RUN}custom-audiences": ("customAudiences", json.loads),
    f"{_RUN}default-url-disabled": ("defaultUriDisabled", _is_on),
    f"{_RUN}description": ("description", str),
    f"{_RUN}iap-enabled": ("iapEnabled", _is_on),
    f"{_RUN}ingress": ("ingress", partial(_word, _INGRESS)),
    f"{_RUN}invoker-iam-disabled": ("invokerIamDisabled", _is_on),
    f"{_RUN}launch-stage": ("launchStage", str),
    f"{_RUN}manualInstanceCount": ("scaling/manualInstanceCount", int),
    f"{_RUN}maxScale": ("scaling/maxInstanceCount", int),
    f"{_RUN}minScale": ("scaling/minInstanceCount", int),
    f"{_RUN}scalingMode": ("scaling/scalingMode", str.upper),
}
_OF_TEMPLATE: Mapping[str, Note] = {
    **_CLIENT,
    f"{_SCALE}maxScale": ("scaling/maxInstanceCount", int),
    f"{_SCALE}minScale": ("scaling/minInstanceCount", int),
    f"{_RUN}encryption-key": ("encryptionKey", str),
    f"{_RUN}encryption-key-shutdown-hours": (
        "encryptionKeyShutdownDuration",
        lambda hours: f"{int(hours) * 3600}s",
    ),
    f"{_RUN}execution-environment": ("executionEnvironment", partial(_word, _GENERATIONS)),
    f"{_RUN}gpu-zonal-redundancy-disabled": ("gpuZonalRedundancyDisabled", _is_on),
    f"{_RUN}health-check-disabled": ("healthCheckDisabled", _is_on),
    f"{_RUN}mesh": ("serviceMesh/mesh", str),
    f"{_RUN}network-interfaces": ("vpcAccess/networkInterfaces", json.loads),
    f"{_RUN}post-key-revocation-action-type": (
        "encryptionKeyRevocationAction",
        partial(_word, _REVOCATION),
    ),
    f"{_RUN}sessionAffinity": ("sessionAffinity", _is_on),
    f"{_RUN}vpc-access-connector": ("vpcAccess/connector", str),
    f"{_RUN}vpc-access-egress": ("vpcAccess/egress", partial(_word, _EGRESS)),
}


def is_knative(body: Body) -> bool:
    return (body.get("apiVersion"), body.get("kind")) == ("serving.knative.dev/v1", "Service")


def from_knative(given: Body, project: str) -> tuple[Body, list[str]]:
    """The body that v2 would answer, but for what the server alone knows; and what is left out.

    Two things are not in this shape: a volume of databases has the name that Google gives it, and
    which of several containers mounts it is left open. Raises ValueError for what is no service.
    """
    metadata, spec = fields(given, "metadata"), fields(given, "spec")
    location = texts(metadata, "labels").get(_LOCATION)
    if not (location and metadata.get("name")):
        raise ValueError(f"it has no name, or no label {_LOCATION}")
    home = f"projects/{project}/locations/{location}"
    body: Body = {"name": f"{home}/services/{metadata['name']}", **_noted(metadata, _OF_SERVICE)}
    template = fields(spec, "template")
    body["template"] = _template(template, home)
    if targets := objects(spec, "traffic"):
        body["traffic"] = [_target(each) for each in targets]
    left = [*_left(metadata, _OF_SERVICE), *_left(fields(template, "metadata"), _OF_TEMPLATE)]
    return body | _status(fields(given, "status")), left


def _status(status: Body) -> Body:
    body: Body = {"uri": status["url"]} if status.get("url") else {}
    for condition in objects(status, "conditions"):
        if condition.get("type") == "Ready":
            state = _TRUTH.get(str(condition.get("status")), "CONDITION_PENDING")
            body["terminalCondition"] = {**without(condition, "status"), "state": state}
    return body


def _target(target: Body) -> Body:
    found = without(target, "latestRevision", "revisionName", "url")
    found["type"] = LATEST
    if target.get("revisionName") and not target.get("latestRevision"):
        found |= {"type": REVISION, "revision": target["revisionName"]}
    return found if target.get("percent") else without(found, "percent")


def _template(given: Body, home: str) -> Body:
    metadata, spec = fields(given, "metadata"), fields(given, "spec")
    body: Body = {**_of_revision(spec), **_noted(metadata, _OF_TEMPLATE)}
    if metadata.get("name"):
        body["revision"] = metadata["name"]
    access = fields(body, "vpcAccess")
    if "/" not in str(access.get("connector", "/")):
        access["connector"] = f"{home}/connectors/{access['connector']}"
    return {**body, **_parts(spec, texts(metadata, "annotations"))}


def _of_revision(spec: Body) -> Body:
    """What a revision is made from besides containers and volumes, and what v2 does not know."""
    names = {
        "containerConcurrency": "maxInstanceRequestConcurrency",
        "serviceAccountName": "serviceAccount",
    }
    own = without(spec, "containers", "volumes", "timeoutSeconds", "nodeSelector")
    body: Body = {name: value for name, value in renamed(own, names).items() if value}
    if spec.get("timeoutSeconds"):
        body["timeout"] = f"{spec['timeoutSeconds']}s"
    if accelerator := fields(spec, "nodeSelector").get(_ACCELERATOR):
        body["nodeSelector"] = {"accelerator": accelerator}
    return body


def _parts(spec: Body, said: Mapping[str, str]) -> Body:
    """Containers and volumes, and what annotations say of them."""
    secrets = dict(aliases(said.get(_SECRETS, "")))
    depends = fields({_DEPENDS: json.loads(said.get(_DEPENDS, "{}"))}, _DEPENDS)
    containers = [container(each, depends, secrets) for each in objects(spec, "containers")]
    volumes = [volume(each, secrets) for each in objects(spec, "volumes")]
    idle: Body = {} if said.get(_THROTTLING) == "false" else {"cpuIdle": True}
    boost: Body = {"startupCpuBoost": True} if said.get(_BOOST) == "true" else {}
    for each in containers:
        serves = each.get("ports") or len(containers) == 1
        each["resources"] = {**fields(each, "resources"), **idle, **(boost if serves else {})}
    if databases := [name for name in said.get(_DATABASES, "").split(",") if name]:
        volumes.append({"name": _SOCKETS, "cloudSqlInstance": {"instances": [*databases]}})
        if len(containers) == 1:
            mount: Body = {"name": _SOCKETS, "mountPath": "/cloudsql"}
            containers[0]["volumeMounts"] = [*objects(containers[0], "volumeMounts"), mount]
    return {"containers": [*containers], **({"volumes": [*volumes]} if volumes else {})}


def _noted(metadata: Body, notes: Mapping[str, Note]) -> Body:
    """The fields that annotations stand for, and the annotations and labels of users."""
    said = texts(metadata, "annotations")
    body: Body = {}
    for key, (field, read) in notes.items():
        if key in said:
            body = _with(body, field.split("/"), read(said[key]))
    for field in ("annotations", "labels"):
        found = texts(metadata, field)
        users: Body = {key: text for key, text in found.items() if not _is_googles(key)}
        body |= {field: users} if users else {}
    return body


def _with(body: Body, way: Sequence[str], value: Json) -> Body:
    """The body, and a value in it at this place."""
    first, *below = way
    return {**body, first: _with(fields(body, first), below, value) if below else value}


def _left(metadata: Body, notes: Mapping[str, Note]) -> Iterator[str]:
    """What is said of annotations of Google's for which v2 has no field."""
    for key in texts(metadata, "annotations"):
        known = key in notes or key in _READ or key in _SERVERS or key.startswith(_SERVERS_OWN)
        if is_googles(key) and not known:
            yield f"the annotation {key} is left out: v2 has no field for what it says"


def _is_googles(key: str) -> bool:
    return is_googles(key) or key.startswith(_GCLOUDS)
