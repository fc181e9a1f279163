"""From judged nodes to roots: what fails for a reason of its own, and all that it explains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from remediate.diagnosis.edge import Edge
from remediate.diagnosis.fixes import auto, fix, risk
from remediate.diagnosis.layers import LAYERS, OBSERVER, layer_of
from remediate.diagnosis.node import NO_CHANGE, Ailment, Confidence, Judged, Remedy, Root
from remediate.diagnosis.observing import LOOK_ELSEWHERE
from remediate.diagnosis.suspects import BY_NAME, look_for, suspects
from remediate.model.observation import Unreadable


@dataclass(frozen=True, slots=True)
class Requirements:
    """The graph: nodes by id, and everything under each."""

    nodes: Mapping[str, Judged]
    under: Mapping[str, frozenset[str]]
    leads: Mapping[str, frozenset[str]]
    """The same, without what is under nodes that are well: nothing is explained through them."""

    @classmethod
    def of(cls, judged: Sequence[Judged]) -> Requirements:
        nodes = {node.id: node for node in judged}
        ill = {at: node for at, node in nodes.items() if node.ailments}
        under, leads = (
            {at: frozenset(_closure(at, {**known, at: nodes[at]})) for at in nodes}
            for known in (nodes, ill)
        )
        return cls(nodes, under, leads)

    def is_caused(self, node: Judged, ailment: Ailment) -> bool:
        """Whether something under a node fails, or may fail, that would bring this about."""
        below = (self.nodes[at] for at in self.under[node.id] if at in self.nodes)
        causes = [one for one in below if one.layer in ailment.because]
        if any(one.ailments for one in causes):
            return True
        is_guess = ailment.is_effect or "api" not in ailment.sources or ailment.contradicted
        return is_guess and any(one.blind for one in causes)

    def is_doubtful(self, node: Judged, ailment: Ailment) -> bool:
        """Whether nobody could see some of what may have brought this about."""
        below = (self.nodes[at] for at in self.under[node.id] if at in self.nodes)
        return any(one.blind for one in below if one.layer in ailment.because)

    def reasons(self, node: Judged) -> list[Ailment]:
        """What is wrong with a node itself, whatever is wrong under it."""
        return [one for one in node.ailments if not self.is_caused(node, one)]


def _closure(start: str, nodes: Mapping[str, Judged]) -> set[str]:
    found: set[str] = set()
    waiting = [*nodes[start].requires]
    while waiting:
        at = waiting.pop()
        if at not in found:
            found.add(at)
            waiting += nodes[at].requires if at in nodes else ()
    return found - {start}


def find_roots(edge: Edge, judged: Sequence[Judged], symptoms: Sequence[Judged]) -> list[Root]:
    """Symptoms are explained, and never roots; our own blindness is one where nothing else is."""
    graph = Requirements.of([*judged, *symptoms])
    candidates = [node for node in judged if node.layer != OBSERVER and graph.reasons(node)]
    failing = [node for node in symptoms if node.state == "failed"]
    roots = [node for node in candidates if not _is_idle(node, graph, symptoms)]
    explained = {s.id for s in failing for root in roots if root.id in graph.leads[s.id]}
    left = [node for node in failing if node.id not in explained]
    found = [_root(edge, node, graph, judged, symptoms) for node in roots]
    observer = next((node for node in judged if node.layer == OBSERVER), None)
    told = _blindness(observer, left, found=bool(found)) if observer else []
    if observer and told:
        found.append(_observing(edge, observer, told, left))
    if _is_known(edge) and not told:  # where we are blind, nobody is guessed at
        guessed = suspects(edge, _not_our_own(left, observer), graph.nodes, graph.under)
        for node, explains in guessed:
            found = [*_with_guess(edge, found, node, explains)]
    return sorted(found, key=lambda root: [*LAYERS].index(root.layer))


def _is_known(edge: Edge) -> bool:
    """Whether anything of Google's side was read: without, it is our own view that fails first."""
    return any(not isinstance(seen, Unreadable) for seen in edge.google.resources.values())


def is_suffering(edge: Edge, judged: Sequence[Judged], symptoms: Sequence[Judged]) -> bool:
    """Whether clients fail beyond what may be our own view alone, whatever else is known."""
    failing = [node for node in symptoms if node.state == "failed"]
    observer = next((node for node in judged if node.layer == OBSERVER), None)
    return _is_known(edge) and bool(_not_our_own(failing, observer))


def _not_our_own(left: Sequence[Judged], observer: Judged | None) -> list[Judged]:
    """Without the names that only we cannot ask for, and what only names keep from working.

    Slowness is measured by Google: where that is hidden from us, nobody is guessed at for it.
    """
    if observer is None:
        return [*left]
    shut = any(ailment.remedy is LOOK_ELSEWHERE for ailment in observer.ailments)
    ours = {*BY_NAME, "e2e"} if shut else set[str]()
    ours |= {"latency"} if observer.blind else set[str]()
    return [one for one in left if one.layer not in ours]


def _with_guess(
    edge: Edge, found: Sequence[Root], node: Judged, symptoms: Sequence[Judged]
) -> Iterator[Root]:
    """The roots, and a guess beside them; of one that is a root already, more that it explains."""
    explains = tuple(dict.fromkeys(_name(one) for one in symptoms))
    for root in found:
        more = explains if root.id == node.id else ()
        yield replace(root, explains=tuple(dict.fromkeys((*root.explains, *more))))
    if all(root.id != node.id for root in found):
        remedy = look_for(node)
        yield Root(
            node.id,
            node.layer,
            str(node.resource),
            "failed" if node.state == "failed" else "unknown",
            "low",
            (*node.evidence, *_best(symptoms)),
            explains,
            fix(edge, remedy),
            risk(node.layer, remedy),
            NO_CHANGE,
            auto(edge, node, remedy, "low"),
        )


def _is_idle(node: Judged, graph: Requirements, symptoms: Sequence[Judged]) -> bool:
    """Something under way that nobody suffers from: of those that hang on it all were seen well."""
    if node.state != "waiting":
        return False
    above = [one for one in symptoms if node.id in graph.under[one.id] and one.layer != "e2e"]
    return bool(above) and all(one.state == "ok" for one in above)


# Ourselves


def _blindness(observer: Judged, left: Sequence[Judged], *, found: bool) -> list[str]:
    """Why we are a root: something is left to explain and we are blind, or there is nothing else.

    A silent resolver tells nothing of what was seen without one.
    """
    by_name = [one for one in left if one.layer in BY_NAME]
    if (left and observer.blind) or (by_name and observer.ailments):
        return [*(one.evidence for one in observer.ailments), *observer.blind]
    if observer.ailments and not found:
        return [one.evidence for one in observer.ailments]
    return []


def _observing(edge: Edge, node: Judged, told: list[str], left: Sequence[Judged]) -> Root:
    if node.ailments:
        remedy = node.ailments[0].remedy
    else:
        text = "have somebody grant what is missing (`remediate iam`), then look again"
        remedy = Remedy("none", text, words=("iam", "--for", "plan"))
        said = [f"{one.layer}: {one.evidence[0]}" for one in left]
        told = [*told[:2], *said[:2]]
    explains = tuple(dict.fromkeys(_name(one) for one in left))
    return Root(
        node.id,
        node.layer,
        str(node.resource),
        "failed",
        "low",
        tuple(told),
        explains,
        fix(edge, remedy),
        risk(node.layer, remedy),
        NO_CHANGE,
        auto(edge, node, remedy, "low"),
    )


# A root


def _root(
    edge: Edge,
    node: Judged,
    graph: Requirements,
    judged: Sequence[Judged],
    symptoms: Sequence[Judged],
) -> Root:
    reasons = graph.reasons(node)
    first = next((one for one in reasons if not one.waits), reasons[0])
    above = [one for one in symptoms if node.id in graph.leads[one.id]]
    failing = [one for one in above if one.state == "failed"]
    caused = [one for one in judged if _is_symptom_of(one, node, graph)]
    told = [one.evidence for one in (first, *reasons)]
    sure = "low" if graph.is_doubtful(node, first) else _confidence(node, first, failing, above)
    return Root(
        node.id,
        node.layer,
        str(node.resource),
        node.state,
        sure,
        (*dict.fromkeys(told), *(_best(failing))),
        tuple(dict.fromkeys(_name(one) for one in (*caused, *failing))),
        fix(edge, first.remedy, _then(node, caused)),
        risk(node.layer, first.remedy),
        first.remedy.undo or NO_CHANGE,
        auto(edge, node, first.remedy, sure),
    )


def _then(root: Judged, caused: Sequence[Judged]) -> int:
    """Seconds that Google may need for what it begins only when a root is mended."""
    return max(
        (
            ailment.remedy.seconds or 0
            for one in caused
            for ailment in one.ailments
            if ailment.is_effect and root.layer in ailment.because
        ),
        default=0,
    )


def _is_symptom_of(one: Judged, root: Judged, graph: Requirements) -> bool:
    if one is root or not one.ailments or root.id not in graph.under[one.id]:
        return False
    return any(root.layer in ailment.because for ailment in one.ailments)


def _name(node: Judged) -> str:
    return f"{node.layer}.intermittent" if node.intermittent else node.layer


def _best(failing: Sequence[Judged]) -> Iterator[str]:
    """What a client says of it, in one line."""
    direct = sorted(failing, key=lambda one: _RANK.get(one.layer, len(_RANK)))
    yield from (f"seen: {one.evidence[0]}" for one in direct[:1])


_RANK = {"dns.resolution": 0, "http.by_ip": 1, "stream": 2, "sql.reachability": 3, "latency": 4}


def _confidence(
    node: Judged, first: Ailment, failing: Sequence[Judged], above: Sequence[Judged]
) -> Confidence:
    """High where both sides say so; low where one says otherwise, or the node's own is blind."""
    if first.contradicted or (node.blind and "api" not in first.sources):
        return "low"
    seen = [one for one in failing if one.layer not in _TOLD]
    if len(first.sources) > 1 or ("api" in first.sources and seen):
        return "high"
    fine = [one for one in above if one.state == "ok" and layer_of(one.id) in _DIRECT]
    return "low" if fine and "api" in first.sources and not failing else "medium"


_TOLD = ("cert.expiry", "cert.renewal", "lb.backend_health")  # by Google: no second source
_DIRECT = ("http.by_ip", "sql.reachability", "dns.resolution")
