"""The names of a survey: what the zones above, name servers and resolvers say of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from remediate.diagnosis.signs import GoogleSide, NameSeen
from remediate.model.observation import Live
from remediate.model.ref import Ref
from remediate.model.resource import Desired, Zone
from remediate.pipeline.aims import Aim
from remediate.pipeline.deadline import Deadline
from remediate.pipeline.survey_outside import Prober
from remediate.probes.delegation import Delegation, delegation, sibling
from remediate.probes.dial import Dial
from remediate.probes.dns import RESOLVERS, Question, ask
from remediate.probes.seen import DnsSeen

_TYPES = ("A", "AAAA")
_PARTS = ("authoritative", "resolvers", "unchecked")
_SILENT = ("timeout", "unreachable")
_ROUND = 2.5  # seconds that a round of questions may take
_LEAST = 0.5  # seconds; with less nobody far away could be heard


def look_above(dial: Dial, desired: Desired, aims: Sequence[Aim]) -> dict[Ref, Delegation]:
    """What the zones above say of each zone of these."""
    zones = dict.fromkeys(aim.zone for aim in aims if aim.zone is not None)
    return {ref: delegation(dial, _apex(ref, desired), deadline=_ROUND) for ref in zones}


def look_at_names(
    prober: Prober,
    aims: Sequence[Aim],
    google: GoogleSide,
    found: Mapping[Ref, Delegation],
    deadline: Deadline,
) -> dict[str, NameSeen]:
    """Ask every name server that is delegated to, or that Google names, and resolvers."""
    zones = dict.fromkeys(aim.zone for aim in aims if aim.zone is not None)
    servers = {ref: [*_servers(prober, ref, google, found.get(ref), deadline)] for ref in zones}
    apexes = {ref: found[ref].apex for ref in zones if ref in found}
    questions = [q for aim in aims for q in _questions(aim, apexes, servers)]
    answers = iter(ask(prober.dial, questions, deadline=_share(deadline)))
    seen = {}
    for aim in aims:
        asked: dict[str, list[DnsSeen]] = {part: [] for part in _PARTS}
        for question in _questions(aim, apexes, servers):
            asked[_part(question)].append(next(answers))
        above = found.get(aim.zone) if aim.zone else None
        seen[aim.host] = NameSeen(
            aim.name,
            aim.zone,
            above.seen if above else (),
            ds=above.ds if above else (),
            signers=above.ds_seen if above else (),
            **{part: tuple(said) for part, said in asked.items()},
        )
    return seen | _asked_afresh(prober, [*seen.items()], deadline)


def _asked_afresh(
    prober: Prober, seen: Sequence[tuple[str, NameSeen]], deadline: Deadline
) -> dict[str, NameSeen]:
    """Where no server of a zone answers us, whether it answers resolvers: about no name they know.

    One name of each zone is enough.
    """
    mute = {name.zone: (host, name) for host, name in reversed(seen) if _is_mute(name)}
    fresh = {host: (sibling(name.name, prober.chance), name) for host, name in mute.values()}
    asked = [Question(name, "A", each, each) for name, _ in fresh.values() for each in RESOLVERS]
    told = ask(prober.dial, asked, deadline=_share(deadline)) if asked else []
    return {
        host: replace(name, fresh=tuple(one for one in told if one.name == beside))
        for host, (beside, name) in fresh.items()
    }


def _is_mute(name: NameSeen) -> bool:
    own = name.authoritative
    return bool(own) and all(one.outcome in _SILENT for one in own) and bool(name.parent)


def _share(deadline: Deadline) -> float:
    """Seconds for one round more, so that there is time for what comes after it."""
    return max(_LEAST, min(_ROUND, deadline.left / 3))


def _apex(zone: Ref, desired: Desired) -> str:
    declared = desired.resources[zone]
    assert isinstance(declared, Zone)
    return declared.dns_name


def _servers(
    prober: Prober, zone: Ref, google: GoogleSide, found: Delegation | None, deadline: Deadline
) -> Iterator[tuple[str, str]]:
    """Whom the parent names, then whom only Google names; an address is "" where none is known."""
    delegated = found.servers if found else ()
    yield from delegated
    known = {name for name, _address in delegated}
    body = google.resources.get(zone)
    names: Any = body.body.get("nameServers") if isinstance(body, Live) else ()
    others = [str(name) for name in names or () if name not in known]
    asked = [Question(name, "A", each, each) for name in others for each in RESOLVERS]
    answers = ask(prober.dial, asked, deadline=_share(deadline)) if asked else []
    for name in others:
        told = [said.values[0] for said in answers if said.name == name and said.values]
        yield name, told[0] if told else ""


def _questions(
    aim: Aim, apexes: Mapping[Ref, str], servers: Mapping[Ref, list[tuple[str, str]]]
) -> list[Question]:
    known = servers[aim.zone] if aim.zone else []
    apex = apexes.get(aim.zone, "") if aim.zone else ""
    direct = [
        Question(aim.name, rrtype, server, address, recursive=False, zone=apex)
        for server, address in known
        for rrtype in _TYPES
    ]
    public = [Question(aim.name, rrtype, each, each) for each in RESOLVERS for rrtype in _TYPES]
    unchecked = [Question(aim.name, "A", each, each, checked=False) for each in RESOLVERS]
    return [*direct, *public, *unchecked]


def _part(question: Question) -> str:
    if not question.recursive:
        return "authoritative"
    return "resolvers" if question.checked else "unchecked"
