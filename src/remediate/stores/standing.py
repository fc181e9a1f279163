"""Whether whoever holds an environment still lives, as far as it can be seen without waiting."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from remediate.stores.actor import Actor
from remediate.stores.claim import Claim, claim_in, key_of
from remediate.stores.lock import LIFE
from remediate.stores.store import Store


class Looks(StrEnum):
    """`alive` and `dead` are what it looks like: who takes over waits and sees."""

    FREE = "free"
    ALIVE = "alive"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Standing:
    """`silent` is how many seconds ago it was last heard of, by both clocks as they are."""

    environment: str
    claim: Claim | None
    silent: float
    looks: Looks


def standing(store: Store, environment: str, here: Actor, now: datetime) -> Standing:
    claim = claim_in(store.get(key_of(environment)))
    if claim is None or not claim.is_held:
        return Standing(environment, claim, 0, Looks.FREE)
    silent = _since(claim.renewed, now)
    gone = claim.actor.host == here.host and not _is_running(claim.actor.pid)
    return Standing(
        environment, claim, silent, Looks.DEAD if gone or silent > LIFE else Looks.ALIVE
    )


def _since(then: str, now: datetime) -> float:
    """Not less than nothing, whatever the clocks say; without end for what is no time."""
    try:
        return max(0.0, (now - datetime.fromisoformat(then)).total_seconds())
    except (ValueError, TypeError):
        return float("inf")


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)  # asks, and does nothing
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True  # somebody else's
    return True
