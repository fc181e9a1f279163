"""Delete what was set aside for longer than the retention: a plan like any other.

The ledger's marks say what is ours to delete, and nothing else is. Live is read again: what
somebody made anew or changed, what is declared again and what anything seen uses, stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from remediate.gcp.google import Google
from remediate.kinds.bodies.asides import why_another
from remediate.kinds.bodies.links import linked, ref_of, scope_of
from remediate.kinds.registry import NAMES, kind
from remediate.model.aside import Aside
from remediate.model.plan import Action, Difference, FieldChange, Plan
from remediate.model.progress import Watcher
from remediate.model.ref import GLOBAL, Ref, record_ref
from remediate.model.resource import Desired, Zone
from remediate.pipeline.apply import Order
from remediate.pipeline.choices import Choices
from remediate.pipeline.choosing import insist_on_matches
from remediate.pipeline.denials import Collection
from remediate.pipeline.diff import diff
from remediate.pipeline.guard import guard, idle, irreversible, other_project, protected
from remediate.pipeline.observe import Observed, look_at
from remediate.pipeline.plan import plan_digest
from remediate.pipeline.proposal import Proposal
from remediate.pipeline.snapshot import touched
from remediate.pipeline.surroundings import Surroundings
from remediate.pipeline.undertaking import Prepared, Site
from remediate.pipeline.waves import waves
from remediate.stores.ledger import Entry, Ledger

CHECK = "HealthCheck"  # record sets that are answered by health link to these


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that was set aside: what the YAML called it, and where it is live."""

    ref: Ref
    at: Ref
    aside: Aside


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is to go, and the marks that mean nothing any more."""

    plan: Plan
    observed: Observed
    lapsed: Sequence[Candidate]
    declared: frozenset[Ref]
    parallelism: int

    def prepared(self) -> Prepared:
        """What `undertake` carries out."""
        return Prepared(self.plan, self.order, self.forget)

    def order(self) -> Order:
        """Each step takes its own mark out of the ledger."""
        entries: dict[Ref, Entry | None] = {d.ref: None for d in self.plan.differences}
        before = touched(self.plan, self.observed)
        return Order("gc", self.plan, before, entries, {}, self.parallelism)

    def forget(self, ledger: Ledger) -> None:
        """Once the plan is carried out: what is gone, or is not ours any more, has no mark."""
        for one in self.lapsed:
            if (entry := ledger.entry(one.ref)) is not None:
                ledger.remember(one.ref, entry.without(one.at.name))
        for ref in {*(d.ref for d in self.plan.differences), *(one.ref for one in self.lapsed)}:
            entry = ledger.entry(ref)
            if entry and not entry.asides and self._is_over(ref, entry):
                ledger.forget(ref)
        ledger.save()

    def _is_over(self, ref: Ref, entry: Entry) -> bool:
        at = ref.named(entry.name)
        lapsed = {one.at for one in self.lapsed}
        return ref not in self.declared and (at in lapsed or at not in self.observed.live)


def sweep(
    site: Site, desired: Desired, ledger: Ledger, choices: Choices, retention: float | None
) -> Sweep:
    """Read what was set aside, and whatever may use it; the Environment's retention, if None."""
    seen = look_around(site.google, desired, ledger, site.watchers)
    seconds = desired.environment.retention if retention is None else retention
    return gc(desired, seen, ledger, choices, seconds, site.google.clock.now())


def look_around(
    google: Google, desired: Desired, ledger: Ledger, watchers: Sequence[Watcher] = ()
) -> Observed:
    """Read all that is declared or remembered, and whatever may use what was set aside.

    That is every kind that can link to one of these, wherever anything of ours is.
    """
    known = {*desired.resources, *ledger.resources}
    marked = {ref.kind for ref, entry in ledger.resources.items() if entry.asides}
    places = {GLOBAL, desired.environment.region, *(ref.location for ref in known)} - {""}
    collections: set[Collection] = {(ref.kind, ref.location) for ref in known}
    collections |= {
        (name, place)
        for name in NAMES
        for place in places
        if _may_use(name, marked) and scope_of(Ref(name, "", place)) in kind(name).scopes
    }
    zones = [ref.name for ref in sorted(known) if ref.kind == "DnsZone"] if CHECK in marked else []
    return look_at(google, collections, zones, watchers)


def _may_use(name: str, marked: set[str]) -> bool:
    facts = kind(name)
    return facts.parent in marked or any(marked & {*to} for to in facts.all_links.values())


def gc(
    desired: Desired,
    observed: Observed,
    ledger: Ledger,
    choices: Choices,
    retention: float,
    now: datetime,
) -> Sweep:
    """The plan to delete what was set aside `retention` seconds before `now`, or earlier."""
    observed.insist()
    candidates = _candidates(ledger, choices, desired.environment.name)
    meant = _meant(desired, observed, ledger)
    going: dict[Ref, Candidate] = {}
    lapsed, notes = [], []
    for one in candidates:
        live = observed.live.get(one.at)
        other = live is not None and why_another(one.aside, one.at, live, observed.project)
        if one.at in meant.values():
            notes.append(f"{one.at} is declared again, and stays")
        elif live is None:
            lapsed.append(one)
            notes.append(f"{one.at} is gone already")
        elif other and one.aside.since:
            lapsed.append(one)
            notes.append(f"{one.at} is not ours any more, and stays: {other}")
        elif (due := one.aside.due(retention)) is None or due > now:
            notes.append(f"{one.at} may be deleted {one.aside.when(retention)}")
        else:
            going[one.at] = one
    notes += _without_used(going, candidates, observed)
    differences = [
        Difference(one.ref, Action.DELETE, at, live, None, (FieldChange("", live, None),))
        for at, one in going.items()
        for live in (observed.live[at],)
    ]
    made = _plan(desired, observed, differences, notes, choices, retention, ledger)
    declared = frozenset(desired.resources)
    return Sweep(made, observed, lapsed, declared, desired.environment.parallelism)


def _plan(
    desired: Desired,
    observed: Observed,
    differences: Sequence[Difference],
    notes: Sequence[str],
    choices: Choices,
    retention: float,
    ledger: Ledger,
) -> Plan:
    """How many go was judged when they were set aside; what is lost with them, is now."""
    levels = waves(differences, Surroundings(observed.project, observed.live))
    steps = [step for level in levels for step in level]
    proposal = Proposal(desired, differences, steps, ledger.resources, applied_to=ledger.project)
    objections = guard(proposal, choices.allowances, (protected, irreversible, other_project))
    made = Plan(
        desired.environment.name,
        observed.project,
        differences,
        levels,
        objections,
        [*notes, *idle(objections, choices.allowances)],
        desired_digest=f"gc:{retention:.0f}s",
        allowances=choices.allowances,
        retention=retention,
    )
    return replace(made, digest=plan_digest(made))


def _candidates(ledger: Ledger, choices: Choices, environment: str) -> list[Candidate]:
    found = [
        Candidate(ref, ref.named(aside.name), aside)
        for ref, entry in sorted(ledger.resources.items())
        for aside in entry.asides
    ]
    where, refs = f"that was set aside in {environment}", [one.ref for one in found]
    insist_on_matches(choices.targets, choices.excludes, refs, where)
    return [one for one in found if choices.wants(one.ref)]


def _meant(desired: Desired, observed: Observed, ledger: Ledger) -> dict[Ref, Ref]:
    """What is declared, and the live resource that it means. Record sets mean none of these."""
    bare = {
        ref: replace(one, records={}, exclusive=False) if isinstance(one, Zone) else one
        for ref, one in desired.resources.items()
    }
    verdict = diff(
        replace(desired, resources=bare), replace(observed, record_sets={}), ledger, prune=False
    )
    return {ref: live for ref, (live, _body) in verdict.written.items()}


def _without_used(
    going: dict[Ref, Candidate], candidates: Iterable[Candidate], observed: Observed
) -> Iterator[str]:
    """Take out what something else uses, and what that uses in turn; say by whom."""
    for at in [*going]:
        used_by = kind(at.kind).used_by
        if used_by and (unseen := used_by(observed.live[at])):
            del going[at]
            yield f"{at} stays, since {', '.join(unseen)} uses it"
    users: dict[Ref, set[Ref]] = defaultdict(set)
    for user, target in _uses(observed):
        users[target].add(user)
    aside = {one.at for one in candidates}
    while held := [at for at in going if users[at] - going.keys() - {at}]:
        for at in held:
            others = sorted(users[at] - going.keys() - {at})
            del going[at]
            names = ", ".join(
                f"{one} (set aside too)" if one in aside else f"{one}" for one in others
            )
            yield f"{at} stays, since {names} uses it"


def _uses(observed: Observed) -> Iterator[tuple[Ref, Ref]]:
    for user, body in observed.live.items():
        for target in linked(user, body, observed.project):
            yield user, target
    for zone, pages in observed.record_sets.items():
        for page in pages:
            for body in page:
                user = record_ref(zone, str(body["name"]), str(body["type"]))
                for link in _checks(body.get("routingPolicy")):
                    if (ref := ref_of(link, observed.project)) is not None:
                        yield user, ref


def _checks(value: object) -> Iterator[str]:
    """The links to health checks, wherever in a policy they stand."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name == "healthCheck" and isinstance(item, str):
                yield item
            else:
                yield from _checks(item)
    elif isinstance(value, list):
        for item in value:
            yield from _checks(item)
