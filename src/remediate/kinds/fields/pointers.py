"""Tables keyed by JSON-pointer patterns, and walks through bodies that look things up in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_HERE = ""  # a key that no JSON pointer part of ours can have
_ANY = "*"


class Patterns(Generic[T]):
    """A table from patterns such as `/backends/*/group` to facts, as a tree to walk along."""

    __slots__ = ("_tree",)

    def __init__(self, table: Mapping[str, T] | None = None) -> None:
        self._tree: dict[str, Any] = {}
        for pattern, fact in (table or {}).items():
            node = self._tree
            for part in parts(pattern):
                node = node.setdefault(part, {})
            node[_HERE] = fact

    @classmethod
    def flags(cls, patterns: Iterable[str]) -> Patterns[bool]:
        return Patterns(dict.fromkeys(patterns, True))

    def __bool__(self) -> bool:
        return bool(self._tree)

    @property
    def fact(self) -> T | None:
        """What the table says of the very place that the walk has come to."""
        return self._tree.get(_HERE)

    def below(self, part: str) -> Patterns[T]:
        """The rest of the table after one more part of the pointer."""
        rest: Patterns[T] = Patterns()
        rest._tree = self._tree.get(part) or self._tree.get(_ANY) or {}
        return rest


def parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def pointer(*names: str | int) -> str:
    return "".join("/" + str(name).replace("~", "~0").replace("/", "~1") for name in names)


def children(value: object) -> Iterable[tuple[str, Any]]:
    """The members of an object or a list, by the part of the pointer that leads to each."""
    if isinstance(value, Mapping):
        return value.items()
    if isinstance(value, list | tuple):
        return ((str(at), item) for at, item in enumerate(value))
    return ()


def leaves(value: object, table: Patterns[T], at: str = "") -> Iterator[tuple[str, T, Any]]:
    """(pointer, fact, value) for every place of the value that the table speaks of."""
    if not table:
        return
    if table.fact is not None:
        yield at, table.fact, value
    for name, item in children(value):
        yield from leaves(item, table.below(name), at + pointer(name))


def transformed(value: object, table: Patterns[T], change: Callable[[T, Any], Any]) -> Any:  # noqa: ANN401 - JSON is any
    """A copy with every place that the table speaks of changed."""
    if not table:
        return value
    if table.fact is not None:
        value = change(table.fact, value)
    if isinstance(value, Mapping):
        return {name: transformed(item, table.below(name), change) for name, item in value.items()}
    if isinstance(value, list | tuple):
        below = table.below("0")
        return [transformed(item, below, change) for item in value]
    return value


def matching(value: object, glob: str, at: str = "") -> Iterator[str]:
    """Pointers into the value that a user's glob names, whole subtrees by their root."""
    head, *rest = parts(glob)
    for name, item in children(value):
        if fnmatchcase(name, head):
            here = at + pointer(name)
            if rest:
                yield from matching(item, pointer(*rest), here)
            else:
                yield here


def value_at(value: Any, where: str) -> Any:  # noqa: ANN401 - JSON is any
    """The value at a pointer; raises LookupError where there is none."""
    for part in parts(where):
        value = value[int(part)] if isinstance(value, list | tuple) else value[part]
    return value
