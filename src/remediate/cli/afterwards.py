"""What to type once something was taken back: the checks that are about it, until they pass."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from remediate.cli.options import Settings
from remediate.cli.session import loaded
from remediate.model.errors import RemediateError
from remediate.model.plan import Plan
from remediate.pipeline.gate_times import gates_of, limit
from remediate.report.text import command

_MINUTE = 60


def checks_of(plan: Plan, settings: Settings) -> tuple[str, ...]:
    """The words of the `verify` that looks at what a plan has changed; none where no check does.

    A rollback needs no YAML: where that cannot be read, nothing is said of checks.
    """
    try:
        desired = loaded(settings)
    except RemediateError:
        return ()
    found = gates_of(desired.checks, plan.steps, commands=False)
    if not found:
        return ()
    most = ceil(limit(found, plan.steps, plan, {}) / _MINUTE)
    chosen = [word for each in found for word in ("--check", each.name)]
    return ("verify", "--until-pass", "--within", f"{most}m", *chosen)


def checks_text(plan: Plan, settings: Settings, width: int) -> Iterator[str]:
    words = checks_of(plan, settings)
    if words:
        yield "To see from outside that it holds:"
        yield from command(settings.command(*words), width)
