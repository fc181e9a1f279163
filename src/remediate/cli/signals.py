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

_STEPS = "no new step begins, those in flight are waited for"
_STOP, _END = b"s", b"e"


@contextmanager
def first_signal_stops(meanwhile: str = _STEPS) -> Iterator[threading.Event]:
    """An event that the first SIGINT or SIGTERM sets; the second ends the process as ever.

    `meanwhile` says what is still done after the first.
    An Interrupted that comes of it leaves with 128 and the signal's number (130, 143).
    """
    received: list[int] = []
    said = f"\nstopping: {meanwhile};\n  once more leaves at once\n".encode()
    with _set_from_afar() as (stopping, teller):

        def stop(number: int, _frame: FrameType | None) -> None:
            if received:
                signal.signal(number, signal.SIG_DFL)
                signal.raise_signal(number)
            received.append(number)
            os.write(teller, _STOP)
            # past the streams: the signal may have come in the middle of a write to one
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, said)

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield stopping
        except Interrupted as error:
            error.exit_code = 128 + (received or [signal.SIGINT])[0]
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _set_from_afar() -> Iterator[tuple[threading.Event, int]]:
    """An event that a thread of its own sets when it is told to through a pipe.

    A handler of signals runs in the midst of whatever the main thread does, which may be to wait
    for this very event: to set it there would wait for a lock that nobody can release any more.
    """
    stopping = threading.Event()
    ear, teller = os.pipe()

    def listen() -> None:
        if os.read(ear, 1) == _STOP:
            stopping.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield stopping, teller
    finally:
        os.write(teller, _END)
        listener.join()
        os.close(ear)
        os.close(teller)
