"""A service that was written in the Knative shape, as v2 would have it."""

from __future__ import annotations

import json
from typing import Final

from gcp_sandbox.request import Body, Json
from gcp_sandbox.run import notes
from gcp_sandbox.run.knative import (
    CLOUD_SQL,
    CPU_BOOST,
    CPU_THROTTLING,
    DEPENDENCIES,
    LOCATION,
)
from gcp_sandbox.run.shape import LATEST, REVISION, SERVICE
from gcp_sandbox.shapes import taken
from gcp_sandbox.status import StatusError

_SERVERS_OWN: Final = (
    "serving.knative.dev/",
    "run.googleapis.com/ingress-status",
    "run.googleapis.com/urls",
    "run.googleapis.com/operation-id",
)
_SQL_VOLUME: Final = "cloudsql"
_DRIVER: Final = "gcsfuse.run.googleapis.com"


def service(given: Json) -> Body:
    """The writable part in v2's one form. Raises 400 for what is no Knative service."""
    try:
        return taken(SERVICE, _service(given), "service")
    except (LookupError, TypeError, AttributeError, ValueError) as wrong:
        raise StatusError(
            "INVALID_ARGUMENT", f"The request is not a service of serving.knative.dev/v1: {wrong}"
        ) from None


def _service(given: Body) -> Body:
    metadata, spec = given["metadata"], given["spec"]
    body = notes.read(notes.SERVICE, _own(metadata.get("annotations") or {}))
    labels = {key: text for key, text in (metadata.get("labels") or {}).items() if key != LOCATION}
    if labels:
        body["labels"] = labels
    body["template"] = _template(spec["template"])
    body["traffic"] = [_target(it) for it in spec.get("traffic") or ()]
    return body


def _own(texts: dict[str, str]) -> dict[str, str]:
    """Annotations without those that only the server writes."""
    return {key: text for key, text in texts.items() if not key.startswith(_SERVERS_OWN)}


def _target(target: Body) -> Body:
    said: Body = {"percent": target.get("percent") or 0}
    if target.get("revisionName") and not target.get("latestRevision"):
        said |= {"type": REVISION, "revision": target["revisionName"]}
    else:
        said["type"] = LATEST
    return said | ({"tag": target["tag"]} if target.get("tag") else {})


def _template(given: Body) -> Body:
    metadata, spec = given.get("metadata") or {}, given["spec"]
    texts = dict(metadata.get("annotations") or {})
    databases = [name for name in texts.pop(CLOUD_SQL, "").split(",") if name]
    depends = json.loads(texts.pop(DEPENDENCIES, "{}"))
    boost = texts.pop(CPU_BOOST, "") == "true"
    idle = texts.pop(CPU_THROTTLING, "true") != "false"
    body = notes.read(notes.TEMPLATE, texts)
    if metadata.get("labels"):
        body["labels"] = metadata["labels"]
    if metadata.get("name"):
        body["revision"] = metadata["name"]
    body["containers"] = [_container(it, depends, idle=idle) for it in spec["containers"]]
    serving = next((it for it in body["containers"] if it["ports"]), body["containers"][0])
    serving["resources"]["startupCpuBoost"] = boost
    body["volumes"] = [_volume(it) for it in spec.get("volumes") or ()]
    if databases:
        body["volumes"].append({"name": _SQL_VOLUME, "cloudSqlInstance": {"instances": databases}})
        serving["volumeMounts"].append({"name": _SQL_VOLUME, "mountPath": "/cloudsql"})
    if spec.get("containerConcurrency"):
        body["maxInstanceRequestConcurrency"] = spec["containerConcurrency"]
    if spec.get("timeoutSeconds"):
        body["timeout"] = f"{spec['timeoutSeconds']}s"
    if spec.get("serviceAccountName"):
        body["serviceAccount"] = spec["serviceAccountName"]
    return body


def _container(given: Body, depends: Body, *, idle: bool) -> Body:
    body = {
        name: value
        for name, value in given.items()
        if name not in {"env", "resources", "volumeMounts"}
    }
    body["ports"] = [
        {name: port[name] for name in ("name", "containerPort") if name in port}
        for port in given.get("ports") or ()
    ]
    limits = (given.get("resources") or {}).get("limits") or {}
    body["resources"] = {"limits": limits, "cpuIdle": idle}
    body["env"] = [_variable(it) for it in given.get("env") or ()]
    body["volumeMounts"] = list(given.get("volumeMounts") or ())
    if given.get("name") in depends:
        body["dependsOn"] = depends[given["name"]]
    return body


def _variable(given: Body) -> Body:
    if not given.get("valueFrom"):
        return {"name": given["name"], "value": given.get("value") or ""}
    secret = given["valueFrom"]["secretKeyRef"]
    reference = {"secret": secret["name"], "version": secret["key"]}
    return {"name": given["name"], "valueSource": {"secretKeyRef": reference}}


def _volume(given: Body) -> Body:
    name = given["name"]
    if given.get("secret"):
        secret = given["secret"]
        items = [
            {"version": it["key"], **{k: it[k] for k in ("path", "mode") if k in it}}
            for it in secret.get("items") or ()
        ]
        mode = {"defaultMode": secret["defaultMode"]} if "defaultMode" in secret else {}
        return {"name": name, "secret": {"secret": secret["secretName"], "items": items, **mode}}
    if given.get("emptyDir") is not None:
        return {"name": name, "emptyDir": {**given["emptyDir"], "medium": "MEMORY"}}
    if (given.get("csi") or {}).get("driver") == _DRIVER:
        bucket = given["csi"]["volumeAttributes"]["bucketName"]
        return {"name": name, "gcs": {"bucket": bucket, "readOnly": given["csi"].get("readOnly")}}
    return given
