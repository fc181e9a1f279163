"""All that a user has, in process: YAML on disk, a store, a sandbox; plan, apply, go back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remediate.gcp.google import Google, connect_sandbox
from remediate.gcp.sandbox import Sandbox
from remediate.gcp.session import sandbox_session
from remediate.kinds.bodies.calls import read
from remediate.kinds.fields.pointers import pointer
from remediate.model.chance import Chance
from remediate.model.errors import PlanRefused
from remediate.model.json import Body
from remediate.model.plan import Action, Plan
from remediate.model.progress import Watcher
from remediate.model.ref import Ref, parse_ref
from remediate.model.resource import Desired
from remediate.pipeline.apply import Outcome, adopt, apply, order_of, settle
from remediate.pipeline.choices import Choices
from remediate.pipeline.gc import Sweep, gc, look_around
from remediate.pipeline.guard import NAMED, denied, parse_allowances
from remediate.pipeline.load import load
from remediate.pipeline.observe import observe
from remediate.pipeline.plan import plan
from remediate.pipeline.preflight import preflight, with_objections
from remediate.pipeline.rollback import OnConflict, order_back, rollback
from remediate.pipeline.snapshot import take
from remediate.pipeline.way_back import way_back
from remediate.stores.folder import Folder
from remediate.stores.ledger import Ledger
from remediate.stores.lock import lock
from remediate.stores.snapshots import Snapshots

NAME = "staging"
PROJECT = "netra-staging"
REGION = "us-central1"
REPOSITORY = Path(__file__).parent.parent


@dataclass
class Workbench:
    """One user at work on the environment `staging`. Documents are as YAML would have them."""

    url: str
    root: Path
    allow: tuple[str, ...] = ()  # `RULE[:REF]=REASON`, for every run
    google: Google = field(init=False)
    store: Folder = field(init=False)
    _sandbox: Sandbox = field(init=False)

    def __post_init__(self) -> None:
        self._session = sandbox_session()
        self._sandbox = Sandbox(self._session, self.url)
        self.reset()

    def reset(self, scenario: str = "empty") -> None:
        """A world, a store and a user's memory as if nothing had ever been."""
        self._ask("POST", "reset", {"scenario": scenario})
        self.google = connect_sandbox(self.url, PROJECT, chance=Chance(7))
        shutil.rmtree(self.root / ".remediate", ignore_errors=True)
        self.store = Folder(self.root / ".remediate")

    def write(self, *documents: Mapping[str, Any], **spec: Any) -> None:
        """The whole environment anew; `spec` is more of the Environment's own."""
        folder = self.root / "desired" / NAME
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        about = {"project": PROJECT, "region": REGION, **spec}
        every = [document("Environment", NAME, about), *documents]
        text = "\n---\n".join(json.dumps(one) for one in every)
        (folder / "all.yaml").write_text(text)

    def move_to(self, project: str) -> None:
        """Another `project` in the YAML as it is, and a session for that."""
        file = self.root / "desired" / NAME / "all.yaml"
        was = json.dumps(self.google.project)
        file.write_text(file.read_text().replace(f'"project": {was}', f'"project": "{project}"'))
        self.google = connect_sandbox(self.url, project, chance=Chance(7))

    def copy_staging(self) -> None:
        """The repository's own example environment."""
        folder = self.root / "desired" / NAME
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(REPOSITORY / "desired" / NAME, folder)

    def load(self) -> Desired:
        return load(self.root, NAME, {})

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.store, NAME, "sandbox", self.google.project)

    def forget(self) -> None:
        """Lose the ledger, as somebody who clones the repository has."""
        shutil.rmtree(self.root / ".remediate" / "ledger", ignore_errors=True)

    def plan(self, **choices: Any) -> Plan:
        desired, ledger = self.load(), self.ledger
        seen = observe(self.google, desired, ledger.resources)
        made = plan(desired, seen, ledger, self._choices(**choices))
        return with_objections(made, preflight(self.google, made))

    def apply(self, **choices: Any) -> Plan:
        """Plan and carry it out, as `remediate apply` does; raises what that would exit with."""
        return self.carry_out(**choices)[0]

    def carry_out(
        self, watchers: Iterable[Watcher] = (), **choices: Any
    ) -> tuple[Plan, Outcome | None]:
        google, desired = self.google, self.load()
        run = google.chance.ulid(google.clock.now())
        with lock(self.store, NAME, run, google.clock):
            ledger = self.ledger
            seen = observe(google, desired, ledger.resources)
            made = plan(desired, seen, ledger, self._choices(**choices))
            made = with_objections(made, preflight(google, made))
            insist(made)
            outcome = None
            order = order_of("apply", made, desired, seen, self._choices(**choices))
            if made.is_empty:
                settle(order, google, [*watchers])
            else:
                outcome = apply(order, run, google, self.store, ledger, [*watchers])
            adopt(made, desired, seen, ledger, self._choices(**choices), google.clock.now())
        return made, outcome

    def gc(
        self, retention: float | None = None, watchers: Iterable[Watcher] = (), **choices: Any
    ) -> Plan:
        """Delete what was set aside, as `remediate gc` does."""
        google = self.google
        run = google.chance.ulid(google.clock.now())
        with lock(self.store, NAME, run, google.clock):
            ledger = self.ledger
            sweep = self._sweep(ledger, retention, **choices)
            insist(sweep.plan)
            if not sweep.plan.is_empty:
                apply(sweep.order(), run, google, self.store, ledger, [*watchers])
            sweep.forget(ledger)
        return sweep.plan

    def plan_gc(self, retention: float | None = None, **choices: Any) -> Plan:
        return self._sweep(self.ledger, retention, **choices).plan

    def _sweep(self, ledger: Ledger, retention: float | None, **choices: Any) -> Sweep:
        desired = self.load()
        seen = look_around(self.google, desired, ledger)
        seconds = desired.environment.retention if retention is None else retention
        chosen = self._choices(**choices)
        return gc(desired, seen, ledger, chosen, seconds, self.google.clock.now())

    def advance(self, seconds: float) -> None:
        """Let time pass, in the sandbox and for this user."""
        self.google.clock.sleep(seconds)

    def plan_back(
        self, snapshot: str = "latest", on_conflict: OnConflict = "stop", allow: Iterable[str] = ()
    ) -> Plan:
        return self._back(snapshot, on_conflict, allow, write=False)

    def roll_back(
        self, snapshot: str = "latest", on_conflict: OnConflict = "stop", allow: Iterable[str] = ()
    ) -> Plan:
        return self._back(snapshot, on_conflict, allow, write=True)

    def _back(
        self, snapshot: str, on_conflict: OnConflict, allow: Iterable[str], *, write: bool
    ) -> Plan:
        google = self.google
        found = Snapshots(self.store).find(snapshot, NAME)
        allowances = self._allowed(allow)
        run = google.chance.ulid(google.clock.now())
        with lock(self.store, NAME, run, google.clock):
            ledger = self.ledger
            way = way_back(found, self.store, ledger, google, allowances)
            made = rollback(way, on_conflict)
            if write:
                insist(made)
            if write and not made.is_empty:
                apply(order_back(way, made), run, google, self.store, ledger, ())
        return made

    def take_snapshot(self) -> str:
        desired = self.load()
        snapshot = take(desired, observe(self.google, desired), self.google, "by hand")
        Snapshots(self.store).save(snapshot)
        return snapshot.id

    def live(self, ref: str | Ref) -> Body | None:
        """The resource as Google has it now."""
        return read(self.google, parse_ref(ref) if isinstance(ref, str) else ref)

    def state(self) -> Body:
        """The comparable state: equal for two worlds that are the same to their users."""
        state: Body = self._ask("GET", "state?comparable=1")
        return state

    def calls(self) -> list[tuple[str, str]]:
        """(method, path) of every API request since `forget_calls`."""
        return [
            (call["method"], call["path"].partition("?")[0])
            for call in self._ask("GET", "calls")["calls"]
        ]

    def forget_calls(self) -> None:
        self._ask("POST", "calls:reset")

    def send(self, method: str, path: str, body: Body | None = None) -> Body:
        """Somebody else at work, with an HTTP client of their own."""
        answer = self._session.request(method, f"{self.url}/{path}", json=body, timeout=30)
        answer.raise_for_status()
        result: Body = answer.json()
        return result

    def fault(self, name: str, **spec: Any) -> None:
        self._ask("POST", f"faults/{name}", spec)

    def clear_faults(self) -> None:
        self._ask("DELETE", "faults")

    def _ask(self, method: str, path: str, body: Body | None = None) -> Any:
        return self.send(method, f"_sandbox/{path}", body)

    def _choices(self, allow: Iterable[str] = (), **choices: Any) -> Choices:
        return Choices(self._allowed(allow), **choices)

    def _allowed(self, words: Iterable[str]) -> dict[str, str]:
        """As typed, but that one word of a test may be for all that goes: `delete=tried`."""
        said = [word.partition("=") for word in (*self.allow, *words)]
        all_of = {rule: why for rule, _, why in said if rule in NAMED}
        return all_of | parse_allowances("".join(each) for each in said if each[0] not in NAMED)


def insist(made: Plan) -> None:
    """Raise as `apply` does where a guard denies the plan."""
    if reasons := denied(made.objections):
        raise PlanRefused("\n".join(f"{one.rule}: {one.message}" for one in reasons))


def document(
    kind: str,
    name: str,
    spec: Mapping[str, Any],
    lifecycle: Mapping[str, Any] | None = None,
    location: str | None = None,
) -> dict[str, Any]:
    metadata = {"name": name, **({"location": location} if location else {})}
    body = {"apiVersion": "remediate/v1", "kind": kind, "metadata": metadata, "spec": spec}
    return {**body, "lifecycle": lifecycle} if lifecycle else body


def told(made: Plan) -> list[tuple[str, str]]:
    """What a plan would do: (action, Ref), in the plan's own order."""
    return [(difference.action.value, str(difference.ref)) for difference in made.differences]


def actions(made: Plan) -> set[Action]:
    return {difference.action for difference in made.differences}


def moved(before: Any, after: Any, at: str = "") -> dict[str, tuple[Any, Any]]:
    """Where two states differ, by JSON pointer; what is not there is None."""
    if before == after:
        return {}
    if isinstance(before, dict) and isinstance(after, dict):
        names = sorted({*before, *after})
        below = [moved(before.get(n), after.get(n), at + pointer(n)) for n in names]
        return {where: pair for each in below for where, pair in each.items()}
    return {at: (before, after)}
