"""From what the user wrote to the body that Google is to hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from remediate.kinds.bodies.links import declared_target, foreign_link, link, parent_of, ref_of
from remediate.kinds.fields.pointers import Patterns, leaves, transformed
from remediate.kinds.kind import Kind
from remediate.kinds.registry import kind as kind_of
from remediate.model.ref import Ref
from remediate.model.resource import Resource
from remediate.model.values import Reference, Template, Unknown


class Names:
    """What is known of the live side while bodies are made: names, and values that Google chose.

    A declared resource may live under a replacement's name; one that is yet to be created has a
    name but no values.
    """

    def __init__(self, project: str, declared: Collection[Ref]) -> None:
        self.project = project
        self.declared = declared
        self._names: dict[Ref, Ref] = {}
        self._bodies: dict[Ref, Mapping[str, object]] = {}

    def settle(self, ref: Ref, live: Ref, body: Mapping[str, object] | None) -> None:
        """From now on, `ref` is called `live`, and holds these values if it exists already."""
        self._names[ref] = live
        if body is not None:
            self._bodies[live] = body

    def know(self, live: Ref, body: Mapping[str, object]) -> None:
        """Somebody else's resource was seen."""
        self._bodies[live] = body

    def live(self, ref: Ref) -> Ref:
        return self._names.get(ref, ref)

    def look_up(self, reference: Reference) -> str | Unknown:
        return self.value(self.live(reference.ref), reference.field)

    def rendered(self, text: str) -> str:
        """Text with its references filled in."""
        return str(text.render(self.look_up)) if isinstance(text, Template) else text

    def value(self, live: Ref, field: str) -> str | Unknown:
        found = kind_of(live.kind).output(self._bodies.get(live, {}), field)
        return Unknown(live, field) if found in (None, "") else str(found)


def resolved(kind: Kind, resource: Resource, names: Names) -> dict[str, Any]:
    """The body as Google would hold it: templates filled in, links whole, unknowns marked."""
    rendered = _rendered(resource.spec, names.look_up)
    whole = transformed(
        rendered,
        Patterns(kind.links),
        lambda allowed, text: _link(kind, allowed, text, resource.ref, names),
    )
    linked = transformed(
        whole,
        Patterns(kind.links_by_name),
        lambda allowed, text: _name(kind, allowed, text, resource.ref, names),
    )
    body: dict[str, Any] = transformed(
        linked, Patterns(kind.links_by_value), lambda field, text: _by_value(text, field, names)
    )
    return kind.discreet(body)


def targets(kind: Kind, resource: Resource, declared: Collection[Ref], project: str) -> set[Ref]:
    """The declared resources that this one needs: its links, its templates, and `dependsOn`."""
    needed = set(resource.lifecycle.depends_on)
    if (parent := parent_of(resource.ref)) and parent in declared:
        needed.add(parent)
    for _at, allowed, text in leaves(resource.spec, Patterns(kind.all_links)):
        for one in text if isinstance(text, list) else [text]:
            if isinstance(one, Template):
                continue
            target = declared_target(kind, allowed, one, resource.ref, declared, project)
            if target is not None:
                needed.add(target)
    needed.update(reference.ref for reference in references(resource.spec))
    return needed


def references(value: object) -> list[Reference]:
    if isinstance(value, Template):
        return value.references
    items = value.values() if isinstance(value, Mapping) else value
    if isinstance(items, str) or not hasattr(items, "__iter__"):
        return []
    return [found for item in items for found in references(item)]


def _rendered(value: object, look_up: Callable[[Reference], str | Unknown]) -> Any:  # noqa: ANN401 - JSON is any
    if isinstance(value, Template):
        return value.render(look_up)
    if isinstance(value, Mapping):
        return {name: _rendered(item, look_up) for name, item in value.items()}
    if isinstance(value, list):
        return [_rendered(item, look_up) for item in value]
    return value


def _link(kind: Kind, allowed: tuple[str, ...], text: object, at: Ref, names: Names) -> Any:  # noqa: ANN401 - JSON is any
    if isinstance(text, list):
        return [_link(kind, allowed, one, at, names) for one in text]
    if not isinstance(text, str):
        return text
    target = declared_target(kind, allowed, text, at, names.declared, names.project)
    if target is None:
        return foreign_link(names.project, allowed, text, at)
    return link(kind, names.project, names.live(target))


def _name(kind: Kind, allowed: tuple[str, ...], text: object, at: Ref, names: Names) -> Any:  # noqa: ANN401 - JSON is any
    if not isinstance(text, str):
        return text
    target = declared_target(kind, allowed, text, at, names.declared, names.project)
    return text.rpartition("/")[2] if target is None else names.live(target).name


def _by_value(text: object, field: str, names: Names) -> Any:  # noqa: ANN401 - JSON is any
    """Google answers an address where a link to one was sent, so the address is what is wanted."""
    if not isinstance(text, str) or "/" not in text:
        return text
    target = ref_of(text, names.project)
    return text if target is None else names.value(target, field)
