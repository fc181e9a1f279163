"""Runs that die at a place of their own naming, in this process: nothing after it is done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from remediate.model.failpoint import watch


class Died(BaseException):
    """No code of ours catches it."""


@contextmanager
def dying_at(place: str, number: int = 1) -> Iterator[None]:
    """Die when the place is passed for this time, counted from 1; all that comes after is dead."""
    turn = threading.Lock()
    passed = 0

    def note(here: str) -> None:
        nonlocal passed
        with turn:
            passed += here == place
            if passed >= number:
                raise Died(f"{place}, number {number}")

    end = watch(note)
    try:
        yield
    finally:
        end()


def passed_in(places: list[str]) -> object:
    """Note every place that is passed; call what comes back to end it."""
    return watch(places.append)
