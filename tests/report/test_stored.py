"""`show`: a plan by its file, a snapshot or a run by its id."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from remediate.model.errors import InvalidInput
from remediate.report.human import plan_text
from remediate.report.machine import json_text, plan_json
from remediate.report.stored import find
from remediate.stores.folder import Folder
from remediate.stores.journal import Journal, Kind
from remediate.stores.snapshots import Snapshot, Snapshots
from remediate.version import __version__
from tests.clocks import FakeClock
from tests.report import plans
from tests.stores.conftest import ACTOR

RUN, SNAPSHOT = "01JDBRUN000000000000000001", "01JDBSNAP00000000000000001"
RECORD = "DnsZone/netrasystems-staging/staging.netrasystems.ai./A"


@pytest.fixture
def store(tmp_path: Path) -> Folder:
    return Folder(tmp_path / ".remediate")


def journal(store: Folder) -> Journal:
    return Journal.begin(
        store,
        RUN,
        FakeClock(),
        ACTOR,
        verb="apply",
        environment="staging",
        project="netra-staging",
        digest=plans.DIGEST,
        snapshot=SNAPSHOT,
    )


def begin(journal: Journal, step: str, live: str = RECORD) -> None:
    journal.note(Kind.STEP_BEGUN, step=step, ref=live, live=live, verb="create", method="insert")


def test_a_run_that_went_well_reads_as_a_story(store: Folder) -> None:
    written = journal(store)
    begin(written, "1")
    written.note(Kind.STEP_DONE, step="1", after={}, operations=[])
    written.note(Kind.RUN_ENDED, outcome="done")
    assert find(store, RUN).text() == (
        f"Run {RUN}: apply of staging (project netra-staging)\n"
        f"begun 2026-11-23T03:00:00Z by ada on desk, remediate {__version__}\n"
        f"plan {plans.DIGEST}\n"
        f"snapshot {SNAPSHOT}\n"
        "\n"
        "2026-11-23T03:00:00Z  step 1: create\n"
        f"    {RECORD}\n"
        "    done\n"
        "\n"
        "Ended 2026-11-23T03:00:00Z, done\n"
        "The way back:\n"
        f"  remediate rollback --snapshot {SNAPSHOT}\n"
    )
    assert find(store, RUN).json()["outcome"] == "done"


def test_the_json_of_a_run_is_valid_by_its_schema(store: Folder) -> None:
    begin(journal(store), "1")
    schema = Path(__file__).parents[2] / "docs/reference/schemas/run.schema.json"
    jsonschema.validate(find(store, RUN).json(), json.loads(schema.read_text()))


def test_a_run_that_was_killed_says_what_nobody_knows(store: Folder) -> None:
    begin(journal(store), "1")
    text = find(store, RUN[:10].lower()).text()
    assert "BEGUN, and no end is written: it may or may not have taken effect" in text
    assert "It has not ended: it was killed, or it still goes on." in text


def test_a_run_that_failed_says_why(store: Folder) -> None:
    written = journal(store)
    begin(written, "1")
    written.note(Kind.STEP_FAILED, step="1", why="quota \x1b[31m")
    written.note(Kind.STEP_FAILED, step="2", why="moved since")
    written.note(Kind.RUN_ENDED, outcome="failed", why="quota")
    text = find(store, RUN).text()
    assert "    FAILED: quota \\x1b[31m\n" in text
    assert "step 2: not begun\n    FAILED: moved since" in text
    assert "failed: quota\n" in text


def test_a_snapshot_is_found_by_the_beginning_of_its_id(store: Folder) -> None:
    save(store, SNAPSHOT)
    assert find(store, SNAPSHOT[:12]).text().startswith(f"Snapshot {SNAPSHOT} of staging")
    assert find(store, SNAPSHOT).json()["id"] == SNAPSHOT


def test_what_could_be_two_things_is_refused(store: Folder) -> None:
    save(store, SNAPSHOT)
    journal(store)
    with pytest.raises(InvalidInput, match=f"could be {SNAPSHOT}, {RUN}"):
        find(store, "01JDB")


@pytest.mark.parametrize("what", ["", "latest", "nothing", "../../etc", "\x1b[2J"])
def test_what_is_not_there_is_invalid_input(store: Folder, what: str) -> None:
    with pytest.raises(InvalidInput, match="there is no file, snapshot or run") as caught:
        find(store, what)
    assert str(caught.value).isprintable()


def save(store: Folder, identifier: str) -> None:
    time = "2026-11-23T03:00:00Z"
    Snapshots(store).save(Snapshot(identifier, "staging", "p", RUN, time, "before apply", {}))


def test_a_plan_file_reads_as_it_did_when_it_was_made(store: Folder, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json_text(plan_json(plans.motley())))
    assert find(store, str(file)).text() == plan_text(plans.motley())
    assert find(store, str(file)).json() == plan_json(plans.motley())


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"resource_changes": []}', "[" * 100_000]
)
def test_a_file_that_holds_no_plan_is_invalid_input(
    store: Folder, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(content)
    with pytest.raises(InvalidInput):
        find(store, str(file))
