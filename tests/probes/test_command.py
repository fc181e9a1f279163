"""How a command ends, and what it printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from remediate.probes.command import OUTPUT, run
from remediate.probes.seen import CommandSeen


def python(script: str, *, timeout: float = 20.0, **env: str) -> CommandSeen:
    return run([sys.executable, "-c", script], cwd=Path.cwd(), timeout=timeout, env=env)


@pytest.mark.parametrize("code", [0, 1, 77])
def test_an_exit_is_told(code: int) -> None:
    seen = python(f"raise SystemExit({code})")
    assert seen.exit == code
    assert seen.message == f"{sys.executable} exits {code}"
    assert seen.seconds > 0


def test_both_streams_are_kept_in_their_order(tmp_path: Path) -> None:
    script = "import os; os.write(1, b'one '); os.write(2, b'two '); print(os.getcwd())"
    seen = run([sys.executable, "-c", script], cwd=tmp_path, timeout=20)
    assert seen.output == f"one two {os.path.realpath(tmp_path)}\n"


def test_of_a_flood_the_last_is_kept() -> None:
    seen = python("print('x' * 500000); print('the end')")
    assert len(seen.output) == OUTPUT
    assert seen.output.endswith("the end\n")


def test_bytes_that_are_no_text_are_shown_all_the_same() -> None:
    assert python("import os; os.write(1, b'a\\xff')").output == "a\ufffd"


def test_the_environment_is_ours_and_what_is_added() -> None:
    seen = python("import os; print(os.environ['ADDED'], 'PATH' in os.environ)", ADDED="yes")
    assert seen.output == "yes True\n"


def test_there_is_nothing_to_read() -> None:
    assert python("print(repr(input()))").exit == 1


def test_no_shell_reads_it() -> None:
    seen = run(["echo", "$HOME; exit 3"], cwd=Path.cwd(), timeout=20)
    assert (seen.exit, seen.output) == (0, "$HOME; exit 3\n")


@pytest.mark.parametrize("argv", [[], ["/nowhere/at-all"], ["/"], ["bad\0name"]])
def test_what_cannot_begin_is_told(argv: Sequence[str]) -> None:
    seen = run(argv, cwd=Path.cwd(), timeout=20)
    assert seen.exit is None
    assert "does not begin: " in seen.message


def test_a_signal_is_told() -> None:
    seen = python("import os; os.kill(os.getpid(), 9)")
    assert (seen.exit, seen.message) == (-9, f"{sys.executable} was ended by signal 9")


CHILD = """
import subprocess, sys, time
fifo = open({fifo!r}, "w")
fifo.write("alive"), fifo.flush()
print("begun", flush=True)
time.sleep(600)
"""
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {child!r}], stdout=subprocess.PIPE)
child.stdout.readline()
{then}
"""


class Grandchild:
    """A process that a command begins; it is there as long as it holds its end of a FIFO."""

    def __init__(self, tmp_path: Path) -> None:
        path = tmp_path / "fifo"
        os.mkfifo(path)
        self._end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(self._end, True)
        self.script = CHILD.format(fifo=str(path))

    def begun_by(self, then: str) -> str:
        return PARENT.format(child=self.script, then=then)

    def said_until_its_end(self) -> bytes:
        with os.fdopen(self._end, "rb") as fifo:
            return fifo.read()


def test_at_its_timeout_it_ends_with_all_that_it_began(tmp_path: Path) -> None:
    grandchild = Grandchild(tmp_path)
    seen = python(grandchild.begun_by("child.wait()"), timeout=2)
    assert seen.exit is None
    assert seen.message == f"{sys.executable} was stopped after 2 s"
    assert grandchild.said_until_its_end() == b"alive"


def test_what_it_leaves_behind_keeps_nobody_waiting_and_ends_as_well(tmp_path: Path) -> None:
    grandchild = Grandchild(tmp_path)
    seen = python(grandchild.begun_by("pass"))
    assert seen.exit == 0
    assert grandchild.said_until_its_end() == b"alive"


def test_who_closes_its_output_is_waited_for() -> None:
    seen = python("import os, time; os.close(1); os.close(2); time.sleep(0.2); os._exit(5)")
    assert seen.exit == 5
    late = python("import os, time; os.close(1); os.close(2); time.sleep(600)", timeout=1)
    assert late.exit is None
