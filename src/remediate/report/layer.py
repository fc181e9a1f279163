"""One layer of a diagnosis, or several with a name in common, with all that is known."""

from __future__ import annotations

from collections.abc import Iterator

from remediate.diagnosis.layers import LAYERS
from remediate.diagnosis.node import Diagnosis, Node
from remediate.model.errors import InvalidInput
from remediate.model.nearest import did_you_mean
from remediate.report.ailing import entries
from remediate.report.diagnosis import SHOWN, ascii_only, way_out
from remediate.report.text import WIDTH, Typed, bare, safe, wrapped


def layer_text(found: Diagnosis, layer: str, typed: Typed = bare, width: int = WIDTH) -> str:
    """Of a layer, or of those under a prefix such as `lb`; InvalidInput if there is none."""
    known = [*dict.fromkeys([*LAYERS, *(node.layer for node in found.nodes)])]
    meant = [layer] if layer in known else [at for at in known if at.startswith(f"{layer}.")]
    if not meant:
        near = did_you_mean(layer, known)
        listed = f"There are {', '.join(LAYERS)}."
        raise InvalidInput(
            f"there is no layer {layer}", hint=f"{near} {listed}".strip() if near else listed
        )
    return "\n".join("\n".join(_layer(found, at, typed, width)) + "\n" for at in meant)


def _layer(found: Diagnosis, layer: str, typed: Typed, width: int) -> Iterator[str]:
    yield from map(ascii_only, wrapped(f"{layer}: {LAYERS.get(layer, 'seen from outside')}", width))
    nodes = [node for node in found.nodes if node.layer == layer]
    if not nodes:
        yield "  nothing of it is declared here"
    for node in nodes:
        yield ""
        yield from _story(found, node, width)
    for entry in entries([root for root in found.roots if root.layer == layer]):
        yield ""
        yield from way_out(entry, typed, width)


def _story(found: Diagnosis, node: Node, width: int) -> Iterator[str]:
    yield ascii_only(f"{SHOWN[node.state]:<8} {node.resource}")
    for evidence in node.evidence:
        yield from map(ascii_only, wrapped(safe(evidence), width, "  - ", "    "))
    states = {one.id: one.state for one in found.nodes}
    below = [at for at in node.requires if states.get(at) != "ok"]
    above = [one.id for one in found.nodes if node.id in one.requires and one.state != "ok"]
    if node.requires and not below:
        yield f"  what it requires is ok: {_counted(len(node.requires))}"
    for where, names in (("under", below), ("above", above)):
        for at in names:
            told = f"{SHOWN[states[at]]} {where} it: {at}"
            yield from map(ascii_only, wrapped(told, width, "  ", "    "))


def _counted(number: int) -> str:
    return "one node" if number == 1 else f"{number} nodes"
