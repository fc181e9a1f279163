"""`remediate validate`: the YAML alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from remediate.cli.options import Settings, global_options
from remediate.cli.outputs import report_options, tell, write
from remediate.cli.session import loaded
from remediate.model.json import Body
from remediate.model.resource import Zone
from remediate.report.text import counted

if TYPE_CHECKING:
    from remediate.kinds.documents.google_types import GoogleTypes


@click.command("validate")
@global_options
@report_options
@click.option(
    "--against-google",
    is_flag=True,
    help="Also by the message types of Google's own clients (the extra `google`).",
)
def command(settings: Settings, *, against_google: bool) -> int:
    """Check the YAML: types, names, links, records. No network, no credentials."""
    types = _google_types() if against_google else None
    desired = loaded(settings, types.judge if types else None)
    resources = desired.resources.values()
    records = sum(len(each.records) for each in resources if isinstance(each, Zone))
    name = desired.environment.name
    said = f"{name} is valid{_holds(len(resources), records)}"
    tell(environment=name, headline=said)
    write(
        lambda: f"{said}\n{_told(types)}",
        lambda: {
            "environment": name,
            "valid": True,
            "resources": len(resources),
            "record_sets": records,
            "desired_digest": desired.digest,
            "warnings": list(desired.warnings),
            **({"against_google": _as_json(types)} if types else {}),
        },
    )
    return 0


def _google_types() -> GoogleTypes:
    from remediate.kinds.documents.google_types import GoogleTypes  # of the extra

    return GoogleTypes()


def _holds(resources: int, records: int) -> str:
    if not resources:
        return ", but it declares no resource yet: there is nothing to plan"
    return f": {counted(resources, 'resource')}, {counted(records, 'record set')}"


def _told(types: GoogleTypes | None) -> str:
    if types is None:
        return ""
    known = ", ".join(f"{package} {version}" for package, version in types.versions.items())
    lines = [f"{counted(len(types.held), 'resource')} held against {known}"] if known else []
    kinds = ", ".join(sorted({ref.kind for ref in types.unheld}))
    lines += [f"not held against any client, for there is none with types: {kinds}"] * bool(kinds)
    return "".join(f"{line}\n" for line in lines)


def _as_json(types: GoogleTypes) -> Body:
    return {
        "clients": dict(types.versions),
        "held": [str(ref) for ref in types.held],
        "not_held": [str(ref) for ref in types.unheld],
    }
