"""Whoever makes what we were just to make keeps it, though it has all that we would have sent."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.model.failpoint import watch
from tests.cli.conftest import Desk
from tests.cli.half_way import CHECKS, WRITING, check, killed
from tests.workbench import document

# What is no more than ours, and what nobody would know from ours by its body.
THEIRS: dict[str, dict[str, Any]] = {
    "more than ours": {"checkIntervalSec": 55, "description": "theirs"},
    "of a field without a default": {"httpHealthCheck": {"port": 80, "host": "theirs.example"}},
    "just like ours": {},
}
ZONES = "dns/v1/projects/netra-staging/managedZones"


def they_make(desk: Desk, case: str) -> Any:
    body = {"name": "two", "type": "HTTP", "httpHealthCheck": {"port": 80}, **THEIRS[case]}
    desk.bench.send("POST", CHECKS, body)
    return desk.bench.live("HealthCheck/two")


def begun(desk: Desk) -> None:
    """Applied as far as `one`; the YAML has `two` now."""
    desk.bench.reset()
    desk.bench.write(check("one"), apply={"parallelism": 1})
    assert desk.type("apply").code == 0
    desk.bench.write(check("one"), check("two"), apply={"parallelism": 1})


@pytest.mark.parametrize("case", THEIRS)
def test_after_a_death_neither_resume_nor_rollback_takes_it_for_ours(case: str, desk: Desk) -> None:
    begun(desk)
    assert killed(desk, "request.send.before", 1, since=WRITING)
    theirs = they_make(desk, case)
    for words in (["apply", "--resume", "latest"], ["rollback", "--snapshot", "latest"]):
        said = desk.type(*words)
        assert said.code == 5, said
        assert "HealthCheck/two" in said.told
        assert desk.bench.live("HealthCheck/two") == theirs


@pytest.mark.parametrize("case", THEIRS)
def test_in_one_process_it_is_not_called_done(case: str, desk: Desk) -> None:
    begun(desk)
    sent: list[Any] = []

    def meddle(place: str) -> None:
        """The first try is cut off before it takes effect; they are there before the second."""
        if place != "request.send.before":
            return
        sent.append(None)
        if len(sent) == 1:
            desk.fault("reset", "POST *healthChecks*", 1)
        if len(sent) == 2:
            desk.mend()
            sent.append(they_make(desk, case))

    desk.bench.write(check("one"), check("two"), apply={"parallelism": 1})
    undo = None

    def begin(place: str) -> None:
        nonlocal undo
        if place == WRITING and undo is None:
            undo = watch(meddle)

    stop = watch(begin)
    try:
        said = desk.type("apply")
    finally:
        stop()
        if undo is not None:
            undo()
    assert said.code in {5, 7}, said
    assert len(sent) > 2
    assert desk.type("rollback", "--snapshot", "latest").code == 5
    assert desk.bench.live("HealthCheck/two") == sent[2]


def test_a_zone_of_theirs_is_known_by_what_we_did_not_send(desk: Desk) -> None:
    desk.bench.reset()
    spec: dict[str, Any] = {"dnsName": "example.com.", "visibility": "public", "records": {}}
    desk.bench.write(document("DnsZone", "main", spec))
    assert killed(desk, "request.send.before", 1, since=WRITING)
    made: Any = {"name": "main", "dnsName": "example.com.", "description": "theirs"}
    desk.bench.send("POST", ZONES, made)
    theirs = desk.bench.live("DnsZone/main")
    for words in (["apply", "--resume", "latest"], ["rollback", "--snapshot", "latest"]):
        said = desk.type(*words)
        assert said.code == 5, said
        assert desk.bench.live("DnsZone/main") == theirs


def test_what_we_made_is_ours_though_we_never_heard_of_it(desk: Desk) -> None:
    begun(desk)
    assert killed(desk, "request.send.after", 1, since=WRITING)
    assert desk.bench.live("HealthCheck/two") is not None
    assert desk.type("rollback", "--snapshot", "latest").code == 0
    assert desk.bench.live("HealthCheck/two") is None
