"""The whole of staging, removed in two phases: back, there again, and gone without a trace."""

from __future__ import annotations

import re

from remediate.model.aside import RETENTION
from remediate.model.plan import Action
from tests.kinds.contract.test_contract import DELETE
from tests.workbench import NAME, Workbench, moved, told

# Of what is made again: a zone has other name servers, a service its images by digest.
AGAIN = {"nameServers", "rrsets", "containers"}
ALLOW = [*DELETE, "protected=tried", "in-use=tried"]


def test_staging_is_removed_comes_back_and_goes_for_good(workbench: Workbench) -> None:
    workbench.reset()
    born = workbench.state()
    stand(workbench)
    before = workbench.state()

    workbench.write()
    made = workbench.apply(prune=True, allow=ALLOW)
    aside = [str(d.ref) for d in made.differences if d.action is Action.SET_ASIDE]
    assert len(aside) == 11
    assert all(workbench.live(ref) is not None for ref in aside)
    after = workbench.state()

    back = workbench.roll_back(allow=ALLOW)
    assert sorted(ref for action, ref in told(back) if action == "keep") == sorted(aside)
    assert {at.rpartition("/")[2] for at in moved(before, workbench.state())} <= AGAIN
    workbench.roll_back(allow=ALLOW)
    assert moved(after, workbench.state()) == {}

    workbench.advance(RETENTION - 60)
    assert workbench.gc(allow=ALLOW).is_empty
    workbench.advance(60)
    made = workbench.gc(allow=ALLOW)
    assert sorted(str(d.ref) for d in made.differences) == sorted(aside)
    assert moved(born, workbench.state()) == {}
    assert workbench.ledger.resources == {}


def stand(workbench: Workbench) -> None:
    """All of it, so written that it may go."""
    workbench.copy_staging()
    for file in (workbench.root / "desired" / NAME).glob("*.yaml"):
        text = file.read_text().replace("onRemove: keep", "onRemove: delete")
        file.write_text(re.sub(r"protect: true", "protect: false", text))
    workbench.apply()
