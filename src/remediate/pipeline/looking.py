"""What became of a request whose answer never came: found out by looking, never by guessing.

A timeout is neither a failure nor a success. What is under way is waited for first, since what it
is to write may not be there yet. Then live tells: as the request was to leave it, it is done; as it
was before, the same request may go again; anything else is somebody else's doing. Where the
API keeps what became of a request (Compute Engine does), a body that is only like ours is not ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from remediate.gcp.api import Api
from remediate.gcp.compute import WITHOUT_ID
from remediate.gcp.errors import NotFound
from remediate.gcp.google import Google
from remediate.gcp.operations import Operation
from remediate.kinds.bodies.calls import read
from remediate.kinds.bodies.compare import changeable_fields, fields_digest
from remediate.kinds.bodies.links import scope_path
from remediate.kinds.bodies.moved import moves, shown
from remediate.kinds.bodies.readback import brings_more, by_people, not_as_sent
from remediate.kinds.registry import kind
from remediate.model.errors import ApiRefused, RemediateError, Stale
from remediate.model.json import Body
from remediate.model.plan import FieldChange
from remediate.model.ref import Ref
from remediate.pipeline.steps import record_digest


class Found(Enum):
    """What a look shows of one request."""

    NEW = "it has taken effect"
    OLD = "it has not"
    OTHER = "somebody else has been there"


@dataclass(frozen=True, slots=True)
class Meant:
    """What one request was to do to one resource: all of it, or the `fields` of an update.

    `request` is its id, where it was sent with one.
    """

    live: Ref
    method: str
    before: Body | None
    wanted: Body | None
    fields: tuple[str, ...] = ()
    request: str = ""

    def verdict(self, now: Body | None, project: str) -> Found:
        # old first: of an update that only takes fields away nothing wanted can be missing
        if self._is_old(now, project):
            return Found.OLD
        return Found.NEW if self.is_new(now, project) else Found.OTHER

    def is_new(self, now: Body | None, project: str) -> bool:
        """Whether live is what the request leaves behind, as far as a body can tell."""
        if self.wanted is None or now is None:
            return self.wanted is None and now is None
        if self.live.is_record_set:
            return record_digest(self.wanted) == record_digest(now)
        return not self._strange(self.wanted, now, project)

    def leaves_doubt(self, now: Body | None, project: str) -> bool:
        """Whether others may have written what looks like ours: made it, or more than we sent."""
        if self.wanted is None or now is None or self.live.is_record_set:
            return False
        if self.before is None:
            return True
        facts = kind(self.live.kind)
        fields = self.fields or changeable_fields(facts, self.before)
        return brings_more(facts, self.wanted, now, project, fields)

    def _is_old(self, now: Body | None, project: str) -> bool:
        if self.before is None or now is None:
            return self.before is None and now is None
        if self.live.is_record_set:
            return record_digest(self.before) == record_digest(now)
        facts = kind(self.live.kind)
        fields = self.fields or changeable_fields(facts, self.before)
        was, found = (fields_digest(facts, each, fields, project) for each in (self.before, now))
        return was == found

    def conflict(self, now: Body | None, project: str) -> Stale:
        """Which resource, which field, planned from what, and what is live."""
        what = f"{self.live}: whether {self.method} took effect is not known, and now it"
        if self.before is None and self.wanted is not None and now is not None:
            return Stale(
                f"{what} is there as somebody else has made it{self._theirs(now, project)}"
            )
        if self.live.is_record_set or now is None or self.before is None:
            was, is_now = (words(body, project) for body in (self.before, now))
            return Stale(f"{what} is {is_now}; it was {was}")
        facts = kind(self.live.kind)
        fields = self.fields or changeable_fields(facts, self.before)
        return Stale(f"{what} is neither: {moves(facts, self.before, now, fields, project)}")

    def _theirs(self, now: Body, project: str) -> str:
        """Where it is not as ours would be; nothing where only its operation tells."""
        if self.live.is_record_set or self.wanted is None:
            return f": {words(now, project)}"
        found = self._strange(self.wanted, now, project)
        told = {f"{one.pointer} is {shown(one.before, project)}": None for one in found}
        return f": {'; '.join(told)}" if told else ""

    def _strange(self, wanted: Body, now: Body, project: str) -> list[FieldChange]:
        facts = kind(self.live.kind)
        more = by_people(facts, wanted, now) if self.before is None else ()
        return [*not_as_sent(facts, wanted, now, project, self.fields), *more]


def judged(google: Google, meant: Meant, now: Body | None) -> Found:
    """What one request has come to, by the live body and by what the API keeps of requests."""
    found = meant.verdict(now, google.project)
    return Found.OTHER if found is Found.NEW and is_by_others(google, meant, now) else found


def is_by_others(google: Google, meant: Meant, now: Body | None) -> bool:
    """Whether what looks like ours was not written by our request, as its operation tells."""
    if not meant.request or not meant.leaves_doubt(now, google.project):
        return False
    facts, scope = kind(meant.live.kind), scope_path(meant.live)
    if facts.api is not Api.COMPUTE or (facts.collection, scope, meant.method) in WITHOUT_ID:
        return False
    assert now is not None
    done = google.compute.done_by(scope, meant.request)
    return not any(one.body.get("targetId", now.get("id")) == now.get("id") for one in done)


def words(body: Mapping[str, object] | None, project: str) -> str:
    """A record set in a few words; of anything else, whether it is there."""
    if body is None:
        return "not there"
    values = body.get("rrdatas") or body.get("routingPolicy")
    return f"{body.get('ttl')} {shown(values, project)}" if values else "there"


def look(google: Google, meant: Sequence[Meant]) -> tuple[list[Found], dict[Ref, Body | None]]:
    """What a look shows of each, once nothing is under way there any more, and the bodies."""
    await_quiet(google, {each.live for each in meant})
    bodies = {each.live: _now(google, each.live) for each in meant}
    return [judged(google, each, bodies[each.live]) for each in meant], bodies


def _now(google: Google, ref: Ref) -> Body | None:
    try:
        return read(google, ref)
    except NotFound:  # a record set whose zone is gone
        return None


def settled(google: Google, *meant: Meant) -> Found:
    """What became of one request, which is done whole or not at all.

    Raises Stale, naming what is neither as before nor as meant.
    """
    found, bodies = look(google, meant)
    if len({*found}) == 1 and found[0] is not Found.OTHER:
        return found[0]
    strange = [one for one, each in zip(meant, found, strict=True) if each is Found.OTHER]
    said = [str(one.conflict(bodies[one.live], google.project)) for one in strange or meant]
    raise Stale("\n".join(said))


def read_back(google: Google, ref: Ref) -> Body | None:
    """What a write has left; where nobody can look, it is not known how it ended."""
    try:
        return read(google, ref)
    except RemediateError as error:
        error.unsure = True
        raise


def await_quiet(google: Google, refs: set[Ref]) -> None:
    """Until nothing is under way with any of these, however it ends."""
    for operation in _under_way(google, refs):
        try:
            google.wait(operation)
        except ApiRefused as failed:
            if failed.unsure:
                raise


def _under_way(google: Google, refs: set[Ref]) -> Iterator[Operation]:
    for zone in sorted({ref.zone.name for ref in refs if ref.is_record_set}):
        yield from google.dns.changes_under_way(zone)
    for ref in sorted(ref for ref in refs if not ref.is_record_set):
        facts = kind(ref.kind)
        name = ref.name.rpartition("/")[2]
        yield from google.api(facts.api).under_way(scope_path(ref), facts.collection, name)
