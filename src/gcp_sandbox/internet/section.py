"""The world section `internet`: what is so out there although no API of Google's says it.

All of it is JSON. What an API's state implies is not in here: the world derives that.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Final

from gcp_sandbox.request import Body, Json
from gcp_sandbox.world import World

NAME: Final = "internet"
PARTS: Final = (
    *("registrar", "followed", "servers", "resolvers", "caches", "tcp53", "served"),
    *("edges", "backends", "metrics"),
)
_PASSING: Final = frozenset({"followed", "caches"})


@dataclass(slots=True)
class Internet:
    """`state` maps each of PARTS to JSON; a part that says nothing may be missing.

    - `registrar`: `{apex: {"nameServers": [host…], "ds": null | "stale" | "signed"}}`, what
      somebody put there; `followed`, `{apex: [host…]}`, what it took from the first public zone.
    - `servers`: `{ip: {"silent": true, "refuses": true, "delay": seconds}}` of DNS servers and
      resolvers; `"*"` is the prober's own network: silent, it lets no DNS through, and its delay
      comes on top of everybody's.
    - `resolvers`: `{ip: {"validates": false}}` where that is not as usual.
    - `caches`: `{resolver's ip: {"<name>/<TYPE>": {"rcode", "rdatas", "ttl", "expires", "soa"}}}`.
    - `tcp53`: "open" or "blocked". `served`: `{"<project>/<zone>": {"before": change id |
      "latest"}}`, zones of which that change and all after it are not served yet.
    - `edges`: `{"<ip>:<port>" | "*": {"refusal": "handshake_failure" | "unrecognized_name" |
      "reset", "delay": seconds}}`: how a front end with no certificate to show turns clients away,
      and how long it is about a hello.
    - `backends`: what is behind the load balancers; see the package `backends`.
    """

    world: World
    state: dict[str, Json] = field(default_factory=dict)

    def part(self, name: str) -> Body:
        """One part, to be read; to be changed only by who calls `touch` afterwards."""
        part: Body = self.state.setdefault(name, {})
        return part

    @property
    def backends(self) -> Body:
        return self.part("backends")

    @property
    def tcp_is_blocked(self) -> bool:
        return bool(self.state.get("tcp53") == "blocked")

    def touch(self) -> None:
        self.world.touch(NAME)

    def keep(self) -> None:
        """Say that a cache changed, from which nothing else in the world follows."""
        self.world.keep(NAME)

    def follow(self, apex: str, name_servers: list[str]) -> None:
        """Take an apex's delegation from its first zone."""
        self.part("followed").setdefault(apex, list(name_servers))
        self.touch()

    def merge(self, given: Body) -> Body:
        """Merge as RFC 7396 does, null taking out; answers what, merged in turn, takes it back.

        What of a cache is given with a `ttl` and no `expires` ends that many seconds from now.
        Raises ValueError for a part that there is not, or that is not like this.
        """
        if unknown := given.keys() - set(PARTS):
            raise ValueError(f"the internet has no {', '.join(sorted(unknown))}")
        for name, value in given.items():
            if value is not None and not isinstance(value, str if name == "tcp53" else dict):
                raise ValueError(f"{name} is not {value!r}")
        back = _merge(self.state, self._dated(deepcopy(given)))
        self.touch()
        return back

    def _dated(self, given: Body) -> Body:
        now = self.world.clock.time()
        for cache in (given.get("caches") or {}).values():
            for entry in (cache or {}).values():
                if entry is not None and "ttl" in entry:
                    entry.setdefault("expires", now + entry["ttl"])
        return given

    def dump(self) -> Json:
        return self.state

    def load(self, state: Json) -> None:
        self.state = state

    def populate(self, project: str, wanted: Json) -> None:  # noqa: ARG002 - no project owns it
        self.merge(wanted)

    def comparable(self) -> Json:
        """Without what passes by itself and what follows from the zones; None for nothing."""
        lasting = {name: part for name, part in self.state.items() if name not in _PASSING}
        return _without_empty(lasting) or None

    def clear(self) -> None:
        self.state = {}


def internet_of(world: World) -> Internet:
    section = world.sections[NAME]
    assert isinstance(section, Internet)
    return section


def _merge(into: Body, given: Body) -> Body:
    back: Body = {}
    for name, value in given.items():
        before = into.pop(name, None)
        back[name] = deepcopy(before)
        if isinstance(value, dict):
            within = before if isinstance(before, dict) else {}
            undone = _merge(within, value)
            if before is None or within is before:
                back[name] = undone
            if within or not value:  # else nothing is left of what was said there
                into[name] = within
        elif value is not None:
            into[name] = value
    return back


def _without_empty(value: Json) -> Json:
    if not isinstance(value, dict):
        return value
    kept = {name: _without_empty(item) for name, item in value.items()}
    return {name: item for name, item in kept.items() if item not in ({}, None)}
