"""What the live side was before a change: bodies word for word, never written twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from remediate.model.errors import InvalidInput, StoreDamaged
from remediate.model.failpoint import passing
from remediate.model.json import Body
from remediate.model.ref import Ref
from remediate.stores.store import FORMAT_VERSION, Store, ref_of, sealed, unsealed
from remediate.stores.veil import Veil

LATEST = "latest"
SIDES = {"google": "Google", "sandbox": "a sandbox"}
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`resources` holds Google's body of each Ref, None for what was absent. `time` is RFC 3339."""

    id: str  # a ULID, so that ids sort by time
    environment: str
    project: str
    run: str
    time: str
    reason: str
    resources: Mapping[Ref, Body | None]
    endpoint: str = "google"  # or `sandbox`


class Snapshots:
    """`snapshots/<id>.json`: `format_version`, the fields above, and `sha256` over all of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._veil = Veil(store)

    def save(self, snapshot: Snapshot) -> None:
        """Durable on return. Raises StoreDamaged if the id is taken: none is ever overwritten."""
        resources = {str(ref): self._veil.veiled(body) for ref, body in snapshot.resources.items()}
        content: Body = {
            "format_version": FORMAT_VERSION,
            "id": snapshot.id,
            "environment": snapshot.environment,
            "project": snapshot.project,
            "run": snapshot.run,
            "time": snapshot.time,
            "reason": snapshot.reason,
            "endpoint": snapshot.endpoint,
            "resources": cast("Body", resources),
        }
        passing("snapshot.save.before")
        if not self._store.create(_key(snapshot.id), sealed(content)):
            raise StoreDamaged(f"there is a snapshot {snapshot.id} already; it was left as it is")
        passing("snapshot.save.after")

    def find(self, name: str, environment: str, endpoint: str | None = None) -> Snapshot:
        """By id, by the beginning of one, or `latest`, of Google or of a sandbox if that is said.

        Raises InvalidInput, naming the newest ones, if none or several match.
        """
        if name == LATEST:
            return self.latest(environment, endpoint)
        found = self.load(self._full(name))
        if endpoint not in {None, found.endpoint}:
            raise _of_the_other_side(found)
        return found

    def load(self, identifier: str) -> Snapshot:
        """Raises StoreDamaged if it is torn, altered or of a later format."""
        key = _key(identifier)
        stored = self._store.get(key)
        if stored is None:
            raise self._unknown(f"there is no snapshot {identifier!r}")
        content = unsealed(key, stored.data)
        try:
            return _snapshot(content)
        except (AttributeError, KeyError, InvalidInput):
            raise StoreDamaged(f"{key} does not hold a snapshot") from None

    def latest(self, environment: str, endpoint: str | None = None) -> Snapshot:
        """The newest of this environment; a damaged one is an error, never passed over."""
        for snapshot in self.newest_first():
            if snapshot.environment == environment and endpoint in {None, snapshot.endpoint}:
                return snapshot
        side = f" on {SIDES[endpoint]}" if endpoint else ""
        raise self._unknown(f"there is no snapshot of {environment}{side} yet")

    def newest_first(self) -> Iterator[Snapshot]:
        return (self.load(identifier) for identifier in reversed(self.ids()))

    def readable(self) -> tuple[list[Snapshot], list[StoreDamaged]]:
        """Those that can be read, the newest first, and why the others cannot."""
        found: list[Snapshot] = []
        damaged: list[StoreDamaged] = []
        for identifier in reversed(self.ids()):
            try:
                found.append(self.load(identifier))
            except StoreDamaged as error:
                damaged.append(error)
        return found, damaged

    def ids(self) -> list[str]:
        """Oldest first."""
        keys = self._store.list("snapshots/")
        return [key[len("snapshots/") : -len(".json")] for key in keys if key.endswith(".json")]

    @property
    def newest(self) -> str:
        """The newest id, "" if there is none: every id made here sorts behind it."""
        return max(self.ids(), default="")

    def _full(self, name: str) -> str:
        """The one id that begins like this, in either case."""
        wanted = name.upper()
        found = [one for one in self.ids() if wanted and one.startswith(wanted)]
        if wanted in found or len(found) == 1:
            return wanted if wanted in found else found[0]
        if found:
            raise self._unknown(f"{len(found)} snapshots begin with {name!r}")
        raise self._unknown(f"there is no snapshot {name!r}")

    def _unknown(self, what: str) -> InvalidInput:
        newest = self.ids()[: -_SHOWN - 1 : -1]
        there = f"the newest are {', '.join(newest)}" if newest else "none has been taken here"
        error = InvalidInput(f"{what}; {there}")
        error.hint = "`remediate snapshot list` shows all of them."
        return error


def _of_the_other_side(found: Snapshot) -> InvalidInput:
    error = InvalidInput(f"snapshot {found.id} is of {SIDES.get(found.endpoint, found.endpoint)}")
    error.hint = "Leave --sandbox out: it is about Google itself."
    if found.endpoint == "sandbox":
        error.hint = "Say --sandbox, with the URL of that one unless it is this folder's own."
    return error


def _snapshot(content: Body) -> Snapshot:
    resources = cast("dict[str, Body | None]", content["resources"])
    return Snapshot(
        id=str(content["id"]),
        environment=str(content["environment"]),
        project=str(content["project"]),
        run=str(content["run"]),
        time=str(content["time"]),
        reason=str(content["reason"]),
        resources={ref_of(text): body for text, body in resources.items()},
        endpoint=str(content["endpoint"]),
    )


def _key(identifier: str) -> str:
    return f"snapshots/{identifier}.json"
