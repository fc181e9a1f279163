"""Streams, terminals, signals and disks: what a process meets outside of a test runner."""

from __future__ import annotations

import errno
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from remediate.stores import journal
from remediate.stores.snapshots import Snapshots
from tests.cli.conftest import Desk
from tests.cli.typed import REMEDIATE, Said, process

ESCAPE = "\x1b["


def at_a_terminal(words: Sequence[str], answer: str = "", **environ: str) -> tuple[int, str]:
    """Run the command on a terminal of 100 columns; answer the first question it asks."""
    leader, follower = pty.openpty()
    os.set_blocking(leader, True)
    running = subprocess.Popen(
        [str(REMEDIATE), *words],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "100"} | environ,
        start_new_session=True,
    )
    os.close(follower)
    seen = b""
    while select.select([leader], [], [], 60)[0]:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        seen += piece
        if answer and b"[y/N]" in seen:
            os.write(leader, answer.encode() + b"\n")
            answer = ""
    os.close(leader)
    return running.wait(60), seen.decode()


def test_at_a_terminal_apply_shows_the_plan_and_asks(desk: Desk) -> None:
    code, seen = at_a_terminal(desk.words("apply"), "n")
    assert code == 1
    assert "Plan for staging" in seen
    assert "Apply this plan? [y/N]" in seen
    assert desk.bench.state() == desk.before
    assert not Snapshots(desk.bench.store).ids()
    code, seen = at_a_terminal(desk.words("apply"), "y")
    assert code == 0, seen
    assert "Applied: 2 created" in seen
    assert desk.type("plan", "--detailed-exitcode").code == 0


def test_at_a_terminal_rollback_asks_too_unless_told_not_to(desk: Desk) -> None:
    assert desk.type("apply").code == 0
    after = desk.bench.state()
    code, seen = at_a_terminal(desk.words("rollback", "--snapshot", "latest"), "n")
    assert (code, "Roll back? [y/N]" in seen) == (1, True), seen
    assert desk.bench.state() == after
    code, seen = at_a_terminal(desk.words("rollback", "--snapshot", "latest", "--yes"))
    assert (code, "[y/N]" in seen) == (0, False), seen
    assert desk.bench.state() == desk.before


def test_colour_is_for_terminals_without_no_color(desk: Desk) -> None:
    _code, coloured = at_a_terminal(desk.words("plan"))
    assert re.search(r"\x1b\[[0-9;]*[1-9]m", coloured)
    _code, plain = at_a_terminal(desk.words("plan"), NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*[1-9]m", plain)
    piped = process(*desk.words("plan"))
    assert ESCAPE not in piped.out + piped.err
    assert max(map(len, piped.out.splitlines())) <= 80


def test_a_reader_that_has_seen_enough_ends_it_quietly(desk: Desk) -> None:
    for words in (["schema"], ["--help"], desk.words("plan", "--json")):
        shell = '"$0" "$@" | head -1 >/dev/null; echo "${PIPESTATUS[0]}"'
        done = subprocess.run(
            ["bash", "-c", shell, str(REMEDIATE), *words],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "Error" not in done.stderr, done.stderr
        assert "error" not in done.stderr, done.stderr


def test_a_stdout_that_is_closed_is_no_bug(desk: Desk) -> None:
    done = subprocess.run(
        ["bash", "-c", '"$0" "$@" >&-', str(REMEDIATE), *desk.words("plan")],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert "bug" not in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def full(desk: Desk) -> Said:
    """What it says on a disk that has no room left."""
    code = (
        "import os, sys\n"
        "def full(*_): raise OSError(28, os.strerror(28))\n"
        "os.write = full\n"
        "from remediate.cli.command import run\n"
        "code = run(sys.argv[1:])\n"
        "sys.stdout.flush()\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [str(REMEDIATE.with_name("python")), "-c", code, *desk.words("apply", "--yes")],
        capture_output=True,
        text=True,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def test_a_full_disk_is_one_clear_sentence_and_nothing_is_written(desk: Desk) -> None:
    said = full(desk)
    assert (said.code, said.out) == (1, ""), said
    assert said.err.count("error: ") == 1
    assert f"cannot be written: {os.strerror(errno.ENOSPC)}" in said.err
    assert "bug" not in said.err
    assert desk.bench.state() == desk.before


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write anywhere; whoever runs as root lets go of that for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("verb", ["apply", "snapshot take"])
def test_a_folder_that_cannot_be_written_is_one_clear_sentence(verb: str, desk: Desk) -> None:
    root = desk.bench.root
    open_to_all = [root, *root.parents]
    modes = {path: path.stat().st_mode for path in open_to_all if path.owner() == "root"}
    for path, mode in modes.items():
        path.chmod(mode | 0o055)
    try:
        with as_nobody():
            said = desk.type(*verb.split(), *(["--yes"] if verb == "apply" else []))
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    assert (said.code, said.out) == (1, ""), said
    assert said.err.count("error: ") == 1
    assert "cannot be written" in said.err
    assert desk.bench.state() == desk.before


def test_a_store_that_is_a_file_is_one_clear_sentence(desk: Desk) -> None:
    (desk.bench.root / ".remediate").write_text("not a folder")
    for words in (("plan",), ("apply", "--yes"), ("snapshot", "list")):
        said = desk.type(*words)
        assert "bug" not in said.err, said
    assert said.err.count("error: ") <= 1
    (desk.bench.root / ".remediate").unlink()


@contextmanager
def applying(desk: Desk, *more: str) -> Iterator[subprocess.Popen[str]]:
    running = subprocess.Popen(
        [str(REMEDIATE), *desk.words("apply", "--yes", *more)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def read_until(running: subprocess.Popen[str], words: str) -> str:
    assert running.stderr
    seen = ""
    for line in running.stderr:
        seen += line
        if words in line:
            return seen
    raise AssertionError(seen)


def hold_operations(desk: Desk) -> None:
    """The certificate's operation goes on until the sandbox's clock is moved."""
    desk.fault("slow-operation", "POST *sslCertificates*", seconds=600)
    desk.bench.forget_calls()


def read_until_in_flight(desk: Desk, running: subprocess.Popen[str]) -> None:
    """Until the records are there, and the certificate has been asked for."""
    read_until(running, "SslCertificate/staging-ssl-cert begins")
    while not any(verb == "POST" and "sslC" in path for verb, path in desk.bench.calls()):
        assert running.poll() is None


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "terminate"]
)
def test_the_first_signal_waits_for_what_is_in_flight_and_begins_no_more(
    number: signal.Signals, code: int, desk: Desk
) -> None:
    hold_operations(desk)
    with applying(desk) as running:
        read_until_in_flight(desk, running)
        running.send_signal(number)
        read_until(running, "stopping: no new step begins")
        desk.bench.send("POST", "_sandbox/clock:advance", {"seconds": 700})
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (code, ""), err
    assert "3 of 6 steps are done" in err
    (run,) = journal.runs(desk.bench.store)
    assert f"`{desk.line('apply', '--resume', run)}` goes on" in " ".join(err.split())
    story = journal.read(desk.bench.store, journal.runs(desk.bench.store)[-1])
    assert story.outcome == "failed"
    desk.insist_on_a_way_out()


def test_the_second_signal_leaves_at_once_and_the_journal_has_it(desk: Desk) -> None:
    hold_operations(desk)
    with applying(desk) as running:
        read_until_in_flight(desk, running)
        running.send_signal(signal.SIGINT)
        read_until(running, "stopping: no new step begins")
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
    assert running.returncode == -signal.SIGINT
    story = journal.read(desk.bench.store, journal.runs(desk.bench.store)[-1])
    assert story.outcome is None
    desk.bench.send("POST", "_sandbox/clock:advance", {"seconds": 700})
    desk.insist_on_a_way_out()


def test_two_applies_at_once_end_with_one_of_them_locked_out(desk: Desk) -> None:
    hold_operations(desk)
    with applying(desk) as running:
        read_until_in_flight(desk, running)
        other = desk.type("apply")
        assert (other.code, other.out) == (6, ""), other
        assert f"pid {running.pid}" in other.err
        running.send_signal(signal.SIGINT)
        desk.bench.send("POST", "_sandbox/clock:advance", {"seconds": 700})
        running.communicate(timeout=60)


def test_the_embedded_sandbox_keeps_its_state_from_one_command_to_the_next(
    desk: Desk, tmp_path: Path
) -> None:
    shutil.copytree(desk.bench.root / "desired", tmp_path / "desired")
    at = ["-C", str(tmp_path), "--sandbox"]
    assert process("sandbox", "reset", "--scenario", "dns-outage", "-C", tmp_path).code == 0
    outage = process("plan", *at, "--detailed-exitcode")
    assert outage.code == 2, outage
    assert process(*at, "apply", "--yes").code == 0
    assert process(*at, "plan", "--detailed-exitcode").code == 0
    later = process("sandbox", "advance", "2h", "-C", tmp_path)
    assert (later.code, "clock is at" in later.out) == (0, True), later
    assert process(*at, "rollback", "--snapshot", "latest").code == 0
    assert process(*at, "plan", "--detailed-exitcode").code == 4  # what went back is held
    assert process("hold", "release", "--all", *at).out.startswith("Released: 1 hold.\n")
    assert process(*at, "plan", "--detailed-exitcode").code == 2
    assert (tmp_path / ".remediate" / "sandbox" / "state.json").exists()
    assert process("sandbox", "advance", "soon", "-C", tmp_path).code == 9


def test_a_sandbox_is_served_until_it_is_interrupted(desk: Desk, tmp_path: Path) -> None:
    served = subprocess.Popen(
        [str(REMEDIATE), "sandbox", "serve", "--port", "0", "--scenario", "staging"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert served.stdout
        url = re.findall(r"http://127\.0\.0\.1:\d+", served.stdout.readline())[0]
        planned = process("plan", "-C", desk.bench.root, "--sandbox", url, "--detailed-exitcode")
        assert planned.code == 0, planned
        exports = process("sandbox", "env", "--sandbox", url, "-C", tmp_path)
        assert exports.code == 0
        assert all(line.startswith("export ") for line in exports.out.splitlines())
        assert process("sandbox", "reset", "--scenario", "dns-outage", "--sandbox", url).code == 0
        planned = process("plan", "-C", desk.bench.root, "--sandbox", url, "--detailed-exitcode")
        assert planned.code == 2, planned
    finally:
        served.send_signal(signal.SIGINT)
        _out, err = served.communicate(timeout=30)
    assert served.returncode == 130, err
    assert "Traceback" not in err


def test_commands_in_threads_leave_signals_alone(desk: Desk) -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert threading.current_thread() is threading.main_thread()
    assert desk.type("apply").code == 0
    assert signal.getsignal(signal.SIGTERM) is before
