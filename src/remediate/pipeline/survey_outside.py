"""The outside of a survey: every host at its address, and every database at its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from remediate.diagnosis.edge import Edge
from remediate.diagnosis.signs import GoogleSide, HostSeen, NameSeen, PathSeen, Signs
from remediate.gcp.google import Google
from remediate.model.chance import Chance
from remediate.model.json import part
from remediate.model.observation import Live, Unreadable
from remediate.model.ref import Ref
from remediate.model.resource import Desired
from remediate.pipeline.aims import PLAIN_PATH, Aim, branches
from remediate.pipeline.deadline import Deadline
from remediate.probes.dial import Dial, dial_for
from remediate.probes.http import Request, get
from remediate.probes.postgresql import start_up
from remediate.probes.seen import HttpSeen, PostgresSeen, TlsSeen, WebSocketSeen
from remediate.probes.tls import shake_hands
from remediate.probes.websocket import talk

LOOKS = 3  # at each host, since some trouble comes and goes
_PATIENCE = 10.0  # seconds that a host may take
_HOSTS = 0.8  # the share of what is left that hosts may take, at most: databases come last
_LEAST = 0.5  # seconds; with less nobody far away could be heard
_HOLDABLE = 10  # seconds; nobody waits any longer for a connection to be cut
_NEVER = datetime.min.replace(tzinfo=UTC)  # where an edge stands does not hang on the time
_LONGER = 0.5  # seconds that it is held beyond that


@dataclass(frozen=True, slots=True)
class Prober:
    """Where probes are sent from, what time it is there, whom it trusts, and where it has chance.

    `roots` are PEM texts; None is those that browsers trust.
    """

    dial: Dial
    at: datetime
    roots: Sequence[str] | None
    chance: Chance


def prober(google: Google, side: GoogleSide) -> Prober:
    """As the command was told. The private addresses of databases are there in a sandbox alone."""
    sandbox = google.sandbox
    if sandbox is None:
        return Prober(dial_for(google), google.clock.now(), None, google.chance)
    dial = dial_for(google, _databases(side))
    return Prober(dial, google.clock.now(), [sandbox.ca()], google.chance)


def _databases(side: GoogleSide) -> list[str]:
    seen = [said.body for said in side.resources.values() if isinstance(said, Live)]
    return [address for body in seen for address in private_addresses(body)]


# Hosts


def look_at_hosts(
    prober: Prober,
    aims: Sequence[Aim],
    addresses: Sequence[str],
    names: Mapping[str, NameSeen],
    desired: Desired,
    google: GoogleSide,
    deadline: Deadline,
) -> tuple[dict[str, HostSeen], tuple[HostSeen, ...], tuple[PathSeen, ...]]:
    """Every host at the load balancer's addresses, DNS left aside, and where names lead instead.

    All of it is asked at the first address; at the others, one page of each host.
    """
    address, others = next(iter(addresses), ""), addresses[1:]
    pages = [(aim.host, path, address) for aim in aims for path in aim.paths if address] * LOOKS
    beside = [(aim.host, _own(aim, desired)[0], at) for aim in aims for at in others] * LOOKS
    strays = [
        (aim.host, aim.paths[0], stray)
        for aim in aims
        for stray in _strays(names.get(aim.host), addresses)
    ]
    seconds = max(_LEAST, min(_PATIENCE, deadline.left * _HOSTS))
    reads: dict[tuple[str, ...], Callable[[], Any]] = {
        ("http",): partial(_got, prober, [*pages, *beside, *strays], seconds)
    }
    for aim in aims if address else ():
        for at in addresses:
            reads["tls", aim.host, at] = _shaking(prober, aim, at, seconds)
        for path in aim.sockets:
            reads["ws", aim.host, path] = _talking(prober, aim, path, address, seconds)
        for path, hold in _holds(aim, desired, google):
            reads["hold", aim.host, path] = _talking(prober, aim, path, address, seconds, hold)
    told: dict[tuple[str, ...], Any] = {
        key: said for key, said in deadline.read(reads).items() if not isinstance(said, Unreadable)
    }
    got: dict[tuple[str, str, str], list[HttpSeen]] = {}
    for page, said in zip([*pages, *beside, *strays], told.get(("http",), ()), strict=False):
        got.setdefault(page, []).append(said)
    hosts = {aim.host: _host(aim, addresses, told, got, desired) for aim in aims}
    seen = tuple(_beside(aim, at, told, got, desired) for aim in aims for at in others)
    return hosts, seen, tuple(_branched(aims, address, told, got, desired, google))


def _strays(seen: NameSeen | None, addresses: Sequence[str]) -> list[str]:
    """The addresses that resolvers lead to and that are not the load balancer's."""
    values = {value for said in seen.resolvers for value in said.values} if seen else set[str]()
    return sorted(values - {*addresses})


def _shaking(prober: Prober, aim: Aim, address: str, seconds: float) -> Callable[[], TlsSeen]:
    return partial(
        shake_hands,
        prober.dial,
        address,
        aim.host,
        now=prober.at,
        roots=prober.roots,
        deadline=seconds,
    )


def _talking(
    prober: Prober, aim: Aim, path: str, address: str, seconds: float, hold: float = 0.0
) -> Callable[[], WebSocketSeen]:
    url = f"wss://{aim.host}{path}"
    return partial(
        talk,
        prober.dial,
        url,
        address,
        roots=prober.roots,
        now=prober.at,
        deadline=seconds,
        hold=hold,
    )


def _holds(aim: Aim, desired: Desired, google: GoogleSide) -> Iterator[tuple[str, float]]:
    """Paths at which a backend service cuts connections so soon that it can be seen."""
    for branch in branches(desired, aim):
        body = google.resources.get(branch.service)
        seconds: Any = body.body.get("timeoutSec") if isinstance(body, Live) else None
        if isinstance(seconds, int) and 0 < seconds <= _HOLDABLE:
            yield from ((path, seconds + _LONGER) for path in branch.exact)
    for path, _service, seconds in _cut_short(aim, desired, google):
        yield path, seconds + _LONGER


def _cut_short(aim: Aim, desired: Desired, google: GoogleSide) -> Iterator[tuple[str, Ref, float]]:
    """WebSockets of a host that its Cloud Run service ends so soon that it can be seen."""
    edge = Edge(Signs(desired, _NEVER, google))
    way = edge.ways.get(aim.host)
    run = edge.run_of(way.service) if way else None
    template = part(edge.live(run) or {}, "template") if run else {}
    seconds = float(str(template.get("timeout") or "0s").removesuffix("s"))
    if way and 0 < seconds <= _HOLDABLE:
        yield from ((path, way.service, seconds) for path in aim.sockets)


def _got(prober: Prober, pages: Sequence[tuple[str, str, str]], seconds: float) -> list[HttpSeen]:
    asked = [Request(f"https://{host}{path}", address) for host, path, address in pages]
    return (
        get(prober.dial, asked, now=prober.at, roots=prober.roots, deadline=seconds)
        if asked
        else []
    )


def _host(
    aim: Aim,
    addresses: Sequence[str],
    told: Mapping[tuple[str, ...], Any],
    got: Mapping[tuple[str, str, str], list[HttpSeen]],
    desired: Desired,
) -> HostSeen:
    address = next(iter(addresses), "")
    own = _own(aim, desired) if address else []
    here = [said for path in own for said in got.get((aim.host, path, address), ())]
    elsewhere = [
        said
        for (host, _path, at), many in got.items()
        for said in many
        if host == aim.host and at not in addresses
    ]
    sockets = [told["ws", aim.host, path] for path in aim.sockets if ("ws", aim.host, path) in told]
    return HostSeen(
        aim.host,
        address,
        told.get(("tls", aim.host, address)),
        tuple(here),
        sockets[0] if sockets else None,
        tuple(elsewhere),
    )


def _own(aim: Aim, desired: Desired) -> list[str]:
    """The paths of a host that no backend service of its own is behind; at least one."""
    apart = {path for branch in branches(desired, aim) for path in branch.paths}
    return [path for path in aim.paths if path not in apart] or [PLAIN_PATH]


def _beside(
    aim: Aim,
    address: str,
    told: Mapping[tuple[str, ...], Any],
    got: Mapping[tuple[str, str, str], list[HttpSeen]],
    desired: Desired,
) -> HostSeen:
    http = got.get((aim.host, _own(aim, desired)[0], address), ())
    return HostSeen(aim.host, address, told.get(("tls", aim.host, address)), tuple(http))


def _branched(
    aims: Sequence[Aim],
    address: str,
    told: Mapping[tuple[str, ...], Any],
    got: Mapping[tuple[str, str, str], list[HttpSeen]],
    desired: Desired,
    google: GoogleSide,
) -> Iterator[PathSeen]:
    for aim in aims:
        for branch in branches(desired, aim):
            for path in dict.fromkeys([*branch.paths, *branch.exact]):
                http, held = got.get((aim.host, path, address)), told.get(("hold", aim.host, path))
                if http or held:
                    yield PathSeen(aim.host, path, branch.service, tuple(http or ()), held)
        for path, service, _ in _cut_short(aim, desired, google):
            if held := told.get(("hold", aim.host, path)):
                yield PathSeen(aim.host, path, service, held=held)


# Databases


def look_at_databases(
    prober: Prober, google: GoogleSide, deadline: Deadline
) -> dict[Ref, PostgresSeen]:
    """The start-up handshake with every database, at its private address."""
    reads = {
        ref: partial(start_up, prober.dial, address)
        for ref, seen in google.resources.items()
        if ref.kind == "SqlInstance" and isinstance(seen, Live)
        for address in private_addresses(seen.body)[:1]
    }
    found = deadline.read(reads)
    return {ref: said for ref, said in found.items() if not isinstance(said, Unreadable)}


def private_addresses(body: Mapping[str, Any]) -> list[str]:
    """Of a Cloud SQL instance."""
    told = body.get("ipAddresses") or ()
    return [str(one["ipAddress"]) for one in told if one.get("type") == "PRIVATE"]
