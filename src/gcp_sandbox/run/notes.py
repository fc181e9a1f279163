"""Fields of v2 that are annotations in the Knative shape, both ways.

https://cloud.google.com/run/docs/reference/rest/v1/ObjectMeta lists them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gcp_sandbox.request import Body, Json

_RUN: Final = "run.googleapis.com/"
_SCALE: Final = "autoscaling.knative.dev/"


@dataclass(frozen=True, slots=True)
class Note:
    """An annotation and the field that it stands for; `write` answers "" for none."""

    key: str
    path: tuple[str, ...]
    write: Callable[[Json], str]
    read: Callable[[str], Json]


def _compact(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"))


def _word(
    prefix: str, words: dict[str, str]
) -> tuple[Callable[[Json], str], Callable[[str], Json]]:
    """Enum values by their words in annotations."""
    back = {word: f"{prefix}{name}" for name, word in words.items()}

    def write(value: Json) -> str:
        return words.get(str(value).removeprefix(prefix), str(value))

    return write, lambda text: back.get(text, text)


_INGRESS: Final = _word(
    "INGRESS_TRAFFIC_",
    {
        "ALL": "all",
        "INTERNAL_ONLY": "internal",
        "INTERNAL_LOAD_BALANCER": "internal-and-cloud-load-balancing",
        "NONE": "none",
    },
)
_EGRESS: Final = _word(
    "", {"ALL_TRAFFIC": "all-traffic", "PRIVATE_RANGES_ONLY": "private-ranges-only"}
)
_GENERATION: Final = _word("EXECUTION_ENVIRONMENT_", {"GEN1": "gen1", "GEN2": "gen2"})
_MODE: Final = _word("", {"AUTOMATIC": "automatic", "MANUAL": "manual"})
_NUMBER: Final = (str, int)
_TEXT: Final = (str, str)
_JSON: Final = (_compact, json.loads)
_FLAG: Final = (lambda value: "true" if value else "", lambda text: text == "true")
_STAGE: Final = (lambda value: "" if value == "GA" else str(value), str)

SERVICE: Final = (
    Note(f"{_RUN}ingress", ("ingress",), *_INGRESS),
    Note(f"{_RUN}launch-stage", ("launchStage",), *_STAGE),
    Note(f"{_RUN}description", ("description",), *_TEXT),
    Note(f"{_RUN}client-name", ("client",), *_TEXT),
    Note(f"{_RUN}client-version", ("clientVersion",), *_TEXT),
    Note(f"{_RUN}binary-authorization", ("binaryAuthorization", "policy"), *_TEXT),
    Note(f"{_RUN}custom-audiences", ("customAudiences",), *_JSON),
    Note(f"{_RUN}default-url-disabled", ("defaultUriDisabled",), *_FLAG),
    Note(f"{_RUN}iap-enabled", ("iapEnabled",), *_FLAG),
    Note(f"{_RUN}invoker-iam-disabled", ("invokerIamDisabled",), *_FLAG),
    Note(f"{_RUN}minScale", ("scaling", "minInstanceCount"), *_NUMBER),
    Note(f"{_RUN}maxScale", ("scaling", "maxInstanceCount"), *_NUMBER),
    Note(f"{_RUN}manualInstanceCount", ("scaling", "manualInstanceCount"), *_NUMBER),
    Note(f"{_RUN}scalingMode", ("scaling", "scalingMode"), *_MODE),
)
TEMPLATE: Final = (
    Note(f"{_SCALE}minScale", ("scaling", "minInstanceCount"), *_NUMBER),
    Note(f"{_SCALE}maxScale", ("scaling", "maxInstanceCount"), *_NUMBER),
    Note(f"{_RUN}vpc-access-connector", ("vpcAccess", "connector"), *_TEXT),
    Note(f"{_RUN}vpc-access-egress", ("vpcAccess", "egress"), *_EGRESS),
    Note(f"{_RUN}network-interfaces", ("vpcAccess", "networkInterfaces"), *_JSON),
    Note(f"{_RUN}execution-environment", ("executionEnvironment",), *_GENERATION),
    Note(f"{_RUN}sessionAffinity", ("sessionAffinity",), *_FLAG),
    Note(f"{_RUN}health-check-disabled", ("healthCheckDisabled",), *_FLAG),
    Note(f"{_RUN}encryption-key", ("encryptionKey",), *_TEXT),
    Note(f"{_RUN}client-name", ("client",), *_TEXT),
    Note(f"{_RUN}client-version", ("clientVersion",), *_TEXT),
)


def written(notes: Sequence[Note], body: Body) -> dict[str, str]:
    """The annotations of a body, its own and those that are fields of v2."""
    found = dict(body.get("annotations", {}))
    for note in notes:
        value: Json = body
        for name in note.path:
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None and (text := note.write(value)):
            found[note.key] = text
    return found


def read(notes: Sequence[Note], annotations: dict[str, str]) -> Body:
    """The fields that annotations stand for, and `annotations` with what is left."""
    body: Body = {}
    left = dict(annotations)
    for note in notes:
        text = left.pop(note.key, None)
        if text is None:
            continue
        inner = body
        for name in note.path[:-1]:
            inner = inner.setdefault(name, {})
        inner[note.path[-1]] = note.read(text)
    return body | ({"annotations": left} if left else {})
