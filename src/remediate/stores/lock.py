"""One run at a time for each environment.

In a folder the claim is a file lock of the kernel's, which ends with the process however it ends:
the next command takes over at once, and no heartbeat is needed. The lease beside it says who has
it. Where a store cannot promise that (a bucket), the lease's expiry decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from remediate.model.clock import Clock, rfc3339
from remediate.model.errors import Locked
from remediate.model.json import Body
from remediate.stores.actor import Actor, this_actor
from remediate.stores.store import FORMAT_VERSION, Hold, Store, Stored

LIFE = timedelta(minutes=2)  # how long a lease speaks for a process that is not heard of
HEARTBEAT = timedelta(seconds=30)


@dataclass(slots=True)
class Lease:
    """A held environment. `notice` says whom it was taken over from, "" if from nobody."""

    environment: str
    run: str
    notice: str
    _store: Store
    _clock: Clock
    _content: Body
    _generation: str

    def check(self) -> None:
        """Raise Locked unless the environment is still ours: cheap, before every write."""
        stored = self._store.get(_key(self.environment))
        if stored is None or stored.generation != self._generation:
            raise Locked(f"the lock of {self.environment} was taken away: {_holder(stored)}")

    def renew(self) -> None:
        """Put the expiry off; raises Locked if it is too late."""
        self._write(expires=rfc3339(self._clock.now() + LIFE))

    def release(self) -> None:
        self._write(released=rfc3339(self._clock.now()))

    def _write(self, **more: str) -> None:
        content: Body = {**self._content, **more}
        key = _key(self.environment)
        swapped = self._store.compare_and_swap(key, _bytes(content), self._generation)
        if swapped is None:
            raise Locked(f"the lock of {self.environment} was taken away meanwhile")
        self._content, self._generation = content, swapped


def unheld() -> None:
    """In place of `Lease.check`, where nobody else can come in between."""


@contextmanager
def lock(
    store: Store, environment: str, run: str, clock: Clock, actor: Actor | None = None
) -> Iterator[Lease]:
    """Hold an environment for one run. Raises Locked, naming who has it and since when."""
    key = _key(environment)
    hold = store.hold(key)
    there = store.get(key)
    if hold is None:
        raise Locked(f"{environment} is locked: {_holder(there)}")
    try:
        lease = _acquire(store, environment, run, clock, actor or this_actor(), hold, there)
        try:
            yield lease
        finally:
            with suppress(Locked):  # taken away: then it is not ours to release
                lease.release()
    finally:
        hold.release()


def _acquire(
    store: Store,
    environment: str,
    run: str,
    clock: Clock,
    actor: Actor,
    hold: Hold,
    there: Stored | None,
) -> Lease:
    before = _content(there)
    now = clock.now()
    unfinished = bool(before) and "released" not in before
    if unfinished and not hold.exclusive and now < _moment(before.get("expires"), now):
        raise Locked(f"{environment} is locked: {_holder(there)}")
    content: Body = {
        "format_version": FORMAT_VERSION,
        "environment": environment,
        "run": run,
        **actor.to_json(),
        "acquired": rfc3339(now),
        "expires": rfc3339(now + LIFE),
        "heartbeat": int(HEARTBEAT.total_seconds()),
    }
    swapped = store.compare_and_swap(
        _key(environment), _bytes(content), there.generation if there else None
    )
    if swapped is None:
        raise Locked(f"{environment} is locked: {_holder(store.get(_key(environment)))}")
    notice = ""
    if unfinished:
        notice = f"run {before.get('run')} ended without releasing {environment}; took over"
    return Lease(environment, run, notice, store, clock, content, swapped)


def _holder(stored: Stored | None) -> str:
    content = _content(stored)
    if not content or "released" in content:
        return "another process has only just taken it"
    return (
        f"run {content.get('run')} by {content.get('who')}@{content.get('host')}, "
        f"pid {content.get('pid')}, since {content.get('acquired')}"
    )


def _content(stored: Stored | None) -> Body:
    """A lease that cannot be read names nobody: it must not lock people out for good."""
    try:
        content = json.loads(stored.data) if stored else {}
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _moment(text: object, otherwise: datetime) -> datetime:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return otherwise


def _bytes(content: Body) -> bytes:
    return json.dumps(content, sort_keys=True, indent=2).encode() + b"\n"


def _key(environment: str) -> str:
    return f"locks/{environment}.json"
