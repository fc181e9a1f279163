"""`remediate validate`: the YAML alone."""

from __future__ import annotations

import click

from remediate.cli.options import Settings, global_options
from remediate.cli.outputs import output_options, write
from remediate.cli.session import loaded
from remediate.model.resource import Zone
from remediate.report.text import counted


@click.command("validate")
@global_options
@output_options
def command(settings: Settings, **out: object) -> int:
    """Check the YAML: types, names, links, records. No network, no credentials."""
    desired = loaded(settings)
    resources = desired.resources.values()
    records = sum(len(each.records) for each in resources if isinstance(each, Zone))
    name = desired.environment.name
    write(
        lambda: f"{name} is valid{_holds(len(resources), records)}\n",
        lambda: {
            "environment": name,
            "valid": True,
            "resources": len(resources),
            "record_sets": records,
            "desired_digest": desired.digest,
            "warnings": list(desired.warnings),
        },
        **out,
    )
    return 0


def _holds(resources: int, records: int) -> str:
    if not resources:
        return ", but it declares no resource yet: there is nothing to plan"
    return f": {counted(resources, 'resource')}, {counted(records, 'record set')}"
