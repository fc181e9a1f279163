"""Whose a run is, by its first record alone: what others wrote need not be whole, nor known here.

The record says so even where it was altered, or is of a later format. Who trusts a run reads all.
"""

from __future__ import annotations

import json

from remediate.model.errors import StoreDamaged
from remediate.stores import journal
from remediate.stores.journal import Kind, Story, is_whole, key_of_record
from remediate.stores.store import Store


def is_of(store: Store, run: str, environment: str, endpoint: str) -> bool:
    """Whether a run is of an environment there; raises StoreDamaged where that cannot be told."""
    stored = store.get(key_of_record(run, 1))
    if stored is not None and not is_whole(stored.data):
        return False  # it died before it had done anything
    try:
        begun = json.loads(stored.data if stored else b"")
        if begun["kind"] == Kind.RUN_FENCED:  # before it had begun
            return False
        return bool((begun["environment"], begun["endpoint"]) == (environment, endpoint))
    except (ValueError, KeyError, TypeError, RecursionError):
        message = f"nobody can tell which environment run {run} is of: its first record is damaged"
        raise StoreDamaged(message) from None


def surely_of(store: Store, run: str, environment: str, endpoint: str) -> bool:
    """The same; False where that cannot be told: what it wrote here counts as somebody else's."""
    try:
        return is_of(store, run, environment, endpoint)
    except StoreDamaged:
        return False


def story_of(store: Store, run: str) -> Story:
    """A run of this environment; where it cannot be read, what to do about that is said."""
    try:
        return journal.read(store, run)
    except StoreDamaged as error:
        hint = (
            f"What run {run} wrote to this environment has to be known, and nothing was changed. "
            f"`remediate show {run} --verify` tells which records are at fault: put them back from "
            "a copy or an older version of the object, or use the remediate that wrote them."
        )
        raise StoreDamaged(f"run {run} cannot be read: {error}", hint=hint) from None
