"""Draw what happens while it happens: lines for pipes, a moving picture for terminals.

All of it goes to the stream that the caller names, which is stderr: stdout is for results.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Self, TextIO, assert_never

from remediate.model.plan import Step
from remediate.model.progress import (
    Event,
    Reading,
    SnapshotTaken,
    StepBegun,
    StepDone,
    StepFailed,
    Waiting,
)
from remediate.model.ref import Ref
from remediate.report.text import WIDTH, counted, duration, safe, whole, wrapped

if TYPE_CHECKING:
    from rich.live import Live as Screen
    from rich.text import Text

REPEAT = 300.0  # seconds after which a wait that has nothing new to tell is told again


class Silent:
    """Watches and says nothing. Every watcher of ours is a context manager, like this one."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        """Nothing to put back."""

    def expect(self, total: int) -> None:
        """Tell how many steps there will be, once a plan is there."""

    def on(self, event: Event) -> None:
        """Say nothing."""


class Lines(Silent):
    """One plain line for each thing that happens, broken between words where it is too long."""

    def __init__(self, stream: TextIO, width: int = WIDTH) -> None:
        self._stream = stream
        self._width = width
        self._counter = Counter()
        self._turn = threading.Lock()  # the steps of a wave report from their own threads
        self._said: dict[Ref | str, tuple[str, float]] = {}

    def expect(self, total: int) -> None:
        self._counter = Counter(total)

    def on(self, event: Event) -> None:
        with self._turn:
            self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case Waiting():
                self._wait(event)
            case StepBegun(step) if not step.waits_for:
                return  # most are over in a second: only one that waits is worth a line of its own
            case _:
                self._write(event)

    def _wait(self, event: Waiting) -> None:
        """A new word of Google's is told; after some minutes, that there is none."""
        if not event.state:
            self._said.pop(event.ref, None)
            if isinstance(event.ref, str):  # of a resource its step tells that it is done
                self._write(event)
            return
        state, seconds = self._said.get(event.ref, ("", 0.0))
        if event.state != state:
            self._write(event)
        elif event.seconds - seconds >= REPEAT:
            self._write(replace(event, state="as before"))
        else:
            return
        self._said[event.ref] = (event.state, event.seconds)

    def _write(self, event: Event) -> None:
        self._stream.write(fitted(event_line(event, self._counter), self._width) + "\n")
        self._stream.flush()


class Live(Lines):
    """Finished steps as lines, and below them one updating line for each step in flight.

    Where the stream is no terminal, or one that cannot move its cursor, there are lines alone.
    """

    def __init__(self, stream: TextIO, width: int = WIDTH, *, colour: bool = True) -> None:
        super().__init__(stream, width)
        self._flight: dict[str, str] = {}
        self._waits: dict[Ref | str, str] = {}
        self._screen = _screen(stream, colour=colour) if stream.isatty() else None

    def __enter__(self) -> Self:
        if self._screen is not None:
            self._screen.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._screen is not None:
            self._screen.stop()
            self._screen = None

    def _take(self, event: Event) -> None:
        if self._screen is None:
            super()._take(event)
            return
        match event:
            case StepBegun(step):
                self._flight[step.id] = f"      {step_words(step)} ..."
            case Waiting(ref, ""):
                self._waits.pop(ref, None)
                if isinstance(ref, str):
                    self._print(event)
            case Waiting(ref):
                self._waits[ref] = event_line(event, self._counter)
            case StepDone(step) | StepFailed(step):
                self._flight.pop(step.id, None)
                for ref in step.waits_for:
                    self._waits.pop(ref, None)
                self._print(event)
            case _:
                self._print(event)
        below = map(self._fitted, [*self._flight.values(), *self._waits.values()])
        self._screen.update(_plain("\n".join(below)), refresh=True)

    def _print(self, event: Event) -> None:
        assert self._screen is not None
        self._screen.console.print(_plain(self._fitted(event_line(event, self._counter))))

    def _fitted(self, line: str) -> str:
        assert self._screen is not None
        return fitted(line, self._screen.console.width)


class Counter:
    """Numbers the steps as they end: `[3/6]`."""

    def __init__(self, total: int = 0) -> None:
        self.total = total
        self._ended = 0

    def next(self) -> str:
        self._ended += 1
        return f"[{self._ended}/{self.total}]" if self.total else f"[{self._ended}]"


def event_line(event: Event, counter: Counter) -> str:
    """The event in words; steps that end are counted."""
    match event:
        case Reading(what):
            return f"reading {safe(what)}"
        case SnapshotTaken(identifier, resources):
            return f"snapshot {safe(identifier)} of {counted(resources, 'resource')} is kept"
        case StepBegun(step):
            return f"{step_words(step)} begins"
        case StepDone(step, seconds):
            ended = whole(f"done in {duration(seconds)}")
            return f"{counter.next()} {step_words(step)} {ended}"
        case StepFailed(step):
            return f"{counter.next()} {step_words(step)} FAILED"
        case Waiting(ref, state, seconds):
            return f"      {_waiting(safe(str(ref)), safe(state), seconds)}"
        case _ as never:
            assert_never(never)


def _waiting(name: str, state: str, seconds: float) -> str:
    if not state:
        took = f" after {duration(seconds)}" if seconds >= 1 else ""
        return f"as it should be{took}: {name}"
    so_far = f" ({duration(seconds)} so far)" if seconds >= 1 else ""
    return f"waiting for {name}{so_far}: {state}"


def fitted(line: str, width: int) -> str:
    """Broken between words where there is not enough room for it."""
    indent = len(line) - len(line.lstrip())
    return "\n".join(wrapped(line, width, "", " " * (indent + 2)))


def step_words(step: Step) -> str:
    note = f" ({safe(step.note)})" if step.note else ""
    return f"{step.verb.words} {safe(str(step.live))}{note}"


def _plain(text: str) -> Text:
    from rich.text import Text  # 80 ms of CPU that only a terminal pays for

    return Text(text)


def _screen(stream: TextIO, *, colour: bool) -> Screen | None:
    from rich.console import Console
    from rich.live import Live as Screen

    console = Console(file=stream, no_color=not colour, highlight=False)
    if console.is_dumb_terminal:
        return None
    return Screen(
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
