"""The secrets that variables of a service point at, judged: whether a new instance could read them.

An instance reads them when it starts: one that runs keeps what it has
(https://cloud.google.com/run/docs/configuring/services/secrets).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from remediate.diagnosis.balancer import differs
from remediate.diagnosis.edge import Edge
from remediate.diagnosis.looks import Look
from remediate.diagnosis.node import Judged, Remedy
from remediate.kinds.registry import kind
from remediate.model.json import Body

_DENIED = "SECRETS_ACCESS_CHECK_FAILED"  # a condition's reason
_EVERY = "*"  # stands for all where not even their names could be read
_LATEST = "latest"  # an alias of the newest, whatever its state


def judge_secrets(
    edge: Edge, node: Judged, body: Body, references: Iterable[Mapping[str, str]], look: Look
) -> None:
    """Each `{secret, version}` that is known not to be readable, or what Google says of them.

    An application that says what it lacks has started, so that it had its secrets.
    """
    known = False
    for one in references:
        why, remedy = _unreadable(edge, one["secret"], one["version"])
        if remedy is not None:
            known = True
            told = f"{why}: no new instance of {node.resource} can start"
            differs(node, told, remedy, look.works or bool(look.reason))
    ready = kind("RunService").ready(body)
    if known or body.get("latestReadyRevision") or not (ready.failed and _DENIED in ready.state):
        return
    text = "make the secret, or grant the service's account roles/secretmanager.secretAccessor"
    remedy = _way_out(text, f"gcloud secrets list --project={edge.project}", "exact: take it back")
    differs(node, ready.state.partition(f"{_DENIED}: ")[2].removesuffix(")"), remedy, look.works)


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
        return f"the secret {name} has no version {version}", _way_out(text, line, "never")
    state, number = str(found.get("state")), str(found.get("name")).rpartition("/")[2]
    if state == "ENABLED":
        return "", None
    line, undo = f"gcloud secrets versions enable {number} --secret={of}", "exact: disable it again"
    text = f"enable version {number} of {name} again"
    if state == "DESTROYED":
        line, undo = f"gcloud secrets versions add {of} --data-file=-", "never"
        text = f"add a version to {name}: what was in version {number} is gone for good"
    return f"version {number} of the secret {name} is {state}", _way_out(text, line, undo)


def _version(versions: tuple[Body, ...], wanted: str) -> Body | None:
    if wanted == _LATEST:
        return next(iter(versions), None)
    return next((v for v in versions if str(v.get("name")).rpartition("/")[2] == wanted), None)


def _way_out(text: str, line: str, undo: str) -> Remedy:
    return Remedy(
        "propose",
        f"{text}; then deploy once more, since a revision that failed does not try again",
        program=line,
        undo=undo,
        takes="whoever shut a secret may have had a reason",
    )
