"""Programs that judge a plan: what they are given, what they may say, and what they may not do."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shlex
import sys
from pathlib import Path

import pytest

from remediate.model.errors import InvalidInput
from remediate.pipeline.policy import asked

HERE = {"PATH": os.environ["PATH"]}


def python(source: str) -> str:
    return shlex.join([sys.executable, "-c", source])


def messages(source: str, document: bytes = b"{}", timeout: float = 20) -> list[tuple[str, str]]:
    found = asked(python(source), document, HERE, timeout)
    assert {one.rule for one in found} <= {"policy"}
    name = Path(sys.executable).name
    return [(one.level, one.message.removeprefix(f"{name}: ")) for one in found]


def test_a_program_that_exits_with_0_has_nothing_against_it() -> None:
    assert messages("print('fine')") == []


def test_each_line_of_one_that_does_not_is_an_objection() -> None:
    source = "print('no Fridays\\n\\n  too risky'); raise SystemExit(1)"
    assert messages(source) == [("deny", "no Fridays"), ("deny", "too risky")]


def test_it_reads_the_plan_on_stdin() -> None:
    source = "import json, sys; print(json.load(sys.stdin)['rule']); sys.exit(1)"
    assert messages(source, b'{"rule": "seen"}') == [("deny", "seen")]


def test_it_need_not_read_it() -> None:
    assert messages("raise SystemExit(0)", b"x" * 4_000_000) == []


def test_failures_of_conftest_deny_and_its_warnings_warn() -> None:
    said = [{"failures": [{"msg": "public"}, {"msg": "open"}], "warnings": [{"msg": "old"}]}]
    source = f"print({json.dumps(said)!r}); raise SystemExit(1)"
    assert messages(source) == [("deny", "public"), ("deny", "open"), ("warn", "old")]


def test_what_fails_without_a_failure_denies_with_what_it_said_last() -> None:
    source = "import sys; sys.stderr.write('loading\\nno such folder: policy\\n'); sys.exit(2)"
    assert messages(source) == [("deny", "exit 2: no such folder: policy")]
    assert messages("raise SystemExit(3)") == [("deny", "exit 3: it said nothing")]
    only_warnings = 'print(\'[{"warnings": [{"msg": "old"}]}]\'); raise SystemExit(1)'
    assert messages(only_warnings) == [("warn", "old"), ("deny", "exit 1: it said nothing")]


def test_one_that_is_killed_denies() -> None:
    source = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert messages(source) == [("deny", "killed by signal 9: it said nothing")]


def test_one_that_does_not_end_is_ended_and_denies() -> None:
    ((level, message),) = messages("import time; time.sleep(600)", timeout=0.5)
    assert level == "deny"
    assert message.endswith("did not end within 0 s, or said far too much")


def test_what_it_leaves_running_is_ended_too(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    child = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    source = (
        "import subprocess, sys, os, time\n"
        f"subprocess.Popen([sys.executable, '-c', {child!r}])\n"
        f"p = {str(mark)!r}\n"
        "while not (os.path.exists(p) and open(p).read()): time.sleep(0.01)"
    )
    assert messages(source) == []
    with contextlib.suppress(ProcessLookupError):  # it is gone already
        left = os.pidfd_open(int(mark.read_text()))
        ended, _, _ = select.select([left], [], [], 10)
        os.close(left)
        assert ended


def test_one_that_says_without_end_denies() -> None:
    ((level, message),) = messages("while True: print('x' * 1000)")
    assert level == "deny"
    assert message.endswith("said far too much")


def test_no_more_than_a_page_of_objections_is_shown() -> None:
    found = messages("print('\\n'.join(map(str, range(80)))); raise SystemExit(1)")
    assert len(found) == 51
    assert found[-1] == ("deny", "and 30 more")


def test_one_that_cannot_be_started_denies(tmp_path: Path) -> None:
    (one,) = asked(str(tmp_path / "nowhere"), b"{}", HERE)
    assert (one.level, one.message) == (
        "deny",
        "nowhere could not be started: No such file or directory",
    )


def test_it_is_no_shell() -> None:
    assert asked("true ; false", b"{}", HERE) == []


@pytest.mark.parametrize("command", ["", "  ", "conftest 'x"])
def test_a_command_that_is_none_is_invalid(command: str) -> None:
    with pytest.raises(InvalidInput, match="--policy-cmd"):
        asked(command, b"{}", HERE)


def test_it_sees_of_the_environment_only_what_is_meant_for_it() -> None:
    there = {**HERE, "CONFTEST_POLICY": "p", "JWT_SECRET": "s3cret", "GOOGLE_TOKEN": "s3cret"}
    source = "import os; print(sorted(os.environ)); print(os.environ); raise SystemExit(1)"
    told = " ".join(one.message for one in asked(python(source), b"{}", there))
    assert "CONFTEST_POLICY" in told
    assert "s3cret" not in told
