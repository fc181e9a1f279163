"""How long until clients are well again, told before a repair and after it, caches of every age."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest

from gcp_sandbox.troubles.entries import entries
from remediate.diagnosis.node import Diagnosis, Root
from remediate.probes.dial import dial_for
from remediate.probes.dns import RESOLVERS, resolve
from tests.diagnosis.conftest import Edge

Change = Callable[[Edge], None]
APEX, HOST = "netrasystems.ai.", "api-staging.netrasystems.ai."
ZONE = "/dns/v1/projects/PROJECT/managedZones/netrasystems-staging/rrsets"
GOOD, WRONG, IPV6 = "203.0.113.10", "203.0.113.99", "2001:db8::99"
AGES = (40, 31, 22)
"""Seconds between one cache's look and the next one's, and from the last to the diagnosis."""


# What is done


def make(rrtype: str, value: str, ttl: int = 300, name: str = HOST) -> Change:
    body = {"name": name, "type": rrtype, "ttl": ttl, "rrdatas": [value]}
    return lambda edge: edge.call("POST", ZONE, body)  # type: ignore[no-any-return]  # unused


def remove(rrtype: str, name: str = HOST) -> Change:
    return lambda edge: edge.call("DELETE", f"{ZONE}/{name}/{rrtype}")  # type: ignore[no-any-return]  # unused


def change(value: str, ttl: int = 300) -> Change:
    body = {"ttl": ttl, "rrdatas": [value]}
    return lambda edge: edge.call("PATCH", f"{ZONE}/{HOST}/A", body)  # type: ignore[no-any-return]  # unused


def all_of(*several: Change) -> Change:
    def done(edge: Edge) -> None:
        for each in several:
            each(edge)

    return done


def fault(identity: str) -> Change:
    def injected(edge: Edge) -> None:
        assert edge.inject(identity)

    return injected


def internet(**parts: object) -> Change:
    def merged(edge: Edge) -> None:
        assert edge.ask("PATCH", "/_sandbox/internet", parts).ok

    return merged


def nothing(_edge: Edge) -> None:
    """It passes by itself."""


def registrar(**entry: object) -> Change:
    return internet(registrar={APEX: entry})


def advance(edge: Edge, seconds: float) -> None:
    assert edge.ask("POST", "/_sandbox/clock:advance", {"seconds": seconds}).ok


def fill(edge: Edge, *types: str) -> None:
    """Each resolver at another moment: what it is asked is what it keeps."""
    for resolver, seconds in zip(RESOLVERS, AGES, strict=True):
        for rrtype in types:
            resolve(dial_for(edge.google), HOST, rrtype, [resolver])
        advance(edge, seconds)


def filled(*types: str) -> Change:
    return lambda edge: fill(edge, *types)


EMPTY = internet(caches=None)
put_back = make("A", GOOD)
no_alias = all_of(remove("CNAME"), put_back)


def alias(target: str, ttl: int) -> Change:
    return all_of(remove("A"), make("CNAME", target, ttl))


def wildcard(value: str, ttl: int = 600) -> Change:
    return all_of(make("A", value, ttl, f"*.{APEX}"), remove("A"))


class Case(NamedTuple):
    """What breaks it, and mends it; `before` is done first, as by who caches the good answer.

    `least` are seconds that it takes at least, so that a case is not empty.
    """

    breaks: Change
    mends: Change
    least: int = 60
    before: Change = nothing
    asked: Sequence[str] = ("A", "AAAA")


CASES = {
    "record missing": Case(fault("dns-record-missing"), put_back),
    "record wrong": Case(fault("dns-record-wrong-ip"), change(GOOD)),
    "record wrong, and a certificate that could not be renewed": Case(
        fault("cert-expired-renewal-blocked-by-dns"), change(GOOD)
    ),
    "caches deny": Case(fault("dns-negative-cache"), nothing, asked=()),
    "caches are stale": Case(fault("dns-stale-cache"), nothing, asked=()),
    "not delegated": Case(fault("dns-delegation-removed"), registrar(nameServers=None), 600),
    "not delegated, as only some have noticed": Case(
        all_of(registrar(nameServers=[]), filled("AAAA")),
        registrar(nameServers=None),
        600,
        filled("A"),
        (),
    ),
    "wrong for an hour": Case(change(WRONG, 3600), change(GOOD), 3000),
    "wrong for a while, and then its TTL was lowered": Case(
        all_of(change(WRONG, 3600), filled("A", "AAAA"), change(WRONG, 60)), change(GOOD), 3000
    ),
    "stray AAAA": Case(make("AAAA", IPV6), remove("AAAA"), 200),
    "stray AAAA, kept for longer": Case(make("AAAA", IPV6, 1800), remove("AAAA"), 1500),
    "stray AAAA, as nobody has noticed": Case(
        make("AAAA", IPV6), remove("AAAA"), 0, filled("A", "AAAA"), ()
    ),
    "only an AAAA is there": Case(
        all_of(make("AAAA", IPV6), remove("A")), all_of(remove("AAAA"), put_back)
    ),
    "alias to what is there": Case(
        all_of(make("A", WRONG, name=f"old.{APEX}"), alias(f"old.{APEX}", 300)), no_alias
    ),
    "alias to what is kept shortly": Case(
        all_of(make("A", WRONG, 30, f"old.{APEX}"), alias(f"old.{APEX}", 1200)), no_alias, 1000
    ),
    "short alias to what is kept for long": Case(
        all_of(make("A", WRONG, 3600, f"old.{APEX}"), alias(f"old.{APEX}", 120)), no_alias
    ),
    "alias to nothing": Case(alias(f"nowhere.{APEX}", 900), no_alias, 700),
    "short alias to nothing": Case(alias(f"nowhere.{APEX}", 100), no_alias, 5),
    "alias out of the zone": Case(alias("ghs.googlehosted.com.", 700), no_alias, 500),
    "wildcard in its place": Case(wildcard(WRONG), put_back, 400),
    "missing, and kept by all": Case(remove("A"), put_back, 0, filled("A", "AAAA"), ()),
    "missing, and kept by one": Case(
        all_of(remove("A"), EMPTY, nothing), put_back, 60, nothing, ("A",)
    ),
    "missing, kept as good, and denied for AAAA": Case(
        all_of(remove("A"), filled("AAAA")), put_back, 100, filled("A"), ()
    ),
    "wrong, and kept by all as good": Case(change(WRONG), change(GOOD), 0, filled("A"), ()),
    "wrong, and stray": Case(
        all_of(change(WRONG, 600), make("AAAA", IPV6, 900)),
        all_of(change(GOOD), remove("AAAA")),
        700,
    ),
}


def told(found: Diagnosis) -> int:
    """Seconds until the last of what is to be mended is green."""
    assert all(root.fix.eta_s is not None for root in found.roots)
    return max((root.fix.eta_s or 0 for root in found.roots), default=0)


def of_names(root: Root) -> bool:
    return root.layer.startswith("dns.")


def names_suffer(found: Diagnosis) -> bool:
    return any(of_names(root) for root in found.roots)


@pytest.mark.parametrize("name", CASES)
def test_it_is_green_when_predicted(edge: Edge, name: str) -> None:
    case = CASES[name]
    EMPTY(edge)
    case.before(edge)
    case.breaks(edge)
    fill(edge, *case.asked)
    before = edge.diagnose()
    assert before.roots
    predicted = told(before)
    case.mends(edge)
    after = edge.diagnose()
    again = [root for root in after.roots if of_names(root)]
    assert predicted >= case.least
    assert not any(root.fix.at_most for root in before.roots if of_names(root))
    margin = max(5.0, predicted / 10)
    seconds = max((root.fix.eta_s or 0 for root in again), default=0)
    if again:
        assert abs(seconds - predicted) <= margin
    if predicted > margin:
        advance(edge, predicted - margin)
        assert names_suffer(edge.diagnose())
        advance(edge, 2 * margin)
    assert not names_suffer(edge.diagnose())


# Every listed fault


BY_TTL = frozenset(
    {
        "cert-expired-renewal-blocked-by-dns",
        "dns-delegation-removed",
        "dns-negative-cache",
        "dns-record-missing",
        "dns-record-wrong-ip",
        "dns-stale-cache",
    }
)
"""Caches say to the second when they are over; of all else others decide, and a bound is told."""
UNTOLD = {
    "vpc-connector-error": "a free range has to be written first",
    "obs-one-resolver-down": "whoever runs it",
    "obs-vantage-cut-off": "whoever runs our own network",
    "obs-api-denied": "whoever grants permissions",
}
"""Nobody can tell, and why."""


def mended(edge: Edge) -> None:
    """All at once, as by the best of hands; caches keep what they have heard."""
    caches = edge.call("GET", "/_sandbox/internet")["caches"]
    edge.call("DELETE", "/_sandbox/faults")
    edge.call("PATCH", "/_sandbox/internet", {"caches": caches})


@pytest.mark.parametrize("identity", entries())
def test_of_every_listed_fault_it_is_told_when_it_is_green(edge: Edge, identity: str) -> None:
    EMPTY(edge)
    assert edge.inject(identity)
    if identity not in {"dns-negative-cache", "dns-stale-cache"}:
        fill(edge, "A", "AAAA")
    (fix, *more) = [root.fix for root in edge.diagnose().roots]
    assert all(other.eta_s == fix.eta_s for other in more)
    assert (fix.eta_s is None) is (identity in UNTOLD)
    if fix.eta_s is None:
        return
    assert fix.at_most is (identity not in BY_TTL)
    mended(edge)
    margin = max(5.0, fix.eta_s / 10)
    if identity in BY_TTL:
        advance(edge, fix.eta_s - margin)
        assert names_suffer(edge.diagnose())
        advance(edge, margin)
    else:
        advance(edge, fix.eta_s)
    assert not edge.diagnose().roots
