"""A diagnosis as one screen of plain ASCII, as the story of one layer, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from remediate.diagnosis.layers import LAYERS
from remediate.diagnosis.node import Diagnosis, Fix, Node, Root
from remediate.model.errors import InvalidInput
from remediate.model.json import Body, Json
from remediate.model.nearest import did_you_mean
from remediate.report.machine import FORMAT_VERSION
from remediate.report.text import (
    WIDTH,
    Palette,
    Tone,
    Typed,
    bare,
    command,
    duration,
    safe,
    wrapped,
)

SCREEN = 24  # lines, of a terminal as it comes
_WORST = ("failed", "waiting", "unknown", "ok")
_SHOWN = {"failed": "FAILED", "waiting": "waiting", "unknown": "unknown", "ok": "ok"}
_GROUPS = (("dns",), ("lb",), ("run",), ("vpc", "sql"))


def diagnosis_text(
    found: Diagnosis, typed: Typed = bare, width: int = WIDTH, *, colour: bool = False
) -> str:
    """What is broken, why, what to type next, and a strip of layers: 24 lines at most."""
    head = [*_head(found, width)]
    strip = [*_strip(found, width)]
    room = SCREEN - len(head) - len(strip) - 2
    body = _fitting([*_alike(found.roots)], typed, width, room)
    lines = [*head, "", *body, *([""] if body else []), *strip]
    painted = (_painted(line, Palette(colour=colour)) for line in lines[:SCREEN])
    return "\n".join(painted) + "\n"


def _head(found: Diagnosis, width: int) -> Iterator[str]:
    at = f"{found.at:%Y-%m-%d %H:%M:%S} UTC"
    failing = dict.fromkeys(node.layer for node in found.symptoms)
    states = {node.state for node in found.nodes}
    if found.is_broken:
        verdict = "BROKEN"
    elif failing:
        verdict = "NOT KNOWN TO BE WELL"
    else:
        verdict = "well, as far as can be seen" if "unknown" in states else "well"
    yield _ascii(f"{found.environment} at {at}: {verdict}")
    if failing:
        yield _cut(f"fails: {', '.join(failing)}", width)
    if found.late:
        yield _cut(f"not in time: {', '.join(found.late)}", width)


# Roots


def _alike(roots: Sequence[Root]) -> Iterator[Root]:
    """Roots that one `apply` mends, as one."""
    groups: dict[tuple[str, ...], list[Root]] = {}
    for root in roots:
        words = root.fix.words
        key = (root.layer, root.fix.action) if words[:1] == ("apply",) else (root.id,)
        groups.setdefault(key, []).append(root)
    for first, *others in groups.values():
        if not others:
            yield first
            continue
        both = [first, *others]
        targets = dict.fromkeys(word for one in both for word in one.fix.words[1:])
        words = ("apply", *(w for t in targets if t != "--target" for w in ("--target", t)))
        explains = tuple(dict.fromkeys(name for one in both for name in one.explains))
        longest = max(one.fix.eta_s for one in both)
        yield replace(
            first,
            resource=f"{first.resource} and {len(others)} more",
            evidence=tuple(one.evidence[0] for one in both),
            explains=explains,
            fix=replace(first.fix, words=words, eta_s=longest),
        )


def _fitting(roots: Sequence[Root], typed: Typed, width: int, room: int) -> list[str]:
    """The roots with as much of each as there is room for; the rest is counted."""
    for shown in range(len(roots), 0, -1):
        for detail in (4, 3, 2, 1, 0):
            lines = [
                line
                for number, root in enumerate(roots[:shown], 1)
                for line in _root(root, (number, len(roots)), typed, width, detail)
            ]
            if left := roots[shown:]:
                more = ", ".join(dict.fromkeys(root.layer for root in left))
                lines.append(_cut(f"and {len(left)} more: {more} (`--json` has them)", width))
            if len(lines) <= room or (shown == 1 and not detail):
                return lines[:room]
    return []


def _root(
    root: Root, place: tuple[int, int], typed: Typed, width: int, detail: int
) -> Iterator[str]:
    number = f" {place[0]}/{place[1]}" if place[1] > 1 else ""
    state = _SHOWN[root.state]
    yield _cut(f"ROOT{number}: {root.layer} {state} {root.resource}", width)
    for evidence in root.evidence[: max(detail - 1, 1)]:
        yield from _field("why", evidence, width, 2 if detail == _ALL else 1)
    if root.explains and detail:
        yield from _field("explains", ", ".join(root.explains), width, 1)
    if detail >= _SAID:
        yield from _field("do", f"{root.fix.action}: {root.fix.text}", width, 2)
    line = command_line(root.fix, typed)
    yield from map(_ascii, command(f"$ {line}", width))
    yield from _field("green", _weighed(root), width, 1)
    if detail >= _WEIGHED:
        automatic = "yes" if root.auto.allowed else f"no: {'; '.join(root.auto.blocked_by)}"
        yield from _field("undo", root.undo, width, 2 if detail == _ALL else 1)
        yield from _field("auto", automatic, width, 1)


_SAID, _WEIGHED, _ALL = 2, 3, 4  # levels of detail, and what comes with each


def _weighed(root: Root) -> str:
    return f"{eta(root.fix)}; risk {root.risk}; confidence {root.confidence}"


def eta(fix: Fix) -> str:
    """`in 5 min`, or `within 90 min at most, Google's side`."""
    if not fix.eta_s:
        return "nobody can tell when"
    if fix.at_most:
        return f"within {duration(fix.eta_s)} at most, on Google's side"
    return f"in {duration(fix.eta_s)}, by the TTLs seen"


def command_line(fix: Fix, typed: Typed = bare) -> str:
    """What to type next, whole."""
    return fix.program or typed(*fix.words)


def _field(name: str, text: str, width: int, most: int) -> list[str]:
    lines = [*map(_ascii, wrapped(safe(text), width, f"  {name:<9}", " " * 11))]
    if len(lines) > most:
        lines = [*lines[: most - 1], _cut(lines[most - 1] + " ...", width)]
    return [_cut(line, width) for line in lines]


# The strip


def _strip(found: Diagnosis, width: int) -> Iterator[str]:
    """The worst state of each layer that is there, by group."""
    for groups in _GROUPS:
        told = [
            " ".join([group, *_states(found, group)])
            for group in groups
            if any(True for _ in _states(found, group))
        ]
        yield from wrapped("  ".join(told), width, rest=" " * 4) if told else ()
    yield f"observer:{_worst(found, 'observer')}"


def _states(found: Diagnosis, group: str) -> Iterator[str]:
    for layer in LAYERS:
        if layer.startswith(f"{group}.") and (state := _worst(found, layer)):
            yield f"{layer.partition('.')[2]}:{state}"


def _worst(found: Diagnosis, layer: str) -> str:
    states = {node.state for node in found.nodes if node.layer == layer}
    return next((_SHOWN[state] for state in _WORST if state in states), "")


def _painted(line: str, palette: Palette) -> str:
    if line.startswith("ROOT") or line.endswith(": BROKEN"):
        return palette.paint(line, Tone.BAD)
    return palette.paint(line, Tone.STRONG) if line.startswith("  $") else line


def _cut(text: str, width: int) -> str:
    text = _ascii(text)
    return text if len(text) <= width else text[: width - 3] + "..."


def _ascii(text: str) -> str:
    return safe(text).encode("ascii", "backslashreplace").decode()


# One layer


def layer_text(found: Diagnosis, layer: str, width: int = WIDTH) -> str:
    """Everything that is known of a layer; raises InvalidInput for one that there is not."""
    known = dict.fromkeys([*LAYERS, *(node.layer for node in found.nodes)])
    if layer not in known:
        hint = did_you_mean(layer, known) or "`docs/reference/layers.md` has them"
        raise InvalidInput(f"there is no layer {layer} ({hint})")
    lines = [_ascii(f"{layer}: {LAYERS[layer]}")] if layer in LAYERS else [layer]
    nodes = [node for node in found.nodes if node.layer == layer]
    if not nodes:
        lines.append("  nothing of it is declared here")
    for node in nodes:
        lines += ["", *_story(found, node, width)]
    return "\n".join(lines) + "\n"


def _story(found: Diagnosis, node: Node, width: int) -> Iterator[str]:
    yield _ascii(f"{_SHOWN[node.state]:<8} {node.resource}")
    for evidence in node.evidence:
        yield from map(_ascii, wrapped(safe(evidence), width, "  - ", "    "))
    states = {one.id: one.state for one in found.nodes}
    below = [at for at in node.requires if states.get(at) != "ok"]
    above = [one.id for one in found.nodes if node.id in one.requires and one.state != "ok"]
    if node.requires and not below:
        yield f"  all of the {len(node.requires)} nodes that it requires are ok"
    for at in below:
        yield from map(_ascii, wrapped(f"{_SHOWN[states[at]]} under it: {at}", width, "  ", "    "))
    for at in above:
        yield from map(_ascii, wrapped(f"{_SHOWN[states[at]]} above it: {at}", width, "  ", "    "))


# For machines


def diagnosis_json(found: Diagnosis, typed: Typed = bare) -> Body:
    """Valid by docs/reference/schemas/diagnosis.schema.json."""
    return {
        "format_version": FORMAT_VERSION,
        "environment": found.environment,
        "at": found.at.isoformat(),
        "broken": found.is_broken,
        "roots": [_root_json(root, typed) for root in found.roots],
        "nodes": [
            {
                "id": node.id,
                "layer": node.layer,
                "resource": node.resource,
                "state": node.state,
                "evidence": list(node.evidence),
                "requires": list(node.requires),
            }
            for node in found.nodes
        ],
        "late": list(found.late),
    }


def _root_json(root: Root, typed: Typed) -> Json:
    return {
        "id": root.id,
        "layer": root.layer,
        "resource": root.resource,
        "state": root.state,
        "confidence": root.confidence,
        "evidence": list(root.evidence),
        "explains": list(root.explains),
        "fix": {
            "action": root.fix.action,
            "text": root.fix.text,
            "command": command_line(root.fix, typed),
            "eta_s": root.fix.eta_s,
            "eta_is_upper_bound": root.fix.at_most,
        },
        "risk": root.risk,
        "undo": root.undo,
        "auto": {"allowed": root.auto.allowed, "blocked_by": list(root.auto.blocked_by)},
    }
