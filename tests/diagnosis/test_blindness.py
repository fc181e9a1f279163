"""Take any of our eyes away: less is known, and nothing is invented."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

import pytest

from remediate.diagnosis.diagnose import diagnose, infrastructure
from remediate.diagnosis.signs import GoogleSide, NameSeen, Signs
from remediate.model.observation import Unreadable
from remediate.probes.seen import DnsSeen
from tests.diagnosis.conftest import Edge
from tests.diagnosis.expected import EXPECTED

DENIED = Unreadable("403 permission denied")
SOURCES = [each.name for each in fields(GoogleSide)]
KINDS = sorted(
    ["BackendService", "ForwardingRule", "RunService", "SqlInstance", "UrlMap", "DnsZone"]
)


def without(signs: Signs, source: str) -> Signs:
    """One whole source of Google's denied."""
    told: Any = getattr(signs.google, source)
    blind = dict.fromkeys(told, DENIED) if isinstance(told, Mapping) else DENIED
    return replace(signs, google=replace(signs.google, **{source: blind}))


def without_kind(signs: Signs, kind: str) -> Signs:
    told = signs.google.resources
    blind = {ref: DENIED if ref.kind == kind else seen for ref, seen in told.items()}
    return replace(signs, google=replace(signs.google, resources=blind))


def unheard(signs: Signs, server: str) -> Signs:
    """One resolver that never answers."""

    def heard(seen: tuple[DnsSeen, ...]) -> Iterator[DnsSeen]:
        for one in seen:
            mute = replace(one, outcome="timeout", values=(), ttl=None, negative_ttl=None)
            yield mute if one.server == server else one

    def name(seen: NameSeen) -> NameSeen:
        told = tuple(heard(seen.resolvers)), tuple(heard(seen.unchecked))
        return replace(seen, resolvers=told[0], unchecked=told[1])

    return replace(signs, names={at: name(seen) for at, seen in signs.names.items()})


def every_way(signs: Signs) -> Iterator[tuple[str, Signs]]:
    yield from ((source, without(signs, source)) for source in SOURCES)
    yield from ((kind, without_kind(signs, kind)) for kind in KINDS)
    yield from ((ip, unheard(signs, ip)) for ip in ("8.8.8.8", "1.1.1.1", "9.9.9.9"))
    yield "hosts", replace(signs, hosts={}, paths=())
    yield "names", replace(signs, names={})
    yield "databases", replace(signs, databases={})
    yield "nothing", replace(signs, google=GoogleSide(), hosts={}, paths=(), names={}, databases={})


def test_of_what_is_healthy_no_blindness_makes_a_fault(edge: Edge) -> None:
    signs = edge.look()
    for what, blind in every_way(signs):
        assert {root.layer for root in diagnose(blind).roots} <= {"observer"}, what
        assert all(node.state in {"ok", "unknown"} for node in infrastructure(blind)), what


@pytest.mark.parametrize("fault", sorted(EXPECTED))
def test_of_a_fault_no_blindness_makes_another(edge: Edge, fault: str) -> None:
    assert edge.inject(fault)
    signs = edge.look()
    for what, blind in every_way(signs):
        found = diagnose(blind)
        assert {r.layer for r in found.roots} <= {EXPECTED[fault].layer, "observer"}, what
        acting = [r for r in found.roots if r.confidence == "low" and r.fix.action == "apply"]
        assert not any(root.auto.allowed for root in acting), what
