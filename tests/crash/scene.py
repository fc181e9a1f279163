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

from gcp_sandbox.internet.section import internet_of
from gcp_sandbox.sandbox import Sandbox
from gcp_sandbox.world import World
from remediate.gcp.connection import Wire
from remediate.gcp.retry import Patience
from remediate.gcp.session import sandbox_session
from remediate.gcp.storage import Objects
from remediate.model.chance import Chance
from remediate.stores import journal
from remediate.stores.bucket import SCHEME, Bucket
from remediate.stores.folder import Folder
from remediate.stores.ledger import Ledger
from remediate.stores.snapshots import Snapshots
from remediate.stores.store import Store
from tests.cli.typed import Said, typed
from tests.workbench import NAME, PROJECT, Workbench

_WHY = "a test takes back what it made"
ALLOW = (
    *("--allow", f"protected={_WHY}"),
    *("--allow", f"delete:SqlInstance/staging-shared-postgres={_WHY}"),
)
_KEEPS = ("/storage/", "/upload/storage/")
_CHANGES_NOTHING = ("/wait", "/validate", ":testIamPermissions")


@dataclass(frozen=True)
class Saved:
    world: str
    store: Mapping[Path, bytes]


class Scene:
    """`bench` has the YAML of staging; commands go to its sandbox, or to a proxy before it."""

    def __init__(self, sandbox: Sandbox, bench: Workbench, scenario: str, bucket: str = "") -> None:
        self.sandbox = sandbox
        self.bench = bench
        self.allow: tuple[str, ...] = ALLOW
        self._kept_at = ("--store", f"{SCHEME}{bucket}/crash") if bucket else ()
        bench.reset(scenario)
        bench.copy_staging()
        self.root = bench.root
        if scenario == "empty":  # nobody has put there what would answer the checks
            (self.root / "desired" / NAME / "checks.yaml").unlink()
        self.kept: Store = self._in(bucket) if bucket else Folder(self.store)
        self.before = bench.state()
        self._fresh = self.save()

    def _in(self, bucket: str) -> Store:
        clock = self.bench.google.clock
        wire = Wire(sandbox_session(), clock, Patience(clock, Chance(7)))
        objects = Objects(wire, bucket, self.sandbox.url)
        objects.make("elsewhere")
        return Bucket(objects, "crash/", clock)

    @property
    def store(self) -> Path:
        """All that is kept on this machine; of a store in a bucket, a copy."""
        return self.root / ".remediate"

    def state(self) -> dict[str, Any]:
        """What there is, but for what is kept of it."""
        found = self.bench.state()
        found.pop("storage", None)
        return found

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
        return [verb, *at, *self._kept_at, *ask, *more]

    def type(self, verb: str, *more: str) -> Said:
        return typed(*self.words(verb, *more))

    def type_plainly(self, verb: str, *more: str) -> Said:
        return typed(verb, "-C", self.root, *more)

    def let_go_of_zones(self) -> None:
        """At the registrar, of those that are gone: the next of its name is delegated to."""

        def let_go(world: World) -> None:
            there = world.comparable().get("dns", {}).get(PROJECT, {}).values()
            apexes = {zone["dnsName"] for zone in there}
            internet = internet_of(world)
            gone = internet.part("followed").keys() - apexes
            internet.merge({"followed": dict.fromkeys(gone)})

        self.sandbox.call(let_go)

    def take_from_the_dead(self) -> None:
        """A bucket cannot tell that they are; here a person does, for nobody is to wait."""
        if self._kept_at:
            broken = self.type("lock", "break", "--yes")
            assert broken.code == 0, broken

    def runs(self) -> list[str]:
        return journal.runs(self.kept)

    def begun(self) -> list[str]:
        """The runs that have said what they are about."""
        return [run for run in self.runs() if "verb" in journal.read(self.kept, run).begun]

    def ended(self) -> bool:
        """Whether the newest run came to its end."""
        return journal.read(self.kept, self.runs()[-1]).outcome is not None

    def snapshots(self) -> list[str]:
        """Ids, the newest first."""
        return sorted(Snapshots(self.kept).ids(), reverse=True)

    def remembered(self) -> dict[str, Any]:
        """The ledger's entries, but for the times in them."""
        return {
            str(ref): {**entry.to_json(), "asides": [aside.name for aside in entry.asides]}
            for ref, entry in Ledger(self.kept, NAME, "sandbox", PROJECT).resources.items()
        }

    def forget_effects(self) -> None:
        self.sandbox.service.calls.clear()

    def effects(self) -> Counter[str]:
        """What has changed the world since, and how often. A repeated request changes it once.

        In how many changes the sets of a zone come is no matter: Cloud DNS takes none twice.
        """
        taken = {
            (call["query"].get("requestId") or call["query"].get("clientOperationId") or n): call
            for n, call in enumerate([*self.sandbox.service.calls])
            if call["method"] != "GET"
            and not call["path"].startswith(_KEEPS)
            and call["status"] < 300
            and not call["path"].endswith(_CHANGES_NOTHING)
            and call["query"].get("validateOnly") != "true"
        }
        had = Counter(f"{call['method']} {call['path']}" for call in taken.values())
        return Counter({what: 1 if what.endswith("/changes") else n for what, n in had.items()})
