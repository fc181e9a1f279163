"""`remediate plan`: what would change, and why it may not."""

from __future__ import annotations

import click

from remediate.cli.options import (
    Settings,
    change_options,
    global_options,
    target_options,
)
from remediate.cli.outputs import colour, output_options, width, write
from remediate.cli.session import choices, loaded, opened
from remediate.pipeline.guard import denied


@click.command("plan")
@global_options
@target_options
@change_options
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
@output_options
def command(
    settings: Settings,
    target: tuple[str, ...],
    exclude: tuple[str, ...],
    *,
    prune: bool,
    lower_ttl: bool,
    detailed_exitcode: bool,
    **out: object,
) -> int:
    """Compare the YAML with the live side. Reads only; exit 4 if a guard denies."""
    from remediate.report.human import plan_text  # noqa: PLC0415 - late, for start-up
    from remediate.report.machine import plan_json  # noqa: PLC0415 - late, for start-up

    desired = loaded(settings)
    about = desired.environment
    chosen = choices(settings, desired, target, exclude, prune=prune, lower_ttl=lower_ttl)
    with opened(settings, about.name, about.project) as session:
        plan, _seen = session.plan(desired, session.ledger(), chosen)
    following = settings.command("apply")
    write(
        lambda: plan_text(plan, width=width(), colour=colour(), next_command=following),
        lambda: plan_json(plan),
        **out,
    )
    if denied(plan.objections):
        return 4
    return 2 if detailed_exitcode and not plan.is_empty else 0
