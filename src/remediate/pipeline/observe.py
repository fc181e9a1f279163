"""Read the live side: one list per collection and place, all at once, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, TypeAlias

from remediate.gcp.errors import NotFound
from remediate.gcp.reading import Reads
from remediate.kinds.bodies.links import own_name, ref_of, scope_path
from remediate.kinds.fields.pointers import Patterns, leaves
from remediate.kinds.registry import kind
from remediate.model.errors import NotAuthorised, RemediateError
from remediate.model.json import Body
from remediate.model.observation import ABSENT, Live, Observation, Unreadable
from remediate.model.progress import Reading, Watcher, tell
from remediate.model.ref import Ref
from remediate.model.resource import Desired, Resource
from remediate.pipeline.denials import OF_RECORD_SETS, Collection, permission, unread

_Answer: TypeAlias = "dict[Ref, Body] | RemediateError"


@dataclass(frozen=True, slots=True)
class Observed:
    """What the lists showed, by Google's own names.

    `record_sets` are read page by page, once, while they are compared: a large zone is never held
    whole.
    """

    project: str
    live: Mapping[Ref, Body]
    unreadable: Mapping[Collection, RemediateError] = field(default_factory=dict)
    record_sets: Mapping[str, Iterator[list[Body]]] = field(default_factory=dict)
    at: datetime | None = None  # when

    def look(self, ref: Ref) -> Observation:
        if (why := self.unreadable.get((ref.kind, ref.location))) is not None:
            return Unreadable(str(why))
        body = self.live.get(ref)
        return ABSENT if body is None else Live(body)

    def insist(self) -> None:
        """Raise unless everything could be read; the message names every collection."""
        if self.unreadable:
            raise unread(self.project, self.failures())

    def failures(self) -> Iterator[tuple[str, RemediateError]]:
        """Each list that failed, by the permission that it takes, and why."""
        for at, why in self.unreadable.items():
            if self.unreadable.get(_around(at)) is not why:  # else it was never asked for
                yield permission(at), why


def observe(
    google: Reads,
    desired: Desired,
    remembered: Iterable[Ref] = (),
    watchers: Sequence[Watcher] = (),
) -> Observed:
    """Read every collection that the environment, or the ledger's memory of it, needs."""
    remembered = [*remembered]
    known = {*desired.resources, *remembered}
    zones = sorted(ref.name for ref in known if ref.kind == "DnsZone" and not ref.is_record_set)
    return look_at(google, _needed(desired, remembered), zones, watchers)


def look_at(
    google: Reads,
    collections: Iterable[Collection],
    zones: Sequence[str],
    watchers: Sequence[Watcher] = (),
) -> Observed:
    """List these collections, and the record sets of these zones, all at once."""
    wanted = sorted(collections)
    count = len(wanted) + len(zones)
    tell(watchers, Reading(f"{count} {'list' if count == 1 else 'lists'} of {google.project}"))
    nested = [at for at in wanted if kind(at[0]).parent]
    first = sorted({*wanted} - {*nested} | {_around(at) for at in nested})
    reads: list[Callable[[], Any]] = [partial(_listed, google, *at) for at in first]
    reads += [partial(_pages, google, zone) for zone in zones]
    answers = google.read_all(reads)
    lists: dict[Collection, _Answer] = dict(zip(first, answers, strict=False))
    lists |= {at: _inside(google, at, lists[_around(at)]) for at in nested}
    pages = dict(zip(zones, answers[len(first) :], strict=True))
    observed = Observed(
        google.project,
        {ref: body for at in wanted for ref, body in _bodies(lists[at])},
        {at: why for at in wanted if isinstance(why := lists[at], RemediateError)},
        pages,
        google.clock.now(),
    )
    denied = [why for why in pages.values() if isinstance(why, NotAuthorised)]
    if denied:
        raise unread(
            google.project, [*observed.failures(), *((OF_RECORD_SETS, why) for why in denied)]
        )
    return observed


def _listed(google: Reads, name: str, location: str, parent: str = "") -> _Answer:
    facts = kind(name)
    try:
        bodies = google.api(facts.api).list(
            scope_path(Ref(name, parent, location)), facts.collection
        )
    except RemediateError as error:
        return error
    return {Ref(name, own_name(parent, body), location): facts.seen(body) for body in bodies}


def _around(at: Collection) -> Collection:
    """Where the resources of a collection stand in, if they stand in others."""
    return kind(at[0]).parent, at[1]


def _inside(google: Reads, at: Collection, above: _Answer) -> _Answer:
    """What stands in these, by a list for each of them."""
    if isinstance(above, RemediateError):
        return above
    answers = google.read_all([partial(_listed, google, *at, ref.name) for ref in above])
    found: dict[Ref, Body] = {}
    for answer in answers:
        if isinstance(answer, RemediateError):
            return answer
        found |= answer
    return found


def _bodies(answer: _Answer) -> Iterable[tuple[Ref, Body]]:
    return answer.items() if isinstance(answer, dict) else ()


def _pages(google: Reads, zone: str) -> Iterator[list[Body]] | NotAuthorised:
    """The pages of a zone, the first one read already; none where there is no such zone."""
    pages = google.record_sets(zone)
    try:
        first = next(pages, [])
    except NotFound:
        return iter(())
    except NotAuthorised as denied:
        return denied
    return chain([first], pages)


def _needed(desired: Desired, remembered: Iterable[Ref]) -> set[Collection]:
    needed = {(ref.kind, ref.location) for ref in desired.resources}
    needed |= {(ref.kind, ref.location) for ref in remembered}
    for resource in desired.resources.values():
        needed |= set(_by_value(resource, desired.environment.project))
    return needed


def _by_value(resource: Resource, project: str) -> Iterator[Collection]:
    """Somebody else's address is compared by its value too, so it must be read."""
    facts = kind(resource.ref.kind)
    for _at, _field, link in leaves(resource.spec, Patterns(facts.links_by_value)):
        if isinstance(link, str) and "/" in link and (target := ref_of(link, project)):
            yield target.kind, target.location
