"""Whatever is hidden: what fails has a root, a guess changes nothing, unknown is not well."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remediate.diagnosis.diagnose import diagnose
from remediate.diagnosis.node import Diagnosis, Root
from remediate.diagnosis.signs import GoogleSide, Signs
from remediate.model.observation import Unreadable
from remediate.probes.seen import DnsSeen
from tests.diagnosis.conftest import Edge
from tests.diagnosis.expected import EXPECTED
from tests.diagnosis.test_blindness import every_way

BY_NAME = {"dns.resolution", "http.by_name", "websocket.by_name", "e2e"}


def denied(edge: Edge, *calls: str) -> None:
    edge.ask("POST", "/_sandbox/permissions", {"denied": [*calls]})


def root_of(found: Diagnosis, layer: str) -> Root:
    (root,) = [root for root in found.roots if root.layer == layer]
    return root


def is_all_blind(signs: Signs) -> bool:
    return all(isinstance(seen, Unreadable) for seen in signs.google.resources.values())


def is_lawful(signs: Signs, what: str) -> None:
    found = diagnose(signs)
    explained = {name.removesuffix(".intermittent") for r in found.roots for name in r.explains}
    failing = {node.layer for node in found.symptoms if node.layer in _SEEN}
    assert failing <= explained, what
    is_own = is_all_blind(signs) or (failing <= BY_NAME and _is_shut(found))
    is_slow = failing == {"latency"}  # which metrics tell of, and with them unread we are a root
    assert found.is_broken or not failing or is_own or is_slow, what
    for root in found.roots:
        assert not (root.auto.allowed and root.confidence == "low"), what
        assert all(root.auto.blocked_by) or root.auto.allowed, what
    if failing:
        assert found.verdict != "well", what


_SEEN = {"dns.resolution", "dns.latency", "http.by_name", "http.by_ip", "http.ipv6", "websocket"}
_SEEN |= {"websocket.by_name", "websocket.long", "stream", "cert.renewal", "cert.expiry"}
_SEEN |= {"lb.backend_health", "sql.reachability", "latency"}


def _is_shut(found: Diagnosis) -> bool:
    return any(
        root.layer == "observer" and "answers us" in root.evidence[0] for root in found.roots
    )


@pytest.mark.parametrize("fault", sorted(EXPECTED))
def test_what_fails_has_a_root_whatever_is_hidden(edge: Edge, fault: str) -> None:
    assert edge.inject(fault)
    signs = edge.look()
    is_lawful(signs, "nothing")
    for what, blind in every_way(signs):
        is_lawful(blind, what)


def test_an_application_that_hangs_is_broken(edge: Edge) -> None:
    slow = {"backends": {"netra-backend": {"delay": 30}}}
    assert edge.ask("PATCH", "/_sandbox/internet", slow).ok
    found = edge.diagnose()
    assert found.is_broken
    (root,) = found.roots
    assert root.layer in {"run.revision", "lb.backend"}
    assert root.confidence == "low"
    assert root.fix.action == "manual"
    assert not root.auto.allowed
    assert {"http.by_ip", "http.by_name", "websocket"} <= {*root.explains}


def test_silent_name_servers_are_a_broken_delegation(edge: Edge) -> None:
    def mute(seen: DnsSeen, outcome: Any) -> DnsSeen:
        return replace(seen, outcome=outcome, values=(), ttl=None, negative_ttl=None)

    signs = edge.look()
    names = {
        at: replace(
            name,
            authoritative=tuple(mute(one, "timeout") for one in name.authoritative),
            resolvers=tuple(mute(one, "servfail") for one in name.resolvers),
            unchecked=tuple(mute(one, "servfail") for one in name.unchecked),
        )
        for at, name in signs.names.items()
    }
    found = diagnose(replace(signs, names=names))
    assert found.is_broken
    assert {root.layer for root in found.roots} == {"dns.delegation"}
    assert root_of(found, "dns.delegation").confidence == "low"


def test_a_record_that_name_servers_deny_is_broken_though_cloud_dns_is_hidden(edge: Edge) -> None:
    assert edge.inject("dns-record-missing")
    denied(edge, "dns.*")
    found = edge.diagnose()
    assert found.is_broken
    root = root_of(found, "observer")  # what cannot be read is not guessed at
    assert root.confidence == "low"
    assert not root.auto.allowed
    assert {"dns.resolution", "http.by_name"} <= {*root.explains}


def test_a_certificate_is_not_made_anew_while_its_names_are_hidden(edge: Edge) -> None:
    assert edge.inject("cert-expired-renewal-blocked-by-dns")
    denied(edge, "dns.*")
    found = edge.diagnose()
    assert found.is_broken
    assert not any(root.auto.allowed for root in found.roots)
    assert {root.confidence for root in found.roots} == {"low"}


def test_with_every_eye_shut_nothing_is_well(edge: Edge) -> None:
    signs = edge.look()
    assert diagnose(signs).verdict == "well"
    blind = replace(signs, google=GoogleSide(), hosts={}, paths=(), names={}, databases={})
    assert diagnose(blind).verdict == "unknown"
    assert diagnose(replace(signs, hosts={}, paths=())).verdict == "unknown"
    assert edge.inject("obs-vantage-cut-off")
    assert edge.diagnose().verdict == "unknown"


def test_what_is_hidden_of_a_service_is_there_as_unknown(edge: Edge) -> None:
    denied(edge, "run.*")
    found = edge.diagnose()
    states = {node.layer: node.state for node in found.nodes if node.layer.startswith("run.")}
    layers = ("service", "ingress", "iam", "revision", "env", "vpc_access", "scaling")
    assert states == {f"run.{layer}": "unknown" for layer in layers}
    assert found.verdict == "unknown"
