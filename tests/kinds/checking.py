"""What a kind says of a spec, asked for as the loader asks."""

from __future__ import annotations

from typing import Any

from remediate.kinds.registry import kind


def faults(name: str, spec: dict[str, Any]) -> dict[str, str]:
    """{JSON pointer: message} for a spec whose types are right."""
    facts = kind(name)
    assert facts.check is not None
    return dict(facts.check(facts.spec.model_validate(spec).model_dump(exclude_unset=True)))
