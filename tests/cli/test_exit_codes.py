"""Every exit code of the documents is reached through the command line, and no other is there."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from remediate.stores.lock import lock
from tests.architecture.repository import ROOT
from tests.cli.conftest import Desk
from tests.cli.test_outputs import protect
from tests.cli.test_streams import applying, hold_operations, read_until, read_until_in_flight
from tests.cli.typed import Said, typed

PAGE = ROOT / "docs" / "reference" / "exit-codes.md"


def done(desk: Desk) -> Said:
    assert desk.type("plan").code == 0  # changes are no failure unless they are asked for
    return desk.type("apply", "--yes")


def an_error(desk: Desk) -> Said:
    desk.fault("500", "GET *", 1_000_000)
    return desk.type("plan")


def changes(desk: Desk) -> Said:
    return desk.type("plan", "--detailed-exitcode")


def not_ready(desk: Desk) -> Said:
    desk.bench.send("POST", "_sandbox/reset", {"scenario": "empty"})
    desk.fault("doomed-certificate", "POST *sslCertificates*")
    return desk.type("apply", "--yes")


def denied(desk: Desk) -> Said:
    protect(desk)
    assert desk.type("apply", "--yes").code == 4
    return desk.type("plan")


def stale(desk: Desk) -> Said:
    file = desk.bench.root / "reviewed.json"
    assert desk.type("plan", "--out", str(file)).code == 0
    zone = "dns/v1/projects/netra-staging/managedZones/netrasystems-staging/rrsets"
    theirs = {"name": "staging.netrasystems.ai.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.9"]}
    desk.bench.send("POST", zone, theirs)
    before = desk.bench.state()
    said = desk.type("apply", "--plan", str(file))
    assert desk.bench.state() == before
    return said


def locked(desk: Desk) -> Said:
    with lock(desk.bench.store, "staging", "01SOMEBODYELSE", desk.bench.google.clock):
        return desk.type("apply", "--yes")


def half_done(desk: Desk) -> Said:
    desk.fault("failed-operation", "POST *sslCertificates*")
    return desk.type("apply", "--yes")


def taken_back(desk: Desk) -> Said:
    desk.fault("failed-operation", "POST *sslCertificates*")
    said = desk.type("apply", "--yes", "--on-failure", "rollback")
    assert desk.bench.state() == desk.before
    return said


def invalid(desk: Desk) -> Said:
    for words in (("rollback", "--snapshot", "01NOTHING"), ("plan", "--target", "Nothing/*")):
        assert desk.type(*words).code == 9
    file = desk.bench.root / "desired" / "staging" / "dns.yaml"
    file.write_text(yaml.safe_dump({"kind": "DnsZone"}))
    said = desk.type("validate")
    assert "desired/staging/dns.yaml:1:" in said.err
    return said


def not_authorised(desk: Desk) -> Said:
    desk.fault("forbidden", "GET *", 1_000_000)
    return desk.type("plan")


def mistyped(desk: Desk) -> Said:
    return desk.type("plan", "--no-such-option")


def stopped_by(number: signal.Signals) -> Callable[[Desk], Said]:
    def stopped(desk: Desk) -> Said:
        hold_operations(desk)
        with applying(desk) as running:
            read_until_in_flight(desk, running)
            running.send_signal(number)
            read_until(running, "stopping: no new step begins")
            desk.bench.send("POST", "_sandbox/clock:advance", {"seconds": 700})
            out, err = running.communicate(timeout=60)
        desk.mend()
        return Said(running.returncode, out, err)

    return stopped


WAYS: dict[int, Callable[[Desk], Said]] = {
    0: done,
    1: an_error,
    2: changes,
    3: not_ready,
    4: denied,
    5: stale,
    6: locked,
    7: half_done,
    8: taken_back,
    9: invalid,
    10: not_authorised,
    64: mistyped,
    130: stopped_by(signal.SIGINT),
    143: stopped_by(signal.SIGTERM),
}


@pytest.mark.parametrize("code", WAYS)
def test_it_is_reached_through_the_command_line(code: int, desk: Desk) -> None:
    said = WAYS[code](desk)
    assert said.code == code, said
    assert said.err.count("error: ") == (code not in {0, 2, 4, 64}), said
    assert bool(said.out) == (code in {0, 2, 4}), said


def test_the_table_is_that_of_the_documents() -> None:
    rows = re.findall(r"^\| (\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [*map(int, rows)] == [*WAYS]


def test_help_tells_them_too() -> None:
    helped = typed("--help").out.partition("Exit codes:")[2].partition("\n\n")[0]
    assert {*map(int, re.findall(r"\b(\d+)\s+[a-z]", helped))} == WAYS.keys() - {130, 143}


def test_after_an_interruption_the_journal_leads_on(desk: Desk) -> None:
    assert WAYS[130](desk).code == 130
    runs = sorted((Path(desk.bench.root) / ".remediate" / "runs").iterdir())
    assert desk.type("apply", "--resume", runs[-1].name).code == 0
    assert desk.type("plan", "--detailed-exitcode").code == 0
