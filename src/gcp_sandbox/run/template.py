"""A service as it is wanted: Google's defaults filled in, and what Google refuses at once.

The defaults are those of answers that were recorded; see also
https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
"""

from __future__ import annotations

import re
from typing import Final

from gcp_sandbox.project import number
from gcp_sandbox.request import Body
from gcp_sandbox.run import traffic
from gcp_sandbox.status import StatusError, bad_field

_SERVICE_ID: Final = re.compile(r"[a-z]([-a-z0-9]{0,47}[a-z0-9])?")
_LABEL_KEY: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE: Final = re.compile(r"[a-z0-9_-]{0,63}")
_LONGEST_TIMEOUT: Final = 3600.0
_MOST_INSTANCES: Final = 100
_MOST_REQUESTS: Final = 1000
_PORTS: Final = range(1, 65536)
_STARTUP: Final = {"timeoutSeconds": 240, "periodSeconds": 240, "failureThreshold": 1}
_PROBING: Final = {"timeoutSeconds": 1, "periodSeconds": 10, "failureThreshold": 3}


def check_id(identity: str) -> None:
    if not _SERVICE_ID.fullmatch(identity):
        raise bad_field(
            "CreateServiceRequest.service_id",
            "must begin with a letter, hold only lower case letters, digits and hyphens, not end "
            "with a hyphen, and be less than 50 characters",
        )


def prepared(wanted: Body, name: str) -> Body:
    """The writable part of service `name` with every default. Raises 400."""
    project, location = name.split("/")[1], name.split("/")[3]
    body: Body = {"ingress": "INGRESS_TRAFFIC_ALL", "launchStage": "GA", **wanted}
    _check_labels("service.labels", body.get("labels", {}))
    template = dict(body.get("template") or {})
    if not template.get("containers"):
        raise bad_field("service.template.containers", "must contain at least one container")
    template.setdefault("timeout", "300s")
    if not 0 < float(template["timeout"][:-1]) <= _LONGEST_TIMEOUT:
        raise bad_field("service.template.timeout", "must be between 1s and 3600s")
    template.setdefault(
        "serviceAccount", f"{number(project)}-compute@developer.gserviceaccount.com"
    )
    template.setdefault("maxInstanceRequestConcurrency", 80)
    if not 0 < template["maxInstanceRequestConcurrency"] <= _MOST_REQUESTS:
        raise bad_field(
            "service.template.max_instance_request_concurrency", "must be between 1 and 1000"
        )
    template["scaling"] = _scaled(body, template)
    template["containers"] = _containers(template)
    if "vpcAccess" in template:
        template["vpcAccess"] = _reached(template["vpcAccess"], project, location)
    _check_mounts(template)
    body["template"] = template
    body["traffic"] = traffic.prepared(body.get("traffic", []), name)
    return body


def _scaled(body: Body, template: Body) -> Body:
    scaling: Body = dict(template.get("scaling", {}))
    if "maxInstanceCount" not in body.get("scaling", {}):
        scaling.setdefault("maxInstanceCount", _MOST_INSTANCES)
    least, most = scaling.get("minInstanceCount", 0), scaling.get("maxInstanceCount")
    if least < 0 or (most is not None and (most < 0 or least > most)):
        raise bad_field(
            "service.template.scaling",
            "min_instance_count must not be negative nor greater than max_instance_count",
        )
    return scaling


def _containers(template: Body) -> list[Body]:
    """The one container, or the one with a port, takes the requests: it gets port and probe."""
    containers: list[Body] = template["containers"]
    serving = [it for it in containers if it.get("ports")] or containers
    if len(serving) != 1:
        raise bad_field("service.template.containers", "exactly one container must have a port")
    whole = []
    for at, container in enumerate(containers):
        where = f"service.template.containers[{at}]"
        if not container.get("image"):
            raise bad_field(f"{where}.image", "must not be empty")
        _check_env(where, container.get("env", []))
        filled = {**container, "resources": _resources(container)}
        if container is serving[0]:
            filled = _serving(filled, where)
        for kind in ("livenessProbe", "readinessProbe"):
            if kind in filled:
                filled[kind] = _probe(filled[kind], _port(filled))
        whole.append(filled)
    return whole


def _serving(container: Body, where: str) -> Body:
    given = container.get("ports") or [{}]
    port = {"name": "http1", "containerPort": 8080, **given[0]}
    if (
        len(given) > 1
        or port["name"] not in {"http1", "h2c"}
        or port["containerPort"] not in _PORTS
    ):
        raise bad_field(f"{where}.ports", "one port of 1 to 65535, named http1 or h2c")
    container["ports"] = [port]
    probe = container.get("startupProbe")
    if probe is None:
        container["startupProbe"] = {**_STARTUP, "tcpSocket": {"port": port["containerPort"]}}
    else:
        container["startupProbe"] = _probe(probe, port["containerPort"])
    return container


def _resources(container: Body) -> Body:
    """CPU is idle between requests unless resources are given without saying so."""
    given: Body = container.get("resources", {"cpuIdle": True})
    return {**given, "limits": {"cpu": "1000m", "memory": "512Mi", **given.get("limits", {})}}


def _probe(given: Body, port: int) -> Body:
    probe = {**_PROBING, **given}
    if "httpGet" in probe:
        probe["httpGet"] = {"path": "/", "port": port, **probe["httpGet"]}
    elif "grpc" in probe:
        probe["grpc"] = {"port": port, **probe["grpc"]}
    else:
        probe["tcpSocket"] = {"port": port, **probe.get("tcpSocket", {})}
    return probe


def _port(container: Body) -> int:
    ports = container.get("ports") or [{"containerPort": 8080}]
    return int(ports[0]["containerPort"])


def _reached(access: Body, project: str, location: str) -> Body:
    """The way into the network, a connector by its full name."""
    if access.get("connector") and access.get("networkInterfaces"):
        raise bad_field(
            "service.template.vpc_access", "has a connector or network interfaces, not both"
        )
    access = {"egress": "PRIVATE_RANGES_ONLY", **access}
    if "/" not in access.get("connector", "/"):
        short = access["connector"]
        access["connector"] = f"projects/{project}/locations/{location}/connectors/{short}"
    return access


def _check_env(where: str, env: list[Body]) -> None:
    names = [it["name"] for it in env]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise bad_field(f"{where}.env", f"must not repeat {', '.join(sorted(repeated))}")
    if "PORT" in names:
        raise bad_field(f"{where}.env", "PORT is reserved: the system sets it")
    for it in env:
        if "value" in it and "valueSource" in it:
            raise bad_field(f"{where}.env", f"{it['name']} takes a value or a secret, not both")


def _check_mounts(template: Body) -> None:
    volumes = {volume.get("name") for volume in template.get("volumes", ())}
    for container in template["containers"]:
        for mount in container.get("volumeMounts", ()):
            if mount.get("name") not in volumes:
                raise StatusError(
                    "INVALID_ARGUMENT",
                    f"service.template.containers.volume_mounts.name: {mount.get('name')} must "
                    "match the name of a volume.",
                )


def _check_labels(where: str, labels: Body) -> None:
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            raise bad_field(where, f"'{key}={value}' is not a valid label")
