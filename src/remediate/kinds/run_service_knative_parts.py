"""What a revision runs, in the shape of Knative, as v2 has it; and how that shape is read.

Facts: `Container`, `Volume` and what is in them, in the discovery documents run.v1 and run.v2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from remediate.model.json import Body, Json

_BUCKETS = "gcsfuse.run.googleapis.com"
_MEDIA = {"Memory": "MEMORY", "Disk": "DISK"}
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def container(given: Body, depends: Body, secrets: Mapping[str, str]) -> Body:
    """`depends` are the containers that each waits for, `secrets` those of the aliases."""
    body: Body = {name: value for name, value in given.items() if value not in (None, [], {})}
    if variables := objects(given, "env"):
        body["env"] = [_variable(each, secrets) for each in variables]
    if ports := objects(given, "ports"):
        body["ports"] = [_but(each, "protocol", "TCP") for each in ports]
    for probe in _PROBES:
        if probe in body:
            body[probe] = _but(fields(body, probe), "successThreshold", 1)
    if (after := depends.get(str(given.get("name")))) is not None:
        body["dependsOn"] = after
    return body


def _variable(given: Body, secrets: Mapping[str, str]) -> Body:
    source = fields(given, "valueFrom")
    if "secretKeyRef" not in source:
        return given
    keyed = fields(source, "secretKeyRef")
    pointer = renamed(_meant(keyed, "name", secrets), {"name": "secret", "key": "version"})
    rest = without(source, "secretKeyRef")
    return {**without(given, "valueFrom"), "valueSource": {**rest, "secretKeyRef": pointer}}


def volume(given: Body, secrets: Mapping[str, str]) -> Body:
    """`secrets` are those of the aliases."""
    if "secret" in given:
        return {**given, "secret": _mounted(fields(given, "secret"), secrets)}
    if "emptyDir" in given:
        empty = fields(given, "emptyDir")
        medium = str(empty.get("medium") or "")
        said: Body = {"medium": _MEDIA.get(medium, medium)} if medium else {}
        return {**given, "emptyDir": {**without(empty, "medium"), **said}}
    if (driven := fields(given, "csi")).get("driver") == _BUCKETS:
        return {**without(given, "csi"), "gcs": _bucket(driven)}
    return given


def _mounted(secret: Body, secrets: Mapping[str, str]) -> Body:
    body = renamed(_meant(secret, "secretName", secrets), {"secretName": "secret"})
    if items := objects(secret, "items"):
        body["items"] = [renamed(each, {"key": "version"}) for each in items]
    return body


def _bucket(driven: Body) -> Body:
    attributes = texts(driven, "volumeAttributes")
    body: Body = {"bucket": attributes.get("bucketName", "")}
    if options := attributes.get("mountOptions"):
        body["mountOptions"] = [*options.split(",")]
    return {**without(driven, "driver", "volumeAttributes"), **body}


def _meant(given: Body, field: str, secrets: Mapping[str, str]) -> Body:
    """With the secret that an alias stands for, where the name is one."""
    name = str(given.get(field))
    return {**given, field: secrets.get(name, name)}


def aliases(text: str) -> Iterator[tuple[str, str]]:
    """What names of secrets stand for: `alias:projects/P/secrets/S`, joined by commas."""
    for each in text.split(","):
        alias, _, secret = each.partition(":")
        if secret:
            yield alias.strip(), secret.strip()


def renamed(given: Body, names: Mapping[str, str]) -> Body:
    return {names.get(name, name): value for name, value in given.items() if value is not None}


def without(given: Body, *names: str) -> Body:
    return {name: value for name, value in given.items() if name not in names}


def _but(given: Body, name: str, usual: Json) -> Body:
    """Without a field that says what goes without saying."""
    return without(given, name) if given.get(name) == usual else given


def fields(given: Body, name: str) -> Body:
    found = given.get(name)
    return found if isinstance(found, dict) else {}


def objects(given: Body, name: str) -> list[Body]:
    found = given.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def texts(given: Body, name: str) -> dict[str, str]:
    return {key: str(text) for key, text in fields(given, name).items()}
