"""Cloud Run, judged: the service, who may call it, its revision, variables, network and room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from remediate.diagnosis.balancer import SPREADS, applied, begin, differs
from remediate.diagnosis.edge import Edge
from remediate.diagnosis.layers import identity
from remediate.diagnosis.looks import CONGESTED, Look
from remediate.diagnosis.node import API, NOBODY, PROBE, Ailment, Judged, Remedy
from remediate.diagnosis.refusals import on_the_way
from remediate.diagnosis.revisions import judge_revision
from remediate.diagnosis.secrets import judge_secrets
from remediate.diagnosis.signs import Sample
from remediate.diagnosis.traffic import looks_at_run
from remediate.kinds.registry import kind
from remediate.model.json import Body, part, parts
from remediate.model.observation import Unreadable
from remediate.model.plan import Action
from remediate.model.ref import Ref

EVERYBODY = "allUsers"
_TAKES_LOAD_BALANCERS = ("INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER")
_SECURITY = "it changes who may come in"


def judge_running(edge: Edge) -> Iterator[Judged]:
    for ref in edge.of_kind("RunService"):
        service = _service(edge, ref)
        yield service
        if edge.live(ref) is None:  # nothing of what is not there can be told
            yield from _unseen(edge, ref)
            continue
        look = looks_at_run(edge, ref)
        yield _ingress(edge, ref, look)
        yield _iam(edge, ref, look)
        yield _env(edge, ref, look)
        yield _access(edge, ref, look)
        yield _scaling(edge, ref, look)
        yield judge_revision(edge, ref, look)


def _unseen(edge: Edge, ref: Ref) -> Iterator[Judged]:
    """All that stays unknown of a service that cannot be read."""
    if why := edge.blind(ref):
        for layer in ("ingress", "iam", "env", "vpc_access", "scaling", "revision"):
            yield Judged(f"run.{layer}", ref, blind=[why])


def _service(edge: Edge, ref: Ref) -> Judged:
    layers = ("run.ingress", "run.iam", "run.revision", "run.scaling")
    node = begin(edge, "run.service", ref, tuple(identity(layer, ref) for layer in layers))
    body = edge.live(ref)
    if body is None or body.get("deleteTime"):
        if not node.blind:
            remedy = Remedy(
                "propose",
                "deploy it again from the YAML; its image is named by the application's pipeline",
                words=("plan", "--target", str(ref)),
                seconds=int(kind(ref.kind).seconds.get(Action.CREATE, 0)) + SPREADS,
                at_most=True,
                undo="approximate: a deleted service comes back without its revisions",
            )
            told = f"{ref} does not exist: what names it points at nothing"
            node.ailments[:] = [Ailment(told, remedy, API)]
        return node
    ready = kind(ref.kind).ready(body)
    if not ready.ready and not ready.failed:
        node.facts.append(f"{ref} is becoming ready: {ready.state}")
    node.facts.append(f"serves by {_short(body.get('latestReadyRevision')) or 'nothing yet'}")
    return node


def _ingress(edge: Edge, ref: Ref, look: Look) -> Judged:
    node = Judged("run.ingress", ref)
    body, wanted = edge.live(ref) or {}, edge.wanted(ref)
    found = str(body.get("ingress") or "INGRESS_TRAFFIC_ALL")
    if found in _TAKES_LOAD_BALANCERS:
        node.facts.append(found)
        return node
    fix = applied(ref, f"set ingress to {wanted.get('ingress') or _TAKES_LOAD_BALANCERS[1]} again")
    differs(node, f"{ref} takes {found} only, not what load balancers send", fix, look.works)
    return node


def _iam(edge: Edge, ref: Ref, look: Look) -> Judged:
    node = Judged("run.iam", ref)
    body = edge.live(ref) or {}
    members = edge.google.invokers.get(edge.live_ref(ref))
    if body.get("invokerIamDisabled"):
        node.facts.append("it asks nobody who they are")
    elif members is None or isinstance(members, Unreadable):
        why = members.why if members is not None else "it was not asked for"
        node.blind.append(f"who may call {ref} cannot be read: {why}")
    elif EVERYBODY not in members:
        line = (
            f"gcloud run services add-iam-policy-binding {ref.name} --region={ref.location} "
            f"--member={EVERYBODY} --role=roles/run.invoker --project={edge.project}"
        )
        remedy = Remedy(
            "propose",
            "let everybody call it again; that is security: a person approves",
            program=line,
            seconds=SPREADS,
            at_most=True,
            undo="exact: remove the binding again",
            takes=_SECURITY,
        )
        told = f"{EVERYBODY} lacks roles/run.invoker on {ref}"
        differs(node, told, remedy, look.works)
    else:
        node.facts.append(f"{EVERYBODY} may call it")
    return node


# Variables and network


def _env(edge: Edge, ref: Ref, look: Look) -> Judged:
    node = Judged("run.env", ref)
    live, wanted = (_variables(body) for body in (edge.live(ref) or {}, edge.wanted(ref)))
    fix = applied(ref, "give it the variables of the YAML again")
    wrong = {}
    for name, value in wanted.items():
        if name not in live:
            wrong[name] = f"{ref} lacks the variable {name}"
        elif live[name] != value and "(known" not in str(value):
            wrong[name] = f"{ref} has another value of {name} than the YAML"
    for told in wrong.values():
        differs(node, told, fix, look.works)
    judge_secrets(
        edge,
        node,
        edge.live(ref) or {},
        (one for one in live.values() if isinstance(one, dict)),
        look,
    )
    if not wrong:
        node.facts.append(f"{len(wanted)} variables are as the YAML says")
    return node


def _variables(body: Body) -> dict[str, str | dict[str, str]]:
    first = next(iter(parts(body, "template", "containers")), {})
    return {
        str(one["name"]): _reference(one) or str(one.get("value") or "")
        for one in parts(first, "env")
    }


def _reference(variable: Body) -> dict[str, str] | None:
    found = part(variable, "valueSource", "secretKeyRef")
    if not found:
        return None
    name = str(found.get("secret")).rpartition("/")[2]
    return {"secret": name, "version": str(found.get("version") or "latest")}


def _access(edge: Edge, ref: Ref, look: Look) -> Judged:
    connector = edge.connector_of(ref)
    under = (identity("vpc.connector", connector),) if connector else ()
    node = Judged("run.vpc_access", ref, under)
    live, wanted = (
        part(body, "template", "vpcAccess") for body in (edge.live(ref) or {}, edge.wanted(ref))
    )
    if not wanted:
        node.facts.append("it needs no network of its own")
        return node
    meant, found = (_way(edge, access) for access in (wanted, live))
    if found == meant:
        node.facts.append(found.told)
    elif found.is_open and found.network == meant.network:
        node.facts.append(f"{ref} {found.told}, not {meant.named}; that leads there too")
    else:
        fix = applied(ref, "have it send into the network again")
        told = f"{ref} {found.told}, and the YAML means {meant.named}"
        on_the_way(node, told, fix, look)
    if live and live.get("egress") != wanted.get("egress") and wanted.get("egress"):
        node.facts.append(f"it sends {live.get('egress')} that way, not {wanted['egress']}")
    return node


@dataclass(frozen=True, slots=True)
class _Way:
    """Into a network, by its short name; `is_open` as far as Google tells."""

    named: str
    network: str
    is_open: bool

    @property
    def told(self) -> str:
        where = f" into the network {self.network}" if self.network else ""
        return f"goes through {self.named}{where}" if self.named else "has no way into the network"


def _way(edge: Edge, access: Body) -> _Way:
    connector = edge.ref(access.get("connector"))
    if connector:
        body = edge.live(connector) or {}
        meant = edge.wanted(connector) if connector in edge.declared else {}
        ready = bool(body) and kind(connector.kind).ready(body).ready
        return _Way(str(connector), _short((body or meant).get("network")), ready)
    one = next(iter(parts(access, "networkInterfaces")), {})
    network = _short(one.get("network") or one.get("subnetwork"))
    return _Way("a network interface" if network else "", network, bool(network))


# Room


def _scaling(edge: Edge, ref: Ref, look: Look) -> Judged:
    node = Judged("run.scaling", ref)
    body = edge.live(ref) or {}
    ceiling, option = _ceiling(body)
    count = edge.google.metrics.get((ref, "container/instance_count"))
    full = isinstance(count, Sample) and ceiling is not None and count.value >= ceiling
    room = "'<NUMBER>'" if ceiling is None else max(2 * ceiling, _measured(count), 1)
    line = f"gcloud run services update {ref.name} --region={ref.location} {option}={room}"
    remedy = Remedy(
        "propose",
        "raise maxInstanceCount, again where 429 goes on; instances x pool must stay below the "
        "database's max_connections",
        program=f"{line} --project={edge.project}",
        seconds=SPREADS,
        at_most=True,
        undo="exact: set it as it was",
        takes="more instances open more connections to the database",
    )
    if CONGESTED in look.statuses:  # no instance is there to take it
        told = f"{ref} answers 429" + (f": {_room(count, ceiling)}" if full else "")
        node.ailments.append(Ailment(told, remedy, PROBE | (API if full else NOBODY)))
    elif ceiling == 0:
        differs(node, f"{ref} is switched off: it may have no instance", remedy, look.works)
    elif full:
        told = f"{ref} has no room: {_room(count, ceiling)}"
        differs(node, told, remedy, look.works)
    elif isinstance(count, Unreadable) and not look.works:
        node.blind.append(f"how many instances {ref} has cannot be read: {count.why}")
    else:
        node.facts.append(f"{_whole(count)} instances, at most {ceiling or 100}")
    return node


def _ceiling(body: Body) -> tuple[int | None, str]:
    """The lower of a service's own ceiling and of its revisions', and gcloud's option for it."""
    own = part(body, "scaling")
    if own.get("scalingMode") == "MANUAL":  # what revisions say does not count then
        return int(str(own.get("manualInstanceCount") or 0)), "--scaling"
    told = (
        (part(body, "template", "scaling").get("maxInstanceCount"), "--max-instances"),
        (own.get("maxInstanceCount"), "--max"),
    )
    known = [(int(str(count)), option) for count, option in told if count]
    return min(known, default=(None, "--max-instances"))


def _measured(sample: object) -> int:
    return int(sample.value) if isinstance(sample, Sample) else 0


def _room(count: object, ceiling: int | None) -> str:
    """What was measured may be older than the ceiling."""
    if ceiling is not None and _measured(count) > ceiling:
        return f"it may have {ceiling}, and had {_measured(count)} instances"
    return f"{_whole(count)} of {ceiling} instances"


def _whole(sample: object) -> str:
    return f"{sample.value:.0f}" if isinstance(sample, Sample) else "an unknown number of"


def _short(name: object) -> str:
    """Without what stands before a name in a link."""
    return str(name or "").rpartition("/")[2]
