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

from remediate.kinds.bodies.compare import fields_digest, writable
from remediate.kinds.bodies.links import ref_of
from remediate.kinds.fields.pointers import parts
from remediate.kinds.kind import Kind
from remediate.kinds.registry import kind
from remediate.model.condition import Await, Condition
from remediate.model.plan import FieldChange, Step
from remediate.model.ref import Ref
from remediate.pipeline.coverage import hosts_of, is_led_to
from remediate.pipeline.surroundings import Surroundings, is_ready

_RETREAT = "detach the new again; the old serves as before"


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
        """Of what is wanted, all that takes its time and is to take over from what is leaving."""
        return {
            link: ref
            for link in self.wanted
            if (ref := ref_of(link, self.around.project)) and self.takes_time(ref)
            if link not in self.old or self.succeeds(ref)
            if not is_ready(ref, self.around)
            or not (self.around.as_it_was or self.is_in_front(link))
        }

    def is_in_front(self, link: str) -> bool:
        """Whether it stands before all that is leaving."""
        ahead = [self.old.index(each) for each in self.leaving]
        return link in self.old and self.old.index(link) < min(ahead, default=len(self.old))

    def succeeds(self, ref: Ref) -> bool:
        """Whether it is for a host of what is leaving; what tells no hosts may be for any."""
        refs = [ref_of(link, self.around.project) for link in self.leaving]
        left = [hosts_of(each, self.around) if each else set() for each in refs]
        return any(not hosts or hosts & hosts_of(ref, self.around) for hosts in left)

    @property
    def is_seen(self) -> bool:
        """Whether clients are shown what is in the list by now; a rollback takes it as it is."""
        shown = self.facts.handshakes and not self.around.as_it_was
        return shown and is_led_to(self.step.live, self.around)

    def takes_time(self, ref: Ref) -> bool:
        """Whether one that is made anew would not be ready at once."""
        if ref in self.around.at_once:
            return False
        body = self.around.live.get(ref) or self.around.wanted.get(ref)
        facts = kind(ref.kind)
        return body is None or not facts.ready(writable(facts, body)).ready

    @property
    def staying(self) -> list[str]:
        """All that is there; but for what was never issued, and will not be."""
        return [link for link in self.old if not self._is_void(link)] or self.old

    def _is_void(self, link: str) -> bool:
        ref = ref_of(link, self.around.project)
        body = self.around.live.get(ref) if ref else None
        if ref is None or body is None:
            return False
        stands = kind(ref.kind).ready(dict(body))
        return stands.failed and not stands.serves

    def without(self, links: Iterable[str]) -> list[str]:
        """What there is without these, the way back from a rotation."""
        gone = {*links}
        return [link for link in self.staying if link not in gone] or self.staying

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
        return [_detachment(overlap, step)]
    return [*_rotation(overlap, arriving)]


def _detachment(overlap: Overlap, step: Step) -> Step:
    """The last step of a rotation that was interrupted, or just one less."""
    refs = {link: ref_of(link, overlap.around.project) for link in overlap.wanted}
    ahead = {
        link: ref
        for link, ref in refs.items()
        if ref and overlap.takes_time(ref) and overlap.succeeds(ref)
    }
    seen = tuple(_seen(overlap, ahead.values()))
    if not seen:
        return step
    instead = overlap.with_list(overlap.old, overlap.without(ahead), _RETREAT)
    return replace(step, awaits=seen, instead=instead)


def _rotation(overlap: Overlap, arriving: Mapping[str, Ref]) -> Iterator[Step]:
    around, old, wanted = overlap.around, overlap.old, overlap.wanted
    both = overlap.staying + [link for link in wanted if link not in overlap.staying]
    new = [link for link in both if link not in old]
    if both != old or len(overlap.step.fields) > 1:
        yield _attachment(overlap, both, [arriving[link] for link in new if link in arriving])
    waiting = tuple(ref for ref in arriving.values() if not is_ready(ref, around))
    instead = overlap.with_list(both, overlap.without(arriving), _RETREAT)
    soaking = tuple(_soaks(overlap, arriving))
    if not overlap.facts.handshakes:
        last = overlap.with_list(both, wanted, "detach the old, once the new is ready")
        yield replace(last, ready=(*waiting, *_holder(overlap)), awaits=soaking, instead=instead)
        return
    first = wanted + [link for link in both if link not in wanted]
    ahead = overlap.with_list(both, first, "put the new first, once it is ready")
    yield replace(ahead, ready=waiting, awaits=soaking, instead=instead)
    instead = overlap.with_list(first, overlap.without(arriving), _RETREAT)
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
            if overlap.is_seen and not _is_proved_elsewhere(ref, overlap.around)
            if (domains := _domains(ref, overlap.around))
        ),
    )


def _soaks(overlap: Overlap, arriving: Mapping[str, Ref]) -> Iterator[Condition]:
    for ref in arriving.values():
        seconds = overlap.around.soaks.get(ref, kind(ref.kind).soak)
        if seconds:
            yield Condition(Await.SOAK, ref, overlap.step.live, seconds=seconds)


def _seen(overlap: Overlap, refs: Iterable[Ref]) -> Iterator[Condition]:
    """What takes its time is to be seen before what it replaces goes."""
    for ref in refs if overlap.is_seen else ():
        if domains := _domains(ref, overlap.around):
            yield Condition(Await.SERVED, ref, overlap.step.live, domains)


def _is_proved_elsewhere(ref: Ref, around: Surroundings) -> bool:
    """Whether it is issued wherever the names lead."""
    alone = kind(ref.kind).ready_alone
    return alone is not None and alone(around.live.get(ref) or around.wanted.get(ref) or {})


def _domains(ref: Ref, around: Surroundings) -> tuple[str, ...]:
    body = around.live.get(ref) or around.wanted.get(ref) or {}
    managed = body.get("managed") or {}
    names = (str(domain).removesuffix(".") for domain in managed.get("domains") or ())
    return tuple(re.sub(r"^\*\.", "www.", name) for name in names)  # one name of all that it covers
