"""Every fault of the small world as our probes of its edge see it: its own signs and no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.gcp.google import Google, connect_sandbox
from remediate.probes.dial import Dial, dial_for
from remediate.probes.http import Request, get
from remediate.probes.postgresql import start_up
from remediate.probes.seen import HttpSeen, PostgresSeen, TlsOutcome, TlsSeen, WebSocketSeen
from remediate.probes.tls import shake_hands
from remediate.probes.websocket import talk
from tests.gcp_sandbox.client import PROJECT, Client, connect
from tests.gcp_sandbox.troubles.expected import EXPECTED, HERE, Signs

HOST = "api-staging.netrasystems.ai"
DATABASE = "10.20.0.3"
WORDS: dict[TlsOutcome, str] = {
    "expired": "TLS_EXPIRED",
    "name_mismatch": "TLS_SAN_MISMATCH",
    "missing_intermediate": "TLS_MISSING_INTERMEDIATE",
    "untrusted": "TLS_UNTRUSTED",
    "self_signed": "TLS_SELF_SIGNED",
    "reset": "TLS_RESET",
    "alert": "TLS_ALERT:",
    "timeout": "TCP_TIMEOUT",
}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox("staging", seed=7, operation_time=0) as sandbox:
        yield sandbox


@pytest.fixture
def client(running: Sandbox) -> Iterator[Client]:
    connected = connect(running)
    connected.post("/_sandbox/scenario/staging")
    yield connected
    connected.close()


@pytest.fixture
def edge(running: Sandbox, client: Client) -> Edge:  # noqa: ARG001 - healthy first
    return Edge(connect_sandbox(running.url, PROJECT))


class Edge:
    """The load balancer of the environment, and its database, with our own probes."""

    def __init__(self, google: Google) -> None:
        assert google.sandbox
        self.google, self.roots = google, [google.sandbox.ca()]

    @property
    def dial(self) -> Dial:
        return dial_for(self.google, ["10.20.0.0/16"])

    def get(self, *urls: str) -> list[HttpSeen]:
        asked = [Request(url if ":" in url else f"https://{HOST}{url}", HERE) for url in urls]
        return get(self.dial, asked, now=self.google.clock.now(), roots=self.roots)

    def tls(self) -> TlsSeen:
        now = self.google.clock.now()
        return shake_hands(self.dial, HERE, HOST, now=now, roots=self.roots)

    def talk(self, path: str = "/ws", hold: float = 0.0) -> WebSocketSeen:
        url, now = f"wss://{HOST}{path}", self.google.clock.now()
        return talk(self.dial, url, HERE, now=now, roots=self.roots, hold=hold)

    def start_up(self) -> PostgresSeen:
        return start_up(self.dial, DATABASE)


@dataclass(frozen=True)
class Word:
    """What was seen, as the table has it."""

    said: str

    def fits(self, words: str | tuple[str, ...]) -> bool:
        several = (words,) if isinstance(words, str) else words
        return any(
            self.said == it or (it[-1] == "*" and self.said.startswith(it[:-1])) for it in several
        )


def of_http(seen: HttpSeen) -> Word:
    assert seen.tls
    return Word(WORDS[seen.tls.outcome] if seen.tls.problems else f"HTTP_{seen.status}")


def of_websocket(seen: WebSocketSeen) -> Word:
    assert seen.tls
    if seen.tls.problems:
        return Word(f"CONNECT_{WORDS[seen.tls.outcome]}")
    if seen.outcome == "not_upgraded":
        return Word(f"UPGRADE_{seen.status}")
    return Word(f"CLOSED_{seen.close_code}" if seen.outcome == "closed" else seen.outcome.upper())


def of_postgresql(seen: PostgresSeen) -> Word:
    return Word(f"SQLSTATE_{seen.sqlstate}" if seen.outcome == "error" else seen.outcome.upper())


@pytest.mark.parametrize("identity", ["", *EXPECTED])
def test_a_fault_shows_its_signs_and_no_others(client: Client, edge: Edge, identity: str) -> None:
    expected = EXPECTED.get(identity, Signs())
    if identity:
        client.post(f"/_sandbox/faults/{identity}")
    health, stream = edge.get("/health", "/stream/health")
    assert of_http(health).fits(expected.edge), health
    assert of_http(stream).fits(expected.stream), stream
    assert of_websocket(edge.talk()).fits(expected.websocket), edge.talk()
    assert of_postgresql(edge.start_up()).fits(expected.database), edge.start_up()
    assert health.headers.get("location", "").startswith(expected.location)
    assert edge.tls().problems == (health.tls.problems if health.tls else ())
    assert all(
        each.message and "127.0.0.1" not in each.message
        for each in (health, stream, edge.tls(), edge.talk(), edge.start_up())
    )


def test_a_healthy_edge_is_told_whole(edge: Edge) -> None:
    health, plain = edge.get("/health", f"http://{HOST}/health")
    assert b'"ok"' in health.body
    assert health.headers["content-type"].startswith("application/json")
    assert plain.status == 301
    assert plain.headers["location"].startswith(f"https://{HOST}")


def test_a_stream_is_cut_when_its_backend_times_out(client: Client, edge: Edge) -> None:
    client.post("/_sandbox/faults/bs-timeout-cuts-websocket")
    seen = edge.talk("/stream", hold=5)
    assert (seen.outcome, seen.close_code) == ("closed", 1006)
    assert 0 < seen.held < 5


def test_a_slow_backend_is_slow_by_phase(client: Client, edge: Edge) -> None:
    client.post("/_sandbox/faults/vpc-connector-saturated")
    (seen,) = edge.get("/health")
    assert seen.outcome == "ok"
    assert seen.first_byte > seen.connect + seen.handshake
