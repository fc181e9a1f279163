"""A bucket with a copy of it in a local folder, so that the way back is there without the bucket.

What went through here is in the copy: snapshots, journals, ledgers; leases are not. While the
bucket is away a rollback works on the copy alone, and what it writes waits in an outbox. Only who
holds the environment brings what is of it; whoever else looks is shown the store as it would be.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence

from remediate.gcp.storage import ABSENT
from remediate.model.errors import Locked
from remediate.stores.bucket import Bucket
from remediate.stores.folder import Folder, FolderHold
from remediate.stores.journal import key_of_record
from remediate.stores.store import Hold, Stored

_LEASES = "locks/"
_OUTBOX = "outbox/"
_KEPT = "not-taken/"  # what the bucket had moved on from meanwhile
_WRITING = "outbox.json"
_NOTHING = b"nothing"
_NAMED = frozenset({"holds", "ledger"})  # below these, each environment has one of its name
_SOON = "Type the same command again when that one has ended."


class Mirrored:
    """The bucket decides; the copy only follows, or stays as it is where it is not to be written.

    Until `deliver`, what waits in the outbox stands before what the bucket still has in its place.
    """

    def __init__(self, bucket: Bucket, copy: Folder, *, follows: bool = True) -> None:
        self.bucket = bucket
        self._copy = copy
        self._follows = follows

    @property
    def in_doubt(self) -> bool:
        return self.bucket.in_doubt

    def create(self, key: str, data: bytes) -> bool:
        if self._awaits(key) and self._waiting(key, self.bucket.get(key)):
            return False
        created = self.bucket.create(key, data)
        if created:
            self._keep(key, data)
        return created

    def get(self, key: str) -> Stored | None:
        stored = self.bucket.get(key)
        if ours := self._waiting(key, stored):
            return ours
        if stored:
            self._keep(key, stored.data)
        return stored

    def compare_and_swap(self, key: str, data: bytes, generation: str | None) -> str | None:
        based_on = self._brought_first(key, generation) if self._awaits(key) else generation
        swapped = self.bucket.compare_and_swap(key, data, based_on)
        if swapped is not None:
            self._keep(key, data)
        return swapped

    def list(self, prefix: str) -> list[str]:
        waiting = [key for key in self.waiting if key.startswith(prefix)]
        there = self.bucket.list(prefix)
        return sorted({*there, *waiting}) if waiting else there

    def hold(self, key: str) -> Hold:
        return self.bucket.hold(key)

    def evict(self, key: str) -> None:
        self.bucket.evict(key)

    @property
    def waiting(self) -> Sequence[str]:
        """The keys of what was written while the bucket was away, and was not brought yet."""
        return [note.removeprefix(_OUTBOX) for note in self._copy.list(_OUTBOX)]

    def deliver(self, environment: str) -> Iterator[str]:
        """Bring to the bucket what was written while it was away; sentences about each.

        Only for who holds this environment, and nothing that is of another one.
        What is there already, or has moved on, stays as it is there; ours is kept beside. While
        somebody writes to the copy, nothing is brought.
        """
        waiting = [key for key in self.waiting if self._owner(key) in {"", environment}]
        claim = self._copy.hold(_WRITING) if waiting else None
        if claim is None:
            return
        try:
            for key in waiting:
                note = _OUTBOX + key
                before, ours = self._copy.get(note), self._copy.get(key)
                if before and ours:
                    yield self._delivered(key, ours.data, before.data)
                self._copy.remove(note)
        finally:
            claim.release()

    def _delivered(self, key: str, ours: bytes, before: bytes) -> str:
        there = self.bucket.get(key)
        if there is not None and there.data == ours:
            return f"{key} is in the bucket already"
        if _digest(there) == before:
            generation = there.generation if there else None
            if self.bucket.compare_and_swap(key, ours, generation) is not None:
                return f"{key} was brought to the bucket"
        kept = f"{_KEPT}{hashlib.sha256(ours).hexdigest()[:8]}/{key}"
        self._copy.create(kept, ours)
        self.get(key)
        return (
            f"{key} was NOT brought to the bucket: somebody has written it there meanwhile; "
            f"what was written here is kept as {self._copy.root / kept}"
        )

    def _owner(self, key: str) -> str:
        """The environment that a key is of; "" where it is of none, or does not tell."""
        kind, _, name = key.partition("/")
        if kind in _NAMED:
            return name.removesuffix(".json")
        stored = self._copy.get(key_of_record(name.partition("/")[0], 1) if kind == "runs" else key)
        try:
            return str(json.loads(stored.data if stored else b"").get("environment") or "")
        except (ValueError, AttributeError, RecursionError):
            return ""

    def _awaits(self, key: str) -> bool:
        return self._copy.get(_OUTBOX + key) is not None

    def _brought_first(self, key: str, generation: str | None) -> str | None:
        """Bring what waits before it is written over; the generation to write over then.

        Each write is of one thing: who is killed after any of them leaves nothing that looks like
        somebody else's.
        """
        claim = self._copy.hold(_WRITING)
        if claim is None:
            return generation  # somebody writes to the copy: what waits is not whole yet
        try:
            there, ours = self.bucket.get(key), self._copy.get(key)
            waiting = self._waiting(key, there)
            if waiting and waiting.generation == (generation or ABSENT):
                brought = self.bucket.compare_and_swap(key, waiting.data, generation)
            else:
                brought = generation if there and ours and there.data == ours.data else None
            if brought is not None:
                self._copy.remove(_OUTBOX + key)
        finally:
            claim.release()
        return brought or generation

    def _waiting(self, key: str, there: Stored | None) -> Stored | None:
        """What is to be brought in place of what is there; None where that has moved on."""
        before = self._copy.get(_OUTBOX + key)
        ours = self._copy.get(key) if before and before.data == _digest(there) else None
        # who writes over it writes over what is there
        return Stored(ours.data, there.generation if there else ABSENT) if ours else None

    def _keep(self, key: str, data: bytes) -> None:
        """In the copy too; what waits in the outbox is newer than what the bucket has."""
        if not self._follows or key.startswith(_LEASES) or self._copy.get(_OUTBOX + key):
            return
        there = self._copy.get(key)
        while there is None or there.data != data:
            if self._copy.compare_and_swap(key, data, there.generation if there else None):
                return
            there = self._copy.get(key)


class Offline:
    """The copy alone. Whatever is written is noted first, to be brought to the bucket one day."""

    in_doubt = False

    def __init__(self, copy: Folder) -> None:
        self._copy = copy
        self._claim: FolderHold | None = None

    def close(self) -> None:
        """From now on what was written may be brought to the bucket."""
        if self._claim:
            self._claim.release()
        self._claim = None

    def create(self, key: str, data: bytes) -> bool:
        if self._copy.get(key):
            return False
        self._note(key)
        return self._copy.create(key, data)

    def get(self, key: str) -> Stored | None:
        return self._copy.get(key)

    def compare_and_swap(self, key: str, data: bytes, generation: str | None) -> str | None:
        self._note(key)
        return self._copy.compare_and_swap(key, data, generation)

    def list(self, prefix: str) -> list[str]:
        unlisted = (_OUTBOX, _KEPT)
        return [key for key in self._copy.list(prefix) if not key.startswith(unlisted)]

    def hold(self, key: str) -> FolderHold | None:
        return self._copy.hold(key)

    def evict(self, key: str) -> None:
        self._copy.evict(key)

    def _note(self, key: str) -> None:
        """What the bucket held when it was last seen, as far as this copy goes."""
        if key.startswith(_LEASES):
            return
        self._claim = self._claim or self._copy.hold(_WRITING)
        if self._claim is None:
            raise Locked(f"another command writes to the copy in {self._copy.root}", hint=_SOON)
        self._copy.create(_OUTBOX + key, _digest(self._copy.get(key)))


def _digest(stored: Stored | None) -> bytes:
    return hashlib.sha256(stored.data).hexdigest().encode() if stored else _NOTHING
