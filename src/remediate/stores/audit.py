"""A run's journal held against itself: every record there, as it was written, in its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

from remediate.model.errors import InvalidInput, StoreDamaged
from remediate.model.json import Body
from remediate.stores.claim import claim_in, key_of
from remediate.stores.journal import Kind, Record, is_whole, key_of_record, record_of, runs, sha256
from remediate.stores.snapshots import Snapshots
from remediate.stores.store import Store, unsealed


@dataclass(slots=True)
class Audit:
    """What could be read, and every reason not to trust that it is all.

    `cut` counts torn records that a later writer has left out by name: a crash, and no fault.
    """

    run: str
    records: list[Record] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    cut: int = 0
    goes_on: bool = False

    @property
    def begun(self) -> Body:
        """Of what runs it: who, from where, which plan."""
        return next((one.facts for one in self.records if one.kind == Kind.RUN_BEGUN), {})

    @property
    def is_fenced(self) -> bool:
        return bool(self.records) and self.records[-1].kind == Kind.RUN_FENCED


def called(store: Store, name: str) -> str:
    """The one run whose id begins so; raises InvalidInput where there is none, or several."""
    wanted = name.upper()
    found = [run for run in runs(store) if wanted and run.startswith(wanted)]
    if wanted in found or len(found) == 1:
        return wanted if wanted in found else found[0]
    what = f"{len(found)} runs begin with {name!r}" if found else f"there is no run {name!r}"
    raise InvalidInput(what, hint="`remediate snapshot list` shows every snapshot and its run.")


def audit(store: Store, run: str) -> Audit:
    """Look at every byte of a run. Raises InvalidInput where there is none of that name."""
    keys = store.list(f"runs/{run}/")
    if not keys:
        raise InvalidInput(f"there is no run {run!r}")
    found = Audit(run)
    _walk(store, keys, found)
    found.faults += _ending(store, found)
    found.faults += _snapshot(store, found)
    return found


def _walk(store: Store, keys: list[str], found: Audit) -> None:
    """Along the chain; behind a fault it goes on from the record as it is."""
    previous: str | None = None
    torn: int | None = None
    seq = 0
    for key in keys:
        seq += 1
        while seq < _number(key) and key == key_of_record(found.run, _number(key)):
            found.faults.append(f"{key_of_record(found.run, seq)} is missing")
            seq, previous, torn = seq + 1, None, None
        if key != key_of_record(found.run, seq):
            found.faults.append(f"{key} is no record of this run")
            seq -= 1
            continue
        stored = store.get(key)
        data = stored.data if stored else b""
        if not is_whole(data) and torn is None and key != keys[-1]:
            torn, previous, found.cut = seq, sha256(data), found.cut + 1
            continue
        found.faults += _judged(found, key, data, (found.run, seq, previous, torn))
        previous, torn = sha256(data), None


def _judged(
    found: Audit, key: str, data: bytes, place: tuple[str, int, str | None, int | None]
) -> Iterator[str]:
    try:
        content = unsealed(key, data)
    except StoreDamaged as error:
        yield str(error)
        return
    found.records.append(record_of(content))
    for name, wanted in zip(("run", "seq", "previous", "cut"), place, strict=True):
        unknown = name == "previous" and wanted is None and place[1] > 1  # the one before is gone
        if content.get(name) != wanted and not unknown:
            yield f"{key} does not follow from the record before it: its {name!r} is another one"
            return


def _ending(store: Store, found: Audit) -> Iterator[str]:
    """Records that were taken away from the end leave a run that nobody has ended."""
    last = found.records[-1] if found.records else None
    if last is None or last.kind in {Kind.RUN_ENDED, Kind.RUN_FENCED}:
        return
    environment = str(found.begun.get("environment"))
    claim = claim_in(store.get(key_of(environment)))
    found.goes_on = claim is not None and found.run in claim.to_fence
    if not found.goes_on:
        yield f"its end is missing: record {last.seq} is the last, and nobody has the lock for it"


def _snapshot(store: Store, found: Audit) -> Iterator[str]:
    identifier = found.begun.get("snapshot")
    if not identifier:
        return
    try:
        Snapshots(store).load(str(identifier))
    except StoreDamaged as error:
        yield str(error)
    except InvalidInput:
        if any(record.kind == Kind.STEP_BEGUN for record in found.records):
            yield f"snapshots/{identifier}.json is missing, which it would be taken back to"


def _number(key: str) -> int:
    name = key.rpartition("/")[2].removesuffix(".json")
    return int(name) if name.isdecimal() else 0


def operations(found: Audit) -> Iterator[tuple[str, Body, list[Body]]]:
    """Of every step that was begun: its id, what was to be done, and Google's operations."""
    done = {
        str(one.facts.get("step")): cast("list[Body]", one.facts.get("operations") or [])
        for one in found.records
        if one.kind == Kind.STEP_DONE
    }
    for record in found.records:
        if record.kind == Kind.STEP_BEGUN:
            step = str(record.facts.get("step"))
            yield step, record.facts, done.get(step, [])
