"""Connecting, reading side by side, and the sandbox's clock."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.gcp.google import Google, connect_sandbox, read_all
from remediate.model.errors import InvalidInput, Unreachable
from tests.gcp.conftest import PROJECT


@pytest.mark.parametrize(
    "url",
    [
        "https://compute.googleapis.com",
        "http://compute.googleapis.com",
        "https://127.0.0.1:8080",
        "http://127.0.0.1.evil.example:8080",
        "http://user@127.0.0.1:8080",
        "http://0.0.0.0:8080",
        "127.0.0.1:8080",
        "",
    ],
)
def test_a_sandbox_is_on_this_machine_or_it_is_none(url: str) -> None:
    with pytest.raises(InvalidInput, match="not a sandbox"):
        connect_sandbox(url, PROJECT)


def test_no_sandbox_at_an_url_is_said_so(sandbox: Sandbox) -> None:
    url = sandbox.url
    sandbox.close()
    with pytest.raises(Unreachable, match="no sandbox at") as raised:
        connect_sandbox(url, PROJECT)
    assert "sandbox serve" in raised.value.hint


def test_waiting_moves_the_sandboxs_clock_and_costs_nothing(
    sandbox: Sandbox, google: Google
) -> None:
    before, begun = google.clock.now(), google.clock.monotonic()
    google.clock.sleep(90 * 86400)
    assert google.clock.now() - before >= timedelta(days=90)
    assert google.clock.monotonic() - begun >= 90 * 86400
    assert abs(google.clock.now() - sandbox.call(lambda world: world.clock.now())) < timedelta(
        minutes=1
    )


def test_asking_the_time_does_not_ask_the_sandbox(sandbox: Sandbox, google: Google) -> None:
    sandbox.close()
    assert google.clock.now()
    assert google.clock.monotonic()


def test_a_sandbox_tells_its_ports_and_where_to_dial(google: Google) -> None:
    assert google.sandbox
    assert google.sandbox.info()["ports"]
    assert google.sandbox.dial()["8.8.8.8:53"].startswith("127.0.0.1:")


def test_reads_keep_their_order(google: Google) -> None:
    assert google.read_all([lambda n=n: n * n for n in range(100)]) == [  # type: ignore[misc]
        n * n for n in range(100)
    ]
    assert read_all([]) == []


def test_reads_are_made_side_by_side() -> None:
    barrier = threading.Barrier(8)

    def meet() -> int:
        return barrier.wait(timeout=30)

    assert sorted(read_all([meet] * 8)) == list(range(8))


def test_the_first_error_wins_and_the_others_are_finished() -> None:
    finished: list[int] = []

    def read(number: int) -> None:
        if number in {3, 5}:
            raise Unreachable(f"number {number}")
        finished.append(number)

    with pytest.raises(Unreachable, match="number 3"):
        read_all([lambda n=n: read(n) for n in range(50)])  # type: ignore[misc]
    assert len(finished) == 48


def test_request_ids_are_uuids_of_their_own(google: Google) -> None:
    ids = {google.request_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(one) == 36 for one in ids)


def test_a_sandbox_costs_no_credentials_no_grpc_and_no_tenacity() -> None:
    heavy = ("google.auth", "google.oauth2", "grpc", "google.protobuf", "tenacity", "cryptography")
    script = f"import sys, remediate.gcp.google; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_what_stands_in_for_grpc_is_gone_when_others_need_it() -> None:
    script = (
        "import sys, remediate.gcp.core, google.api_core.exceptions as e; "
        "assert 'grpc' not in sys.modules; "
        "print(e.error_details_pb2.ErrorInfo.__name__); "
        "from google.cloud import compute_v1; print(compute_v1.UrlMapsClient.__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["ErrorInfo", "UrlMapsClient"]
