"""An apply that has nothing left to do but to wait, as it is typed."""

from __future__ import annotations

from tests.cli.conftest import Desk
from tests.pipeline.documents import sets, zone
from tests.pipeline.test_settling import edge, interrupted
from tests.workbench import Workbench


def test_a_plan_has_no_changes_and_the_apply_waits_and_says_what_is_ready(
    workbench: Workbench,
) -> None:
    workbench.reset()
    workbench.write(*edge())
    interrupted(workbench)
    desk = Desk(workbench, {})
    planned = desk.type("plan", "--detailed-exitcode")
    assert planned.code == 0
    assert "Time     up to 60 min until managed is ready\n" in planned.out
    assert "Next:\n  remediate apply " in planned.out
    applied = desk.type("apply")
    assert applied.code == 0
    assert "and managed is ready" in " ".join(applied.out.split())
    assert "waiting for SslCertificate/managed" in applied.err


def test_what_does_not_become_ready_ends_in_3_and_names_the_way_on(workbench: Workbench) -> None:
    workbench.reset()
    astray = zone({"www": sets("A", "192.0.2.1")})
    workbench.write(*edge(astray, wait={"timeout": "10m"}))
    desk = Desk(workbench, {})
    assert desk.type("apply").code == 3
    again = desk.type("apply")
    assert again.code == 3
    assert "is not ready after 10 minutes" in again.told
    assert f"Nothing was to be changed. `{desk.line('apply')}` waits again." in again.told
