"""Runs that die at a place of their own naming, in this process: nothing after it is done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from remediate.model.failpoint import watch


class Died(BaseException):
    """No code of ours catches it."""


@contextmanager
def dying_at(place: str, number: int = 1, since: str = "") -> Iterator[None]:
    """Die when the place is passed for this time, counted from 1; all that comes after is dead.

    Counting begins once another place was passed, if one is named.
    """
    turn = threading.Lock()
    passed, counts = 0, not since

    def note(here: str) -> None:
        nonlocal passed, counts
        with turn:
            counts = counts or here == since
            passed += counts and here == place
            if passed >= number:
                raise Died(f"{place}, number {number}")

    end = watch(note)
    try:
        yield
    finally:
        end()
