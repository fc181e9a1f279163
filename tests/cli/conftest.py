"""The environment of the incident, typed at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.model.json import Body
from tests.cli.typed import Said, typed
from tests.workbench import Workbench


@dataclass(frozen=True)
class Desk:
    """Somebody with the YAML of staging and a sandbox, at a command line."""

    bench: Workbench
    before: Body

    def type(self, *words: str) -> Said:
        return typed(*self.words(*words))

    def words(self, *words: str) -> list[str]:
        return ["-C", str(self.bench.root), "--sandbox", self.bench.url, *words]

    def line(self, *words: str) -> str:
        """The same as somebody is told to type it."""
        return " ".join(["remediate", *words, *self.words()])

    def fault(self, kind: str, match: str = "*", times: int = 1, **more: Any) -> None:
        """The next calls that match go wrong."""
        self.bench.send("POST", f"_sandbox/faults/{kind}", {"match": match, "times": times, **more})

    def mend(self) -> None:
        self.bench.send("DELETE", "_sandbox/faults")

    def insist_on_a_way_out(self) -> None:
        """Whatever happened: the plan is right, and the state before can be had again."""
        self.mend()
        planned = self.type("plan")
        assert planned.code == 0, planned
        back = self.type("rollback", "--snapshot", "latest")
        assert back.code == 0, back
        assert self.bench.state() == self.before
        assert self.type("hold", "release", "--all").code == 0  # what a rollback takes back is held
        assert self.type("apply").code == 0
        left = self.type("plan", "--detailed-exitcode")
        assert left.code == 0, left


@pytest.fixture
def workbench(running_sandbox: Sandbox, quick_folder: Path) -> Iterator[Workbench]:
    """As everywhere, but in a folder of its own: people change more than a store."""
    with TemporaryDirectory(dir=quick_folder) as folder:
        yield Workbench(running_sandbox.url, Path(folder))


@pytest.fixture
def desk(workbench: Workbench) -> Desk:
    """The outage, with nothing done about it yet: its plan has five steps."""
    workbench.reset("dns-outage")
    workbench.copy_staging()
    return Desk(workbench, workbench.state())
