"""Services and revisions in the Knative shape, from those of v2: two shapes of one state."""

from __future__ import annotations

import json
from typing import Final

from gcp_sandbox.project import number
from gcp_sandbox.request import Body, Json
from gcp_sandbox.run import notes
from gcp_sandbox.run.shape import LATEST

API_VERSION: Final = "serving.knative.dev/v1"
CLOUD_SQL: Final = "run.googleapis.com/cloudsql-instances"
DEPENDENCIES: Final = "run.googleapis.com/container-dependencies"
CPU_BOOST: Final = "run.googleapis.com/startup-cpu-boost"
CPU_THROTTLING: Final = "run.googleapis.com/cpu-throttling"
LOCATION: Final = "cloud.googleapis.com/location"
_TRUTH: Final = {"CONDITION_SUCCEEDED": "True", "CONDITION_FAILED": "False"}
_SAME: Final = (
    "name",
    "image",
    "command",
    "args",
    "ports",
    "workingDir",
    "startupProbe",
    "livenessProbe",
    "readinessProbe",
)


def service(body: Body) -> Body:
    """A service as `namespaces.services.get` answers it."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Service",
        "metadata": _service_metadata(body),
        "spec": {"template": template(body["template"]), "traffic": _targets(body["traffic"], "")},
        "status": _status(body),
    }


def revision(body: Body) -> Body:
    """A revision as `namespaces.revisions.get` answers it."""
    labels = {
        **body.get("labels", {}),
        LOCATION: body["name"].split("/")[3],
        "serving.knative.dev/service": body["service"],
        "serving.knative.dev/configuration": body["service"],
    }
    texts = {**_template_annotations(body), "serving.knative.dev/creator": body["creator"]}
    digests = [it["imageDigest"] for it in body["containerStatuses"]]
    return {
        "apiVersion": API_VERSION,
        "kind": "Revision",
        "metadata": {**_metadata(body, "revisions"), "labels": labels, "annotations": texts},
        "spec": _spec(body),
        "status": {
            "observedGeneration": int(body.get("observedGeneration", 0)),
            "conditions": [_condition(it) for it in body["conditions"]],
            "imageDigest": digests[0],
            "containerStatuses": body["containerStatuses"],
            **({"logUrl": body["logUri"]} if "logUri" in body else {}),
        },
    }


def template(body: Body) -> Body:
    metadata: Body = {"annotations": _template_annotations(body)}
    if "labels" in body:
        metadata["labels"] = body["labels"]
    if "revision" in body:
        metadata["name"] = body["revision"]
    return {"metadata": metadata, "spec": _spec(body)}


def _metadata(body: Body, collection: str) -> Body:
    _, project, *_, identity = body["name"].split("/")
    namespace = number(project)
    path = f"/apis/{API_VERSION}/namespaces/{namespace}/{collection}/{identity}"
    gone = {"deletionTimestamp": body["deleteTime"]} if "deleteTime" in body else {}
    return {
        "name": identity,
        "namespace": namespace,
        "selfLink": path,
        "uid": body["uid"],
        "resourceVersion": body["etag"].strip('"'),
        "generation": int(body["generation"]),
        "creationTimestamp": body["createTime"],
        **gone,
    }


def _service_metadata(body: Body) -> Body:
    texts = notes.written(notes.SERVICE, body)
    texts |= {
        "serving.knative.dev/creator": body["creator"],
        "serving.knative.dev/lastModifier": body["lastModifier"],
        "run.googleapis.com/ingress-status": texts["run.googleapis.com/ingress"],
    }
    if "urls" in body:
        texts["run.googleapis.com/urls"] = json.dumps(body["urls"], separators=(",", ":"))
    labels = {**body.get("labels", {}), LOCATION: body["name"].split("/")[3]}
    return {**_metadata(body, "services"), "labels": labels, "annotations": texts}


def _template_annotations(body: Body) -> dict[str, str]:
    texts = notes.written(notes.TEMPLATE, body)
    databases = [
        name
        for volume in body.get("volumes", ())
        for name in volume.get("cloudSqlInstance", {}).get("instances", ())
    ]
    if databases:
        texts[CLOUD_SQL] = ",".join(databases)
    depends = {
        it["name"]: it["dependsOn"]
        for it in body["containers"]
        if it.get("dependsOn") and "name" in it
    }
    if depends:
        texts[DEPENDENCIES] = json.dumps(depends, separators=(",", ":"))
    serving = next(it for it in body["containers"] if it.get("ports"))["resources"]
    if serving.get("startupCpuBoost"):
        texts[CPU_BOOST] = "true"
    if not serving.get("cpuIdle"):
        texts[CPU_THROTTLING] = "false"
    return texts


def _spec(body: Body) -> Body:
    databases = {it["name"] for it in body.get("volumes", ()) if "cloudSqlInstance" in it}
    volumes = [_volume(it) for it in body.get("volumes", ()) if it["name"] not in databases]
    spec: Body = {
        "containerConcurrency": body["maxInstanceRequestConcurrency"],
        "timeoutSeconds": int(float(body["timeout"][:-1])),
        "serviceAccountName": body["serviceAccount"],
        "containers": [_container(it, databases) for it in body["containers"]],
    }
    if volumes:
        spec["volumes"] = volumes
    if "nodeSelector" in body:
        accelerator = body["nodeSelector"]["accelerator"]
        spec["nodeSelector"] = {"run.googleapis.com/accelerator": accelerator}
    return spec


def _container(container: Body, databases: set[str]) -> Body:
    shown: Body = {name: container[name] for name in _SAME if name in container}
    shown["resources"] = {"limits": container["resources"]["limits"]}
    if "env" in container:
        shown["env"] = [_variable(it) for it in container["env"]]
    mounts = [it for it in container.get("volumeMounts", ()) if it["name"] not in databases]
    if mounts:
        shown["volumeMounts"] = mounts
    return shown


def _variable(variable: Body) -> Body:
    if "valueSource" not in variable:
        return variable
    secret = variable["valueSource"]["secretKeyRef"]
    reference = {"name": secret["secret"], "key": secret.get("version", "latest")}
    return {"name": variable["name"], "valueFrom": {"secretKeyRef": reference}}


def _volume(volume: Body) -> Body:
    name = volume["name"]
    if "secret" in volume:
        return {"name": name, "secret": _secret(volume["secret"])}
    if "emptyDir" in volume:
        return {"name": name, "emptyDir": {**volume["emptyDir"], "medium": "Memory"}}
    if "gcs" in volume:
        bucket = {"bucketName": volume["gcs"]["bucket"]}
        driver = {"driver": "gcsfuse.run.googleapis.com", "volumeAttributes": bucket}
        return {"name": name, "csi": driver | {"readOnly": volume["gcs"].get("readOnly", False)}}
    return volume


def _secret(secret: Body) -> Body:
    shown: Body = {"secretName": secret["secret"]}
    if "items" in secret:
        shown["items"] = [
            {"key": it.get("version", "latest"), **{k: it[k] for k in ("path", "mode") if k in it}}
            for it in secret["items"]
        ]
    return shown | ({"defaultMode": secret["defaultMode"]} if "defaultMode" in secret else {})


def _targets(targets: list[Body], ready: str) -> list[Body]:
    """Traffic; in a status every target names its revision, the latest `ready` one too."""
    shown = []
    for target in targets:
        latest = target["type"] == LATEST
        said: Body = {"percent": target.get("percent", 0)}
        if latest:
            said["latestRevision"] = True
        if identity := (ready if latest else target["revision"]):
            said["revisionName"] = identity
        said |= {"tag": target["tag"]} if "tag" in target else {}
        shown.append(said | ({"url": target["uri"]} if "uri" in target else {}))
    return shown


def _status(body: Body) -> Body:
    ready = body.get("latestReadyRevision", "").rpartition("/")[2]
    status: Body = {
        "observedGeneration": int(body.get("observedGeneration", 0)),
        "conditions": [
            _condition(it) for it in (body["terminalCondition"], *body.get("conditions", ()))
        ],
    }
    if "latestCreatedRevision" in body:
        status["latestCreatedRevisionName"] = body["latestCreatedRevision"].rpartition("/")[2]
    if ready:
        status["latestReadyRevisionName"] = ready
    if "trafficStatuses" in body:
        status["traffic"] = _targets(body["trafficStatuses"], ready)
    if "uri" in body:
        status |= {"url": body["uri"], "address": {"url": body["uri"]}}
    return status


def _condition(condition: Body) -> Json:
    shown = {"type": condition["type"], "status": _TRUTH.get(condition["state"], "Unknown")}
    reason = condition.get("reason") or condition.get("revisionReason")
    if reason:
        shown["reason"] = "".join(word.capitalize() for word in reason.split("_"))
    for name in ("message", "lastTransitionTime"):
        if name in condition:
            shown[name] = condition[name]
    return shown
