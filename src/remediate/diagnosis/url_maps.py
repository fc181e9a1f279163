"""URL maps, judged: whether every host and path goes where it is meant to go."""

from __future__ import annotations

import json
from collections.abc import Iterator

from remediate.diagnosis.balancer import applied, begin, differs
from remediate.diagnosis.edge import Edge
from remediate.diagnosis.layers import identity
from remediate.diagnosis.looks import Look, Works
from remediate.diagnosis.node import PROBE, Ailment, Judged, Remedy
from remediate.diagnosis.routes import action, has_rule, hosts_of, paths_of, route
from remediate.model.json import Body
from remediate.model.ref import Ref

ANY = ""  # any host that no rule names


def judge_url_maps(edge: Edge) -> Iterator[Judged]:
    for ref in edge.of_kind("UrlMap"):
        yield _url_map(edge, ref)


def _url_map(edge: Edge, ref: Ref) -> Judged:
    services = [s for way in edge.ways.values() if way.url_map == ref for s in way.services]
    layers = ("lb.backend_service", "lb.backend")
    under = [identity(layer, service) for service in services for layer in layers]
    runs = [run for service in services if (run := edge.run_of(service))]
    under += [identity(layer, run) for run in runs for layer in _RUN]
    node = begin(edge, "lb.url_map", ref, tuple(dict.fromkeys(under)))
    live = edge.live(ref)
    if live is None:
        return node
    wanted = edge.wanted(ref)
    for host in (*hosts_of(wanted), ANY):
        moved = _moved(edge, wanted, live, host)
        if moved:
            fix = applied(ref, "have the URL map's rules as the YAML says")
            differs(node, moved, fix, _works(edge, ref, host))
    if not node.ailments:
        _unrouted(edge, node, ref)
    hosts = len(hosts_of(live))
    node.facts.append(f"{hosts} hosts go where they should" if hosts else "all goes as it should")
    return node


def _moved(edge: Edge, wanted: Body, live: Body, host: str) -> str:
    """Where a host's paths go otherwise than meant."""
    if host and has_rule(wanted, host) and not has_rule(live, host):
        return f"no host rule for {host}"
    for path in dict.fromkeys([*paths_of(wanted, host), *paths_of(live, host)]):
        at = (
            f"{host}{path}"
            if host
            else f"what has no host rule{path.rstrip('/') and f' at {path}'}"
        )
        meant, found = (route(body, host, path, edge.project) for body in (wanted, live))
        if meant != found:
            return f"{at} goes to {_named(found)}, not to {_named(meant)}"
        acts, does = (action(body, host, path) for body in (wanted, live))
        if acts != does:
            names = sorted({*acts, *does})
            return f"{at} is treated otherwise than declared: {', '.join(names)}"
    return ""


def _named(way: str) -> str:
    """The service, or the redirect, that a route leads to."""
    if way.startswith("["):
        return "where headers or patterns send it"
    if not way.startswith("{"):
        return way.rpartition("/")[2] or "nowhere"
    told = json.loads(way)
    if "weightedBackendServices" in told:
        return "several services"
    itself = "HTTPS" if told.get("httpsRedirect") else "itself"
    return f"a redirect to {next((str(told[n]) for n in _REDIRECT if told.get(n)), itself)}"


_REDIRECT = ("hostRedirect", "pathRedirect", "prefixRedirect")


def _works(edge: Edge, ref: Ref, host: str) -> Works:
    """Whether everything of a host that a map sends on is seen to work."""
    if host == ANY or not any(way.url_map == ref for way in edge.ways.values()):
        return None
    looks = [edge.look(host), *(Look(p.http) for p in edge.signs.paths if p.host == host)]
    return Look.of(looks).works


def _unrouted(edge: Edge, node: Judged, ref: Ref) -> None:
    """404 from somewhere, though the map is as it should be: it is whoever is behind it."""
    hosts = [w.host for w in edge.ways.values() if w.url_map == ref]
    lost = [h for h in hosts if edge.look(h).statuses == {404}]
    if lost:
        told = edge.look(lost[0]).message
        remedy = Remedy("none", "nothing that was read tells why; look at the application")
        because = frozenset({"lb.backend_service", "lb.backend", *_RUN})
        node.ailments.append(Ailment(told, remedy, PROBE, because, contradicted=True))


_RUN = ("run.service", "run.ingress", "run.iam", "run.revision", "run.env")
