"""A graph, drawn: as a tree in text, for Graphviz (dot), and for Mermaid."""

from __future__ import annotations

from collections.abc import Iterator

from remediate.model.ref import Ref
from remediate.model.resource import Desired
from remediate.pipeline.graph import Graph, Impact
from remediate.report.text import WIDTH, counted, safe, wrapped

_DEEPEST = 12  # levels of indentation: a chain of CNAMEs must not run out of the page
_SHAPES = {"DnsZone": "folder", "Address": "house", "RecordSet": "note"}


def graph_text(graph: Graph, desired: Desired, width: int = WIDTH) -> str:
    """The way of the traffic as trees. What was drawn before is named, and marked `(above)`."""
    about = desired.environment
    sets = sum(node.is_record_set for node in graph.nodes)
    told = counted(len(graph.nodes) - sets, "resource")
    head = f"{about.name} (project {about.project}): {told}, {counted(sets, 'record set')}"
    lines = wrapped(safe(head), width)
    drawn: set[Ref] = set()
    for root in _roots(graph):
        if root not in drawn:
            lines += ["", *_tree(graph, root, drawn)]
    return "\n".join(lines) + "\n"


def impact_text(found: Impact, width: int = WIDTH) -> str:
    """What hangs on one resource, a line each, and the hosts whose traffic passes through it."""
    if not found.hanging:
        lines = wrapped(safe(f"Nothing that is declared hangs on {found.ref}."), width)
    else:
        counts = counted(len(found.hanging), "thing")
        verb = "hangs" if len(found.hanging) == 1 else "hang"
        lines = wrapped(safe(f"{counts} {verb} on {found.ref}"), width)
        lines += ["", *(_line(str(ref), 1) for ref in found.hanging)]
    if found.hosts:
        lines += ["", *wrapped(safe("Hosts  " + ", ".join(found.hosts)), width, rest=" " * 7)]
    return "\n".join(lines) + "\n"


def graph_dot(graph: Graph) -> str:
    """For Graphviz: `dot -Tsvg`. An arrow is the way of the traffic; `dependsOn` is dashed."""
    lines = ["digraph remediate {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    for node in graph.nodes:
        shape = _SHAPES.get("RecordSet" if node.is_record_set else node.kind)
        lines.append(f"  {_quoted(node)}" + (f" [shape={shape}];" if shape else ";"))
    for at, to, is_traffic in _edges(graph):
        style = "" if is_traffic else " [style=dashed]"
        lines.append(f"  {_quoted(at)} -> {_quoted(to)}{style};")
    return "\n".join([*lines, "}"]) + "\n"


def graph_mermaid(graph: Graph) -> str:
    """For Mermaid, as Markdown renderers take it in a block of that name."""
    names = {node: f"n{number}" for number, node in enumerate(graph.nodes, 1)}
    lines = ["flowchart LR"]
    lines += [f"  {names[node]}[{_entities(node)}]" for node in graph.nodes]
    for at, to, is_traffic in _edges(graph):
        arrow = "-->" if is_traffic else "-.->"
        lines.append(f"  {names[at]} {arrow} {names[to]}")
    return "\n".join(lines) + "\n"


def _roots(graph: Graph) -> Iterator[Ref]:
    """Zones first, then what nothing leads to, then what is left: rings of names."""
    led_to = {to for targets in graph.onward.values() for to in targets}
    zones = [node for node in graph.nodes if node.kind == "DnsZone" and not node.is_record_set]
    yield from zones
    yield from (n for n in graph.nodes if n not in led_to and not n.is_record_set)
    yield from graph.nodes


def _tree(graph: Graph, root: Ref, drawn: set[Ref]) -> Iterator[str]:
    waiting = [(root, 0)]  # no recursion: a chain of CNAMEs may be of any length
    while waiting:
        at, depth = waiting.pop()
        below, known = _below(graph, at), at in drawn
        drawn.add(at)
        mark = " (above)" if known and below else ""
        yield _line(_label(at, depth) + mark, depth)
        if not known:
            waiting += [(to, depth + 1) for to in reversed(below)]
    if count := graph.elsewhere.get(root):
        leads = "leads" if count == 1 else "lead"
        yield f"  {counted(count, 'record set')} that {leads} to nothing declared here"


def _below(graph: Graph, at: Ref) -> list[Ref]:
    if at.kind == "DnsZone" and not at.is_record_set:
        inside = [n for n in graph.nodes if n.is_record_set and n.zone == at]
        return [*inside, *graph.onward[at]]
    return [*graph.onward[at]]


def _label(at: Ref, depth: int) -> str:
    """Below its zone a record set needs no more than its name and type."""
    return " ".join(at.record) if at.is_record_set and depth == 1 else str(at)


def _line(text: str, depth: int) -> str:
    """A name is never broken: people copy it."""
    return "  " * min(depth, _DEEPEST) + safe(text)


def _edges(graph: Graph) -> Iterator[tuple[Ref, Ref, bool]]:
    """Each arrow once: from, to, and whether traffic goes that way."""
    for at in graph.nodes:
        if at.is_record_set and at.zone in graph.onward:
            yield at.zone, at, True
        for to in graph.onward[at]:
            yield at, to, True
        for to in graph.needs[at]:
            is_traffic = to in graph.onward[at] or at in graph.onward[to]
            if not is_traffic and not (at.is_record_set and to == at.zone):
                yield at, to, False


def _quoted(node: Ref) -> str:
    return '"' + safe(str(node)).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _entities(node: Ref) -> str:
    text = safe(str(node)).replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;")
    return f'"{text}"'
