"""What types cannot say of a Cloud Run service, so that Google need not be asked to refuse it.

Facts: the discovery document's descriptions; https://cloud.google.com/run/docs/container-contract
for the reserved names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from remediate.kinds.fields.labels import label_faults
from remediate.kinds.fields.pointers import pointer
from remediate.kinds.fields.rules import (
    Fault,
    at_most,
    distinct,
    exactly_one,
    looks_like,
    not_together,
    spelled,
    values,
    within,
)
from remediate.kinds.fields.spellings import is_duration, is_quantity, quantity
from remediate.model.values import Template, Tree

LONGEST_REQUEST = 3600  # seconds
MOST_REQUESTS = 1000  # at once, in one instance
SOURCES = ("cloudSqlInstance", "emptyDir", "filestore", "gcs", "nfs", "secret")
_TRAFFIC = "TRAFFIC_TARGET_ALLOCATION_TYPE_"
_RESERVED = frozenset({"K_CONFIGURATION", "K_REVISION", "K_SERVICE", "PORT"})
_GOOGLES = (
    *("run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev"),
    "autoscaling.knative.dev",
)
_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_CONTAINER = looks_like(_LABEL)
_TAG = looks_like(r"[a-z]([-a-z0-9]{0,44}[a-z0-9])?")
_VARIABLE = looks_like(r"[^=\x00]+")
_SECRET = looks_like(r"(projects/[^/]+/secrets/)?[A-Za-z0-9_-]{1,255}")
_CONNECTION = looks_like(r"([a-z0-9.-]+:)?[a-z][-a-z0-9]+:[a-z0-9-]+:[a-z]([-a-z0-9]*[a-z0-9])?")
_SLOWEST = {"livenessProbe": 3600, "readinessProbe": 3600, "startupProbe": 240}  # seconds


def check(spec: Mapping[str, Tree]) -> list[Fault]:
    template = spec.get("template") or {}
    return [
        *at_most(spec, "/description", 512, "characters"),
        *label_faults(spec),
        *_annotations(spec),
        *_traffic(spec),
        *_service_scaling(spec.get("scaling") or {}),
        *not_together(
            spec.get("binaryAuthorization") or {}, ("useDefault", "policy"), "/binaryAuthorization"
        ),
        *_template(spec, template),
        *_containers(template),
        *_volumes(template),
        *_network(template.get("vpcAccess") or {}),
    ]


def _annotations(spec: Mapping[str, Tree]) -> Iterator[Fault]:
    for above in (spec, spec.get("template") or {}):
        at = "" if above is spec else "/template"
        for field in ("annotations", "labels"):
            for key in above.get(field) or ():
                if is_googles(key):
                    where = at + pointer(field, key)
                    yield where, f"{key} is Google's own: v2 has a field for what it said in v1"


def is_googles(key: str) -> bool:
    """Whether a label or an annotation is of a name space that v2 keeps for Google."""
    return key.partition("/")[0].endswith(_GOOGLES)


def _traffic(spec: Mapping[str, Tree]) -> Iterator[Fault]:
    targets = spec.get("traffic") or []
    yield from within(spec, "/traffic/*/percent", 0, 100, "a percentage")
    yield from spelled(spec, "/traffic/*/tag", _TAG, "a tag such as `blue`")
    yield from distinct(spec, "/traffic/*/tag", "tag")
    percents = [target.get("percent", 0) for target in targets]
    if targets and not any(isinstance(one, Template) for one in percents) and sum(percents) != 100:  # noqa: PLR2004 - the whole
        yield "/traffic", f"the percents sum to 100, not to {sum(percents)}"
    for at, target in enumerate(targets):
        where, word = f"/traffic/{at}", target.get("type", "")
        is_named = bool(target.get("revision"))
        if is_named and word == f"{_TRAFFIC}LATEST":
            yield f"{where}/revision", "a target of the latest revision names none"
        if not is_named and word == f"{_TRAFFIC}REVISION":
            yield where, "a target by revision says which `revision`"
        if is_named and word in {"", f"{_TRAFFIC}UNSPECIFIED"}:
            yield where, f"a target with a revision has the type {_TRAFFIC}REVISION"


def _service_scaling(scaling: Mapping[str, Tree]) -> Iterator[Fault]:
    yield from _instances(scaling, "/scaling")
    is_manual = scaling.get("scalingMode") == "MANUAL"
    if is_manual and scaling.get("manualInstanceCount") is None:
        yield "/scaling/scalingMode", "MANUAL needs a manualInstanceCount"
    if scaling.get("manualInstanceCount") is not None and not is_manual:
        yield "/scaling/manualInstanceCount", "this needs `scalingMode: MANUAL`"


def _instances(scaling: Mapping[str, Tree], at: str) -> Iterator[Fault]:
    inside = {"scaling": scaling}
    for name in ("minInstanceCount", "maxInstanceCount", "manualInstanceCount"):
        for _, message in within(inside, f"/scaling/{name}", 0, 100_000, "a count of instances"):
            yield f"{at}/{name}", message
    least, most = scaling.get("minInstanceCount"), scaling.get("maxInstanceCount")
    if isinstance(least, int) and isinstance(most, int) and 0 < most < least:
        yield f"{at}/minInstanceCount", "minInstanceCount is greater than maxInstanceCount"


def _template(spec: Mapping[str, Tree], template: Mapping[str, Tree]) -> Iterator[Fault]:
    for name in ("timeout", "encryptionKeyShutdownDuration"):
        what = "a duration in seconds such as 300s"
        yield from spelled(spec, f"/template/{name}", is_duration, what)
    for at, text in values(spec, "/template/timeout"):
        if is_duration(text) and not 0 < float(text[:-1]) <= LONGEST_REQUEST:
            yield at, f"a request takes more than 0s and at most {LONGEST_REQUEST}s"
    shuts = template.get("encryptionKeyRevocationAction") == "SHUTDOWN"
    if template.get("encryptionKeyShutdownDuration") and not shuts:
        yield (
            "/template/encryptionKeyShutdownDuration",
            "this needs `encryptionKeyRevocationAction: SHUTDOWN`",
        )
    requests = "/template/maxInstanceRequestConcurrency"
    yield from within(spec, requests, 0, MOST_REQUESTS, "the number of requests at once")
    for name, most in (("concurrencyUtilization", 0.95), ("cpuUtilization", 0.9)):
        for at, share in values(spec, f"/template/scaling/{name}"):
            if share != 0 and not 0.1 <= share <= most:  # noqa: PLR2004 - the range is Google's
                yield at, f"it is 0 (off) or from 0.1 to {most:g}"
    yield from _instances(template.get("scaling") or {}, "/template/scaling")


def _containers(template: Mapping[str, Tree]) -> Iterator[Fault]:
    containers = template.get("containers") or []
    if not containers:
        yield "/template/containers", "a service has at least one container"
    inside = {"template": template}
    yield from spelled(inside, "/template/containers/*/name", _CONTAINER, "a container's name")
    yield from distinct(inside, "/template/containers/*/name", "container")
    serving = [at for at, container in enumerate(containers) if container.get("ports")]
    if len(serving) > 1:
        at = f"/template/containers/{serving[1]}/ports"
        yield at, f"container {serving[0]} has the port already: one takes the requests"
    if len(containers) > 1 and not serving:
        yield "/template/containers", "with several containers, the one with `ports` is served"
    names = {container.get("name") for container in containers}
    volumes = {volume.get("name") for volume in template.get("volumes") or ()}
    for index, container in enumerate(containers):
        at = f"/template/containers/{index}"
        yield from _container(container, at)
        for number, name in enumerate(container.get("dependsOn") or ()):
            if name not in names and not isinstance(name, Template):
                yield f"{at}/dependsOn/{number}", f"no container is named {name!r}"
        for number, mount in enumerate(container.get("volumeMounts") or ()):
            yield from _mount(mount, volumes, f"{at}/volumeMounts/{number}")


def _container(container: Mapping[str, Tree], at: str) -> Iterator[Fault]:
    if not container.get("image"):
        yield f"{at}/image", "a container has an image"
    for where, message in (
        *at_most(container, "/ports", 1, "port"),
        *within(container, "/ports/*/containerPort", 1, 65535, "a port"),
        *spelled(container, "/ports/*/name", {"http1", "h2c"}.__contains__, "http1 or h2c"),
        *distinct(container, "/env/*/name", "variable"),
        *_limits(container.get("resources") or {}),
    ):
        yield at + where, message
    for index, variable in enumerate(container.get("env") or ()):
        yield from _variable(variable, f"{at}/env/{index}")
    for name, slowest in _SLOWEST.items():
        if (probe := container.get(name)) is not None:
            yield from _probe(probe, f"{at}/{name}", slowest)


def _limits(resources: Mapping[str, Tree]) -> Iterator[Fault]:
    forms = {
        "cpu": "a number of CPUs such as 1 or 500m",
        "memory": "an amount such as 512Mi or 2Gi",
        "nvidia.com/gpu": "a number of GPUs such as 1",
    }
    for name, text in (resources.get("limits") or {}).items():
        at = pointer("resources", "limits", name)
        if name not in forms:
            yield at, f"{name!r} cannot be limited; {', '.join(forms)} can"
        elif not isinstance(text, Template) and not is_quantity(text):
            yield at, f"{text!r} is not {forms[name]}"
        elif quantity(text) == "0":
            yield at, f"{name} cannot be limited to nothing"


def _variable(variable: Mapping[str, Tree], at: str) -> Iterator[Fault]:
    name = variable["name"]
    if not isinstance(name, Template) and not _VARIABLE(name):
        yield f"{at}/name", f"{name!r} cannot be the name of a variable"
    if name in _RESERVED:
        yield f"{at}/name", f"{name} is set by Cloud Run itself"
    if variable.get("value") is not None and variable.get("valueSource") is not None:
        yield f"{at}/valueSource", "valueSource and value exclude each other"
    source = variable.get("valueSource")
    if source is not None and not source.get("secretKeyRef"):
        yield f"{at}/valueSource", "a valueSource is a secretKeyRef"
    for where, message in spelled(
        variable, "/valueSource/secretKeyRef/secret", _SECRET, "a secret or projects/P/secrets/S"
    ):
        yield at + where, message


def _probe(probe: Mapping[str, Tree], at: str, slowest: int) -> Iterator[Fault]:
    yield from not_together(probe, ("httpGet", "tcpSocket", "grpc"), at)
    for where, message in (
        *within(probe, "/initialDelaySeconds", 0, slowest, "the delay in seconds"),
        *within(probe, "/periodSeconds", 1, slowest, "the period in seconds"),
        *within(probe, "/timeoutSeconds", 1, 3600, "the timeout in seconds"),
        *within(probe, "/failureThreshold", 1, 2**31 - 1, "the threshold"),
        *(
            fault
            for way in ("httpGet", "tcpSocket", "grpc")
            for fault in within(probe, f"/{way}/port", 1, 65535, "a port")
        ),
        *spelled(probe, "/httpGet/path", looks_like(r"/.*"), "a path that begins with /"),
    ):
        yield at + where, message
    period, timeout = probe.get("periodSeconds", 10), probe.get("timeoutSeconds", 1)
    if isinstance(period, int) and isinstance(timeout, int) and timeout > period:
        yield f"{at}/timeoutSeconds", f"timeoutSeconds is longer than the period of {period} s"


def _mount(mount: Mapping[str, Tree], volumes: set[Tree], at: str) -> Iterator[Fault]:
    if mount["name"] not in volumes and not isinstance(mount["name"], Template):
        yield f"{at}/name", f"no volume is named {mount['name']!r}"
    path = mount["mountPath"]
    if not isinstance(path, Template) and (":" in path or not path.startswith("/")):
        yield f"{at}/mountPath", f"{path!r} is not a path that begins with / and has no `:`"


def _volumes(template: Mapping[str, Tree]) -> Iterator[Fault]:
    inside = {"template": template}
    yield from distinct(inside, "/template/volumes/*/name", "volume")
    for index, volume in enumerate(template.get("volumes") or ()):
        yield from exactly_one(volume, SOURCES, f"/template/volumes/{index}")
    yield from spelled(
        inside,
        "/template/volumes/*/cloudSqlInstance/instances/*",
        _CONNECTION,
        "a connection name such as project:region:instance",
    )
    yield from spelled(
        inside,
        "/template/volumes/*/secret/secret",
        _SECRET,
        "a secret or projects/P/secrets/S",
    )
    yield from within(inside, "/template/volumes/*/secret/defaultMode", 0, 0o777, "a file's mode")
    yield from within(inside, "/template/volumes/*/secret/items/*/mode", 0, 0o777, "a file's mode")
    size = "/template/volumes/*/emptyDir/sizeLimit"
    yield from spelled(inside, size, is_quantity, "an amount such as 128Mi")


def _network(access: Mapping[str, Tree]) -> Iterator[Fault]:
    yield from not_together(access, ("connector", "networkInterfaces"), "/template/vpcAccess")
    where = "/template/vpcAccess/networkInterfaces"
    interfaces = access.get("networkInterfaces") or []
    if len(interfaces) > 1:
        yield where, f"at most 1 network interface is allowed, not {len(interfaces)}"
    for index, interface in enumerate(interfaces):
        if not (interface.get("network") or interface.get("subnetwork")):
            yield f"{where}/{index}", "an interface needs a network or a subnetwork"
