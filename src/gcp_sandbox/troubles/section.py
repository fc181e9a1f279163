"""Which faults are in force, and what the world was before them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final

from gcp_sandbox.authority import Authority
from gcp_sandbox.errors import GoogleError
from gcp_sandbox.faults import KINDS
from gcp_sandbox.internet.section import NAME as INTERNET
from gcp_sandbox.internet.section import internet_of
from gcp_sandbox.request import Body, Json
from gcp_sandbox.troubles.calls import Calls
from gcp_sandbox.troubles.entries import Entry, entries, filled, nearest
from gcp_sandbox.troubles.merging import NothingThere, merged, patched
from gcp_sandbox.troubles.uploads import upload
from gcp_sandbox.troubles.zones import recreate
from gcp_sandbox.world import World

NAME: Final = "troubles"
_APART: Final = frozenset({NAME, "authority", "longrunning", "storage"})
"""Sections that no fault concerns, or that tell of what has happened."""
_KEPT: Final = ("inForce", "before", "after")
_PAST: Final = {"monitoring": ("changes",)}
"""Members that tell of what has happened, and go on to."""


@dataclass(slots=True)
class Troubles:
    """`in_force` by id, in the order of their injection, each with what was so already.

    `before` holds, for each section that any of them has changed, the state that it would have
    without them, and `after` the one that the last left; the internet's in any case, since caches
    come to hold what is seen of them.
    """

    world: World
    authority: Authority
    calls: Calls
    in_force: dict[str, list[str]] = field(default_factory=dict)
    before: Body = field(default_factory=dict)
    after: Body = field(default_factory=dict)

    def inject(self, identity: str) -> list[str]:
        """Bring a fault about; answers what of it was so already.

        Raises 400 for one that there is not, and 409, having changed nothing, where it cannot be:
        what it is about is not there, say.
        """
        entry = entries().get(identity)
        if entry is None:
            raise unknown(identity)
        if identity in self.in_force:
            return [f"{identity} is in force already"]
        state = self._state()
        try:
            with self.calls.no_time_passes():
                already = self._carry_out(entry)
        except (GoogleError, NothingThere) as refused:
            self._return_to(state)
            why = refused.message if isinstance(refused, GoogleError) else str(refused)
            raise GoogleError(
                409, "conflict", f"{identity} cannot be injected here: {why.rstrip('.')}."
            ) from None
        self._remember(state)
        self.in_force[identity] = already
        self.world.touch(NAME)
        return already

    def clear(self) -> None:
        """Forget them, as the world does that is made anew."""
        self.in_force, self.before, self.after = {}, {}, {}

    def take_back(self) -> list[str]:
        """Undo what of them is still as they left it; answers their ids.

        What somebody has changed since, a repair say, stays. Caches forget all that they learned.
        """
        gone = list(self.in_force)
        self._return_to(self._without_them(self._state()))
        self.clear()
        self.world.touch(NAME)
        return gone

    def _carry_out(self, entry: Entry) -> list[str]:
        world = self.world
        project, now = world.options.project, world.clock.time()
        world.settle()
        said = [self._step(filled(step, project, now)) for step in entry.steps]
        for name, patch in filled(entry.state, project, now).items():
            section = world.sections[name]
            section.load(patched(_copied(section.dump()), patch))
            world.touch(name)
        internet_of(world).merge(filled(entry.internet, project, now))
        world.settle()
        return [why for why in said if why is not None]

    def _step(self, step: Body) -> str | None:
        project = self.world.options.project
        if "recreate" in step:
            recreate(self.calls, project, step)
        elif "upload" in step:
            upload(self.calls, self.authority, project, step)
        else:
            return self.calls.carry_out(step)
        return None

    def _state(self) -> Body:
        sections = self.world.sections.items()
        return {name: _copied(it.dump()) for name, it in sections if name not in _APART}

    def _without_them(self, now: Body) -> Body:
        """By section, what `now` would be had none of them been."""
        found = {
            name: merged(was, self.after[name], now[name]) for name, was in self.before.items()
        }
        if INTERNET in found:
            found[INTERNET] |= {"caches": self.before[INTERNET].get("caches", {})}
        return found

    def _remember(self, state: Body) -> None:
        """After another one: `state` is from just before it."""
        now, without = self._state(), self._without_them(state)
        changed = {name for name, was in state.items() if name == INTERNET or now[name] != was}
        self.before = {name: without.get(name, state[name]) for name in {*self.before, *changed}}
        self.after = {name: now[name] for name in self.before}

    def _return_to(self, state: Body) -> None:
        for name, was in state.items():
            section = self.world.sections[name]
            past = {member: section.dump()[member] for member in _PAST.get(name, ())}
            section.load(_copied(was) | past if past else _copied(was))
            self.world.touch(name)
        self.world.settle()

    # the world's section

    def dump(self) -> Json:
        return {"inForce": self.in_force, "before": self.before, "after": self.after}

    def load(self, state: Json) -> None:
        self.in_force, self.before, self.after = (state[it] for it in _KEPT)

    def populate(self, project: str, wanted: Json) -> None:
        """Scenarios begin without."""

    def comparable(self) -> Json:
        return None


def unknown(identity: str) -> GoogleError:
    meant = nearest(identity)
    near = f"Did you mean {', '.join(meant)}?" if meant else f"On the wire: {', '.join(KINDS)}."
    return GoogleError(400, "invalid", f"There is no fault '{identity}'. {near}")


def _copied(state: Json) -> Json:
    return json.loads(json.dumps(state))
