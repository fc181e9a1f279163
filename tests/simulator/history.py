"""One seed, one history: commands, what happens to them, and the laws that hold at its end."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gcp_sandbox.server import Reply
from remediate.model.errors import Stale
from remediate.pipeline.rollback import OnConflict
from tests.simulator.cloud import Cloud
from tests.simulator.environments import Environment
from tests.simulator.memory import Disk
from tests.simulator.platter import Platter
from tests.simulator.process import Ending, Process, choices
from tests.simulator.weather import Happening, Script, Weather, number, script
from tests.simulator.witness import Broken, Edit, Witness
from tests.workbench import PROJECT, moved

LATER = 300.0  # seconds, after which no lease of a dead process speaks for it
FINE = Weather(0)
ON_CONFLICT: Sequence[OnConflict] = ("stop", "stop", "skip", "overwrite")
_BUSY = " is busy: "  # with what somebody, or a command before, has begun there


@dataclass
class History:
    """What happened so far; `now` counts the points that anybody has passed."""

    seed: int
    environment: Environment
    cloud: Cloud
    disk: Disk
    weather: Weather = FINE
    scripts: dict[str, Script] = field(default_factory=dict)
    points: int = 100
    now: int = 0
    trace: list[str] = field(default_factory=list)
    lists: dict[str, Reply] = field(default_factory=dict)
    planned: dict[str, int] = field(default_factory=dict)  # by run, when its plan was made
    before: Any = None  # how the world looks where nothing was done
    after: Any = None  # and at the good end
    snapshots: list[str] = field(default_factory=list)
    stack: list[Process] = field(default_factory=list)
    writes: list[tuple[int, Process]] = field(default_factory=list)
    tokens: int = 0
    torn: bool = False
    doomed: bool = False  # an operation has failed
    last: Process | None = None
    cut_back: bool = False  # a rollback has ended too early
    acts: list[int] = field(default_factory=list)  # when somebody else did something

    def __post_init__(self) -> None:
        about = self.environment
        self.witness = Witness(self, self.disk, list(about.names), list(about.proxies))

    def number(self, *about: object) -> int:
        return number(self.seed, *about)

    def say(self, process: Process | None, what: str) -> None:
        who = process.name if process else "somebody"
        self.trace.append(f"{self.now:5} {who}: {what}")

    def wait(self, seconds: float) -> None:
        """Somebody blocks in a request."""
        self.stack[-1].wait(seconds)

    def token(self, size: int = 8) -> str:
        self.tokens += 1
        return f"{self.number('token', self.tokens):016x}" * (size // 8)

    # What happens

    def passed(self, process: Process, place: str) -> None:
        self.now += 1
        happenings = self.scripts.get(process.name, Script()).at.get(process.points, ())
        for one in happenings:
            self.say(process, f"{one} at point {process.points}, {place}")
            self._happen(process, one)

    def _happen(self, process: Process, one: Happening) -> None:
        match one.what:
            case "kill":
                process.die()
                if one.much and isinstance(self.disk, Platter) and len(self.stack) == 1:
                    self.disk.power_cut()
            case "tear":
                process.torn, self.torn = not self.torn, True  # once: it is rare enough
            case "full":
                process.full = int(one.much)
            case "step":
                process.skew += one.much
            case "pause":
                self.cloud.advance(one.much)
            case "hand":
                self._hand(int(one.much))
            case "second" if self.disk.holder is process:
                self.cloud.advance(one.much)
                self.run(f"{process.name}+", "apply", alone=True)

    def _hand(self, drawn: int) -> None:
        if not self.environment.hands:
            return
        hand = self.environment.hands[drawn % len(self.environment.hands)]
        edit = Edit(hand.path, hand.at, hand.value, self.now, "somebody")
        if self.witness.value(edit) == hand.value:
            return
        status = hand.act(self.cloud)
        self.say(None, f"{hand} -> {status}")
        if status < 300:
            self._stands(edit)

    def _stands(self, edit: Edit) -> None:
        """From here on it is theirs; what they wrote there before is of the past."""
        self.acts.append(self.now)
        witness = self.witness
        witness.edits = [e for e in witness.edits if (e.path, e.at) != (edit.path, edit.at)]
        witness.edits.append(edit)

    # Commands

    def process(self, name: str, *, calm: bool = False) -> Process:
        return Process(name, self, self.cloud, self.disk, calm=calm)

    def run(self, name: str, verb: str, *, alone: bool = False, calm: bool = False) -> Ending:
        """One command from its start to its end, with what its script has in store for it."""
        process = self.last = self.process(name, calm=calm)
        if not calm:
            self.scripts[name] = script(
                self.seed, name, self.points, alone=alone or isinstance(self.disk, Platter)
            )
        self.say(process, f"{verb} begins")
        process.early = self.cloud.is_at_work
        began, took = self.now, len(self.disk.takeovers)
        self.stack.append(process)
        try:
            ending = self._do(process, verb)
        finally:
            self.stack.pop()
        told = f": {ending.error!r}" if ending.error else ""
        self.say(process, f"{verb} ends with {ending.code}{told}")
        self._insist_on_the_truth(process, verb, ending, began, took)
        return ending

    def _do(self, process: Process, verb: str) -> Ending:
        desired = self.environment.desired
        chosen = choices(**self.environment.choices)
        match verb:
            case "apply":
                return process.apply(desired, chosen)
            case "resume":
                return process.resume(desired)
            case "gc":
                return process.gc(desired, chosen)
            case "rollback":
                how = ON_CONFLICT[self.number("on conflict", process.name) % len(ON_CONFLICT)]
                process.overwrites = how == "overwrite"
                self.say(process, f"on conflict {how}")
                return process.rollback("latest", how)
            case _:
                _, _, snapshot = verb.partition(" ")
                return process.rollback(snapshot)

    def _insist_on_the_truth(
        self, process: Process, verb: str, ending: Ending, began: int, took: int
    ) -> None:
        """What a command says of itself at its end is so."""
        since = any(at >= began for at in self.acts)
        others = any(at >= began and who is not process for at, who in self.writes)
        others = others or any(who is not process for at, who in self.disk.takeovers[took:])
        if verb == "resume":  # it is about all that was since its run began
            since = bool(self.acts)
            others = others or self._overtaken(process)
        self.cut_back |= "rollback" in verb and bool(process.changed and ending.code)
        nobody = not (since or others or process.misled)
        alone = nobody and (verb in {"apply", "resume"} or not self.acts)
        busy = _BUSY in str(ending.error)
        if isinstance(ending.error, Stale) and alone and not (busy or process.early):
            raise Broken(f"a conflict is claimed, and nobody was there: {ending.error}")
        if process.changed and "Nothing was changed" in str(ending.error):
            raise Broken(f"nothing was changed, they say: {ending.error}")
        if ending.code == 0 and verb == "apply" and nobody and not process.calm:
            left = self._left()
            if left:
                raise Broken(f"applied, they say; {left} differs")

    def _left(self) -> str:
        """What a plan would still change, seen by somebody who is in no hurry."""
        process = self.process(f"reader {self.now}", calm=True)
        self.stack.append(process)
        try:
            chosen = choices(**self.environment.choices)
            plan, _seen = process.plan(self.environment.desired, process.site.ledger(), chosen)
        finally:
            self.stack.pop()
        return ", ".join(f"{d.action} {d.live}" for d in plan.differences)

    # From the first command to the last law

    def play(self) -> None:
        drawn = random.Random(f"history {self.seed}")
        ending = self.run("first", "apply")
        for nth in range(drawn.choice((0, 1, 1, 2, 3))):
            if ending.code == 0 and nth:
                break
            self._rest(drawn)
            verb = drawn.choice(("apply", "resume", "resume", "rollback"))
            ending = self.run(f"{verb} {nth}", self._possible(verb))
        self.cloud.advance(LATER)
        self.lists.clear()
        last = drawn.choice((*("apply",) * 3, *("resume",) * 3, *("rollback",) * 3, "gc"))
        if last == "rollback":
            self._end_by_going_back()
        else:
            self._end_by_going_on(self._possible(last))

    def _possible(self, verb: str) -> str:
        """The verb, if there is anything that it could be about; else an apply."""
        if verb == "rollback" and not self.new_snapshots():
            return "apply"
        if verb != "resume":
            return verb
        reader = self.process(f"looks {self.now}", calm=True)
        self.stack.append(reader)
        found = reader.newest()
        self.stack.pop()
        return "apply" if found is None or found.is_over else "resume"

    def _rest(self, drawn: random.Random) -> None:
        """Between two commands; where only a lease's end can tell, until it has ended."""
        self.cloud.advance(drawn.choice((1.0, 30.0)) if self.disk.exclusive else LATER)

    def new_snapshots(self) -> list[str]:
        """Of this history, the oldest first."""
        keys = [key for key, _data in self.disk.durable("snapshots/")]
        every = [key[len("snapshots/") : -len(".json")] for key in keys]
        return [one for one in every if one not in self.snapshots]

    def _end_by_going_on(self, verb: str) -> None:
        if verb == "gc":
            self.run("sweep", "gc")
            self.cloud.advance(LATER)
        if verb == "resume":
            ending = self._calmly("on", verb)
            if ending.code and self.doomed:  # the same request has the same answer, once
                ending = self._calmly("once more", self._possible(verb))
            if ending.code and not self.acts and not self._overtaken(self.last):
                raise Broken(f"nothing is in the way, and it cannot go on: {ending.error!r}")
            if ending.code == 0 and not self.acts:
                self._insist_on(self.after)
        ending = self._calmly("last", "apply")
        if ending.code:
            raise Broken(f"nothing is in the way, and apply ends with {ending.error!r}")
        written = len(self.writes)
        again = self.run("again", "apply", calm=True)
        if again.code or len(self.writes) != written:
            raise Broken(f"a second apply is not idle: {again}")
        # what a rollback has made again, and nobody remembers yet, is of no apply's concern
        if not self.acts and verb != "gc" and not self.cut_back:
            self._insist_on(self.after)

    def _calmly(self, name: str, verb: str) -> Ending:
        """With nothing in its way but what was begun before, which has its time to end."""
        ending = self.run(name, verb, calm=True)
        if _BUSY not in str(ending.error):
            return ending
        self.cloud.advance(LATER)
        return self.run(f"{name} later", verb, calm=True)

    def _overtaken(self, process: Process | None) -> bool:
        """Whether another run than its own has written, and may stand in its way."""
        return process is None or any(who.at != process.at for _at, who in self.writes)

    def _end_by_going_back(self) -> None:
        taken = self.new_snapshots()
        if taken:
            ending = self._calmly("back", f"rollback {taken[0]}")
            if isinstance(ending.error, Stale) and self.acts:
                return
            if ending.code:
                raise Broken(f"nothing is in the way, and rollback ends with {ending.error!r}")
        if not self.acts:
            self._insist_on(self.before)

    def _insist_on(self, wanted: dict[str, Any]) -> None:
        found = comparable(self.cloud)
        if found != wanted:
            raise Broken(f"not as it should be in the end: {moved(wanted, found)}")


def comparable(world: Cloud) -> Any:
    """What users see of a world, whichever addresses and name servers Google has drawn.

    Cloud Run's traffic is left out: a rollback that was cut short pins it, and a later plan only
    says so.
    """
    found = json.loads(json.dumps(world.comparable()))
    for zone in found.get("dns", {}).get(PROJECT, {}).values():
        zone.pop("nameServers", None)
        zone["rrsets"] = [one for one in zone["rrsets"] if one["type"] not in {"NS", "SOA"}]
    for service in found.get("cloudrun", {}).values():
        for name in ("traffic", "trafficStatuses"):
            service.pop(name, None)
    text = json.dumps(found)
    for one in found.get("compute", {}).get(PROJECT, {}).get("global/addresses", {}).values():
        text = text.replace(f'"{one["address"]}"', f'"of {one["name"]}"')
    return json.loads(text)
