"""What a rollback is made from: the snapshot, what our runs wrote since, and live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from remediate.gcp.google import Google
from remediate.kinds.bodies.links import scope_of
from remediate.kinds.registry import NAMES, kind
from remediate.model.clock import rfc3339
from remediate.model.json import Body
from remediate.model.progress import Watcher
from remediate.model.ref import GLOBAL, Ref, record_ref
from remediate.pipeline.history import Written, same_state, written_since
from remediate.pipeline.looking import await_quiet, is_by_others
from remediate.pipeline.observe import Observed, look_at
from remediate.pipeline.witnesses import Witnesses, restorable, witnesses
from remediate.stores.journal import runs
from remediate.stores.ledger import Ledger
from remediate.stores.mirror import Offline
from remediate.stores.snapshots import Snapshot
from remediate.stores.store import Store
from remediate.stores.veil import Veil

DNS = "DnsZone"


@dataclass(frozen=True, slots=True)
class Way:
    """What a rollback is made from."""

    snapshot: Snapshot
    written: Mapping[Ref, Written]  # by our runs since, by live name
    ledger: Ledger
    observed: Observed
    allowances: Mapping[str, str]
    whole: bool  # of a snapshot taken by hand, every resource; else those its run has touched
    unseen: tuple[str, ...] = ()  # why what may lead requests here could not all be read
    witnesses: Witnesses = field(default_factory=dict)
    others: frozenset[Ref] = frozenset()  # looks like ours, and no request of ours has written it
    is_alone: bool = False  # a copy without its bucket: runs of ours may not be known

    def before(self, ref: Ref, notes: list[str]) -> Body | None:
        """What to put back of a resource; what cannot be had back is noted."""
        body, live = self.snapshot.resources[ref], self.observed.live.get(ref)
        if body is None or ref.is_record_set:
            return body
        found, lost = restorable(ref, body, live, self.witnesses, self.ledger.veil)
        if lost:
            names = ", ".join(dict.fromkeys(lost))
            notes.append(f"{ref} comes back without the old value of {names}: nobody has it now")
        return found

    def expected(self, ref: Ref, live: Body | None) -> bool:
        """Whether live is our own doing; else somebody else has been there."""
        live = self.ledger.veil.veiled(live)
        if (one := self.written.get(ref)) is not None:
            return ref not in self.others and one.left(ref, live)
        return same_state(ref, self.snapshot.resources.get(ref), live)


def way_back(
    snapshot: Snapshot,
    store: Store,
    ledger: Ledger,
    google: Google,
    allowances: Mapping[str, str],
    watchers: Sequence[Watcher] = (),
) -> Way:
    """Read the journals since the snapshot, and the live side as far as it matters.

    What a run has begun and may still be under way is waited for: else it would come after.
    """
    written = written_since(store, snapshot)
    await_quiet(google, {ref for ref, one in written.items() if not one.ended})
    whole = snapshot.run not in runs(store)
    refs = scope(snapshot, written, whole=whole)
    observed, unseen = _look(refs, google, watchers, beside=ledger.resources)
    sides = [(ref, side.get(ref)) for side in (snapshot.resources, observed.live) for ref in refs]
    known = witnesses(google, sides)
    others = _by_others(google, written, observed, ledger.veil)
    made = Way(snapshot, written, ledger, observed, allowances, whole, unseen, known, others)
    return replace(made, is_alone=isinstance(store, Offline))


def _by_others(
    google: Google, written: Mapping[Ref, Written], observed: Observed, veil: Veil
) -> frozenset[Ref]:
    """Of what was begun and never ended, what operations tell to be somebody else's doing."""
    found = set[Ref]()
    for ref, one in written.items():
        live = veil.veiled(observed.live.get(ref))
        if one.ended or live is None or same_state(ref, one.before, live):
            continue
        if is_by_others(google, one.meant(ref), live):
            found.add(ref)
    return frozenset(found)


def live_now(
    snapshot: Snapshot, google: Google, veil: Veil, watchers: Sequence[Watcher] = ()
) -> Snapshot:
    """What the resources of a snapshot are at this moment, as a snapshot of that store too."""
    observed, _unseen = _look([*snapshot.resources], google, watchers)
    observed.insist()
    bodies = {ref: veil.veiled(observed.live.get(ref)) for ref in snapshot.resources}
    for zone, pages in observed.record_sets.items():
        for page in pages:
            for body in page:
                ref = record_ref(zone, str(body["name"]), str(body["type"]))
                if ref in bodies:
                    bodies[ref] = body
    return replace(snapshot, id="live", time=rfc3339(google.clock.now()), resources=bodies)


def _look(
    refs: Sequence[Ref], google: Google, watchers: Sequence[Watcher], beside: Iterable[Ref] = ()
) -> tuple[Observed, tuple[str, ...]]:
    """Every collection of their APIs around these, and of others, that may link to one of them.

    Besides, as far as it answers, what is only asked which hosts lead here, and why it does not.
    """
    places = {ref.location for ref in refs if ref.kind != DNS} | {GLOBAL}
    apis = {kind(ref.kind).api for ref in refs if ref.kind != DNS}
    kinds = {ref.kind for ref in refs}
    around = {
        (name, place)
        for name in NAMES
        for place in places
        if kind(name).api in apis or kinds & {*chain(*kind(name).all_links.values())}
        if scope_of(Ref(name, "", place)) in kind(name).scopes
    }
    zones = sorted({ref.zone.name for ref in refs if ref.kind == DNS})
    needed = around | ({(DNS, GLOBAL)} if DNS in kinds else set())
    leading = {(ref.kind, ref.location) for ref in beside if ref.kind != DNS}
    seen = look_at(google, needed | (leading if kinds - {DNS} else set()), zones, watchers)
    unreadable = {at: why for at, why in seen.unreadable.items() if at in needed}
    unseen = {str(why) for at, why in seen.unreadable.items() if at not in needed}
    return replace(seen, unreadable=unreadable), tuple(sorted(unseen))


def scope(way_snapshot: Snapshot, written: Mapping[Ref, Written], *, whole: bool) -> list[Ref]:
    """The resources that a rollback to the snapshot is about, by live name."""
    return [ref for ref in way_snapshot.resources if whole or ref in written]
