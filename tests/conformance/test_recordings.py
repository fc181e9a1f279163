"""Real answers of Google's APIs, replayed: only where somebody has the recordings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gcp_sandbox.sandbox import Sandbox

KINDS = [
    "dns_record_set",
    "address",
    "url_map",
    "ssl_policy",
    "network_endpoint_group",
    "backend_service",
    "health_check",
    "cloud_sql_instance",
    "certificate_manager",
    "target_https_proxy",
    "vpc_access_connector",
    "cloud_run_service",
]


@pytest.fixture(scope="session")
def recordings() -> Path:
    folder = os.environ.get("REMEDIATE_RECORDINGS")
    if not folder:
        pytest.skip("REMEDIATE_RECORDINGS names no folder of recordings")
    path = Path(folder).resolve()
    if not (path.parent / "tools" / "replay_recorded.py").exists():
        pytest.fail(f"no tools/replay_recorded.py beside {path}")
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_what_google_answered_is_what_the_sandbox_answers(
    sandbox: Sandbox, recordings: Path, kind: str
) -> None:
    replay = recordings.parent / "tools" / "replay_recorded.py"
    ended = subprocess.run(
        [sys.executable, str(replay), sandbox.url, str(recordings / kind), "--quiet"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.splitlines()[-1].endswith(" passed, 0 failed")
