"""`remediate iam`: the custom roles that plans and applies need, and no more."""

from __future__ import annotations

import sys
from typing import cast

import click

from remediate.cli.options import Settings, global_options
from remediate.cli.session import loaded
from remediate.cli.store import location
from remediate.pipeline.roles import Purpose, role
from remediate.report.roles import FORMATS


@click.command("iam")
@global_options
@click.option(
    "--for",
    "purpose",
    required=True,
    type=click.Choice(["plan", "apply"]),
    help="Who is to have it: whoever only plans and looks for drift, or whoever applies.",
)
@click.option("--all", "every", is_flag=True, help="For every kind, not only what is declared.")
@click.option(
    "--format",
    "form",
    type=click.Choice([*FORMATS]),
    default="yaml",
    show_default=True,
    help="A file for `gcloud iam roles create --file`, commands, or Terraform.",
)
def command(settings: Settings, purpose: str, *, every: bool, form: str) -> int:
    """Print the custom role with the least permissions. Asks no network.

    For what the environment declares, and its state if that is in a bucket. The role for plans
    reads and nothing else: what Google says to a write of Cloud Run before it is made is then a
    warning in every plan.
    """
    desired = None if every else loaded(settings)
    store = "" if desired is None else location(settings, desired.environment.name)
    found = role(cast("Purpose", purpose), desired, store)
    sys.stdout.write(FORMATS[form](found))
    return 0
