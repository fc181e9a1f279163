"""Runs that come half way, and the two checks that most of them are about."""

from __future__ import annotations

from typing import Any

from remediate.stores import journal
from tests.cli.conftest import Desk
from tests.pipeline.deaths import Died, dying_at
from tests.workbench import document


def killed(desk: Desk, place: str, number: int, *words: str, since: str = "") -> bool:
    """Whether it died there, and did not come to its end before."""
    with dying_at(place, number, since):
        try:
            desk.type(*(words or ("apply",)))
        except Died:
            return True
    return False


def last_run(desk: Desk) -> journal.Story:
    store = desk.bench.store
    return journal.read(store, journal.runs(store)[-1])


def check(name: str, **spec: Any) -> dict[str, Any]:
    body = {"type": "HTTP", "httpHealthCheck": {"port": 80}, **spec}
    return document("HealthCheck", name, body)


WRITING = "snapshot.save.after"


CHECKS = "compute/v1/projects/netra-staging/global/healthChecks"


def begin(desk: Desk, *, after: bool = False, at: int = 2) -> None:
    """`one` is changed, and the run dies before or after `two` is; or one request earlier."""
    desk.bench.reset()
    desk.bench.write(check("one"), check("two"), apply={"parallelism": 1})
    assert desk.type("apply").code == 0
    desk.bench.write(
        check("one", checkIntervalSec=9), check("two", checkIntervalSec=9), apply={"parallelism": 1}
    )
    assert killed(desk, f"request.send.{'after' if after else 'before'}", at, since=WRITING)


def change(desk: Desk, name: str, **spec: Any) -> None:
    """Somebody else."""
    desk.bench.send("PATCH", f"{CHECKS}/{name}", spec)


def intervals(desk: Desk) -> list[Any]:
    lives: list[Any] = [desk.bench.live(f"HealthCheck/{name}") for name in ("one", "two")]
    return [live["checkIntervalSec"] for live in lives]
