"""`remediate graph`: what hangs on what."""

from __future__ import annotations

import sys

import click

from remediate.cli.options import Settings, global_options
from remediate.cli.outputs import width
from remediate.cli.session import loaded
from remediate.model.ref import parse_ref
from remediate.pipeline.graph import graph, impact
from remediate.report.graph import graph_dot, graph_mermaid, graph_text, impact_text


@click.command("graph")
@global_options
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "dot", "mermaid"]),
    default="text",
    show_default=True,
    help="Text, or a drawing for Graphviz or Mermaid.",
)
@click.option("--impact", "of", metavar="REF", help="Only what hangs on this, and which hosts.")
def command(settings: Settings, shape: str, of: str | None) -> int:
    """Draw the way from names to backends, from the YAML alone. No network, no credentials."""
    desired = loaded(settings)
    whole = graph(desired)
    found = impact(whole, parse_ref(of)) if of else None
    shown = whole.only({found.ref, *found.hanging}) if found else whole
    if shape == "text":
        text = impact_text(found, width()) if found else graph_text(whole, desired, width())
    else:
        text = {"dot": graph_dot, "mermaid": graph_mermaid}[shape](shown)
    sys.stdout.write(text)
    return 0
