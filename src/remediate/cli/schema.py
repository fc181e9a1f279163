"""`remediate schema`: JSON Schema for editors."""

from __future__ import annotations

import json
import sys

import click

from remediate.cli.options import Settings, global_options


@click.command("schema")
@global_options
def command(settings: Settings) -> int:  # noqa: ARG001 - global options are taken everywhere
    """Print the JSON Schema of a desired YAML document.

    For the YAML language server: `# yaml-language-server: $schema=remediate.schema.json`.
    """
    from remediate.kinds.documents.schema import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")
    return 0
