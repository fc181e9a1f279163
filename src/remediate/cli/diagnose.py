"""`remediate diagnose`: what is wrong, why, and what to type next."""

from __future__ import annotations

import click

from remediate.cli.options import Settings, global_options
from remediate.cli.outputs import colour, output_options, width, write
from remediate.cli.session import loaded, opened


@click.command("diagnose")
@global_options
@click.option("--why", "layer", metavar="LAYER", help="All of one layer, or of those under `lb`.")
@output_options
def command(settings: Settings, layer: str | None) -> int:
    """Look from both sides and name the root of what fails; exit 3 when something is broken.

    Reads only. It ends within 15 seconds or so with what it has; what could not be seen is
    `unknown`, and nothing is guessed in its place.
    """
    from remediate.diagnosis.diagnose import diagnose
    from remediate.pipeline.survey import survey
    from remediate.report.diagnosis import (
        diagnosis_json,
        diagnosis_text,
    )
    from remediate.report.layer import layer_text

    desired = loaded(settings)
    about = desired.environment
    with opened(settings, about.name, about.project) as session:
        found = diagnose(survey(session.google, desired))
    columns = width()

    def text() -> str:
        if layer:
            return layer_text(found, layer, settings.command, columns)
        return diagnosis_text(found, settings.command, columns, colour=colour())

    write(text, lambda: diagnosis_json(found, settings.command))
    return 3 if found.is_broken else 0
