"""From everything that was seen to what is wrong: pure, so that any moment can be judged again."""

from __future__ import annotations

from remediate.diagnosis.addresses import judge_addresses
from remediate.diagnosis.backends import judge_backends
from remediate.diagnosis.balancer import judge_balancer
from remediate.diagnosis.certificates import judge_certificates
from remediate.diagnosis.database import judge_database
from remediate.diagnosis.edge import Edge
from remediate.diagnosis.names import judge_names
from remediate.diagnosis.node import Diagnosis, Judged, Node
from remediate.diagnosis.observing import judge_observer
from remediate.diagnosis.roots import find_roots, is_suffering
from remediate.diagnosis.running import judge_running
from remediate.diagnosis.signs import Signs
from remediate.diagnosis.symptoms import judge_symptoms
from remediate.diagnosis.url_maps import judge_url_maps

_INFRASTRUCTURE = ("lb.", "run.", "vpc.", "sql.")
_BY_PROBE = frozenset({"sql.auth"})  # Google's side tells nothing of it


def diagnose(signs: Signs) -> Diagnosis:
    """Every node by its own evidence, API and probes together, and the roots among them."""
    edge = Edge(signs)
    judged = _judged(edge)
    symptoms = [*judge_symptoms(edge, judged)]
    roots = find_roots(edge, judged, symptoms)
    known = {node.id for node in (*judged, *symptoms)}
    nodes = tuple(_node(node, known) for node in (*judged, *symptoms))
    suffers = is_suffering(edge, judged, symptoms)
    name = signs.desired.environment.name
    return Diagnosis(name, signs.at, tuple(roots), nodes, signs.late, suffers)


def infrastructure(signs: Signs) -> tuple[Node, ...]:
    """The nodes that Google's side alone tells of."""
    edge = Edge(signs)
    mine = [n for n in _judged(edge) if n.layer.startswith(_INFRASTRUCTURE)]
    judged = [n for n in mine if n.layer not in _BY_PROBE]
    known = {node.id for node in judged}
    return tuple(_node(node, known) for node in judged)


def _judged(edge: Edge) -> list[Judged]:
    names = [*judge_names(edge)]
    found = [
        *names,
        *judge_addresses(edge),
        *judge_balancer(edge),
        *judge_url_maps(edge),
        *judge_certificates(edge, names),
        *judge_backends(edge),
        *judge_running(edge),
        *judge_database(edge),
        judge_observer(edge),
    ]
    return [*{node.id: node for node in found}.values()]


def _node(node: Judged, known: set[str]) -> Node:
    requires = tuple(at for at in node.requires if at in known)
    return Node(node.id, node.layer, str(node.resource), node.state, node.evidence, requires)
