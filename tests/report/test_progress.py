"""What people see while it happens: whole lines in a pipe, moving ones on a terminal."""

from __future__ import annotations

import io
import re
import sys
import threading
from dataclasses import replace

import pytest

from remediate.model.plan import Step
from remediate.model.progress import (
    Event,
    Reading,
    SnapshotTaken,
    StepBegun,
    StepDone,
    StepFailed,
    Waiting,
)
from remediate.model.ref import parse_ref
from remediate.report.progress import Lines, Live, Silent
from tests.report import plans

CERTIFICATE = parse_ref("SslCertificate/staging-ssl-cert")
ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture(autouse=True)
def _a_capable_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever terminal, if any, the tests themselves are run in."""
    monkeypatch.setenv("TERM", "xterm-256color")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def steps() -> dict[str, Step]:
    return {step.note or str(step.ref): step for step in plans.incident().steps}


def story() -> list[Event]:
    """The incident's apply, with a wait in which Google changes its word once."""
    found = steps()
    ahead = found.pop("put the new first, once it is ready")
    detach = found.pop("detach the old, once the new is served")
    events: list[Event] = [Reading("12 lists of netra-staging"), SnapshotTaken("01SNAP", 8)]
    for step in found.values():
        events += [StepBegun(step), StepDone(step, 1.23)]
    events.append(StepBegun(ahead))
    events += [Waiting(CERTIFICATE, "PROVISIONING", float(s)) for s in (0, 2, 7, 17)]
    events += [
        Waiting(CERTIFICATE, "PROVISIONING (x FAILED_NOT_VISIBLE)", s) for s in (30.0, 330.0)
    ]
    events += [StepDone(ahead, 1230.0), StepBegun(detach), StepDone(detach, 1.23)]
    return events


def test_a_pipe_gets_one_line_for_each_thing_worth_telling() -> None:
    stream = io.StringIO()
    with Lines(stream) as watcher:
        watcher.expect(6)
        for event in story():
            watcher.on(event)
    assert stream.getvalue() == (
        "reading 12 lists of netra-staging\n"
        "snapshot 01SNAP of 8 resources is kept\n"
        "[1/6] create DnsZone/netrasystems-staging/api-staging.netrasystems.ai./A\n"
        "  done in 1.2 s\n"
        "[2/6] create DnsZone/netrasystems-staging/staging.netrasystems.ai./A\n"
        "  done in 1.2 s\n"
        "create SslCertificate/staging-ssl-cert begins\n"
        "[3/6] create SslCertificate/staging-ssl-cert done in 1.2 s\n"
        "[4/6] update TargetHttpsProxy/staging-https-proxy (attach beside the old)\n"
        "  done in 1.2 s\n"
        "update TargetHttpsProxy/staging-https-proxy (put the new first, once it is\n"
        "  ready) begins\n"
        "      waiting for SslCertificate/staging-ssl-cert: PROVISIONING\n"
        "      waiting for SslCertificate/staging-ssl-cert (30 s so far): PROVISIONING (x\n"
        "        FAILED_NOT_VISIBLE)\n"
        "      waiting for SslCertificate/staging-ssl-cert (6 min so far): as before\n"
        "[5/6] update TargetHttpsProxy/staging-https-proxy (put the new first, once it is\n"
        "  ready) done in 20 min\n"
        "update TargetHttpsProxy/staging-https-proxy (detach the old, once the new is\n"
        "  served) begins\n"
        "[6/6] update TargetHttpsProxy/staging-https-proxy (detach the old, once the new\n"
        "  is served) done in 1.2 s\n"
    )


def test_a_failure_is_said_in_capitals_and_counts_and_leaves_the_reason_to_the_error() -> None:
    stream = io.StringIO()
    step = next(iter(steps().values()))
    Lines(stream).on(StepFailed(step, "refused \x1b[31m"))
    assert stream.getvalue().startswith("[1] create DnsZone/")
    assert stream.getvalue().endswith(" FAILED\n")
    assert "refused" not in stream.getvalue()


def test_a_terminal_shows_the_steps_in_flight_and_keeps_the_finished_ones() -> None:
    stream = Terminal()
    with Live(stream, colour=False) as watcher:
        watcher.expect(6)
        for event in story()[:-1]:
            watcher.on(event)
        seen = ANSI.sub("", stream.getvalue())
        assert "(detach the old, once the new" in seen
        assert "waiting for SslCertificate/staging-ssl-cert (6 min so far): PROVISION" in seen
        watcher.on(story()[-1])
    after = ANSI.sub("", stream.getvalue())
    assert "[5/6] update TargetHttpsProxy/staging-https-proxy" in after
    assert "\x1b[?25h" in stream.getvalue(), "the cursor is back"


def test_a_gate_that_holds_leaves_the_screen_with_a_line() -> None:
    stream, lines = Terminal(), io.StringIO()
    told = [Waiting("dns, https", "not yet", 60.0), Waiting("dns, https", "", 300.0)]
    with Live(stream, colour=False) as watcher:
        for event in told:
            watcher.on(event)
        seen = len(stream.getvalue())
        watcher.on(Reading("zones"))
        after = ANSI.sub("", stream.getvalue()[seen:])
        assert "reading zones" in after
        assert "dns, https" not in after
        assert "as it should be after 5 min: dns, https" in ANSI.sub("", stream.getvalue())
    for event in told:
        Lines(lines).on(event)
    assert lines.getvalue().splitlines() == [
        "      waiting for dns, https (60 s so far): not yet",
        "      as it should be after 5 min: dns, https",
    ]


def test_live_falls_back_to_lines_where_there_is_no_terminal() -> None:
    plain, moving = io.StringIO(), io.StringIO()
    with Live(moving) as watcher:
        for event in story():
            watcher.on(event)
    lines = Lines(plain)
    for event in story():
        lines.on(event)
    assert moving.getvalue() == plain.getvalue()
    assert "\x1b" not in moving.getvalue()


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    with Live(stream) as watcher:
        for event in story():
            watcher.on(event)
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().count("done in") == 6


@pytest.mark.parametrize("kind", [Lines, Live])
def test_progress_never_goes_to_stdout(
    kind: type[Lines], capsys: pytest.CaptureFixture[str]
) -> None:
    with kind(Terminal()) as watcher:
        for event in story():
            watcher.on(event)
        sys.stdout.write("a result\n")
    assert capsys.readouterr().out == "a result\n"


def test_silence_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with Silent() as watcher:
        watcher.expect(6)
        for event in story():
            watcher.on(event)
    assert capsys.readouterr() == ("", "")


def test_lines_of_several_threads_stay_whole() -> None:
    stream = io.StringIO()
    watcher = Lines(stream)
    watcher.expect(400)
    step = next(iter(steps().values()))

    def work(number: int) -> None:
        for _ in range(100):
            watcher.on(StepDone(replace(step, note=f"thread {number}"), 1.0))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = stream.getvalue().replace("\n  ", " ").splitlines()
    assert [line.partition("]")[0] for line in lines] == [f"[{n}/400" for n in range(1, 401)]
