"""Take an environment away from whoever holds it: they are fenced off first."""

from __future__ import annotations

from dataclasses import replace

from remediate.model.clock import Clock, rfc3339
from remediate.model.errors import Locked
from remediate.stores import journal, ledger
from remediate.stores.actor import Actor
from remediate.stores.claim import Claim, claim_in, key_of
from remediate.stores.store import Store

BY_HAND = "lock break"


def break_lock(
    store: Store, environment: str, clock: Clock, actor: Actor, reason: str
) -> Claim | None:
    """End a claim, for good; whose it was, None if it was nobody's.

    `reason` goes into the journal of every run that is fenced. Raises Locked if somebody else has
    taken the environment meanwhile.
    """
    key = key_of(environment)
    found = claim_in(store.get(key))
    if found is None or not found.is_held:
        return None
    for run in found.to_fence:
        journal.fence(store, run, clock, actor, by=BY_HAND, reason=reason)
    ledger.fence(store, environment)
    while True:  # its holder may still be renewing it
        there = store.get(key)
        now = claim_in(there)
        if there is None or now is None or now.nonce != found.nonce:
            raise Locked(f"{environment} has changed hands meanwhile: {now or 'nobody holds it'}")
        if not now.is_held:
            break
        broken = replace(
            now, released=rfc3339(clock.now()), reason=reason or BY_HAND, nonce=f"-{now.nonce}"
        )
        if store.compare_and_swap(key, broken.to_bytes(), there.generation) is not None:
            break
    store.evict(key)
    return found
