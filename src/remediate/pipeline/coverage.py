"""Which hosts clients are shown a certificate for, before a step and after it.

Of a certificate that Google has yet to issue nobody is shown anything; of one that could not be
renewed everybody is, until it expires.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from remediate.kinds.bodies.links import parent_of, path, project_relative, ref_of
from remediate.kinds.registry import kind
from remediate.model.plan import Step
from remediate.model.ref import Ref
from remediate.pipeline.surroundings import Surroundings, is_ready

Fields: TypeAlias = Mapping[str, Any]
HTTPS = 443
RULE, TARGET = "ForwardingRule", "target"


@dataclass(frozen=True, slots=True)
class Loss:
    """What a step takes from clients: a host that is served now, and what is to serve it then.

    `pending` are certificates for the host that are not issued yet; without any, none is for it.
    """

    host: str
    pending: tuple[Ref, ...]


def losses(step: Step, around: Surroundings, awaited: Collection[Ref]) -> Iterator[Loss]:
    """`awaited` are the certificates that are waited for before the step begins."""
    sides = _sides(step, around)
    if sides is None:
        return
    before, after = (_certificates(*side, around) for side in sides)
    if before is None or after is None:
        return
    served = {host for ref in before if _serves(ref, around) for host in hosts_of(ref, around)}
    for host in sorted(served):
        on = [ref for ref in after if _is_for(ref, host, around)]
        if not any(_serves(ref, around) or ref in awaited for ref in on):
            yield Loss(host, tuple(on))


def hosts_of(ref: Ref, around: Surroundings) -> set[str]:
    """The names that a certificate is for; empty where its body does not tell."""
    body = around.live.get(ref) or around.wanted.get(ref) or {}
    managed = body.get("managed") or {}
    told = (
        *(managed.get("domains") or ()),
        *(body.get("subjectAlternativeNames") or ()),
        *(body.get("sanDnsnames") or ()),
    )
    return {str(name).lower().removesuffix(".") for name in told}


def leads(rule: Fields, holder: Ref, project: str) -> bool:
    """Whether a forwarding rule sends what comes to port 443 to a proxy."""
    target = project_relative(str(rule.get(TARGET) or ""), project)
    return target == path(project, holder) and _listens(rule)


def is_led_to(holder: Ref, around: Surroundings) -> bool:
    """Whether a live rule on port 443 sends clients to a proxy by now."""
    rules = (body for at, body in around.live.items() if at.kind == RULE)
    return any(leads(rule, holder, around.project) for rule in rules)


def _sides(step: Step, around: Surroundings) -> tuple[tuple[Ref, Fields], ...] | None:
    """The holder whose certificates clients are shown before the step, and after; None: nobody."""
    facts = kind(step.live.kind) if not step.ref.is_record_set else None
    if facts is None or step.after is None:
        return None
    if step.live.kind == RULE:
        return _targets(step, around)
    live = around.live.get(step.live)
    if step.before is None or live is None or not (facts.handshakes or facts.overlaps):
        return None
    shown = is_led_to if facts.handshakes else _is_mapped
    if not shown(step.live, around):
        return None
    return (step.live, step.before), (step.live, {**step.before, **step.after})


def _targets(step: Step, around: Surroundings) -> tuple[tuple[Ref, Fields], ...] | None:
    live = around.live.get(step.live) or {}
    if not _listens(live) or not step.after:
        return None
    found = []
    for link in (live.get(TARGET), step.after.get(TARGET)):
        ref = ref_of(str(link), around.project) if link else None
        body = (around.live.get(ref) or around.wanted.get(ref)) if ref else None
        if ref is None or body is None:
            return None
        found.append((ref, body))
    return tuple(found)


def _listens(rule: Fields) -> bool:
    first, _, last = str(rule.get("portRange") or "").partition("-")
    return first.isdigit() and int(first) <= HTTPS <= int(last or first)


def _is_mapped(entry: Ref, around: Surroundings) -> bool:
    above = parent_of(entry)
    return any(
        is_led_to(at, around)
        for at, body in around.live.items()
        if kind(at.kind).handshakes
        and above is not None
        and ref_of(str(body.get("certificateMap") or ""), around.project) == above
    )


def _certificates(holder: Ref, body: Fields, around: Surroundings) -> list[Ref] | None:
    """All that clients may be shown; None where something of it is not known here."""
    facts = kind(holder.kind)
    if above := body.get("certificateMap"):
        return _of_map(str(above), around)
    refs = [ref_of(str(link), around.project) for link in body.get(facts.overlaps) or ()]
    known = [ref for ref in refs if ref and (ref in around.live or ref in around.wanted)]
    return known if len(known) == len(refs) else None


def _of_map(link: str, around: Surroundings) -> list[Ref] | None:
    above = ref_of(link, around.project)
    bodies = {**around.live, **around.wanted}
    if above not in bodies:
        return None
    entries = [(at, body) for at, body in bodies.items() if parent_of(at) == above]
    found = [_certificates(at, body, around) for at, body in entries]
    return None if None in found else [ref for each in found for ref in each or ()]


def _serves(ref: Ref, around: Surroundings) -> bool:
    live = around.live.get(ref)
    stands = kind(ref.kind).ready(dict(live)) if live else None
    return is_ready(ref, around) or (stands is not None and stands.serves)


def _is_for(ref: Ref, host: str, around: Surroundings) -> bool:
    """What does not tell its names may be for any."""
    names = hosts_of(ref, around)
    return not names or bool(names & {host, f"*.{host.partition('.')[2]}"})
