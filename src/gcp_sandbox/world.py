"""The one state that every API, the DNS server and the admin paths share."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gcp_sandbox.chance import Chance
from gcp_sandbox.clock import Clock
from gcp_sandbox.request import Body, Json


class Section(Protocol):
    """One API's part of the world.

    A section calls `world.touch(name)` whenever it changed, so that the state file follows.
    """

    def dump(self) -> Json:
        """Everything, as JSON, for the state file."""

    def load(self, state: Json) -> None:
        """Become what `dump` once said."""

    def populate(self, project: str, wanted: Json) -> None:
        """Take a scenario's resources, Google-shaped, as if a client had made them."""

    def comparable(self) -> Json:
        """What two equal worlds have in common: no ids, fingerprints, times, serials."""

    def clear(self) -> None:
        """Forget everything."""


class StateDamaged(ValueError):
    """A state file that no world can be made of."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the sandbox behaves.

    `latency` is in seconds a request; `operation_time` a factor on the durations measured at
    Google (0: every operation is done at once).
    """

    project: str = "netra-staging"
    latency: float = 0.0
    operation_time: float = 0.01
    state: Path | None = None


Lookup = Callable[[str, str], list[str]]
"""`(fqdn with its dot, record type) -> rdata texts`, [] for no such data."""


def _nothing(_fqdn: str, _rrtype: str) -> list[str]:
    return []


@dataclass(slots=True)
class World:
    """Sections by name, and what they do for one another.

    `lookup` is how Google itself asks the DNS. `settlers` run before every request and after
    every mutation, and do what the clock says is due. `dials` say which loopback socket stands for
    a public address, `{"ip:port": "127.0.0.1:port"}`.
    `version` grows with every change; `run` with every start from one state file.
    """

    clock: Clock
    chance: Chance
    options: Options = field(default_factory=Options)
    sections: dict[str, Section] = field(default_factory=dict)
    lookup: Lookup = _nothing
    settlers: list[Callable[[], None]] = field(default_factory=list)
    dials: list[Callable[[], dict[str, str]]] = field(default_factory=list)
    version: int = 0
    run: int = 0
    _touched: set[str] = field(default_factory=set)
    _written: dict[str, str] = field(default_factory=dict)

    def register(self, name: str, section: Section) -> None:
        self.sections[name] = section
        self._touched.add(name)

    def touch(self, name: str) -> None:
        """Say that a section changed."""
        self.version += 1
        self._touched.add(name)

    def keep(self, name: str) -> None:
        """Say that a section changed in a way that no other part of the world could notice."""
        self._touched.add(name)

    def settle(self) -> None:
        """Let happen what is due by now: operations end, certificates are issued."""
        for settler in self.settlers:
            settler()

    def clear(self) -> None:
        for name, section in self.sections.items():
            section.clear()
            self.touch(name)

    def populate(self, scenario: Body) -> None:
        """Replace everything by a scenario: `{"project": …, <section>: …}`."""
        self.clear()
        for name, section in self.sections.items():
            if name in scenario:
                section.populate(scenario.get("project", self.options.project), scenario[name])
        self.settle()

    def dump(self) -> Body:
        return {name: section.dump() for name, section in self.sections.items()}

    def comparable(self) -> Body:
        """Equal for two worlds exactly if they are the same to their users."""
        parts = {name: section.comparable() for name, section in self.sections.items()}
        return {name: part for name, part in parts.items() if part is not None}

    def load(self) -> bool:
        """Take up the state file; False if there is none yet. Raises StateDamaged."""
        path = self.options.state
        if path is None or not path.exists():
            return False
        try:
            self._take_up(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as damage:
            raise StateDamaged(f"{path} does not hold a sandbox's state: {damage!r}") from damage
        return True

    def _take_up(self, state: Body) -> None:
        self.clock.advance(state["clock"])
        self.run = state.get("run", 0) + 1
        self.chance.continue_from(self.run)
        for name, section in self.sections.items():
            if name in state:
                section.load(state[name])

    def save(self, *, force: bool = False) -> None:
        """Write what changed before the client hears of it: replaced whole, never half."""
        path = self.options.state
        if path is None or not (self._touched or force):
            return
        for name in self._touched:
            self._written[name] = json.dumps(self.sections[name].dump(), separators=(",", ":"))
        self._touched.clear()
        parts = [f'"clock":{self.clock.offset!r}', f'"run":{self.run}']
        parts += [f"{json.dumps(name)}:{text}" for name, text in self._written.items()]
        _replace(path, "{" + ",\n".join(parts) + "}\n")


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
