"""Revisions: what a template becomes, once and for all."""

from __future__ import annotations

import hashlib
from typing import Final

from gcp_sandbox.chance import Chance
from gcp_sandbox.request import Body
from gcp_sandbox.run.failure import Failure

_LETTERS: Final = "bcdfghjklmnpqrstvwxz24578"
_COPIED: Final = (
    "labels",
    "annotations",
    "scaling",
    "vpcAccess",
    "timeout",
    "serviceAccount",
    "containers",
    "volumes",
    "executionEnvironment",
    "encryptionKey",
    "encryptionKeyRevocationAction",
    "encryptionKeyShutdownDuration",
    "maxInstanceRequestConcurrency",
    "sessionAffinity",
    "gpuZonalRedundancyDisabled",
    "nodeSelector",
    "serviceMesh",
    "client",
    "clientVersion",
)
_CONDITIONS: Final = (
    "Ready",
    "Active",
    "ContainerHealthy",
    "ContainerReady",
    "ResourcesAvailable",
)
_NO_CONFIGURATION: Final = frozenset({"revision", "client", "clientVersion"})


def identity(service: str, count: int, chance: Chance) -> str:
    """`<service>-00001-8bw`."""
    suffix = "".join(_LETTERS[chance.below(len(_LETTERS))] for _ in range(3))
    return f"{service.rpartition('/')[2]}-{count:05d}-{suffix}"


def configuration(template: Body) -> Body:
    """What makes two templates different revisions."""
    return {name: value for name, value in template.items() if name not in _NO_CONFIGURATION}


def born(service: Body, name: str, uid: str, when: str) -> Body:
    """The revision `name` of a service's template as it is now; not ready yet."""
    template = service["template"]
    return {
        "name": name,
        "uid": uid,
        "generation": "1",
        "createTime": when,
        "updateTime": when,
        "creator": service["creator"],
        "launchStage": service["launchStage"],
        "service": service["name"].rpartition("/")[2],
        **{key: template[key] for key in _COPIED if key in template},
        "containerStatuses": [_status(container) for container in template["containers"]],
        "reconciling": True,
        "conditions": [{"type": "Ready", "state": "CONDITION_RECONCILING"}],
        "etag": f'"{uid}-1"',
    }


def settled(revision: Body, failure: Failure | None, when: str) -> Body:
    """The revision once it is ready, or has failed for good."""
    ready: Body = {"state": "CONDITION_SUCCEEDED", "lastTransitionTime": when}
    body = {name: value for name, value in revision.items() if name != "reconciling"}
    body |= {
        "observedGeneration": "1",
        "updateTime": when,
        "etag": f'"{revision["uid"]}-2"',
        "logUri": "https://console.cloud.google.com/logs/viewer?project="
        f"{revision['name'].split('/')[1]}&resource=cloud_run_revision",
    }
    if failure is not None:
        failed = [failure.condition(kind, when) for kind in ("Ready", "ContainerHealthy")]
        return body | {"conditions": failed}
    return body | {"conditions": [{"type": kind, **ready} for kind in _CONDITIONS]}


def is_ready(revision: Body) -> bool:
    first = revision["conditions"][0]
    return "deleteTime" not in revision and bool(first["state"] == "CONDITION_SUCCEEDED")


def _status(container: Body) -> Body:
    """The image by digest: the same for the same tag, as the sandbox has no registry."""
    image = container["image"]
    if "@sha256:" not in image:
        path, _, last = image.rpartition("/")
        bare = f"{path}/{last.partition(':')[0]}" if path else last.partition(":")[0]
        image = f"{bare}@sha256:{hashlib.sha256(image.encode()).hexdigest()}"
    named = {"name": container["name"]} if "name" in container else {}
    return {**named, "imageDigest": image}
