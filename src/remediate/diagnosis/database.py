"""The database and the way to it, judged: connector, network, instance, its slots."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from remediate.diagnosis.balancer import EXACT, applied, begin, differs
from remediate.diagnosis.connector import judge_connector
from remediate.diagnosis.edge import Edge
from remediate.diagnosis.layers import identity
from remediate.diagnosis.looks import Look, Works
from remediate.diagnosis.node import API, NOBODY, PROBE, Ailment, Judged, Remedy
from remediate.diagnosis.refusals import (
    NO_ROOM,
    WRONG_PASSWORD,
    Refusal,
    fails_us_alone,
    refusal,
)
from remediate.diagnosis.signs import Sample
from remediate.diagnosis.traffic import looks_at_run
from remediate.kinds.registry import kind
from remediate.model.json import Body, part, parts
from remediate.model.observation import Unreadable
from remediate.model.ref import Ref
from remediate.probes.seen import PostgresSeen

RESERVED = 3  # connections that PostgreSQL keeps for its superuser, where nobody set it
MAINTENANCE = 3600  # seconds: Google announces less, and promises nothing
STARTS = 300  # seconds until a stopped instance takes connections: a guess
_PEERING = "servicenetworking"


def judge_database(edge: Edge) -> Iterator[Judged]:
    for ref in edge.of_kind("VpcConnector"):
        yield judge_connector(edge, ref)
    for ref in edge.of_kind("SqlInstance"):
        pg = edge.signs.databases.get(ref) or edge.signs.databases.get(edge.live_ref(ref))
        look = look_at_users(edge, ref)
        yield _instance(edge, ref, pg, look)
        yield _network(edge, ref, pg, look)
        yield _connections(edge, ref, pg, look)
        yield _auth(edge, ref, pg, look)


def look_at_users(edge: Edge, database: Ref) -> Look:
    """What was seen of the services that a database is there for."""
    runs = [run for run in edge.of_kind("RunService") if database in edge.databases_of(run)]
    return Look.of([looks_at_run(edge, run) for run in runs])


def _works(pg: PostgresSeen | None, look: Look, body: Body | None) -> Works:
    """Whether the database is seen to be of use: by its own handshake, else by who uses it."""
    if pg is not None and pg.outcome not in ("unreachable", "not_public"):
        return look.works if fails_us_alone(pg, look, body) else pg.outcome == "ok"
    return look.works


# The instance


def _instance(edge: Edge, ref: Ref, pg: PostgresSeen | None, look: Look) -> Judged:
    node = begin(edge, "sql.instance", ref)
    body = edge.live(ref)
    if body is None:
        if node.ailments:
            remedy = Remedy("manual", "restore it from a backup", undo="never")
            node.ailments[:] = [Ailment(f"{ref} does not exist", remedy, API)]
        return node
    works = _works(pg, look, body)
    sources = API | (PROBE if works is False else NOBODY)
    ready = kind(ref.kind).ready(body)
    if ready.failed:
        why = ", ".join(map(str, _list(body.get("suspensionReason"))))
        told = f"{ref} is {ready.state}" + (f" ({why})" if why else "")
        text = "put the billing account in order" if "BILLING" in why else "ask Google's support"
        remedy = Remedy("manual", f"{text}; nothing here can start it", seconds=3600, at_most=True)
        node.ailments.append(Ailment(told, remedy, sources, contradicted=works is True))
    elif part(body, "settings").get("activationPolicy") == "NEVER":
        fix = applied(ref, "set activationPolicy to ALWAYS; leave the load balancer alone")
        remedy = Remedy(
            "propose",
            fix.text,
            fix.targets,
            seconds=STARTS,
            at_most=True,
            undo=EXACT,
            takes=_STOPPED,
        )
        told = f"{ref} is stopped: activationPolicy NEVER"
        node.ailments.append(Ailment(told, remedy, sources, contradicted=works is True))
    elif not ready.ready:
        text = "it comes back by itself"
        remedy = Remedy("wait", text, seconds=MAINTENANCE, at_most=True)
        node.ailments.append(Ailment(f"{ref} is {ready.state}", remedy, sources, waits=True))
    elif (said := refusal(pg, look, body)) and said.layer == node.layer:
        node.ailments.append(_ails(edge, ref, body, said))
    else:
        node.facts.append(ready.state)
    return node


def _ails(edge: Edge, ref: Ref, body: Body, said: Refusal) -> Ailment:
    """What it says itself is wrong with it, though Google calls it RUNNABLE."""
    told = f"Google calls it RUNNABLE, but {said.told}"
    if said.passes:
        text = "it starts, stops or recovers, and takes connections again by itself"
        remedy = Remedy("wait", text, seconds=STARTS, at_most=True)
        return Ailment(told, remedy, PROBE, waits=True)
    of = f"{ref.name} --project={edge.project}"
    if said.sqlstate == NO_ROOM:
        larger = 2 * int(str(part(body, "settings").get("dataDiskSizeGb") or 10))
        remedy = Remedy(
            "propose",
            f"give it a larger disk, say {larger} GB, and storageAutoResize; then the YAML too",
            program=f"gcloud sql instances patch {of} --storage-size={larger}GB",
            seconds=STARTS,
            at_most=True,
            undo="never: a disk does not shrink again",
            takes="a disk does not shrink again",
        )
    elif said.sqlstate.startswith("3D"):
        remedy = Remedy(
            "manual",
            "make the database again, or restore it from a backup: a person decides which",
            program=f"gcloud sql databases list --instance={of}",
            undo="never",
        )
    else:
        remedy = Remedy(
            "manual",
            "read what it logs, then decide: restart it, or give it a larger tier",
            program=f"gcloud sql operations list --instance={of}",
        )
    return Ailment(told, remedy, PROBE)


_STOPPED = "somebody stopped it: they may have had a reason"


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _network(edge: Edge, ref: Ref, pg: PostgresSeen | None, look: Look) -> Judged:
    node = Judged("sql.network", ref, (identity("sql.instance", ref),))
    body = edge.live(ref)
    if body is None:
        node.blind.append(edge.blind(ref) or f"{ref} does not exist")
        return node
    works = _works(pg, look, body)
    live, wanted = (_ip(each) for each in (body, edge.wanted(ref)))
    if not wanted.get("privateNetwork"):
        node.facts.append("it has no private network to be reached by")
        return node
    short = str(wanted["privateNetwork"]).rpartition("/")[2]
    found = str(live.get("privateNetwork") or "").rpartition("/")[2]
    if found != short:
        fix = applied(ref, "give it its private network again")
        told = f"{ref} is in the network {found}" if found else f"{ref} is in no private network"
        differs(node, f"{told}, not {short}", fix, works)
        return node
    peerings = _peerings(edge, str(live.get("privateNetwork")))
    if peerings is None or isinstance(peerings, Unreadable):
        why = peerings.why if peerings is not None else "they were not asked for"
        node.blind.append(f"the peerings of {short} cannot be read: {why}")
    elif not any(_PEERING in str(each) for each in peerings):
        told = f"{short} has no private service access peering"
        differs(node, told, _peer(edge, short), works)
    else:
        node.facts.append(f"{short} is peered")
    return node


def _ip(body: Body) -> Body:
    return part(body, "settings", "ipConfiguration")


def _peerings(edge: Edge, network: str) -> tuple[Body, ...] | Unreadable | None:
    short = network.rpartition("/")[2]
    every = edge.google.peerings
    return next((found for at, found in every.items() if at.rpartition("/")[2] == short), None)


def _peer(edge: Edge, network: str) -> Remedy:
    line = (
        "gcloud services vpc-peerings connect --service=servicenetworking.googleapis.com "
        f"--network={network} --ranges='<RESERVED-RANGE>' --project={edge.project}"
    )
    return Remedy(
        "propose",
        "make the peering again; for <RESERVED-RANGE> put the range that it had (`gcloud compute "
        "addresses list --global --filter=purpose=VPC_PEERING` names it)",
        program=line,
        seconds=300,
        at_most=True,
        undo="exact: delete the peering again",
        takes="it changes what the network reaches",
    )


# Connections and passwords


def _connections(edge: Edge, ref: Ref, pg: PostgresSeen | None, look: Look) -> Judged:
    node = Judged("sql.connections", ref, (identity("sql.instance", ref),))
    body = edge.live(ref)
    count = edge.google.metrics.get((ref, "database/postgresql/num_backends"))
    count = count or edge.google.metrics.get((ref, "postgresql/num_backends"))
    most = _flag(body or {}, "max_connections")
    remedy = Remedy(
        "propose",
        "lower the pool, or maxInstanceCount; raising max_connections restarts the instance",
        words=("plan", "--target", "RunService/*", "--target", str(ref)),
        seconds=300,
        at_most=True,
        undo=EXACT,
        takes="the database restarts, or the application loses instances",
    )
    meant = _flag(edge.wanted(ref), "max_connections")
    is_lower = meant is not None and (most is None or most < meant)
    told = _open(count, most) + (f"; the YAML means max_connections {meant}" if is_lower else "")
    full = isinstance(count, Sample) and most is not None and count.value >= most - RESERVED
    if (said := refusal(pg, look, body)) and said.layer == node.layer:
        shown = said.told + (f"; {told.removeprefix('; ')}" if told else "")
        sources = PROBE | (API if full or is_lower else NOBODY)
        node.ailments.append(Ailment(shown, remedy, sources))
    elif full and _works(pg, look, body) is not True:
        node.ailments.append(Ailment(f"{ref} has {told}", remedy, API))
    elif pg is not None and pg.outcome == "ok":
        node.facts.append(f"it takes connections{', ' + told if told else ''}")
    elif isinstance(count, Unreadable):
        node.blind.append(f"how many connections {ref} has cannot be read: {count.why}")
    elif body is None:
        node.blind.append(edge.blind(ref) or f"{ref} does not exist")
    else:
        node.facts.append(told or "nothing was measured")
    return node


def _open(count: object, most: int | None) -> str:
    if not isinstance(count, Sample):
        return ""
    return f"{count.value:.0f}{f' of {most}' if most else ''} connections"


def _flag(body: Body, name: str) -> int | None:
    flags = parts(body, "settings", "databaseFlags")
    return next((int(str(f.get("value"))) for f in flags if f.get("name") == name), None)


def _auth(edge: Edge, ref: Ref, pg: PostgresSeen | None, look: Look) -> Judged:
    node = Judged("sql.auth", ref, (identity("sql.instance", ref),))
    run = next((r for r in edge.of_kind("RunService") if ref in edge.databases_of(r)), None)
    rotated = _rotated(edge, run) if run else ""
    body = edge.live(ref)
    said = refusal(pg, look, body)
    if said and said.layer == node.layer:
        told = said.told + (f"; {rotated}" if rotated else "")
        is_password = said.sqlstate == WRONG_PASSWORD
        remedy = _read_again(edge, run) if is_password else _let_in(edge, ref)
        node.ailments.append(Ailment(told, remedy, PROBE | (API if rotated else NOBODY)))
    elif pg is not None and pg.outcome == "ok":
        node.facts.append("its start-up handshake asks for a password")
    elif pg is not None and fails_us_alone(pg, look, body):
        node.facts.append(f"{pg.message}: that is about us, who come without TLS")
    elif rotated and look.works is not True:
        node.ailments.append(Ailment(rotated, _read_again(edge, run), API))
    elif pg is None or pg.outcome not in ("error", "ok"):
        node.blind.append("nobody came as far as a password")
    return node


def _read_again(edge: Edge, run: Ref | None) -> Remedy:
    line = ""
    if run:
        line = (
            f"gcloud run services update {run.name} --region={run.location} "
            f"--update-labels=restarted={edge.signs.at:%Y%m%d%H%M} --project={edge.project}"
        )
    return Remedy(
        "propose",
        "make a new revision, which reads the secret's current version; both sides must agree",
        program=line,
        seconds=120,
        at_most=True,
        undo="exact: send the traffic back to the old revision",
        takes="the database and the application have to change together",
    )


def _let_in(edge: Edge, ref: Ref) -> Remedy:
    return Remedy(
        "manual",
        "see that the application's user is there and may come in as it does (ipConfiguration's "
        "sslMode); whom a database lets in is a person's to decide",
        program=f"gcloud sql users list --instance={ref.name} --project={edge.project}",
    )


def _rotated(edge: Edge, run: Ref) -> str:
    """A secret whose current version is newer than the revision that runs with it."""
    revisions = edge.google.revisions.get(edge.live_ref(run))
    newest = revisions[0] if isinstance(revisions, tuple) and revisions else {}
    since = _time(newest.get("createTime"))
    if since is None:
        return ""
    for name, versions in edge.google.secrets.items():
        made = (
            _time(versions[0].get("createTime"))
            if isinstance(versions, tuple) and versions
            else None
        )
        if made and made > since and isinstance(versions, tuple) and len(versions) > 1:
            short = name.rpartition("/")[2]
            return f"the secret {short} has a newer version than the revision that runs"
    return ""


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
