"""The least that IAM must allow whoever plans, and whoever applies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from remediate.kinds.bodies.links import scope_of
from remediate.kinds.facts import Scope
from remediate.kinds.permissions import LINK, READ, collection, permissions, sometimes
from remediate.kinds.registry import NAMES, kind
from remediate.model.resource import Desired

Purpose = Literal["plan", "apply"]
Place = tuple[str, Scope]  # a kind, and where

_SCHEME = "gs://"
_STATE: dict[Purpose, tuple[str, ...]] = {
    # `plan --out` keeps a copy of the file, and a first plan the key that masks secrets: both are
    # new objects. To write over one takes `delete` too, so the state itself is out of reach.
    "plan": ("storage.objects.create", "storage.objects.get", "storage.objects.list"),
    "apply": (
        *("storage.objects.create", "storage.objects.delete"),
        *("storage.objects.get", "storage.objects.list"),
    ),
}
_WHY_STATE = "for the state in {store}, whose bucket is the better place to grant it"
_TITLES: dict[Purpose, str] = {
    "plan": "Plans and looks for drift; reads and nothing else.",
    "apply": "Applies, rolls back and clears away; plans too.",
}


@dataclass(frozen=True, slots=True)
class Role:
    """A custom role. `permissions` are sorted, each with when it is needed, if not always."""

    id: str
    title: str
    description: str
    permissions: tuple[tuple[str, str], ...]
    project: str = ""


def role(purpose: Purpose, desired: Desired | None, store: str = "") -> Role:
    """For what an environment declares, or, without one, for every kind everywhere."""
    places = [*(_everywhere() if desired is None else _declared(desired))]
    found = {name: sometimes(name) for name in _of(purpose, places)}
    if store.startswith(_SCHEME):
        found |= dict.fromkeys(_STATE[purpose], _WHY_STATE.format(store=store))
    about = desired.environment if desired else None
    where = f" ({about.name})" if about else ""
    return Role(
        f"remediate{purpose.capitalize()}",
        f"remediate {purpose}{where}",
        _TITLES[purpose],
        tuple(sorted(found.items())),
        about.project if about else "",
    )


def _everywhere() -> Iterator[Place]:
    for name in NAMES:
        yield from ((name, scope) for scope in sorted(kind(name).scopes))


def _declared(desired: Desired) -> set[Place]:
    """What is declared, and what that stands in or may be compared with."""
    found = {(ref.kind, scope_of(ref)) for ref in desired.resources}
    return found | {(parent, scope) for name, scope in found if (parent := kind(name).parent)}


def _of(purpose: Purpose, places: Iterable[Place]) -> Iterator[str]:
    here = [*places]
    own = {collection(kind(name), scope) for name, scope in here}
    managed = {collection(kind(name), scope) for name, scope in _everywhere()}
    for name, scope in here:
        for what, names in permissions(kind(name), scope).items():
            if purpose == "apply" or what == READ:
                yield from (each for each in names if what != LINK or _is_near(each, own, managed))


def _is_near(permission: str, own: set[str], managed: set[str]) -> bool:
    """Whether there is something of that to link to; of what is never managed nobody knows."""
    of = permission.rpartition(".")[0]
    return of in own or of not in managed
