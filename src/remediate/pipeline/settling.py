"""What has to become ready, once every step is taken, before success is claimed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from remediate.kinds.bodies.compare import writable
from remediate.kinds.bodies.links import linked, parent_of
from remediate.kinds.registry import kind
from remediate.model.plan import Step
from remediate.model.ref import Ref
from remediate.pipeline.observe import Observed
from remediate.pipeline.surroundings import Surroundings

DAY = 86_400.0  # seconds; Google takes less than two hours where nothing is in its way


def on_their_way(refs: Iterable[Ref], observed: Observed) -> list[Ref]:
    """Of these, what is live and has yet to become ready, as it will by itself.

    What somebody wrote more than a day ago and is not ready yet waits for more than time.
    """
    return [ref for ref in refs if ref in observed.live and _is_on_its_way(ref, observed)]


def _is_on_its_way(ref: Ref, observed: Observed) -> bool:
    facts, body = kind(ref.kind), observed.live[ref]
    stands = facts.ready(body)
    if stands.ready or stands.failed or facts.ready_when_done:
        return False
    return observed.at is None or _quiet_for(body, observed.at) < DAY


def _quiet_for(body: Mapping[str, object], now: datetime) -> float:
    """Seconds since it was last written; 0 where Google does not tell."""
    names = ("updateTime", "createTime", "creationTimestamp")
    said = next((str(body[name]) for name in names if body.get(name)), "")
    try:
        return (now - datetime.fromisoformat(said)).total_seconds()
    except ValueError:
        return 0.0


def settling(
    levels: Sequence[Sequence[Step]], around: Surroundings, begun: Iterable[Ref] = ()
) -> list[Ref]:
    """What is in use at the end and not ready by then: made or written here, or `begun` before.

    No more than once: what a later step waits for is ready by the end.
    """
    waited = _waited(levels)
    found = [ref for ref in dict.fromkeys([*_unready(levels, around), *begun]) if ref not in waited]
    return [ref for ref in found if ref in _in_use(levels, around)] if found else []


def _unready(levels: Sequence[Sequence[Step]], around: Surroundings) -> Iterator[Ref]:
    """What takes its time once a step has made it, or has written what all are to be shown."""
    for step in (s for level in levels for s in level if not s.ref.is_record_set):
        facts = kind(step.live.kind)
        shown = step.fields and not around.as_it_was and facts.overlaps in step.fields
        if (step.method != "insert" and not shown) or not step.after or facts.ready_when_done:
            continue
        if not facts.ready(writable(facts, step.after)).ready:
            yield step.live


def _waited(levels: Sequence[Sequence[Step]]) -> set[Ref]:
    """What a step waits for after the last one that writes it."""
    written: dict[Ref, int] = {}
    waited: dict[Ref, int] = {}
    for number, level in enumerate(levels):
        for step in level:
            written[step.live] = number
            waited |= dict.fromkeys(step.ready, number)
    return {ref for ref, number in waited.items() if number > written.get(ref, -1)}


def _in_use(levels: Sequence[Sequence[Step]], around: Surroundings) -> set[Ref]:
    """What anything links to once all is done, or what stands in such a thing.

    What stands in another, such as a map's entry, uses nothing as long as nothing uses that.
    """
    bodies: dict[Ref, Mapping[str, object] | None] = {**around.live}
    for step in (s for level in levels for s in level if not s.ref.is_record_set):
        if step.after is not None or step.verb.removes:
            bodies[step.live] = step.after
    uses = {
        at: {*linked(at, kind(at.kind).heeded(body), around.project)} - {parent_of(at)}
        for at, body in bodies.items()
        if body is not None
    }
    shown = set().union(*uses.values())
    used = {ref for at in uses if parent_of(at) in {None, *shown} for ref in uses[at]}
    return used | {at for at in uses if parent_of(at) in shown}
