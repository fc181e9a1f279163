"""The secrets that variables of a service point at, judged: whether a new instance could read them.

An instance reads them when it starts: one that runs keeps what it has
(https://cloud.google.com/run/docs/configuring/services/secrets).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from remediate.diagnosis.balancer import SPREADS, differs
from remediate.diagnosis.edge import Edge
from remediate.diagnosis.looks import Look
from remediate.diagnosis.node import Judged, Remedy
from remediate.model.json import Body

_EVERY = "*"  # stands for all where not even their names could be read
_LATEST = "latest"  # an alias of the newest, whatever its state


def judge_secrets(
    edge: Edge, node: Judged, references: Iterable[Mapping[str, str]], look: Look
) -> None:
    """Each `{secret, version}` that is known not to be readable.

    An application that says what it lacks has started, so that it had its secrets.
    """
    for one in references:
        name, version = one["secret"], one["version"]
        why, remedy = _unreadable(edge, name, version)
        if not why or remedy is None:
            continue
        told = f"{why}: no new instance of {node.resource} can start"
        differs(node, told, remedy, look.works or bool(look.reason))


def _unreadable(edge: Edge, name: str, version: str) -> tuple[str, Remedy | None]:
    secrets = edge.google.secrets
    known = {at.rpartition("/")[2]: versions for at, versions in secrets.items()}
    versions = known.get(name)
    if _EVERY in known or (versions is not None and not isinstance(versions, tuple)):
        return "", None
    of = f"{name} --project={edge.project}"
    if versions is None:
        return "", None  # of another project, or one of many that were not read
    found = _version(versions, version)
    if found is None:
        line = f"gcloud secrets versions list {of}"
        text = f"name a version that there is, or add one to {name}"
        return f"the secret {name} has no version {version}", _way_out(text, line)
    state, number = str(found.get("state")), str(found.get("name")).rpartition("/")[2]
    if state == "ENABLED":
        return "", None
    line = f"gcloud secrets versions enable {number} --secret={of}"
    text = f"enable version {number} of {name} again; somebody may have had a reason"
    if state == "DESTROYED":
        line = f"gcloud secrets versions add {name} --data-file=- --project={edge.project}"
        text = f"add a version to {name}: what was in version {number} is gone for good"
    return f"version {number} of the secret {name} is {state}", _way_out(text, line)


def _version(versions: tuple[Body, ...], wanted: str) -> Body | None:
    if wanted == _LATEST:
        return next(iter(versions), None)
    return next((v for v in versions if str(v.get("name")).rpartition("/")[2] == wanted), None)


def _way_out(text: str, line: str) -> Remedy:
    return Remedy(
        "propose",
        text,
        program=line,
        seconds=SPREADS,
        at_most=True,
        undo="exact: disable it again",
        takes="whoever shut a secret may have had a reason",
    )
