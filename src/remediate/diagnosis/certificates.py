"""Certificates, judged: whether every host is shown one that clients accept, and stays so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from remediate.diagnosis.certificate_bodies import (
    chain,
    covers,
    end_of,
    expires,
    is_served,
    time_of,
    wrong_chain,
)
from remediate.diagnosis.certificate_remedies import (
    AGAIN,
    ISSUE,
    anew,
    certificates_of,
    covering,
    is_past,
    put_back,
    serves,
)
from remediate.diagnosis.edge import Edge, Way
from remediate.diagnosis.layers import identity
from remediate.diagnosis.node import API, NOBODY, PROBE, Ailment, Judged, Remedy, Sources
from remediate.diagnosis.signs import HostSeen
from remediate.kinds.ssl_certificate import SOAK
from remediate.model.json import Body
from remediate.model.ref import Ref
from remediate.probes.seen import TlsSeen

UNDER = frozenset(
    {
        *("dns.record", "dns.zone", "dns.delegation", "dns.dnssec"),
        *("lb.address", "lb.forwarding_rule", "lb.target_proxy"),
    }
)
"""What Google has to find in order before it issues or renews."""
_CHAIN = ("missing_intermediate", "self_signed", "untrusted", "name_mismatch", "not_yet_valid")


def judge_certificates(edge: Edge, names: Sequence[Judged]) -> Iterator[Judged]:
    """A node for each certificate that is attached, and each declared one that is not.

    `names` are the nodes that a managed one hangs on.
    """
    for proxy in dict.fromkeys(way.proxy for way in edge.ways.values()):
        ways = [way for way in edge.ways.values() if way.proxy == proxy]
        meant = certificates_of(edge, edge.wanted(proxy))
        body = edge.live(proxy)
        attached = meant if body is None else certificates_of(edge, body)
        under = _under(names, proxy, ways)
        for ref in attached:
            yield _attached(edge, ref, under, ways, _replaced(meant, attached, ref))
        for ref in (ref for ref in meant if ref not in attached):
            yield _left_out(edge, ref, under, ways, attached)


def _replaced(meant: list[Ref], attached: list[Ref], ref: Ref) -> list[Ref]:
    """The declared ones that an undeclared certificate stands in for."""
    return [] if ref in meant else [one for one in meant if one not in attached]


def _under(names: Sequence[Judged], proxy: Ref, ways: list[Way]) -> tuple[str, ...]:
    """What Google looks at before it issues; of one's own it is the proxy alone that matters."""
    rules = sorted({rule for way in ways for rule in (way.rule, *way.others)})
    return (
        identity("lb.target_proxy", proxy),
        *(identity("lb.forwarding_rule", rule) for rule in rules),
        *(node.id for node in names if node.layer in UNDER),
    )


def _begin(edge: Edge, ref: Ref, under: tuple[str, ...]) -> Judged:
    body = edge.live(ref)
    is_own = body is not None and not body.get("managed")
    return Judged("lb.certificate", ref, under[:1] if is_own else under)


# What is attached


def _attached(
    edge: Edge, ref: Ref, under: tuple[str, ...], ways: list[Way], replaced: list[Ref]
) -> Judged:
    proxy = ways[0].proxy
    node = _begin(edge, ref, under)
    body = edge.live(ref)
    if body is None:
        if edge.is_absent(ref):
            remedy = Remedy("apply", "make it again", (str(ref),), seconds=ISSUE, at_most=True)
            node.ailments.append(Ailment(f"{ref} does not exist", remedy, API))
        else:
            node.blind.append(edge.blind(ref) or f"{ref} is not to be seen")
        return node
    hosts = [way.host for way in ways if covers(body, way.host)]
    shown = [seen.tls for host in hosts if (seen := _seen(edge, host)) and seen.tls]
    others = _others(edge, proxy, ref, hosts)
    if body.get("managed"):
        _managed(edge, node, body, shown)
    elif hosts:
        _own(node, edge, body, shown)
    if replaced:
        _stands_in(edge, node, proxy, replaced)
    if not node.ailments:
        by_map = (edge.live(proxy) or {}).get("certificateMap")
        _served(edge, node, body, [] if by_map else shown)
    _uncovered(edge, node, ways, proxy)
    if others and node.ailments and all(tls.outcome == "ok" for tls in shown):
        node.facts.append(f"{node.ailments[0].evidence}; {others[0]} serves its hosts meanwhile")
        node.ailments.clear()
    if not node.ailments and not node.facts:
        node.facts.append(f"valid until {end_of(body)}")
    return node


def _stands_in(edge: Edge, node: Judged, proxy: Ref, replaced: list[Ref]) -> None:
    """What is wrong with an undeclared certificate is mended by what it was put in place of."""
    for one in node.ailments[:1]:
        gone = ", which does not exist" if any(map(edge.is_absent, replaced)) else ""
        old = " and ".join(map(str, replaced)) + gone
        told = f"attached instead of {old}: {one.evidence}"
        remedy = put_back(edge, proxy, replaced)
        node.ailments[:] = [Ailment(told, remedy, one.sources, contradicted=one.contradicted)]


def _managed(edge: Edge, node: Judged, body: Body, shown: list[TlsSeen]) -> None:
    managed: Any = body.get("managed") or {}
    status = str(managed.get("status") or "PROVISIONING")
    words = {
        host: str(w) for host, w in (managed.get("domainStatus") or {}).items() if w != "ACTIVE"
    }
    told = f"{node.resource} is {status}" + (f" ({_each(words)})" if words else "")
    if status == "ACTIVE":
        if expires(body) and is_past(edge, body):
            told = f"{node.resource} expired at {end_of(body)} though {status}"
            node.ailments.append(Ailment(told, anew(edge, node), API))
        return
    seen = PROBE if any(tls.outcome != "ok" for tls in shown) else NOBODY
    if status == "PROVISIONING_FAILED_PERMANENTLY":
        node.ailments.append(Ailment(told, anew(edge, node), API | seen))
    elif status == "RENEWAL_FAILED":
        expired = f", expired at {end_of(body)}" if is_past(edge, body) else ""
        because = UNDER if _is_about(words, _NOT_FOUND) else frozenset[str]()
        node.ailments.append(
            Ailment(told + expired, anew(edge, node), API | seen, because, is_effect=True)
        )
    else:
        node.ailments.append(_issuing(edge, body, told, words, seen))


def _issuing(edge: Edge, body: Body, told: str, words: dict[str, str], seen: Sources) -> Ailment:
    """Google tries again by itself, and what it waits for may be something else."""
    made = time_of(body.get("creationTimestamp"))
    age = int((edge.signs.at - made).total_seconds()) if made else 0
    left = max(ISSUE - age, 600) if not _is_about(words, _LIMITED) else 86_400
    text = "never make it again, which starts the clock anew and counts against the limit"
    remedy = Remedy("wait", text, seconds=left + int(SOAK), at_most=True)
    is_limited = _is_about(words, _LIMITED)
    because = UNDER if _is_about(words, _NOT_FOUND) and not is_limited else frozenset[str]()
    told += f", made {age // 60} min ago" if made and age >= 0 else ""
    effect = bool(because)
    return Ailment(told, remedy, API | seen, because, waits=True, is_effect=effect)


_NOT_FOUND = ("FAILED_NOT_VISIBLE", "FAILED_CAA_CHECKING", "FAILED_CAA_FORBIDDEN")
_LIMITED = ("FAILED_RATE_LIMITED",)


def _is_about(words: dict[str, str], which: tuple[str, ...]) -> bool:
    return any(word in which for word in words.values())


def _each(words: dict[str, str]) -> str:
    by_word: dict[str, list[str]] = {}
    for host, word in words.items():
        by_word.setdefault(word, []).append(host)
    return "; ".join(f"{word}: {', '.join(hosts)}" for word, hosts in by_word.items())


def _own(node: Judged, edge: Edge, body: Body, shown: list[TlsSeen]) -> None:
    """One that somebody uploaded: its dates and chain are in its body, whatever a client saw."""
    fine = bool(shown) and all(tls.outcome == "ok" for tls in shown)
    remedy = Remedy(
        "propose",
        "attach a managed certificate beside it and wait until it is ACTIVE and served; or upload "
        "the whole chain anew",
        words=("plan", "--target", "SslCertificate/*", "--target", "TargetHttpsProxy/*"),
        seconds=ISSUE + int(SOAK),
        at_most=True,
        undo=AGAIN,
    )
    seen = {problem for tls in shown for problem in (tls.problems or (tls.outcome,))}
    told = wrong_chain(body)
    if is_past(edge, body):
        sources = API | (PROBE if "expired" in seen else NOBODY)
        told = f"{node.resource}, our own, expired at {end_of(body)}"
        node.ailments.append(Ailment(told, remedy, sources, contradicted=fine))
    elif (said := [p for p in _CHAIN if p in seen]) and is_served(body, shown):
        message = next(tls.message for tls in shown if said[0] in (tls.outcome, *tls.problems))
        node.ailments.append(Ailment(message, remedy, PROBE | (API if told else NOBODY)))
    elif (told := told or _unmeant(edge, node)) and not fine:
        node.ailments.append(Ailment(f"{node.resource}: {told}", remedy, API))


def _unmeant(edge: Edge, node: Judged) -> str:
    """That somebody uploaded what Google was to manage: nobody can tell here who signed it."""
    at = node.resource
    is_managed = at in edge.declared and isinstance(at, Ref) and edge.wanted(at).get("managed")
    return "it was uploaded, where the YAML has a managed one" if is_managed else ""


# What is served


def _served(edge: Edge, node: Judged, body: Body, shown: list[TlsSeen]) -> None:
    """A certificate that is in order may still have to reach the front ends."""
    leaf = chain(body)[:1]
    made = leaf[0].not_valid_before_utc if leaf else time_of(body.get("creationTimestamp"))
    age = (edge.signs.at - made).total_seconds() if made else SOAK
    other = [tls for tls in shown if tls.sha256 and not is_served(body, [tls])]
    if any(tls.outcome != "ok" for tls in other):
        tls = next(tls for tls in other if tls.outcome != "ok")
        told = f"{node.resource} is in order, but another one is served: {tls.message}"
    elif edge.signs.hosts and age < SOAK and not any(tls.sha256 for tls in shown):
        told = f"{node.resource} is {age / 60:.0f} min old: front ends may not have it yet"
    elif refused := [tls for tls in shown if tls.outcome in ("reset", "alert")]:
        told = f"{node.resource} is in order, but none is served: {refused[0].message}"
    else:
        return
    text = "up to half an hour, until all front ends have it"
    remedy = Remedy("wait", text, seconds=int(max(SOAK - age, 60) if made else SOAK), at_most=True)
    sources = API | (PROBE if shown else NOBODY)
    because = frozenset({"lb.target_proxy"}) if shown else frozenset[str]()
    node.ailments.append(Ailment(told, remedy, sources, because, waits=True))


def _uncovered(edge: Edge, node: Judged, ways: list[Way], proxy: Ref) -> None:
    """Hosts that no attached certificate is for: told of one of them, a declared one if it is."""
    there = certificates_of(edge, edge.live(proxy) or {})
    meant = certificates_of(edge, edge.wanted(proxy))
    if node.resource != min(there, key=lambda ref: ref not in meant, default=None):
        return
    attached = [edge.live(ref) for ref in there]
    bodies = [body for body in attached if body is not None]
    left = [w.host for w in ways if bodies and not any(covers(body, w.host) for body in bodies)]
    if left and len(bodies) == len(attached):
        told = f"no certificate of {proxy} is for {', '.join(left)}"
        node.ailments.append(Ailment(told, covering(edge, proxy, node, left), API | PROBE))


def _left_out(
    edge: Edge, ref: Ref, under: tuple[str, ...], ways: list[Way], attached: list[Ref]
) -> Judged:
    """A declared certificate that the proxy does not hold."""
    node = _begin(edge, ref, under)
    body = edge.live(ref)
    hosts = [w.host for w in ways if body is None or covers(body, w.host)]
    usable = [edge.live(one) or {} for one in attached]
    bare = [h for h in hosts if not any(covers(b, h) and serves(edge, b) for b in usable)]
    works = [seen.tls.outcome == "ok" for h in hosts if (seen := _seen(edge, h)) and seen.tls]
    if attached or not bare or (works and all(works)):
        node.facts.append(f"{ways[0].proxy} does not hold it")
        return node
    told = f"{ways[0].proxy} does not hold {ref}, and nothing else for {', '.join(bare)}"
    node.ailments.append(Ailment(told, put_back(edge, ways[0].proxy, [ref]), API))
    return node


def _others(edge: Edge, proxy: Ref, ref: Ref, hosts: list[str]) -> list[Ref]:
    """Other attached certificates that serve all its hosts."""
    every = [one for one in certificates_of(edge, edge.live(proxy) or {}) if one != ref]
    bodies = [(one, edge.live(one) or {}) for one in every]
    return [o for o, b in bodies if serves(edge, b) and all(covers(b, host) for host in hosts)]


# What was seen


def _seen(edge: Edge, host: str) -> HostSeen | None:
    return edge.signs.hosts.get(host) or edge.signs.hosts.get(f"{host}.")
