"""One command at work: the environment, Google or a sandbox, the store, and who watches."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from remediate.cli.embedded import running
from remediate.cli.options import EMBEDDED, Asked, Settings
from remediate.cli.outputs import colour, width
from remediate.cli.store import live, store, telling
from remediate.gcp.google import connect_live, connect_sandbox
from remediate.model.errors import InvalidInput
from remediate.model.plan import Plan
from remediate.model.resource import Desired, Environment
from remediate.pipeline.choices import Choices
from remediate.pipeline.choosing import unmatched
from remediate.pipeline.guard import parse_allowances
from remediate.pipeline.load import Judge, load
from remediate.pipeline.observe import Observed
from remediate.pipeline.policy import asked
from remediate.pipeline.preparing import planned_now
from remediate.pipeline.this_hour import judged, with_answers
from remediate.pipeline.undertaking import Site
from remediate.report.progress import Lines, Live, fitted
from remediate.stores.holds import Holds
from remediate.stores.ledger import Ledger

if TYPE_CHECKING:
    from remediate.pipeline.gc import Sweep

_WHOLE_OR_WILD = re.compile(r"[/*?\[]")


@dataclass(slots=True, kw_only=True)
class Session(Site):
    settings: Settings
    watcher: Lines | Live

    def plan(self, desired: Desired, ledger: Ledger, choices: Choices) -> tuple[Plan, Observed]:
        """Read the live side and compare, ask Google what it would say, and judge all that."""
        made, seen = planned_now(self, desired, ledger, choices)
        now = seen.at or self.google.clock.now()
        writes = self.settings.own.verb == "apply"
        return self.judged(made, desired.environment, now, writes=writes), seen

    def sweep(
        self,
        desired: Desired,
        ledger: Ledger,
        choices: Choices,
        retention: float | None,
        *,
        writes: bool = True,
    ) -> Sweep:
        """Read what was set aside, and whatever may use it. `writes`: it is to be deleted now."""
        from remediate.pipeline.gc import sweep  # for one verb alone

        found = sweep(self, desired, ledger, choices, retention)
        now = self.google.clock.now()
        return replace(found, plan=self.judged(found.plan, desired.environment, now, writes=writes))

    def judged(self, made: Plan, about: Environment, now: datetime, *, writes: bool) -> Plan:
        """With what stands in the way at this hour, and what the user's own programs say."""
        from remediate.report.machine import json_text, plan_json

        own = self.settings.own
        holds = Holds(self.store, self.environment, self.google.endpoint).active(now)
        made = judged(made, about, own.consent, holds, now, self.settings.completed, writes=writes)
        document = json_text(plan_json(made)).encode() if own.consent.policies else b""
        said = [one for it in own.consent.policies for one in asked(it, document, os.environ)]
        return with_answers(made, about, said)


@contextmanager
def opened(settings: Settings, environment: str, project: str) -> Iterator[Session]:
    """A session for one environment; an embedded sandbox ends with it."""
    with ExitStack() as stack:
        url = settings.sandbox
        if url == EMBEDDED:
            url = running(settings)
        on_exchange = telling(settings)
        if url:
            google = connect_sandbox(url, project, on_exchange=on_exchange)
        else:
            google = connect_live(project, session=live(settings), on_exchange=on_exchange)
        drawn = Live if colour(sys.stderr) else Lines
        watcher = stack.enter_context(drawn(sys.stderr, width(sys.stderr)))
        kept = store(settings, environment)
        yield Session(
            environment, project, google, kept, [watcher], settings=settings, watcher=watcher
        )


def loaded(settings: Settings, judge: Judge | None = None) -> Desired:
    """The environment as its YAML says; warnings go to stderr."""
    desired = load(settings.root, settings.env, os.environ, judge)
    for warning in desired.warnings:
        sys.stderr.write(fitted(f"warning: {warning}", width(sys.stderr)) + "\n")
    return desired


def choices(
    settings: Settings,
    desired: Desired,
    targets: Sequence[str],
    excludes: Sequence[str],
    *,
    prune: bool = False,
    lower_ttl: bool = False,
) -> Choices:
    """What was chosen by hand; raises InvalidInput for a glob that no Ref can ever match."""
    for option, globs in (("--target", targets), ("--exclude", excludes)):
        for glob in globs:
            if not _WHOLE_OR_WILD.search(glob):
                where = f"in {desired.environment.name}"
                raise unmatched(option, glob, desired.resources, where)
    return Choices(allowances(settings), prune, tuple(targets), tuple(excludes), lower_ttl)


def chosen_by(settings: Settings, desired: Desired, asked: Asked) -> Choices:
    """The same for what `plan` and `apply` are asked."""
    return choices(
        settings,
        desired,
        asked.target,
        asked.exclude,
        prune=asked.prune,
        lower_ttl=asked.lower_ttl,
    )


def allowances(settings: Settings) -> dict[str, str]:
    try:
        return parse_allowances(settings.allow)
    except InvalidInput as error:
        error.hint = "A plan shows beside each objection the `--allow` that acknowledges it."
        raise
