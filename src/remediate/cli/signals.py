"""Ctrl-C, once: no new step, and those in flight are waited for. Twice: leave at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from remediate.model.errors import Interrupted

_SAID = (
    b"\nstopping: no new step begins, those in flight are waited for; once more leaves at once\n"
)


@contextmanager
def first_signal_stops() -> Iterator[threading.Event]:
    """An event that the first SIGINT or SIGTERM sets; the second ends the process as ever.

    An Interrupted that comes of it leaves with 128 and the signal's number (130, 143).
    """
    stopping = threading.Event()
    received: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        received.append(number)
        stopping.set()
        # past the streams: the signal may have come in the middle of a write to one
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, _SAID)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    except Interrupted as error:
        error.exit_code = 128 + received[0]
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
