"""Ourselves, judged: which of our own eyes are shut."""

from __future__ import annotations

from collections.abc import Iterator

from remediate.diagnosis.delegation import DEAF, SILENT
from remediate.diagnosis.edge import Edge
from remediate.diagnosis.layers import ENVIRONMENT, OBSERVER
from remediate.diagnosis.node import PROBE, Ailment, Judged, Remedy
from remediate.diagnosis.signs import NameSeen
from remediate.probes.seen import DnsSeen


def judge_observer(edge: Edge) -> Judged:
    """Silent vantages are failures of ours; sources that deny us leave things unknown."""
    node = Judged(OBSERVER, ENVIRONMENT)
    names = [*edge.signs.names.values()]
    if told := _shut(names):
        node.ailments.append(Ailment(told, LOOK_ELSEWHERE, PROBE))
    else:
        resolvers = [seen for name in names for seen in name.resolvers]
        for server in _silent(resolvers):
            told = f"{server} does not answer us, or refuses to; the other resolvers do"
            node.ailments.append(Ailment(told, _DO_WITHOUT, PROBE))
    node.blind += [
        *_unread(edge),
        *(f"{what} had not answered in time" for what in edge.signs.late),
    ]
    node.facts.append("every source answers")
    return node


LOOK_ELSEWHERE = Remedy("none", "probe from somewhere else; change nothing on this evidence")
_DO_WITHOUT = Remedy("none", "do without that vantage: the others agree")


def _shut(names: list[NameSeen]) -> str:
    """Why it must be our own network that keeps names from us; empty where it is not that."""
    own = [seen for name in names for seen in name.authoritative]
    resolvers = [seen for name in names for seen in name.resolvers]
    every = [*own, *resolvers, *(seen for name in names for seen in name.parent)]
    if every and all(seen.outcome in SILENT for seen in every):
        return "no DNS server answers us at all: port 53 is shut for this vantage"
    if not resolvers or any(seen.outcome not in DEAF for seen in resolvers):
        return ""
    if any(seen.outcome not in SILENT for seen in own):
        return "no resolver answers us, and the zone's own name servers do"
    refuses = any(seen.outcome not in SILENT for seen in resolvers)
    return "every resolver that answers us refuses to tell us anything" if refuses else ""


def _silent(seen: list[DnsSeen]) -> list[str]:
    """Resolvers that say nothing, or will not be asked, while others do."""
    servers = dict.fromkeys(one.server for one in seen)
    heard = {one.server for one in seen if one.outcome not in DEAF}
    return [server for server in servers if server not in heard] if heard else []


def _unread(edge: Edge) -> Iterator[str]:
    """What Google did not let us read, each reason once."""
    told = [f"{what} cannot be read: {one.why}" for what, one in edge.google.unread]
    yield from dict.fromkeys(told)
