"""`rollback --write-desired`: the patch that makes the YAML agree with what was restored."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import click

from remediate.cli.options import Settings
from remediate.cli.outputs import asked_for, width
from remediate.cli.session import Session, loaded
from remediate.model.ref import Ref
from remediate.pipeline.taken_back import taken_back
from remediate.report.progress import fitted
from remediate.stores.desired_files import desired_files, environment_folder


class Yaml:
    """The YAML as it is beforehand; raises InvalidInput where it cannot be read.

    `refs` are what the rollback is about, once that is known.
    """

    def __init__(self, settings: Settings, environment: str) -> None:
        if asked_for(click.get_current_context()).on_stdout:
            raise click.UsageError("stdout is for the patch; write the rest to a file.")
        about = replace(settings, env=environment)
        self.desired = loaded(about)
        folder = environment_folder(settings.root, environment)
        self.files = desired_files(folder, settings.root, [])
        self.refs: frozenset[Ref] = frozenset()

    def patch(self, session: Session) -> str:
        """As `patch -p1` and `git apply` take it, at the folder that holds `desired/`."""
        back = taken_back(
            self.refs,
            self.desired,
            self.files,
            session.ledger(),
            session.google.reader(),
            os.environ,
            session.watchers,
        )
        for line in back.told:
            sys.stderr.write(fitted(f"note: {line}", width(sys.stderr)) + "\n")
        return back.patch()
