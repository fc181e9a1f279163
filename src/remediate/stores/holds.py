"""What somebody holds back from being applied, until when and why: `holds/<environment>.json`.

What is held for a sandbox says nothing of Google, so each hold is of one endpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from remediate.model.errors import Stale, StoreDamaged
from remediate.model.json import Body, Json
from remediate.model.ref import Ref
from remediate.stores.store import FORMAT_VERSION, Store, sealed, unsealed

EVERYTHING = "*"
_ATTEMPTS = 5  # a hold is written in an instant, so whoever was first is done by then


@dataclass(frozen=True, slots=True)
class Hold:
    """`globs` are over Refs. `since` and `until` are RFC 3339; `until` is "" where it has no end.

    Of a rollback `snapshots` are those that it took before it wrote: going back to one of these
    takes the rollback back. `to` is the snapshot that it went to.
    """

    id: str  # a ULID
    endpoint: str
    globs: tuple[str, ...]
    reason: str
    who: str
    since: str
    until: str = ""
    snapshots: tuple[str, ...] = ()
    to: str = ""

    def covers(self, ref: Ref) -> bool:
        return any(ref.matches(glob) for glob in self.globs)

    def lasts(self, now: datetime) -> bool:
        return not self.until or now < datetime.fromisoformat(self.until)

    def is_for_the_same(self, other: Hold) -> bool:
        """Whether both hold the same for the same reason, neither of them for a rollback."""
        same = ({*self.globs}, self.reason) == ({*other.globs}, other.reason)
        return same and not self.to and not other.to

    def without(self, word: str) -> Hold | None:
        """What is left of it when an id, the beginning of one or a glob is released."""
        if len(word) >= _LEAST and self.id.startswith(word.upper()):
            return None
        kept = tuple(glob for glob in self.globs if not fnmatchcase(_plain(glob), word))
        return replace(self, globs=kept) if kept else None


_LEAST = 6  # letters of an id that are enough


def literally(ref: Ref) -> str:
    """The glob that matches this Ref alone; a wildcard record's name has a `*` in it."""
    return str(ref).replace("*", "[*]")


def _plain(glob: str) -> str:
    return glob.replace("[*]", "*")


class Holds:
    """The holds of one environment and endpoint, written by compare-and-swap."""

    def __init__(self, store: Store, environment: str, endpoint: str) -> None:
        self.store = store
        self.environment = environment
        self._endpoint = endpoint
        self._key = f"holds/{environment}.json"

    def active(self, now: datetime) -> list[Hold]:
        """Those that still last, in the order in which they were set."""
        return [hold for hold in self._read()[0] if self._is_ours(hold) and hold.lasts(now)]

    def change(self, now: datetime, become: Callable[[list[Hold]], Iterable[Hold]]) -> None:
        """Put others in place of those that last; durable on return.

        `become` may be called again where another process was first. What has ended is dropped.
        """
        for _ in range(_ATTEMPTS):
            known, generation = self._read()
            mine = [hold for hold in known if self._is_ours(hold) and hold.lasts(now)]
            then = [*become(mine)]
            if then == mine:
                return
            others = [hold for hold in known if not self._is_ours(hold)]
            if self.store.compare_and_swap(self._key, self._bytes([*others, *then]), generation):
                return
        raise Stale(f"others keep writing the holds of {self.environment}; try again")

    def _is_ours(self, hold: Hold) -> bool:
        return hold.endpoint == self._endpoint

    def _bytes(self, holds: Iterable[Hold]) -> bytes:
        listed: list[Json] = [_json(hold) for hold in holds]
        return sealed(
            {
                "format_version": FORMAT_VERSION,
                "environment": self.environment,
                "holds": listed,
            }
        )

    def _read(self) -> tuple[list[Hold], str | None]:
        stored = self.store.get(self._key)
        if stored is None:
            return [], None
        content: Mapping[str, Any] = unsealed(self._key, stored.data)
        try:
            return [_hold(one) for one in content["holds"]], stored.generation
        except (KeyError, TypeError, ValueError):
            raise StoreDamaged(f"{self._key} does not say what is held") from None


def _json(hold: Hold) -> Body:
    return {**asdict(hold), "globs": [*hold.globs], "snapshots": [*hold.snapshots]}


def _hold(stored: Mapping[str, Any]) -> Hold:
    """Raises KeyError, TypeError or ValueError for what `_json` did not write."""
    datetime.fromisoformat(stored["since"])
    if stored["until"]:
        datetime.fromisoformat(stored["until"])
    return Hold(
        id=str(stored["id"]),
        endpoint=str(stored["endpoint"]),
        globs=tuple(map(str, stored["globs"])),
        reason=str(stored["reason"]),
        who=str(stored["who"]),
        since=str(stored["since"]),
        until=str(stored["until"]),
        snapshots=tuple(map(str, stored["snapshots"])),
        to=str(stored["to"]),
    )
