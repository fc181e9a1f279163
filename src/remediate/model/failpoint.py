"""Named places at which a test may let a run die or fail; elsewhere nothing happens there."""

from __future__ import annotations

from collections.abc import Callable

PLACES = frozenset(
    f"{what}.{when}"
    for what in (
        "store.create",  # a new key, in a folder or a bucket
        "store.swap",  # a compare-and-swap of one
        "store.sync",  # the fsync of a file
        "store.directory",  # the fsync of the folder that names it
        "snapshot.save",
        "journal.record",  # every record of a run
        "ledger.save",
        "request.send",  # every request but a GET, each attempt: before it, and after its answer
        "operation.poll",  # every look at an operation under way
    )
    for when in ("before", "after")
)

_hooks: list[Callable[[str], None]] = []


def passing(place: str) -> None:
    """Say that a place of PLACES is passed."""
    for hook in _hooks:
        hook(place)


def watch(hook: Callable[[str], None]) -> Callable[[], None]:
    """Have a hook called at every place; whatever it raises comes out there. Returns its end."""
    _hooks.append(hook)
    return lambda: _hooks.remove(hook)
