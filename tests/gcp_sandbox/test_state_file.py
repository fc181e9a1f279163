"""The world on disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gcp_sandbox.sandbox import Sandbox
from gcp_sandbox.world import StateDamaged
from tests.gcp_sandbox.client import Client, connect


def start(state: Path, scenario: str = "staging") -> tuple[subprocess.Popen[str], Client]:
    command = [sys.executable, "-m", "gcp_sandbox", "--port", "0", "--seed", "3"]
    process = subprocess.Popen(
        [*command, "--state", str(state), "--scenario", scenario, "--operation-time", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    return process, Client(int(line.split(":")[2].split(",")[0]))


def test_a_killed_sandbox_comes_back_as_it_was(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    process, client = start(state)
    client.done("POST", "global/addresses", {"name": "one-more"})
    client.done("DELETE", "global/forwardingRules/staging-http")
    client.advance(3600)
    request = {"requestId": "5f0f0f0f-0000-4000-8000-000000000000"}
    operation = client.done("POST", "global/sslPolicies", {"name": "p"}, **request)
    before = client.get("/_sandbox/state", comparable=1)
    address = client.get("global/addresses/one-more")
    ca = client.get("/_sandbox/info")["ca"]
    offset = client.get("/_sandbox/clock")["offset"]
    process.send_signal(signal.SIGKILL)
    process.wait()

    process, client = start(state, "empty")
    assert client.get("/_sandbox/state", comparable=1) == before
    assert client.get("global/addresses/one-more") == address
    assert client.get("/_sandbox/info")["ca"] == ca
    assert client.get("/_sandbox/clock")["offset"] == offset
    again = client.post("global/sslPolicies", {"name": "p"}, **request)
    assert again["name"] == operation["name"]
    in_use = client.call("DELETE", "global/addresses/staging-lb")
    assert in_use.reason == "resourceInUseByAnotherResource"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0


def test_each_start_from_a_state_file_is_written_down_before_anything_is_answered(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state.json"
    for run in range(3):
        with Sandbox(state=state):
            assert json.loads(state.read_text())["run"] == run


def test_what_was_refused_was_not_written(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Sandbox(state=state, operation_time=0) as sandbox:
        client = connect(sandbox)
        written = state.read_text()
        assert client.call("POST", "global/addresses", {"name": "NOT A NAME"}).status == 400
        assert client.call("GET", "global/addresses").status == 200
        assert state.read_text() == written
        client.close()


def test_a_state_file_that_is_no_json_is_told(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text("{")
    with pytest.raises(StateDamaged, match=r"state\.json"):
        Sandbox(state=state)
