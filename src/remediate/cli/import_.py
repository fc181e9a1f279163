"""`remediate import`: from what a project holds to the YAML that says so."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from remediate.cli.options import Settings, global_options
from remediate.cli.session import loaded, opened
from remediate.model.errors import InvalidInput
from remediate.pipeline.bind_zone import bind_zone
from remediate.pipeline.gcloud_output import gcloud_output
from remediate.pipeline.importing import Target, first_target, imported, staying
from remediate.pipeline.inventory import Inventory, chosen, inventory, unseen
from remediate.pipeline.octodns_zone import octodns_zone
from remediate.report.imported import files_text, told_text
from remediate.stores.new_files import write_new


@click.command("import")
@global_options
@click.option("--project", metavar="ID", help="The project, if there is no Environment yet.")
@click.option("--region", default="", metavar="NAME", help="Its region, likewise.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only this; repeatable.")
@click.option(
    "--location", multiple=True, metavar="NAME", help="Look in this region or zone too; repeatable."
)
@click.option(
    "--from-bind",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A zone file; asks no network.",
)
@click.option(
    "--from-octodns",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A zone of octoDNS, such as `example.com.yaml`; asks no network.",
)
@click.option(
    "--from",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What `gcloud … --format=json|yaml` printed; repeatable; asks no network.",
)
@click.option("--origin", metavar="NAME", help="The zone's name, if its file does not say it.")
@click.option("--overwrite", is_flag=True, help="Replace files; the old ones stay as NAME.old.")
@click.option("--print", "shown", is_flag=True, help="Print the YAML and write nothing.")
def command(
    settings: Settings, kinds: tuple[str, ...], *, overwrite: bool, shown: bool, **more: object
) -> int:
    """Write desired YAML from which a plan is empty: all kinds, or chosen ones.

    Reads the project's lists, what gcloud printed, or a zone file of BIND or octoDNS; writes below
    `desired/` and nothing else.
    """
    kinds = ("DnsZone",) if more["from_bind"] or more["from_octodns"] else chosen(kinds)
    target = _target(settings, more, kinds, overwrite=overwrite)
    found = _found(settings, target, kinds, more)
    result = imported(found, target)
    result.left_out += unseen(found, kinds, target.project, target.declared)
    texts = files_text(result, target)
    if shown:
        sys.stdout.write("---\n".join(texts.values()))
    else:
        folder = settings.root / "desired" / target.name
        write_new(folder, texts, overwrite=overwrite)
    (sys.stderr if shown else sys.stdout).write(told_text(result, target, [*texts]))
    return 0


def _target(
    settings: Settings, more: dict[str, object], kinds: tuple[str, ...], *, overwrite: bool
) -> Target:
    """The environment that is there already, or the one that the command line describes."""
    folder = settings.root / "desired"
    project, region = str(more["project"] or ""), str(more["region"])
    if (folder / settings.env if settings.env else folder).is_dir():
        about = (desired := loaded(settings)).environment
        if project not in {"", about.project}:
            raise InvalidInput(
                f"{about.name} is of the project {about.project}, not {project}",
                hint="Leave --project out, or name another environment with --env.",
            )
        declared = staying(desired, kinds) if overwrite else desired.resources.keys()
        return Target(about.name, about.project, about.region or region, about.labels, declared)
    if not (settings.env and project):
        missing = ["--env"] * (not settings.env) + ["--project"] * (not project)
        raise InvalidInput(
            f"there is no environment yet, and no {' and no '.join(missing)} to make one",
            hint=f"`remediate import --env {settings.env or 'NAME'} --project {project or 'ID'}`, "
            "and --region where there is one.",
        )
    return first_target(settings.env, project, region)


def _found(
    settings: Settings, target: Target, kinds: tuple[str, ...], more: dict[str, object]
) -> Inventory:
    origin = str(more["origin"] or "")
    if isinstance(file := more["from_bind"], Path):
        return bind_zone(file.read_bytes(), str(file), origin)
    if isinstance(file := more["from_octodns"], Path):
        return octodns_zone(file.read_bytes(), str(file), origin)
    if isinstance(files := more["files"], tuple) and files:
        found = gcloud_output({str(file): file.read_bytes() for file in files}, target.project)
        live = {ref: body for ref, body in found.live.items() if ref.kind in kinds}
        return replace(found, live=live)
    asked = more["location"]
    places = {*(asked if isinstance(asked, tuple) else ()), *filter(None, [target.region])}
    with opened(settings, target.name, target.project) as session:
        return inventory(session.google, kinds, places, session.watchers)
