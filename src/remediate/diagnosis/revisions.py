"""The revision that serves, judged: whether its errors are its own fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from remediate.diagnosis.balancer import SPREADS, applied, differs
from remediate.diagnosis.edge import Edge
from remediate.diagnosis.layers import identity
from remediate.diagnosis.looks import Look
from remediate.diagnosis.node import API, NOBODY, PROBE, Ailment, Judged, Remedy
from remediate.diagnosis.signs import Sample
from remediate.kinds.registry import kind
from remediate.model.json import Body, part, parts
from remediate.model.observation import Unreadable
from remediate.model.ref import Ref

RECENT = 86_400.0  # seconds: what began with a revision of today, began with the revision
_BELOW = frozenset(
    {
        *("run.env", "run.vpc_access", "vpc.connector"),
        *("sql.instance", "sql.connections", "sql.auth", "sql.network"),
    }
)
"""What an application may err for though its revision is as good as ever."""


def below(edge: Edge, ref: Ref) -> tuple[str, ...]:
    """The nodes that a service's application hangs on."""
    connector = edge.connector_of(ref)
    found = [identity(layer, ref) for layer in ("run.env", "run.vpc_access")]
    found += [identity("vpc.connector", connector)] if connector else []
    layers = ("sql.network", "sql.instance", "sql.connections", "sql.auth")
    return (*found, *(identity(layer, at) for at in edge.databases_of(ref) for layer in layers))


def judge_revision(edge: Edge, ref: Ref, look: Look) -> Judged:
    node = Judged("run.revision", ref, below(edge, ref))
    body = edge.live(ref) or {}
    serving = _serving(body)
    revisions = edge.google.revisions.get(edge.live_ref(ref))
    known = revisions if isinstance(revisions, tuple) else ()
    if isinstance(revisions, Unreadable):
        node.blind.append(f"the revisions of {ref} cannot be read: {revisions.why}")
    before = _before(known, serving)
    fix = _traffic(edge, ref, before) if before else _logs(edge, ref, serving)
    if (ready := kind(ref.kind).ready(body)).failed and body.get("latestReadyRevision") is None:
        newest = _short(body.get("latestCreatedRevision"))
        told = f"{newest or ref} has never become ready: {_why(ready.state, newest)}"
        remedy = replace(_logs(edge, ref, newest), action="manual", text=_MEND)
        seen = PROBE if look.works is False else NOBODY
        node.ailments.append(Ailment(told, remedy, API | seen, frozenset({"run.env"})))
    elif _errors(look):
        _err(edge, node, ref, look, known, serving, fix)
    elif look.works is not True and (share := _share(edge, ref, serving)) and share > 0.5:  # noqa: PLR2004 - most
        told = f"{share:.0%} of what {serving} answered was an error of its own"
        node.ailments.append(_own(edge, told, known, serving, fix))
    elif look.is_slow:
        told = f"{ref} takes {max(s.first_byte for s in look.answers):.1f} s to begin an answer"
        because = frozenset({*_BELOW, "run.scaling"})
        remedy = _logs(edge, ref, serving)
        node.ailments.append(Ailment(told, remedy, PROBE, because, contradicted=True))
    _ends_early(edge, node, ref, look)
    node.facts += _standing(body, edge.wanted(ref), serving)
    return node


def _standing(body: Body, wanted: Body, serving: str) -> Iterator[str]:
    """Which revision serves, and what is newer and does not."""
    newest = _short(body.get("latestCreatedRevision"))
    if newest not in ("", serving) and kind("RunService").ready(body).failed:
        yield f"{serving or 'nothing'} serves, since {newest} never became ready"
    elif pinned := _pinned(body, wanted):
        yield f"traffic stays on {pinned}, not on the latest revision"
    else:
        yield f"{serving or 'nothing'} serves"


def _ends_early(edge: Edge, node: Judged, ref: Ref, look: Look) -> None:
    """A WebSocket is one request, and ends with its time (Cloud Run, "Using WebSockets")."""
    limit, found = (_seconds(each) for each in (edge.wanted(ref), edge.live(ref) or {}))
    if not limit or found >= limit:
        return
    told = f"{ref} ends requests after {found:.0f} s, not {limit:.0f} s"
    services = edge.served_by(ref)
    held = [seen.held for seen in edge.signs.paths if seen.held and seen.service in services]
    if not look.websockets and not held:
        node.facts.append(told)
        return
    lasts = all(seen.outcome == "ok" for seen in held) if held else None
    differs(node, f"{told}, WebSockets too", applied(ref, "let requests last again"), lasts)


def _seconds(body: Body) -> float:
    """A request's time, as `3600s`; 300 where nobody says."""
    return float(str(part(body, "template").get("timeout") or "300s").removesuffix("s"))


def _why(state: str, revision: str) -> str:
    """A condition's reason and message, without what is said of it anyhow."""
    told = state.removeprefix("CONDITION_FAILED (").removesuffix(")")
    return told.replace(f"Revision '{revision}' is not ready and cannot serve traffic. ", "")


_MEND = "read why it does not start; the application's own pipeline deploys the next one"


def _logs(edge: Edge, ref: Ref, revision: str) -> Remedy:
    of = f"resource.labels.revision_name={revision}" if revision else f"{ref.name}"
    line = f"gcloud logging read {of} --limit=20 --project={edge.project}"
    return Remedy("none", "nothing that was read tells why; look at its logs", program=line)


def _errors(look: Look) -> bool:
    return bool(look.statuses & {500, 502, 503, 504}) or look.errs


def _err(
    edge: Edge,
    node: Judged,
    ref: Ref,
    look: Look,
    known: tuple[Body, ...],
    serving: str,
    fix: Remedy,
) -> None:
    """An application that names what it lacks is believed; else what began with a revision."""
    pinned = _pinned(edge.live(ref) or {}, edge.wanted(ref))
    told = look.message
    if look.reason or not look.statuses & {500, 504}:
        said = f", and says why: {look.reason}" if look.reason else ""
        node.ailments.append(Ailment(f"{told}{said}", fix, PROBE, _BELOW, contradicted=True))
    elif pinned:
        told = f"{told}; traffic stays on {pinned}, not on the latest revision"
        node.ailments.append(Ailment(told, _latest(edge, ref), API | PROBE))
    else:
        node.ailments.append(_own(edge, told, known, serving, fix, seen=True))


def _own(
    edge: Edge,
    told: str,
    known: tuple[Body, ...],
    serving: str,
    fix: Remedy,
    *,
    seen: bool = False,
) -> Ailment:
    age = _age(edge, known, serving)
    began = age is not None and age < RECENT and bool(_before(known, serving))
    if began and age is not None:
        told += f"; {serving} began to serve {age / 60:.0f} min ago"
    because = frozenset[str]() if began else _BELOW
    sources = (PROBE if seen else NOBODY) | (API if began or not seen else NOBODY)
    return Ailment(told, fix, sources, because, contradicted=not began)


def _share(edge: Edge, ref: Ref, serving: str) -> float | None:
    """Which part of a revision's requests ended in 5xx; None where nothing was measured."""
    counts = {
        name.rpartition("/")[2]: sample.value
        for (at, name), sample in edge.google.metrics.items()
        if at == ref and name.startswith(f"request_count/{serving}/") and isinstance(sample, Sample)
    }
    total = sum(counts.values())
    return counts.get("5xx", 0.0) / total if total else None


def _serving(body: Body) -> str:
    """The revision that most traffic goes to."""
    targets = parts(body, "trafficStatuses") or parts(body, "traffic")
    most = max(targets, key=lambda one: int(str(one.get("percent") or 0)), default=Body())
    return _short(most.get("revision") or body.get("latestReadyRevision"))


def _pinned(body: Body, wanted: Body) -> str:
    latest = _short(body.get("latestReadyRevision"))
    serving = _serving(body)
    return serving if serving != latest and not wanted.get("traffic") else ""


def _before(known: tuple[Body, ...], serving: str) -> str:
    """The newest revision that could serve instead."""
    names = [_short(each.get("name")) for each in known if "deleteTime" not in each]
    later = names[names.index(serving) + 1 :] if serving in names else []
    return next(
        iter([*later, *(name for name in names if serving in names and name != serving)]), ""
    )


def _age(edge: Edge, known: tuple[Body, ...], serving: str) -> float | None:
    made = next((e.get("createTime") for e in known if _short(e.get("name")) == serving), None)
    try:
        since = datetime.fromisoformat(str(made))
    except ValueError:
        return None
    return (edge.signs.at - since).total_seconds()


def _short(name: object) -> str:
    return str(name or "").rpartition("/")[2]


def _traffic(edge: Edge, ref: Ref, before: str) -> Remedy:
    line = (
        f"gcloud run services update-traffic {ref.name} --region={ref.location} "
        f"--to-revisions={before}=100 --project={edge.project}"
    )
    return Remedy(
        "rollback",
        f"send all traffic to {before}, which is ready, then mend the new one",
        program=line,
        seconds=SPREADS,
        at_most=True,
        undo="exact: send the traffic back",
        takes="the application's own pipeline decides what serves",
    )


def _latest(edge: Edge, ref: Ref) -> Remedy:
    line = (
        f"gcloud run services update-traffic {ref.name} --region={ref.location} --to-latest "
        f"--project={edge.project}"
    )
    return Remedy(
        "rollback",
        "send traffic to the latest revision again",
        program=line,
        seconds=SPREADS,
        at_most=True,
        undo="exact: send the traffic back",
        takes="the application's own pipeline decides what serves",
    )
