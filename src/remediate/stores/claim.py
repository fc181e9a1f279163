"""What is written down of a lock: who has an environment, for which runs, and when last seen."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from remediate.model.errors import StoreDamaged
from remediate.model.json import Body, Json
from remediate.stores.actor import Actor
from remediate.stores.store import Stored

FORMAT_VERSION = 2  # 1 had an expiry in place of the beats, and no nonce


@dataclass(frozen=True, slots=True)
class Claim:
    """`locks/<environment>.json`. Times are RFC 3339, by the clock of whoever has it.

    `beats` counts the renewals. `nonce` is of one holder alone. `runs` are its own, `fences` those
    of holders before it, or its own once it is released, that have to be fenced off. `released`
    is empty while it is held.
    """

    environment: str
    run: str
    actor: Actor
    acquired: str
    renewed: str
    runs: tuple[str, ...] = ()
    fences: tuple[str, ...] = ()
    beats: int = 0
    released: str = ""
    reason: str = ""  # why it was broken, if it was
    nonce: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def is_held(self) -> bool:
        return not self.released

    @property
    def to_fence(self) -> tuple[str, ...]:
        """Every run that a process which had this claim may still write to."""
        own = (*self.runs, self.run) if self.is_held else ()
        return tuple(dict.fromkeys((*self.fences, *own)))

    def renewed_at(self, now: str, **more: object) -> Claim:
        return replace(self, renewed=now, beats=self.beats + 1, **more)  # type: ignore[arg-type] # its own fields

    def __str__(self) -> str:
        return f"run {self.run} by {self.actor}, since {self.acquired}"

    def to_bytes(self) -> bytes:
        content: Body = {
            "format_version": FORMAT_VERSION,
            "environment": self.environment,
            "run": self.run,
            **self.actor.to_json(),
            "acquired": self.acquired,
            "renewed": self.renewed,
            "runs": [*self.runs],
            "fences": [*self.fences],
            "beats": self.beats,
            "nonce": self.nonce,
            **({"released": self.released} if self.released else {}),
            **({"reason": self.reason} if self.reason else {}),
        }
        return json.dumps(content, sort_keys=True, indent=2).encode() + b"\n"


def key_of(environment: str) -> str:
    return f"locks/{environment}.json"


def claim_in(stored: Stored | None) -> Claim | None:
    """The claim, None where there is none; one that nobody can read must not lock people out.

    Raises StoreDamaged for the format of a later version: it may mean what we cannot know.
    """
    try:
        content = json.loads(stored.data) if stored else None
        if not isinstance(content, dict):
            return None
        version = content.get("format_version")
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise StoreDamaged(
                f"the lock has format {version}; this version of remediate knows "
                f"{FORMAT_VERSION} at most",
                hint="Use the newer version of remediate that wrote it.",
            )
        return _claim(content)
    except (ValueError, TypeError, RecursionError):
        return None


def _claim(content: Mapping[str, Json]) -> Claim:
    def text(name: str, otherwise: str = "?") -> str:
        return str(content.get(name, otherwise))

    def names(name: str) -> tuple[str, ...]:
        found = content.get(name)
        return tuple(map(str, found)) if isinstance(found, list) else ()

    pid, beats = content.get("pid", 0), content.get("beats", 0)
    return Claim(
        environment=text("environment"),
        run=text("run"),
        actor=Actor(text("who"), text("host"), int(str(pid)), text("origin")),
        acquired=text("acquired"),
        renewed=text("renewed", text("acquired")),
        runs=names("runs"),
        fences=names("fences"),
        beats=int(str(beats)),
        released=text("released", ""),
        reason=text("reason", ""),
        nonce=text("nonce", ""),
    )
