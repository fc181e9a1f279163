"""A diagnosis as one screen of plain ASCII, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from remediate.diagnosis.layers import LAYERS
from remediate.diagnosis.node import NO_CHANGE, Diagnosis, Fix, Root
from remediate.model.json import Body, Json
from remediate.report.ailing import Entry, entries
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

SCREEN = 23  # lines: of a terminal as it comes, but for the prompt
_STATES = ("failed", "waiting", "unknown")
SHOWN = {"failed": "FAILED", "waiting": "waiting", "unknown": "unknown", "ok": "ok"}
_LINE, _TYPED, _WHY, _MORE, _ALL = range(5)  # how much is told of a root


def diagnosis_text(
    found: Diagnosis, typed: Typed = bare, width: int = WIDTH, *, colour: bool = False
) -> str:
    """What is broken, why, what to type next, and how the layers stand: 23 lines at most."""
    head, foot = [*_head(found, width)], [*_layers(found, width)]
    room = SCREEN - len(head) - len(foot) - 2
    body = _fitting(entries(found.roots), typed, width, room)
    lines = head
    for part in (body, foot):
        lines += ["", *part] if part else []
    painted = (_painted(line, Palette(colour=colour)) for line in lines)
    return "\n".join(painted) + "\n"


def _head(found: Diagnosis, width: int) -> Iterator[str]:
    at = f"{found.at:%Y-%m-%d %H:%M:%S} UTC"
    failing = dict.fromkeys(node.layer for node in found.symptoms)
    if found.is_broken:
        verdict = "BROKEN"
    elif failing:
        verdict = "NOT KNOWN TO BE WELL"
    else:
        verdict = "well" if found.verdict == "well" else "NOT KNOWN TO BE WELL"
    yield ascii_only(f"{found.environment} at {at}: {verdict}")
    if failing:
        yield from _lines(f"fails: {', '.join(failing)}", width, "", " " * 7, 2)
    if found.late:
        yield cut(f"not in time: {', '.join(found.late)}", width)


# Roots


def _fitting(told: Sequence[Entry], typed: Typed, width: int, room: int) -> list[str]:
    """Of each root as much as there is room for: a line of each, then more of the first ones."""
    shown = told if len(told) <= room else told[: room - 1]
    parts = [_part(entry, (n, len(told)), typed, width, _LINE) for n, entry in enumerate(shown, 1)]
    for detail in (_TYPED, _WHY, _MORE, _ALL):
        for at, entry in enumerate(shown):
            more = _part(entry, (at + 1, len(told)), typed, width, detail)
            if sum(map(len, parts)) - len(parts[at]) + len(more) + len(told) - len(shown) <= room:
                parts[at] = more
    lines = [line for part in parts for line in part]
    if left := told[len(shown) :]:
        layers = ", ".join(dict.fromkeys(entry.told.layer for entry in left))
        lines.append(cut(f"and {len(left)} more: {layers} (`--json` has them)", width))
    return lines


def _part(entry: Entry, place: tuple[int, int], typed: Typed, width: int, detail: int) -> list[str]:
    root = entry.told
    number = f" {place[0]}/{place[1]}" if place[1] > 1 else ""
    title = f"ROOT{number}: {root.layer} {SHOWN[root.state]}"
    if detail == _LINE:
        return [cut(f"{title}; see --why {root.layer}", width)]
    lines = [cut(f"{title} {root.resource}", width)]
    told = _evidence(root)
    for evidence in told if detail >= _MORE else told[: len(entry.roots)]:
        lines += _field("why", evidence, width, (1, 2, 3, 5)[detail - 1])
    if root.explains and detail >= _WHY:
        lines += _field("explains", ", ".join(root.explains), width, 2 if detail == _ALL else 1)
    lines += way_out(entry, typed, width, brief=detail == _TYPED)
    if detail >= _WHY and (said := _weighed(root)):
        lines += _field("green", said, width, 1)
    if detail >= _MORE:
        lines += _asking(root, width, 2 if detail == _ALL else 1)
    return lines


def way_out(entry: Entry, typed: Typed, width: int, *, brief: bool = False) -> list[str]:
    """What to do and to type. What a person has to do elsewhere is never cut."""
    fix = entry.told.fix
    lines = []
    if not brief or not entry.is_typed:
        lines += _field("do", f"{fix.action}: {fix.text}", width, 4 if entry.is_typed else 99)
    if not entry.is_typed:
        when = "to look again" if fix.action == "none" else "when it is done"
        lines += _field("type", f"nothing here; {when}:", width, 1)
    return [*lines, *map(ascii_only, command(f"$ {command_line(fix, typed)}", width))]


def _evidence(root: Root) -> list[str]:
    """Each thing once, though a visitor may say what Google says."""
    told: list[str] = []
    for evidence in root.evidence:
        if not any(evidence.removeprefix("seen: ") in said for said in told):
            told.append(evidence)
    return told


def _weighed(root: Root) -> str:
    if root.fix.action == "none":
        return ""
    risk = "" if root.risk == "n/a" else f"; risk {root.risk}"
    return f"{eta(root)}{risk}; confidence {root.confidence}"


def _asking(root: Root, width: int, most: int) -> Iterator[str]:
    """The way back and whom to ask, of what changes something."""
    if root.fix.action in ("wait", "none"):
        return
    if root.undo != NO_CHANGE:
        yield from _field("undo", root.undo, width, most)
    automatic = "yes" if root.auto.allowed else f"no: {'; '.join(root.auto.blocked_by)}"
    yield from _field("auto", automatic, width, most)


def eta(root: Root) -> str:
    """`in 5 min, by the TTLs seen`, or `within 90 min at most, on Google's side`."""
    fix = root.fix
    if fix.eta_s is None:
        return "nobody can tell when"
    told = f"in {duration(fix.eta_s)}" if fix.eta_s else "at once"
    if fix.at_most:
        told = f"within {duration(fix.eta_s)} at most"
    if fix.then_s:
        return f"{told}, then Google's {duration(fix.then_s)} at most"
    if fix.at_most:
        whose = "by the TTLs" if root.layer.startswith("dns.") else "on Google's side"
        return f"{told}, {whose}"
    return f"{told}, by the TTLs seen" if fix.eta_s else told


def command_line(fix: Fix, typed: Typed = bare) -> str:
    """What to type next, whole."""
    return fix.program or typed(*fix.words)


def _field(name: str, text: str, width: int, most: int) -> list[str]:
    return _lines(text, width, f"  {name:<9}", " " * 11, most)


def _lines(text: str, width: int, first: str, rest: str, most: int) -> list[str]:
    lines = [*map(ascii_only, wrapped(safe(text), width, first, rest))]
    if len(lines) > most:
        lines = [*lines[: most - 1], cut(lines[most - 1] + " ...", width)]
    return [cut(line, width) for line in lines]


# Layers


def _layers(found: Diagnosis, width: int) -> Iterator[str]:
    """Those that are not well by name, and how many are; nothing where all of them are."""
    standing = {layer: state for layer in LAYERS if (state := _worst(found, layer))}
    for state in _STATES:
        named = _grouped([layer for layer, at in standing.items() if at == state])
        yield from _lines(f"{SHOWN[state]:<8} {named}", width, "", " " * 9, 4) if named else ()
    fine = sum(state == "ok" for state in standing.values())
    if fine != len(standing):
        of = f"{fine} of {len(standing)} layers"
        yield cut(f"ok       {of}; `--why LAYER` tells all of one", width)


def _grouped(layers: Sequence[str]) -> str:
    """`dns zone record; lb url_map; observer`."""
    groups: dict[str, list[str]] = {}
    for layer in layers:
        group, _, name = layer.partition(".")
        groups.setdefault(group, []).append(name)
    return "; ".join(
        f"{group}.{names[0]}" if len(names) == 1 and names[0] else " ".join([group, *names]).strip()
        for group, names in groups.items()
    )


def _worst(found: Diagnosis, layer: str) -> str:
    states = {node.state for node in found.nodes if node.layer == layer}
    return next((state for state in (*_STATES, "ok") if state in states), "")


def _painted(line: str, palette: Palette) -> str:
    if line.startswith("ROOT") or line.endswith(": BROKEN"):
        return palette.paint(line, Tone.BAD)
    return palette.paint(line, Tone.STRONG) if line.startswith("  $") else line


def cut(text: str, width: int) -> str:
    """On one line of ASCII."""
    text = ascii_only(text)
    return text if len(text) <= width else text[: width - 3] + "..."


def ascii_only(text: str) -> str:
    return safe(text).encode("ascii", "backslashreplace").decode()


# For machines


def diagnosis_json(found: Diagnosis, typed: Typed = bare) -> Body:
    """Valid by docs/reference/schemas/diagnosis.schema.json."""
    return {
        "format_version": FORMAT_VERSION,
        "environment": found.environment,
        "at": found.at.isoformat(),
        "broken": found.is_broken,
        "verdict": found.verdict,
        "roots": [_root_json(root, first, typed) for root, first in _with_firsts(found)],
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


def _with_firsts(found: Diagnosis) -> list[tuple[Root, str]]:
    """Each root, and the id of the one before it that the same command is told for, or ``."""
    first = {one.id: entry.roots[0].id for entry in entries(found.roots) for one in entry.roots[1:]}
    return [(root, first.get(root.id, "")) for root in found.roots]


def _root_json(root: Root, first: str, typed: Typed) -> Json:
    return {
        "id": root.id,
        "layer": root.layer,
        "resource": root.resource,
        "state": root.state,
        "confidence": root.confidence,
        "evidence": list(root.evidence),
        "explains": list(root.explains),
        "same_as": first or None,
        "fix": {
            "action": root.fix.action,
            "text": root.fix.text,
            "command": command_line(root.fix, typed),
            "eta_s": root.fix.eta_s,
            "eta_is_upper_bound": root.fix.at_most,
            "then_at_most_s": root.fix.then_s,
        },
        "risk": root.risk,
        "undo": root.undo,
        "auto": {"allowed": root.auto.allowed, "blocked_by": list(root.auto.blocked_by)},
    }
