"""Roots of one layer that one command mends are told as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from remediate.diagnosis.node import Auto, Root

_CHANGES = ("apply", "plan")
_CONFIDENCE = ("low", "medium", "high")
_RISKS = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "n/a")


@dataclass(frozen=True, slots=True)
class Entry:
    """Roots with one way out. `told` is one that stands for all of them."""

    roots: tuple[Root, ...]
    told: Root

    @property
    def is_typed(self) -> bool:
        """Whether the next step is a command: not where somebody has to do something elsewhere."""
        fix = self.told.fix
        return fix.action == "wait" or bool(fix.program) or fix.words[:1] not in ((), ("verify",))


def entries(roots: Sequence[Root]) -> list[Entry]:
    """In the order of the first of each."""
    groups: dict[tuple[str, ...], list[Root]] = {}
    for root in roots:
        fix = root.fix
        verb = fix.words[0] if fix.words and not fix.program else ""
        alike = verb in _CHANGES or fix.action == "wait"
        key = (root.layer, fix.action, root.state, verb, "" if alike else fix.program + fix.text)
        groups.setdefault(key, []).append(root)
    return [Entry(tuple(group), _together(group)) for group in groups.values()]


def _together(roots: Sequence[Root]) -> Root:
    first, *others = roots
    if not others:
        return first
    slowest = max(roots, key=lambda root: root.fix.eta_s or 0).fix
    words = slowest.words
    if words and words[0] in _CHANGES:
        targets = dict.fromkeys(word for root in roots for word in root.fix.words[2::2])
        words = (words[0], *(word for target in targets for word in ("--target", target)))
    blocked = dict.fromkeys(why for root in roots for why in root.auto.blocked_by)
    texts = dict.fromkeys(root.fix.text for root in roots)
    fix = replace(slowest, action=first.fix.action, text="; ".join(texts), words=words)
    return replace(
        first,
        resource=_several(roots),
        confidence=min((root.confidence for root in roots), key=_CONFIDENCE.index),
        evidence=tuple(dict.fromkeys([root.evidence[0] for root in roots] + [*first.evidence[1:]])),
        explains=tuple(dict.fromkeys(name for root in roots for name in root.explains)),
        fix=fix,
        risk=min((root.risk for root in roots), key=_RISKS.index),
        auto=Auto(all(root.auto.allowed for root in roots), tuple(blocked)),
    )


def _several(roots: Sequence[Root]) -> str:
    """`2 record sets`, `3 ForwardingRules`, or the names themselves."""
    if all(root.layer == "dns.record" for root in roots):
        return f"{len(roots)} record sets"
    kinds = {root.resource.partition("/")[0] for root in roots}
    if len(kinds) == 1 and all("/" in root.resource for root in roots):
        return f"{len(roots)} of kind {kinds.pop()}"
    return ", ".join(root.resource for root in roots)
