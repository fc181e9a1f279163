"""The examples of each kind, read; README.md beside this says what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from remediate.kinds.facts import Scope
from remediate.kinds.kind import Kind
from remediate.kinds.registry import kind

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Example:
    """One variant of a kind."""

    name: str
    variant: str
    requires: tuple[dict[str, Any], ...]
    first: dict[str, Any]
    changes: Mapping[str, dict[str, Any]]
    replacements: Mapping[str, dict[str, Any]]
    untried: Mapping[str, str]
    for_good: Mapping[str, dict[str, Any]]

    def __str__(self) -> str:
        return f"{self.name}, {self.variant}"

    @property
    def facts(self) -> Kind:
        return kind(self.name)

    @property
    def scope(self) -> Scope:
        location = self.first["metadata"].get("location")
        if location is None:
            return self.facts.default_scope
        if location == "global":
            return Scope.GLOBAL
        return Scope.ZONE if location[-2:-1] == "-" else Scope.REGION

    @property
    def spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = self.first["spec"]
        return spec

    def changed(self, patch: Mapping[str, Any]) -> dict[str, Any]:
        """`first`, with a merge patch in its spec."""
        return {**self.first, "spec": merge_patch(self.spec, patch)}


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396: objects merge, null takes away, everything else takes the place."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


@cache
def examples(name: str) -> tuple[Example, ...]:
    documents = yaml.safe_load_all((HERE / f"{name}.yaml").read_text())
    return tuple(
        Example(
            name,
            document["variant"],
            tuple(document["requires"]),
            document["first"],
            document["changes"],
            document["replacements"],
            document.get("untried", {}),
            document.get("for_good", {}),
        )
        for document in documents
    )
