"""Where a Cloud Run service stands, and how it gets back: by its revisions.

A revision never changes: it keeps the digests of its images, which tags do not, and the values of
its variables. Traffic moves to one within seconds, where mending a template makes a new one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from remediate.kinds.facts import Readiness, Verdict, Witness
from remediate.model.json import Body, Json
from remediate.model.plan import FieldChange, Stage, Undo
from remediate.model.values import Tree, secrets_in

LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_TEMPLATE, _BUILD = "/template", "/buildConfig/environmentVariables"
_CONTAINER = f"{_TEMPLATE}/containers/*"
TELLING = frozenset(
    {
        *(f"{_CONTAINER}/env/*", f"{_TEMPLATE}/sandboxes/templates/*/env/*"),
        *(f"{_CONTAINER}/{probe}/httpGet/httpHeaders/*" for probe in PROBES),
        f"{_CONTAINER}/buildConfig/buildpacksBuild/environmentVariables",
        _BUILD,
    }
)
"""Where people write values that look like secrets."""
_ALL_TO_THE_LATEST = ({"type": LATEST, "percent": 100},)


def ready(body: Body) -> Readiness:
    """When all that was asked for is observed, and has succeeded; it may also have failed."""
    condition = _condition(body)
    state = str(condition.get("state") or "CONDITION_PENDING")
    if body.get("reconciling") or state not in {"CONDITION_SUCCEEDED", "CONDITION_FAILED"}:
        return Readiness(ready=False, state=state)
    if state == "CONDITION_FAILED":
        return Readiness(ready=False, state=f"{state} ({_reason(condition)})", failed=True)
    is_observed = body.get("observedGeneration") == body.get("generation")
    return Readiness(ready=is_observed, state=state, remark=_elsewhere(body))


def verdict(changes: Sequence[FieldChange]) -> Verdict | None:
    """Of a template its revision keeps every value; of how a function is built nothing does."""
    lost = [one for one in changes if one.pointer.startswith("/build") and _holds_secret(one)]
    if not lost:
        return None
    where = ", ".join(change.pointer for change in lost)
    return Verdict(
        Undo.APPROXIMATE, f"the old value of {where} looks like a secret: nobody keeps it"
    )


def _holds_secret(change: FieldChange) -> bool:
    return any(True for _ in secrets_in(change.before))


def _elsewhere(body: Body) -> str:
    """That traffic goes past the latest revision, as it does when a rollback was cut short."""
    latest = _short(body.get("latestReadyRevision"))
    shares: Tree = _serving(body)
    if not latest or any(one["revision"] == latest and one.get("percent") for one in shares):
        return ""
    names = ", ".join(dict.fromkeys(one["revision"] for one in shares if one.get("percent")))
    return f"sends its traffic to {names}, and none to its latest revision {latest}"


def used_by(_body: Body) -> list[str]:
    """Nobody that a service itself could name: an endpoint group sends traffic to it by name."""
    return []


def aftermath(body: Body) -> str:
    """Where a write that failed has left it: the template is kept, traffic is not moved."""
    if not ready(body).failed:
        return ""
    made, serving = (_short(body.get(f"latest{one}Revision")) for one in ("Created", "Ready"))
    why = _reason(_condition(body))
    if not made or made == serving:
        return f"it is not ready ({why})"
    traffic = f"traffic stays on {serving}" if serving else "nothing serves its traffic yet"
    return f"its new revision {made} is not ready ({why}); it keeps the new template, and {traffic}"


def holds(body: Body, fields: tuple[str, ...], wanted: Mapping[str, Tree]) -> bool:
    """Whether a write is in force though its operation failed.

    Traffic moves while the latest revision is as broken as it was before.
    """
    routed = body.get("trafficStatuses")
    if fields != ("traffic",) or body.get("reconciling") or not isinstance(routed, list):
        return False
    return [*_shares(routed)] == [*_shares(wanted.get("traffic") or ())]


def _shares(targets: Tree) -> Iterator[tuple[Tree, ...]]:
    for target in targets:
        revision = _short(target.get("revision"))
        is_latest = target.get("type", LATEST if not revision else REVISION) == LATEST
        yield is_latest or revision, target.get("percent") or 0, target.get("tag")


def _condition(body: Body) -> dict[str, Tree]:
    found = body.get("terminalCondition")
    return found if isinstance(found, dict) else {}


def _reason(condition: Mapping[str, Tree]) -> str:
    """`HEALTH_CHECK_CONTAINER_ERROR: The user-provided container failed to start …`."""
    words = (condition.get("revisionReason") or condition.get("reason"), condition.get("message"))
    return ": ".join(str(word).strip() for word in words if word) or "no reason given"


def _short(name: object) -> str:
    return str(name or "").rpartition("/")[2]


def _links(body: Body) -> list[str]:
    """The full names of the revisions that it made last, and by which it serves."""
    made = str(body.get("latestCreatedRevision") or "")
    return [*dict.fromkeys([*filter(None, [made]), *_serving_by(body)])]


def _serving_by(body: Body) -> list[str]:
    """The latest ready revision, and those that traffic names."""
    name, latest = str(body.get("name") or ""), str(body.get("latestReadyRevision") or "")
    targets: Tree = body.get("traffic") or []
    named = [_short(target.get("revision")) for target in targets if target.get("revision")]
    return [*filter(None, [latest]), *(f"{name}/revisions/{one}" for one in named)]


def _is_there(revision: Body | None) -> bool:
    return revision is not None and "deleteTime" not in revision


def _kept(body: Body, revisions: Mapping[str, Body]) -> Body:
    """The body, and beside it the digests of its images, as the revision that it made has them."""
    revision = revisions.get(str(body.get("latestCreatedRevision") or ""))
    statuses = revision and revision.get("containerStatuses")
    return {**body, "containerStatuses": statuses} if statuses else body


def _back(before: Body, live: Body) -> Body:
    """What was before, its images by digest unless live still runs just these."""
    template: Tree = before.get("template") or {}
    running: Tree = live.get("template") or {}
    now = running.get("containers") or []
    there = dict(zip([one.get("image") for one in now], _digests(live, now), strict=True))
    containers = template.get("containers") or []
    digests = _digests(before, containers)
    mended = [
        container
        if not digest or there.get(container.get("image")) == digest
        else {**container, "image": digest}
        for container, digest in zip(containers, digests, strict=True)
    ]
    return {**before, "template": {**template, "containers": mended}}


def _digests(body: Body, containers: list[Tree]) -> list[str]:
    """The image of each container by digest, by its name or else its place; empty if unknown."""
    statuses: Tree = body.get("containerStatuses") or []
    named = {one["name"]: one.get("imageDigest") for one in statuses if one.get("name")}
    if len(statuses) != len(containers):
        return [""] * len(containers)
    return [
        str(named.get(container.get("name")) or statuses[at].get("imageDigest") or "")
        for at, container in enumerate(containers)
    ]


def _stages(
    changed: frozenset[str], before: Body, live: Body, revisions: Mapping[str, Body]
) -> tuple[Stage, ...]:
    """First traffic as it was, by name, since that takes seconds; then all else; then as it was.

    Traffic does not go first to what is gone, or serves already; and it follows the latest revision
    only when that is mended.
    """
    if "template" not in changed:
        return ()
    now: Tree = live.get("traffic") or _ALL_TO_THE_LATEST
    then: Tree = before.get("traffic") or _ALL_TO_THE_LATEST
    ready_then = _short(before.get("latestReadyRevision"))
    by_name = [_named(target, ready_then) for target in then]
    is_there = ready_then and all(_is_there(revisions.get(one)) for one in _serving_by(before))
    stages: list[Stage] = []
    if is_there and [*_shares(by_name)] != [*_shares(_serving(live))]:
        names = ", ".join(dict.fromkeys(target["revision"] for target in by_name))
        stages.append(Stage({"traffic": by_name}, f"traffic goes back to {names} at once"))
        now = by_name
    stages.append(Stage(None, "the template, which makes a new revision"))
    if [*_shares(now)] != [*_shares(then)]:
        stages.append(Stage({"traffic": then}, "traffic as it went then"))
    return tuple(stages) if len(stages) > 1 else ()


def _named(target: dict[str, Tree], latest: str) -> dict[str, Tree]:
    if target.get("revision"):
        return target
    return {**target, "type": REVISION, "revision": latest}


def _serving(live: Body) -> list[Json]:
    """Live traffic by name."""
    targets: Tree = live.get("traffic") or _ALL_TO_THE_LATEST
    return [_named(target, _short(live.get("latestReadyRevision"))) for target in targets]


WITNESS = Witness(
    links=_links,
    kept=_kept,
    back=_back,
    stages=_stages,
    # A revision holds all of its template, by the same fields.
    telling=frozenset(at.removeprefix(_TEMPLATE) for at in TELLING if at.startswith(_TEMPLATE)),
)
