"""Whether a database answers a handshake of ours: what is seen of it from inside its network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from remediate.diagnosis.database import look_at_users
from remediate.diagnosis.edge import Edge
from remediate.diagnosis.layers import identity
from remediate.diagnosis.node import Judged, fails
from remediate.diagnosis.refusals import fails_us_alone

_LAYERS = ("sql.instance", "sql.network", "sql.connections", "sql.auth")


def judge_reachability(edge: Edge, connectors: Sequence[str]) -> Iterator[Judged]:
    """A symptom for each database; `connectors` are the nodes of the way there."""
    for ref in edge.of_kind("SqlInstance"):
        pg = edge.signs.databases.get(ref) or edge.signs.databases.get(edge.live_ref(ref))
        under = [*connectors, *(identity(layer, ref) for layer in _LAYERS)]
        node = Judged("sql.reachability", ref, tuple(under))
        if pg is None or pg.outcome in ("unreachable", "not_public"):
            node.blind.append(pg.message if pg else f"{ref} cannot be asked from here")
        elif fails_us_alone(pg, look_at_users(edge, ref), edge.live(ref)):
            told = node.facts if pg.sqlstate else node.blind
            told.append(f"{pg.message}: that is about us, not about the application")
        elif pg.outcome != "ok":
            fails(node, pg.message)
        yield node
