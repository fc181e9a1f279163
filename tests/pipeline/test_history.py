"""What our runs have written is known from their journals, whether a step ended or not."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.model.ref import Ref, parse_ref
from remediate.pipeline.history import Written, same_state, written_since
from remediate.stores.snapshots import Snapshots
from tests.pipeline.documents import health_check, sets, url_map, zone
from tests.workbench import NAME, Workbench

CHECK = Ref("HealthCheck", "alive")
SET = parse_ref("DnsZone/example/www.example.com./A")


def body(seconds: int, **more: Any) -> dict[str, Any]:
    return {"name": "alive", "type": "HTTP", "checkIntervalSec": seconds, **more}


def record(*values: str) -> dict[str, Any]:
    return {"name": "www.example.com.", "type": "A", "ttl": 300, "rrdatas": [*values]}


LEFT: dict[str, tuple[Written, Any, bool]] = {
    "as the step left it": (Written(CHECK, "p", after=body(20), ended=True), body(20), True),
    "changed since": (Written(CHECK, "p", after=body(20), ended=True), body(30), False),
    "gone since": (Written(CHECK, "p", after=body(20), ended=True), None, False),
    "deleted by us": (Written(CHECK, "p", before=body(20), ended=True), None, True),
    "made again since": (Written(CHECK, "p", before=body(20), ended=True), body(20), False),
    "cut short before it took effect": (
        Written(CHECK, "p", before=body(10), wanted=body(20)),
        body(10),
        True,
    ),
    "cut short after it took effect": (
        Written(CHECK, "p", before=body(10), wanted=body(20)),
        body(20),
        True,
    ),
    "cut short, and changed by somebody else": (
        Written(CHECK, "p", before=body(10), wanted=body(20)),
        body(30),
        False,
    ),
    "a creation cut short before": (Written(CHECK, "p", wanted=body(20)), None, True),
    "a creation cut short after": (Written(CHECK, "p", wanted=body(20)), body(20), True),
    "a deletion cut short before": (Written(CHECK, "p", before=body(10)), body(10), True),
    "a deletion cut short after": (Written(CHECK, "p", before=body(10)), None, True),
    "what only the server sets moved": (
        Written(CHECK, "p", after=body(20, id="1"), ended=True),
        body(20, id="2", selfLink="https://x"),
        True,
    ),
}


@pytest.mark.parametrize("what", LEFT)
def test_what_is_our_own_doing(what: str) -> None:
    written, live, ours = LEFT[what]
    assert written.left(CHECK, live) is ours


RECORDS: dict[str, tuple[Written, Any, bool]] = {
    "as we left it": (Written(SET, "p", after=record("192.0.2.1"), ended=True), record(), False),
    "cut short after": (Written(SET, "p", wanted=record("192.0.2.1")), record("192.0.2.1"), True),
    "cut short, theirs": (Written(SET, "p", wanted=record("192.0.2.1")), record("9.9.9.9"), False),
}


@pytest.mark.parametrize("what", RECORDS)
def test_record_sets_are_known_word_for_word(what: str) -> None:
    written, live, ours = RECORDS[what]
    assert written.left(SET, live) is ours


def test_a_record_set_may_bring_what_the_server_adds() -> None:
    live = {**record("192.0.2.1"), "signatureRrdatas": [], "kind": "dns#resourceRecordSet"}
    assert same_state(SET, record("192.0.2.1"), live)


def test_every_run_since_the_snapshot_counts_and_none_before(workbench: Workbench) -> None:
    for seconds in (10, 20, 30):
        workbench.write(health_check(checkIntervalSec=seconds))
        workbench.apply()
    snapshots = [*Snapshots(workbench.store).newest_first()]
    since: Any = [written_since(workbench.store, snapshot)[CHECK] for snapshot in snapshots]
    assert [one.created for one in since] == [False, False, True]
    assert [one.entry is None for one in since] == [False, False, True]
    assert [one.entry.fields["checkIntervalSec"] for one in since[:2]] == [20, 10]
    assert {one.after["checkIntervalSec"] for one in since} == {30}


def test_runs_of_another_environment_are_none_of_ours(workbench: Workbench) -> None:
    workbench.write(health_check(), url_map(), zone({"www": sets("A", "192.0.2.1")}))
    workbench.apply()
    snapshot = Snapshots(workbench.store).latest(NAME)
    assert len(written_since(workbench.store, snapshot)) == 4
    theirs = type(snapshot)(
        snapshot.id, "prod", "p", snapshot.run, snapshot.time, snapshot.reason, {}
    )
    assert written_since(workbench.store, theirs) == {}
