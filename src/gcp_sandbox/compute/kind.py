"""What Compute needs to know of a kind of resource: data, and a few small functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from gcp_sandbox.request import Body, Json

if TYPE_CHECKING:
    from gcp_sandbox.compute.links import Place
    from gcp_sandbox.compute.section import Compute

Scope: TypeAlias = Literal["global", "regions", "zones"]
Fingerprint: TypeAlias = Literal["required", "optional", "none"]


@dataclass(slots=True)
class Draft:
    """A body on its way in: links canonical, types checked; `before` is what it replaces."""

    compute: Compute
    place: Place
    body: Body
    before: Body | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A field that names another resource.

    `path` goes through objects by `.` and through lists by `[]`; `**.x` is a member `x` at any
    depth. `to` are the collections it may name; `same_scope` that a regional resource names one of
    its own region; `words` may stand there instead of a link.
    """

    path: str
    to: tuple[str, ...]
    same_scope: bool = False
    certificate_manager: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setter:
    """`POST …/{name}/<method>`: takes `field` of the body, and puts it there on the resource.

    `odd_path` leaves out `global/`, as the oldest methods do. `operation` is its type where it is
    not `compute.<collection>.<method>`. With `heeds_fingerprint` a stale one is refused.
    """

    method: str
    field: str
    operation: str | None = None
    odd_path: bool = False
    scopes: tuple[Scope, ...] = ("global", "regions")
    target: str | None = None
    heeds_fingerprint: bool = False

    @property
    def stored_as(self) -> str:
        return self.target or self.field


def _accept(_draft: Draft) -> None:
    pass


def _no_more(_compute: Compute, _place: Place, _body: Body) -> Iterable[str]:
    return ()


def _as_stored(_compute: Compute, _place: Place, body: Body) -> Body:
    return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One collection.

    `singular` names it in paths and `kind`; `noun` in the message that it is in use; `resources`
    is the discovery document's name of the collection by scope. `texts`, `numbers`, `flags`,
    `objects`, `lists` and `choices` are the fields that clients write, by type; `served` those
    that only the server does. `prepare` fills server defaults in and refuses what does not fit;
    `view` is the body as it is answered; `more_references` are paths that the body needs besides
    its links. `seconds` were measured at Google, by method.
    A surrounding is taken to exist wherever something links to it.
    """

    collection: str
    singular: str
    noun: str
    resources: Mapping[Scope, str]
    methods: frozenset[str] = frozenset({"insert", "get", "list", "delete"})
    methods_missing: Mapping[Scope, frozenset[str]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    texts: tuple[str, ...] = ("name", "description")
    numbers: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    served: frozenset[str] = frozenset()
    immutable: frozenset[str] = frozenset()
    links: tuple[Link, ...] = ()
    setters: tuple[Setter, ...] = ()
    has_fingerprint: bool = False
    on_patch: Fingerprint = "none"
    on_update: Fingerprint = "none"
    has_labels: bool = False
    defaults: Mapping[str, Json] = field(default_factory=dict)
    prepare: Callable[[Draft], None] = _accept
    view: Callable[[Compute, Place, Body], Body] = _as_stored
    more_references: Callable[[Compute, Place, Body], Iterable[str]] = _no_more
    operations: Mapping[str, str] = field(default_factory=dict)
    is_surrounding: bool = False
    aggregated: bool = True
    list_word: str = ""
    aggregated_word: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def fields(self) -> frozenset[str]:
        """Every field that a client may write: Google drops others without a word."""
        typed = (*self.texts, *self.numbers, *self.flags, *self.objects, *self.lists, *self.choices)
        return frozenset({*typed, "labels"} if self.has_labels else typed)

    def operation_type(self, method: str, scope: str) -> str:
        """The word Google writes into the operation, whose style depends on a kind's age."""
        own = {setter.method: setter.operation for setter in self.setters}
        known = self.operations.get(method) or own.get(method)
        if known is None:
            plain = method in {"insert", "delete", "update", "patch", "setLabels"}
            known = method if plain else f"compute.{self.collection}.{method}"
        place = scope.partition("/")[0]
        resource = next(name for held, name in self.resources.items() if held == place)
        return known.replace("*", resource)
