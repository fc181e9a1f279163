"""Read the live side: one list per collection and place, all at once, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, TypeAlias

from remediate.gcp.errors import NotFound
from remediate.gcp.google import Google
from remediate.kinds.bodies.links import own_name, ref_of, scope_path
from remediate.kinds.fields.pointers import Patterns, leaves
from remediate.kinds.registry import kind
from remediate.model.errors import NotAuthorised, RemediateError, Unreachable
from remediate.model.json import Body
from remediate.model.observation import ABSENT, Live, Observation, Unreadable
from remediate.model.progress import Reading, Watcher, tell
from remediate.model.ref import Ref
from remediate.model.resource import Desired, Resource

Collection: TypeAlias = tuple[str, str]  # kind and location


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

    def look(self, ref: Ref) -> Observation:
        if (why := self.unreadable.get((ref.kind, ref.location))) is not None:
            return Unreadable(str(why))
        body = self.live.get(ref)
        return ABSENT if body is None else Live(body)

    def insist(self) -> None:
        """Raise unless everything could be read; the message names every collection."""
        if not self.unreadable:
            return
        reasons = sorted({str(why) for why in self.unreadable.values()})
        text = "The live side cannot be read, so no difference can be claimed:\n" + "\n".join(
            reasons
        )
        for why in self.unreadable.values():
            if isinstance(why, NotAuthorised):
                raise NotAuthorised(text)
        raise Unreachable(text)


def observe(
    google: Google,
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
    google: Google,
    collections: Iterable[Collection],
    zones: Sequence[str],
    watchers: Sequence[Watcher] = (),
) -> Observed:
    """List these collections, and the record sets of these zones, all at once."""
    wanted = sorted(collections)
    count = len(wanted) + len(zones)
    tell(watchers, Reading(f"{count} {'list' if count == 1 else 'lists'} of {google.project}"))
    reads: list[Callable[[], Any]] = [partial(_listed, google, *at) for at in wanted]
    reads += [partial(_pages, google, zone) for zone in zones]
    answers = google.read_all(reads)
    lists = dict(zip(wanted, answers, strict=False))
    return Observed(
        google.project,
        {ref: body for bodies in lists.values() for ref, body in _bodies(bodies)},
        {at: why for at, why in lists.items() if isinstance(why, RemediateError)},
        dict(zip(zones, answers[len(wanted) :], strict=True)),
    )


def _listed(google: Google, name: str, location: str) -> dict[Ref, Body] | RemediateError:
    try:
        return {
            Ref(name, own_name(parent, body), location): kind(name).seen(body)
            for parent in _parents(google, kind(name).parent, location)
            for body in google.api(kind(name).api).list(
                scope_path(Ref(name, parent, location)), kind(name).collection
            )
        }
    except RemediateError as error:
        return error


def _parents(google: Google, name: str, location: str) -> Iterable[str]:
    """What the resources of a kind stand in, each with a list of its own; most in nothing."""
    if not name:
        return ("",)
    bodies = google.api(kind(name).api).list(
        scope_path(Ref(name, "", location)), kind(name).collection
    )
    return [own_name("", body) for body in bodies]


def _bodies(answer: dict[Ref, Body] | RemediateError) -> Iterable[tuple[Ref, Body]]:
    return answer.items() if isinstance(answer, dict) else ()


def _pages(google: Google, zone: str) -> Iterator[list[Body]]:
    """The pages of a zone, the first one read already; none where there is no such zone."""
    pages = google.dns.record_sets(zone)
    try:
        first = next(pages, [])
    except NotFound:
        return iter(())
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
