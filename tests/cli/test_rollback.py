"""What a rollback says on its way: each thing once, and what to do that can be done."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Desk
from tests.workbench import PROJECT, Workbench, document

RECORD = "DnsZone/netrasystems-staging/staging.netrasystems.ai./A"


@pytest.fixture
def nothing(workbench: Workbench) -> Desk:
    """The whole of staging, applied to an empty project."""
    workbench.reset("empty")
    workbench.copy_staging()
    workbench.apply()
    return Desk(workbench, workbench.state())


def shop(disk: str) -> dict[str, Any]:
    settings = {"tier": "db-custom-1-3840", "dataDiskSizeGb": disk, "storageAutoResize": True}
    spec = {"databaseVersion": "POSTGRES_14", "region": "us-central1", "settings": settings}
    return document("SqlInstance", "shop", spec)


def test_every_objection_is_said_once_with_what_a_rollback_can_do(nothing: Desk) -> None:
    said = nothing.type("rollback", "--snapshot", "latest")
    assert said.code == 4, said
    denied = said.err.count("! denied: ")
    assert denied > 1
    assert said.err.count("to go on: ") == denied
    assert said.err.count("--allow delete:SqlInstance/") == 1
    assert f"error: {denied} objections stand in the way, as shown above" in said.err
    assert "change the YAML" not in said.err
    assert "or roll back to another snapshot" in " ".join(said.err.split())


def test_as_json_the_error_lists_every_objection(nothing: Desk) -> None:
    said = nothing.type("rollback", "--snapshot", "latest", "--json")
    assert "delete: deleting SqlInstance/" in said.json["error"]["message"]


def test_the_plan_of_a_rollback_names_the_data_that_goes(nothing: Desk) -> None:
    said = " ".join(nothing.type("rollback", "--snapshot", "latest").err.split())
    undo = said.partition(" Undo ")[2].partition(" Time ")[0]
    assert "never for some of it; delete Address/" in undo
    assert "delete SqlInstance/" in undo
    assert "restore the final backup" in undo


def test_a_conflict_says_how_to_look_and_both_ways_on(desk: Desk) -> None:
    assert desk.type("apply").code == 0
    zone = f"dns/v1/projects/{PROJECT}/managedZones/netrasystems-staging"
    body: Any = {"name": "staging.netrasystems.ai.", "type": "A", "ttl": 61}
    desk.bench.send("PATCH", f"{zone}/rrsets/staging.netrasystems.ai./A", body)
    said = desk.type("rollback", "--snapshot", "latest")
    assert said.code == 5, said
    advice = " ".join(said.err.partition("what to do: ")[2].split())
    assert "remediate snapshot diff 01" in advice
    assert " live -C " in advice
    assert "--on-conflict skip" in advice
    assert "--on-conflict overwrite" in advice
    assert "remediate plan" not in advice


def test_nothing_to_do_is_said_once(desk: Desk) -> None:
    assert desk.type("apply").code == 0
    assert desk.type("rollback", "--snapshot", "latest").code == 0
    (taken,) = [line for line in desk.type("snapshot", "take").out.split() if line.startswith("01")]
    unneeded = ("--allow", "protected=it may be")
    for words in (("rollback", "--snapshot", taken, *unneeded), ("gc",)):
        said = desk.type(*words)
        assert said.code == 0, said
        assert (said.out + said.err).count("Nothing ") == 1, said
        assert said.out.startswith("Nothing to do: "), said
        assert "stays" not in said.out


def test_a_disk_that_stays_larger_is_never_called_as_the_snapshot_holds_it(
    workbench: Workbench,
) -> None:
    workbench.write(shop("20"))
    workbench.apply()
    workbench.write(shop("50"))
    workbench.apply(allow=["irreversible:SqlInstance/shop=more room"])
    said = Desk(workbench, {}).type("rollback", "--snapshot", "latest")
    assert said.code == 0, said
    told = " ".join(said.out.split())
    assert "Nothing to do: what is not as snapshot" in told
    assert "live is as" not in told
    assert "a disk never shrinks, and this one has 50 GB, not 20" in told


def test_a_smaller_disk_that_is_written_is_noted_and_nothing_to_do(workbench: Workbench) -> None:
    workbench.write(shop("20"))
    workbench.apply()
    workbench.write(shop("10"))
    said = Desk(workbench, {}).type("plan")
    assert said.code == 0, said
    told = " ".join(said.out.split())
    assert told.startswith("Nothing to do: ")
    assert "a disk never shrinks, and this one has 20 GB, not 10" in told
