"""What Google does not guard is read again just after it was written, and held against that."""

from __future__ import annotations

import pytest

from remediate.gcp.google import Google
from remediate.gcp.operations import Operation
from remediate.model.errors import Stale
from remediate.model.json import Body
from tests.pipeline.documents import health_check
from tests.workbench import Workbench

API = "compute/v1/projects/netra-staging/global"


def meddle(workbench: Workbench, monkeypatch: pytest.MonkeyPatch, interval: int) -> None:
    """Somebody else changes it as soon as our next operation is done."""
    wait = Google.wait

    def wait_and_meddle(google: Google, operation: Operation, timeout: float | None = None) -> Body:
        done = wait(google, operation, timeout)
        path = f"{API}/healthChecks/alive"
        workbench.send("PATCH", path, {"checkIntervalSec": interval})
        return done

    monkeypatch.setattr(Google, "wait", wait_and_meddle)


@pytest.mark.parametrize("is_new", [True, False])
def test_somebody_elses_change_just_after_ours_is_told_and_left(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch, *, is_new: bool
) -> None:
    if not is_new:
        workbench.write(health_check(checkIntervalSec=10))
        workbench.apply()
    workbench.write(health_check(checkIntervalSec=20))
    meddle(workbench, monkeypatch, 30)
    with pytest.raises(Stale, match="/checkIntervalSec is 30, and 20 was written"):
        workbench.apply()
    live = workbench.live("HealthCheck/alive")
    assert live is not None
    assert live["checkIntervalSec"] == 30


def test_a_rollback_knows_that_it_was_not_ours(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench.write(health_check(checkIntervalSec=10))
    workbench.apply()
    workbench.write(health_check(checkIntervalSec=20))
    meddle(workbench, monkeypatch, 30)
    with pytest.raises(Stale):
        workbench.apply()
    with pytest.raises(Stale, match="/checkIntervalSec is 30 now"):
        workbench.roll_back()


def test_a_change_of_what_we_did_not_write_is_no_concern_of_the_step(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench.write(health_check(checkIntervalSec=10, lifecycle={"ownership": "shared"}))
    workbench.apply()
    meddle(workbench, monkeypatch, 30)
    shared = {"ownership": "shared", "ignore": ["/checkIntervalSec"]}
    workbench.write(health_check(healthyThreshold=3, lifecycle=shared))
    workbench.apply()
