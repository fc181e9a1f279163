"""What a change does to what runs: the sentences that a plan says of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from remediate.kinds.facts import Pattern
from remediate.kinds.fields.pointers import Patterns, leaves, parts
from remediate.kinds.kind import Kind
from remediate.model.plan import FieldChange


def restarts(
    facts: Kind,
    before: Mapping[str, object],
    after: Mapping[str, object],
    changes: Iterable[FieldChange],
) -> tuple[str, ...]:
    """Such as `restarts the database (settings.tier, max_connections)`, each sentence once."""
    found: dict[str, list[str]] = defaultdict(list)
    where = [change.pointer for change in changes]
    for pattern, sentence in facts.restarts.items():
        if any(_meets(pattern, at) for at in where) and _moves(pattern, before, after):
            found[sentence].append(".".join(parts(pattern)))
    for pattern, told in facts.restarts_if.items():
        if any(_meets(pattern, at) for at in where):
            for sentence, names in told(before, after).items():
                found[sentence] += names
    return tuple(
        f"{sentence} ({', '.join(names)})" if names else sentence
        for sentence, names in found.items()
    )


def _meets(pattern: Pattern, at: str) -> bool:
    """Whether one is the other, or around it."""
    return all(a in {b, "*"} for a, b in zip(parts(pattern), parts(at), strict=False))


def _moves(pattern: Pattern, before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    table = Patterns({pattern: True})
    return [*leaves(before, table)] != [*leaves(after, table)]
