"""Run checks through the probes: what each one sees, and whether that is as it should be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from remediate.gcp.google import read_all
from remediate.kinds.documents.check_addresses import PRIVATE
from remediate.kinds.documents.check_forms import AUTHORITATIVE, socket_of
from remediate.model.check import Check, ProbeName
from remediate.model.finding import Finding, Verdict
from remediate.model.resource import Zone
from remediate.pipeline.judging_dns import (
    SILENT,
    Delegated,
    Heard,
    judge_delegation,
    judge_names,
)
from remediate.pipeline.judging_edge import (
    denied,
    finding,
    judge_command,
    judge_http,
    judge_postgresql,
    judge_tls,
    judge_websocket,
    not_run,
)
from remediate.pipeline.vantage import NotKnown, Vantage
from remediate.probes.dial import dial_for
from remediate.probes.dns import RESOLVERS

if TYPE_CHECKING:
    from remediate.probes.delegation import Delegation
    from remediate.probes.dns import Question
    from remediate.probes.seen import DnsSeen

_TIMEOUT = 10.0  # seconds, of one request or handshake
_COMMAND_TIMEOUT = 300.0  # seconds
_POSTGRESQL = 5432
_HTTPS = 443


def run_checks(checks: Sequence[Check], at: Vantage) -> list[Finding]:
    """Every one of them, side by side, once; findings in the order of the checks.

    Raises what a sandbox that is gone raises, and nothing for what the network does.
    """
    if not checks:
        return []
    now = at.looking(checks)
    found = read_all([partial(_run, each, now) for each in checks])
    return [one for each in found for one in each]


def _run(check: Check, at: Vantage) -> list[Finding]:
    try:
        return [*_RUNS[check.probe](at.filled(check), at)]
    except NotKnown as why:
        told = finding(check, check.name, Verdict.UNKNOWN, str(why), {}, str(why))
        return [denied(told, [why.denial.permission]) if why.denial else told]


def _dns(check: Check, at: Vantage) -> Iterator[Finding]:
    from remediate.probes.dns import ask

    rrtype = str(check.asks.get("type", "A"))
    names = [_absolute(str(name)) for name in check.asks["names"]]
    wanted = [str(word) for word in check.asks.get("resolvers", (AUTHORITATIVE, *RESOLVERS))]
    servers = _servers(names, at) if AUTHORITATIVE in wanted else {}
    asked = [
        ((name, word), question)
        for name in names
        for word in wanted
        for question in _questions(name, rrtype, word, servers.get(name))
    ]
    answers: dict[tuple[str, str], list[DnsSeen]] = defaultdict(list)
    seen = ask(at.dial, [question for _, question in asked])
    for (key, _), one in zip(asked, seen, strict=True):
        answers[key].append(one)
    yield from judge_names(
        check,
        [
            Heard(name, rrtype, word, tuple(answers[name, word]), *_why(servers.get(name)))
            for name in names
            for word in wanted
            if word != AUTHORITATIVE or "resolvers" in check.asks or servers[name]
        ],
    )


def _questions(name: str, rrtype: str, word: str, served: Delegation | None) -> Iterator[Question]:
    from remediate.probes.dns import Question

    if word != AUTHORITATIVE:
        yield Question(name, rrtype, word, word)
        return
    if served is None:
        return
    for host, address in served.servers:
        yield Question(name, rrtype, host, address, recursive=False, zone=served.apex)


def _servers(names: Sequence[str], at: Vantage) -> dict[str, Delegation | None]:
    """Who is to serve each name: the servers that the zone of this environment is delegated to."""
    from remediate.probes.delegation import delegation

    zones = {name: _zone_of(name, at.zones) for name in names}
    apexes = sorted({zone.dns_name for zone in zones.values() if zone})
    found = read_all([partial(delegation, at.dial, apex) for apex in apexes]) if apexes else []
    by_apex = dict(zip(apexes, found, strict=True))
    return {name: by_apex[zone.dns_name] if zone else None for name, zone in zones.items()}


def _zone_of(name: str, zones: Sequence[Zone]) -> Zone | None:
    inside = [zone for zone in zones if f".{name}".endswith(f".{zone.dns_name}")]
    return max(inside, key=lambda zone: len(zone.dns_name), default=None)


def _why(found: Delegation | None) -> tuple[str, bool]:
    """Why no server could be asked, and whether that is a fault of the delegation."""
    if found is None:
        return "no zone of this environment holds it, so who serves it is not known", False
    said = "; ".join(dict.fromkeys(one.message for one in found.seen if one.outcome != "ok"))
    heard = [one for one in found.seen if one.outcome not in SILENT]
    return said or f"{found.apex} is delegated to nobody", bool(heard)


def _delegation(check: Check, at: Vantage) -> Iterator[Finding]:
    from remediate.probes.delegation import delegation
    from remediate.probes.dns import Question, ask

    for zone in (each for each in at.zones if str(each.ref) in check.asks["zones"]):
        apex = zone.dns_name
        found = delegation(at.dial, apex)
        questions = [
            *(
                Question(apex, "SOA", name, ip, recursive=False, zone=apex)
                for name, ip in found.servers
            ),
            *(Question(apex, "SOA", ip, ip) for ip in RESOLVERS),
            *(Question(apex, "SOA", ip, ip, checked=False) for ip in RESOLVERS),
        ]
        seen = ask(at.dial, questions)
        count, more = len(found.servers), len(RESOLVERS)
        names, why = _name_servers(zone, at)
        yield from judge_delegation(
            check,
            Delegated(
                str(zone.ref),
                apex,
                names,
                why,
                tuple(found.seen),
                tuple(seen[:count]),
                tuple(seen[count : count + more]),
                tuple(seen[count + more :]),
            ),
        )


def _name_servers(zone: Zone, at: Vantage) -> tuple[frozenset[str] | None, str]:
    try:
        body: Mapping[str, Any] = at.body(zone.ref)
    except NotKnown as why:
        return None, str(why)
    return frozenset(map(str, body.get("nameServers", ()))), ""


def _http(check: Check, at: Vantage) -> Iterator[Finding]:
    from remediate.probes.http import Request, get

    requests: list[Request] = []
    for url in check.asks["urls"]:
        addresses = yield from _addresses(check, str(url), urlsplit(str(url)).hostname or "", at)
        method = check.asks.get("method", "GET")
        requests += [Request(str(url), address, method) for address in addresses]
    now, deadline = at.google.clock.now(), max(_TIMEOUT, check.expects.get("latency", 0.0))
    for seen in get(at.dial, requests, now=now, roots=at.roots, deadline=deadline):
        yield judge_http(check, seen)


def _tls(check: Check, at: Vantage) -> Iterator[Finding]:
    from remediate.probes.tls import shake_hands_all

    told = check.asks.get("connectTo")
    port = (socket_of(str(told))[1] if told else None) or _HTTPS
    hosts: list[tuple[str, str]] = []
    for host in map(str, check.asks["hosts"]):
        addresses = yield from _addresses(check, host, host, at)
        hosts += [(address, host.rstrip(".")) for address in addresses]
    now = at.google.clock.now()
    for seen in shake_hands_all(
        at.dial, hosts, now=now, port=port, roots=at.roots, deadline=_TIMEOUT
    ):
        yield judge_tls(check, seen, now)


def _websocket(check: Check, at: Vantage) -> Iterator[Finding]:
    from remediate.probes.websocket import Call, talk_all

    url, told = str(check.asks["url"]), check.asks.get("connectTo")
    port = socket_of(str(told))[1] if told else None
    hold, echo = check.asks.get("hold", 0.0), check.expects.get("echo", True)
    deadline = check.expects.get("within", _TIMEOUT)
    now, roots = at.google.clock.now(), at.roots
    addresses = yield from _addresses(check, url, urlsplit(url).hostname or "", at)
    calls = [Call(url, address, hold, echo, port) for address in addresses]
    for seen in talk_all(at.dial, calls, now=now, roots=roots, deadline=deadline):
        yield judge_websocket(check, seen)


def _addresses(
    check: Check, target: str, host: str, at: Vantage
) -> Generator[Finding, None, list[str]]:
    """Where to connect to: as written, else wherever resolvers lead; a finding where nowhere."""
    if told := check.asks.get("connectTo"):
        return [socket_of(str(told))[0]]
    from remediate.probes.dns import Question, ask

    try:
        return [str(ip_address(host))]
    except ValueError:
        name = _absolute(host)
    asked = [Question(name, rrtype, ip, ip) for rrtype in ("A", "AAAA") for ip in RESOLVERS]
    seen = ask(at.dial, asked)
    found = list(dict.fromkeys(value for one in seen for value in one.values))
    if not found:
        heard = [one for one in seen if one.outcome not in SILENT]
        said = "; ".join(dict.fromkeys(one.message for one in heard or seen if one.rrtype == "A"))
        verdict = Verdict.FAIL if heard else Verdict.UNKNOWN
        yield finding(check, target, verdict, f"{target} leads nowhere: {said}")
    return found


def _postgresql(check: Check, at: Vantage) -> Iterator[Finding]:
    from remediate.probes.postgresql import start_up

    address, port = str(check.asks["address"]), int(check.asks.get("port", _POSTGRESQL))
    allow = PRIVATE if check.asks.get("allowPrivate") else ()
    yield judge_postgresql(check, start_up(dial_for(at.google, allow), address, port))


def _command(check: Check, at: Vantage) -> Iterator[Finding]:
    if not at.commands:
        yield not_run(check)
        return
    from remediate.probes.command import run

    argv = [str(word) for word in check.asks["argv"]]
    timeout = check.asks.get("timeout", _COMMAND_TIMEOUT)
    with at.environ() as environ:
        yield judge_command(check, run(argv, cwd=at.folder, timeout=timeout, env=environ))


def _absolute(name: str) -> str:
    return name.lower().rstrip(".") + "."


_RUNS: Mapping[ProbeName, Callable[[Check, Vantage], Iterator[Finding]]] = {
    "dns": _dns,
    "delegation": _delegation,
    "http": _http,
    "tls": _tls,
    "websocket": _websocket,
    "postgresql": _postgresql,
    "command": _command,
}
