"""Rotate what a list holds without a gap: attach, wait, put first, see it served, detach.

https://cloud.google.com/load-balancing/docs/ssl-certificates/troubleshooting: a managed
certificate is issued only while the load balancer that its domains lead to holds it, in up to 60
minutes, and served everywhere up to 30 minutes later. Which of two that cover a host is shown,
Google does not say; the first in the list is the one for clients that name no host. So the new one
stands behind the old until it is ready and has soaked, then in front, and the old goes once
handshakes show the new.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from remediate.kinds.bodies.compare import fields_digest, writable
from remediate.kinds.bodies.links import path, project_relative, ref_of
from remediate.kinds.fields.pointers import parts
from remediate.kinds.kind import Kind
from remediate.kinds.registry import kind
from remediate.model.condition import Await, Condition
from remediate.model.plan import FieldChange, Step
from remediate.model.ref import Ref
from remediate.pipeline.surroundings import Surroundings, is_ready

HTTPS = 443


@dataclass(frozen=True, slots=True)
class Overlap:
    """A list that is to change, on its way. Links are Google's."""

    facts: Kind
    step: Step  # all of it at once
    around: Surroundings

    @property
    def name(self) -> str:
        return self.facts.overlaps

    @property
    def old(self) -> list[str]:
        return list((self.step.before or {}).get(self.name) or ())

    @property
    def wanted(self) -> list[str]:
        return list((self.step.after or {}).get(self.name) or ())

    @property
    def leaving(self) -> list[str]:
        return [link for link in self.old if link not in self.wanted]

    def arriving(self) -> dict[str, Ref]:
        """Of what is wanted, all that takes its time and does not stand in front already."""
        front = self.old[: len(self.wanted)] == self.wanted
        return {
            link: ref
            for link in self.wanted
            if (ref := ref_of(link, self.around.project)) and self.takes_time(ref)
            if not is_ready(ref, self.around)
            or not (self.around.as_it_was or (front and link in self.old))
        }

    def takes_time(self, ref: Ref) -> bool:
        """Whether one that is made anew would not be ready at once."""
        if ref in self.around.at_once:
            return False
        body = self.around.live.get(ref) or self.around.wanted.get(ref)
        facts = kind(ref.kind)
        return body is None or not facts.ready(writable(facts, body)).ready

    def staying(self, arriving: Mapping[str, Ref]) -> list[str]:
        """What holds the place meanwhile; what will never be ready need not."""
        refs = {link: ref_of(link, self.around.project) for link in self.old}
        good = [link for link in self.old if not _has_failed(refs[link], self.around)]
        return good or [link for link in self.old if link not in arriving]

    def with_list(self, before: list[str], after: list[str], note: str) -> Step:
        """The step that makes the one list of the other, and nothing else."""
        return replace(
            self.step,
            before={**(self.step.before or {}), self.name: before},
            after={**(self.step.after or {}), self.name: after},
            fields=(self.name,),
            changes=(FieldChange(f"/{self.name}", before, after),),
            precondition=fields_digest(
                self.facts, {self.name: before}, (self.name,), self.around.project
            ),
            note=note,
        )


def overlapping(facts: Kind, step: Step, around: Surroundings) -> list[Step]:
    """The writes, in their order, that a change of such a list takes; one where that is safe."""
    overlap = Overlap(facts, step, around)
    arriving = overlap.arriving()
    if not (overlap.old and overlap.leaving):
        return [step]
    if not arriving:
        return [replace(step, awaits=tuple(_seen(overlap, _successors(overlap))))]
    return [*_rotation(overlap, arriving)]


def _rotation(overlap: Overlap, arriving: Mapping[str, Ref]) -> Iterator[Step]:
    around, old, wanted = overlap.around, overlap.old, overlap.wanted
    staying = overlap.staying(arriving)
    both = staying + [link for link in wanted if link not in staying]
    new = [link for link in both if link not in old]
    if both != old or len(overlap.step.fields) > 1:
        yield _attachment(overlap, both, [arriving[link] for link in new if link in arriving])
    waiting = tuple(ref for ref in arriving.values() if not is_ready(ref, around))
    retreat = [link for link in staying if link not in arriving] or staying
    instead = overlap.with_list(both, retreat, "detach the new again; the old serves as before")
    soaking = tuple(_soaks(overlap, arriving))
    if not overlap.facts.handshakes:
        last = overlap.with_list(both, wanted, "detach the old, once the new is ready")
        yield replace(last, ready=(*waiting, *_holder(overlap)), awaits=soaking, instead=instead)
        return
    first = wanted + [link for link in both if link not in wanted]
    ahead = overlap.with_list(both, first, "put the new first, once it is ready")
    yield replace(ahead, ready=waiting, awaits=soaking, instead=instead)
    instead = overlap.with_list(first, retreat, instead.note)
    last = overlap.with_list(first, wanted, "detach the old, once the new is served")
    yield replace(last, awaits=tuple(_seen(overlap, arriving.values())), instead=instead)


def _holder(overlap: Overlap) -> Iterator[Ref]:
    """What holds the list, where Google says of it when everybody is shown what is in it."""
    at = overlap.step.live
    if not overlap.around.as_it_was and overlap.takes_time(at):
        yield at


def _attachment(overlap: Overlap, both: list[str], new: list[Ref]) -> Step:
    """The list with the new in it, and whatever else the step changes."""
    others = tuple(c for c in overlap.step.changes if parts(c.pointer)[0] != overlap.name)
    held = FieldChange(f"/{overlap.name}", overlap.old, both)
    return replace(
        overlap.step,
        after={**(overlap.step.after or {}), overlap.name: both},
        changes=(*others, *([held] if both != overlap.old else ())),
        note="attach beside the old",
        awaits=tuple(
            Condition(Await.ISSUABLE, ref, overlap.step.live, domains)
            for ref in new
            if is_led_to(overlap) and not _is_proved_elsewhere(ref, overlap.around)
            if (domains := _domains(ref, overlap.around))
        ),
    )


def _soaks(overlap: Overlap, arriving: Mapping[str, Ref]) -> Iterator[Condition]:
    for ref in arriving.values():
        seconds = overlap.around.soaks.get(ref, kind(ref.kind).soak)
        if seconds:
            yield Condition(Await.SOAK, ref, overlap.step.live, seconds=seconds)


def _successors(overlap: Overlap) -> Iterator[Ref]:
    """What stands in front already, for hosts of what is leaving."""
    refs = [ref_of(link, overlap.around.project) for link in overlap.leaving]
    left = {host for ref in refs if ref for host in _hosts(ref, overlap.around)}
    for link in overlap.wanted:
        ref = ref_of(link, overlap.around.project)
        if ref and overlap.takes_time(ref) and left & {*_hosts(ref, overlap.around)}:
            yield ref


def _seen(overlap: Overlap, refs: Iterable[Ref]) -> Iterator[Condition]:
    """What takes its time is to be seen before what it replaces goes."""
    if not overlap.facts.handshakes or overlap.around.as_it_was or not is_led_to(overlap):
        return
    for ref in refs:
        if domains := _domains(ref, overlap.around):
            yield Condition(Await.SERVED, ref, overlap.step.live, domains)


def is_led_to(overlap: Overlap) -> bool:
    """Whether a live rule on port 443 sends clients to the holder by now."""
    rules = (body for at, body in overlap.around.live.items() if at.kind == "ForwardingRule")
    return any(leads(rule, overlap.step.live, overlap.around.project) for rule in rules)


def leads(rule: Mapping[str, Any], holder: Ref, project: str) -> bool:
    """Whether a forwarding rule sends what comes to port 443 to a proxy."""
    target = project_relative(str(rule.get("target") or ""), project)
    first, _, last = str(rule.get("portRange") or "").partition("-")
    if target != path(project, holder) or not first.isdigit():
        return False
    return int(first) <= HTTPS <= int(last or first)


def swaps_at_once(facts: Kind, step: Step, around: Surroundings) -> list[Ref]:
    """What takes its time and would stand alone in the list before it can be served."""
    overlap = Overlap(facts, step, around)
    if facts.overlaps not in step.fields or not overlap.old or around.as_it_was:
        return []
    if set(overlap.old) & set(overlap.wanted):
        return []
    refs = [ref for link in overlap.wanted if (ref := ref_of(link, around.project))]
    return [ref for ref in refs if not is_ready(ref, around)]


def _has_failed(ref: Ref | None, around: Surroundings) -> bool:
    body = around.live.get(ref) if ref else None
    return ref is not None and body is not None and kind(ref.kind).ready(dict(body)).failed


def _is_proved_elsewhere(ref: Ref, around: Surroundings) -> bool:
    """Whether it is issued wherever the names lead."""
    alone = kind(ref.kind).ready_alone
    return alone is not None and alone(around.live.get(ref) or around.wanted.get(ref) or {})


def _hosts(ref: Ref, around: Surroundings) -> Iterator[str]:
    """The names that a certificate is for, Google's or one of our own."""
    body = around.live.get(ref) or around.wanted.get(ref) or {}
    managed = body.get("managed") or {}
    for name in (*(managed.get("domains") or ()), *(body.get("subjectAlternativeNames") or ())):
        yield str(name).lower().removesuffix(".")


def _domains(ref: Ref, around: Surroundings) -> tuple[str, ...]:
    body = around.live.get(ref) or around.wanted.get(ref) or {}
    managed = body.get("managed") or {}
    names = (str(domain).removesuffix(".") for domain in managed.get("domains") or ())
    return tuple(re.sub(r"^\*\.", "www.", name) for name in names)  # one name of all that it covers
