"""A VPC connector, judged: whether it is ready, how busy, and in which network."""

from __future__ import annotations

from remediate.diagnosis.balancer import begin, differs
from remediate.diagnosis.edge import Edge
from remediate.diagnosis.looks import Look
from remediate.diagnosis.node import API, NOBODY, PROBE, Ailment, Judged, Remedy
from remediate.diagnosis.refusals import on_the_way
from remediate.diagnosis.signs import Sample
from remediate.diagnosis.traffic import looks_at_run
from remediate.kinds.registry import kind
from remediate.model.json import Body
from remediate.model.observation import Unreadable
from remediate.model.ref import Ref

BUSY = 0.9  # of its CPU
_MOST = 10  # instances; Google allows no more


def judge_connector(edge: Edge, ref: Ref) -> Judged:
    node = begin(edge, "vpc.connector", ref)
    body = edge.live(ref)
    look = Look.of(
        [looks_at_run(edge, r) for r in edge.of_kind("RunService") if edge.connector_of(r) == ref]
    )
    if body is None:
        if node.ailments:
            node.ailments.clear()
            _gone(edge, node, ref, look)
        return node
    ready = kind(ref.kind).ready(body)
    if ready.failed:
        told = f"{ref} is {ready.state}: nothing comes through to private addresses"
        sources = API | (PROBE if look.works is False else NOBODY)
        node.ailments.append(
            Ailment(told, _second(edge, ref), sources, contradicted=look.works is True)
        )
    elif not ready.ready and ready.state in ("CREATING", "UPDATING"):
        if ready.state == "CREATING" or look.works is False:
            remedy = Remedy("wait", "until it is READY", seconds=300, at_most=True)
            node.ailments.append(Ailment(f"{ref} is {ready.state}", remedy, API, waits=True))
    elif not ready.ready:
        node.ailments.append(Ailment(f"{ref} is {ready.state}", _second(edge, ref), API))
    else:
        _load(edge, node, ref, body, look)
        _at_network(edge, node, ref, body, look)
    return node


def _gone(edge: Edge, node: Judged, ref: Ref, look: Look) -> None:
    """Nobody misses a connector that nobody goes through."""
    told, remedy = f"{ref} does not exist", _second(edge, ref)
    if any(edge.goes_through(run) == ref for run in edge.of_kind("RunService")):
        node.ailments.append(Ailment(told, remedy, API))
    else:
        on_the_way(node, told, remedy, look)


def _load(edge: Edge, node: Judged, ref: Ref, body: Body, look: Look) -> None:
    """READY says nothing of load: only monitoring shows that."""
    cpu, count = (
        edge.google.metrics.get((ref, f"connector/{name}"))
        for name in ("cpu/utilizations", "instances")
    )
    ceiling = int(str(body.get("maxInstances") or 10))
    if isinstance(cpu, Unreadable) or isinstance(count, Unreadable):
        why = cpu.why if isinstance(cpu, Unreadable) else getattr(count, "why", "")
        node.blind.append(f"READY, and its load cannot be read: {why}")
        return
    if not isinstance(cpu, Sample) or not isinstance(count, Sample):
        node.facts.append("READY")
        _capacity(edge, node, ref, body, look)
        return
    share = cpu.value / 100 if cpu.value > 1.5 else cpu.value  # noqa: PLR2004 - percent, not a share
    told = f"CPU {share:.0%}, {count.value:.0f} of {ceiling} instances"
    if share < BUSY or count.value < ceiling:
        node.facts.append(f"READY, {told}")
        return
    remedy = _grown(edge, ref, body, min(ceiling * 2, _MOST))
    quick = look.works is True and look.is_slow is False
    sources = API | (PROBE if look.is_slow or look.works is False else NOBODY)
    node.ailments.append(
        Ailment(f"{ref} is at its ceiling: {told}", remedy, sources, contradicted=quick)
    )


def _capacity(edge: Edge, node: Judged, ref: Ref, body: Body, look: Look) -> None:
    """Where nobody measures its load: a connector made smaller than meant is to blame for delay."""
    meant = edge.wanted(ref)
    less = [
        f"{name} {found}, not {most}"
        for name in ("maxInstances", "maxThroughput")
        if (found := _number(body, name)) < (most := _number(meant, name))
    ]
    if not less:
        return
    told = f"{ref} is smaller than the YAML says: {', '.join(less)}"
    if look.is_slow:
        remedy = _grown(edge, ref, body, _number(meant, "maxInstances") or _MOST)
        node.ailments.append(Ailment(told, remedy, API | PROBE))
    else:
        node.facts.append(told)


def _number(body: Body, name: str) -> int:
    return int(str(body.get(name) or 0))


def _grown(edge: Edge, ref: Ref, body: Body, most: int) -> Remedy:
    line = (
        f"gcloud compute networks vpc-access connectors update {ref.name} --region={ref.location} "
        f"--min-instances={body.get('minInstances') or 2} --max-instances={most} "
        f"--project={edge.project}"
    )
    return Remedy(
        "propose",
        "raise maxInstances; it never scales in again by itself",
        program=line,
        seconds=180,
        at_most=True,
        undo="never in place: a connector only grows; another one takes its place",
        takes="a connector cannot be made smaller again",
    )


def _at_network(edge: Edge, node: Judged, ref: Ref, body: Body, look: Look) -> None:
    meant = str(edge.wanted(ref).get("network") or "").rpartition("/")[2]
    found = str(body.get("network") or "").rpartition("/")[2]
    if meant and found != meant:
        differs(
            node, f"{ref} is in the network {found}, not {meant}", _second(edge, ref), look.works
        )


def _second(edge: Edge, ref: Ref) -> Remedy:
    """Another connector beside it; how long that takes is told once it has a range to be in."""
    resource = edge.declared[ref]
    room, spare = kind(ref.kind).room, resource.lifecycle.replace_cidr
    if spare or room is None:
        where = f"on {spare}" if spare else "beside it"
        text = f"make a second connector {where}, move Cloud Run to it, then delete this one"
    else:
        at = f"{resource.place.file}:{resource.place.line}"
        field = "lifecycle.replaceCidr" if resource.spec.get("ipCidrRange") else "spec.subnet"
        text = (
            f"write a free /28 to {field} of {ref} ({at}) first; `apply` then makes a second "
            "connector there, moves Cloud Run to it and deletes this one"
        )
    return Remedy(
        "propose",
        text,
        words=("plan", "--target", str(ref), "--target", "RunService/*"),
        seconds=300 if spare else None,
        at_most=bool(spare),
        undo="approximate: the old range has to be free again",
        takes="everything that goes through it is cut meanwhile",
    )
