"""A world and a store that can be put back, and what is typed at them."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gcp_sandbox.sandbox import Sandbox
from gcp_sandbox.world import World
from remediate.stores import journal
from remediate.stores.folder import Folder
from tests.cli.typed import Said, typed
from tests.workbench import Workbench

_WHY = "a test takes back what it made"
ALLOW = (
    *("--allow", f"protected={_WHY}"),
    *("--allow", f"delete:SqlInstance/staging-shared-postgres={_WHY}"),
)
_CHANGES_NOTHING = ("/wait", "/validate", ":testIamPermissions")


@dataclass(frozen=True)
class Saved:
    world: str
    store: Mapping[Path, bytes]


class Scene:
    """`bench` has the YAML of staging; commands go to its sandbox, or to a proxy before it."""

    def __init__(
        self, sandbox: Sandbox, bench: Workbench, scenario: str, allow: tuple[str, ...] = ALLOW
    ) -> None:
        self.sandbox = sandbox
        self.bench = bench
        self.allow = allow
        bench.reset(scenario)
        bench.copy_staging()
        self.root = bench.root
        self.before = bench.state()
        self._fresh = self.save()

    @property
    def store(self) -> Path:
        return self.root / ".remediate"

    @property
    def said(self) -> Path:
        """Where a forked child says what it has to say."""
        return self.root / "said"

    def save(self) -> Saved:
        """World and store as they are, to come back to."""
        files = {at: at.read_bytes() for at in self.store.rglob("*") if at.is_file()}
        return Saved(self.sandbox.call(lambda world: json.dumps(world.dump())), files)

    def restore(self, saved: Saved) -> None:
        def load(world: World) -> None:
            world.clear()
            for name, state in json.loads(saved.world).items():
                world.sections[name].load(state)

        self.sandbox.call(load)
        shutil.rmtree(self.store, ignore_errors=True)
        for at, content in saved.store.items():
            at.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            at.write_bytes(content)
            at.chmod(0o600)

    def start_again(self) -> None:
        self.restore(self._fresh)

    @contextmanager
    def named(self, where: str) -> Iterator[None]:
        """Say where the command was killed, should a law not hold afterwards."""
        try:
            yield
        except AssertionError as broken:
            broken.add_note(where)
            raise

    def words(self, verb: str, *more: str, url: str = "") -> list[str]:
        at = ["-C", str(self.root), "--sandbox", url or self.sandbox.url]
        ask = ["--yes", *self.allow] if verb in {"apply", "rollback", "gc"} else []
        return [verb, *at, *ask, *more]

    def type(self, verb: str, *more: str) -> Said:
        return typed(*self.words(verb, *more))

    def type_plainly(self, verb: str, *more: str) -> Said:
        return typed(verb, "-C", self.root, *more)

    def runs(self) -> list[str]:
        return journal.runs(Folder(self.store))

    def begun(self) -> list[str]:
        """The runs that have said what they are about."""
        store = Folder(self.store)
        return [run for run in journal.runs(store) if "verb" in journal.read(store, run).begun]

    def ended(self) -> bool:
        """Whether the newest run came to its end."""
        return journal.read(Folder(self.store), self.runs()[-1]).outcome is not None

    def snapshots(self) -> list[str]:
        """Ids, the newest first."""
        return sorted((at.stem for at in self.store.glob("snapshots/[!.]*.json")), reverse=True)

    def remembered(self) -> dict[str, Any]:
        """The ledger's entries, but for the times in them."""
        return {
            str(ref): {**entry.to_json(), "asides": [aside.name for aside in entry.asides]}
            for ref, entry in self.bench.ledger.resources.items()
        }

    def forget_effects(self) -> None:
        self.sandbox.service.calls.clear()

    def effects(self) -> Counter[str]:
        """What has changed the world since, and how often. A repeated request changes it once."""
        taken = {
            (call["query"].get("requestId") or call["query"].get("clientOperationId") or n): call
            for n, call in enumerate([*self.sandbox.service.calls])
            if call["method"] != "GET"
            and call["status"] < 300
            and not call["path"].endswith(_CHANGES_NOTHING)
            and call["query"].get("validateOnly") != "true"
        }
        return Counter(f"{call['method']} {call['path']}" for call in taken.values())
