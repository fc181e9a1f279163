"""What a handshake shows."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from gcp_sandbox.authority import Authority
from gcp_sandbox.chance import Chance
from gcp_sandbox.clock import Clock
from gcp_sandbox.issuance import ISSUE_AFTER, MINUTE, SERVED_AFTER
from gcp_sandbox.sandbox import Sandbox
from gcp_sandbox.world import World
from remediate.gcp.google import Google, connect_sandbox
from remediate.kinds.fields.pem import leaf_digest
from remediate.probes.dial import Dial, Failure
from remediate.probes.tls import ServedCertificate, serial_of, served, untrusted
from tests.gcp_sandbox.client import PROJECT, Client

LB = "203.0.113.10"
HOST = "staging.netrasystems.ai"
API = "api-staging.netrasystems.ai"


@pytest.fixture
def google(running_sandbox: Sandbox, outside: Client) -> Google:  # noqa: ARG001 - reset first
    return connect_sandbox(running_sandbox.url, PROJECT)


def shown(dial: Dial, host: str | None = HOST) -> ServedCertificate:
    found = served(dial, LB, host)
    assert isinstance(found, ServedCertificate), found
    return found


def attach(client: Client, *names: str) -> None:
    links = [f"global/sslCertificates/{name}" for name in names]
    path = "targetHttpsProxies/staging-https-proxy/setSslCertificates"
    client.done("POST", path, {"sslCertificates": links})


def pem(client: Client, name: str) -> str:
    return str(client.get(f"global/sslCertificates/{name}")["certificate"])


def test_the_leaf_is_the_one_that_google_shows(dial: Dial, outside: Client) -> None:
    found, told = shown(dial), pem(outside, "staging-ssl-cert")
    assert found.serial == serial_of(told)
    assert found.sha256 == leaf_digest(told)
    assert found.names == (HOST, API)
    assert found.not_after - found.not_before == timedelta(days=90)
    assert (found.address, found.server_name) == (LB, HOST)
    assert len(found.chain) == 2
    assert found.serial in found.message


def test_a_rotation_is_seen_from_outside(dial: Dial, outside: Client) -> None:
    old = shown(dial)
    body = {"name": "new", "managed": {"domains": [HOST, API]}}
    outside.done("POST", "global/sslCertificates", body)
    attach(outside, "staging-ssl-cert", "new")
    outside.advance(ISSUE_AFTER + MINUTE)
    assert shown(dial).serial == old.serial
    outside.advance(SERVED_AFTER)
    new = shown(dial)
    assert new.serial == serial_of(pem(outside, "new")) != old.serial
    attach(outside, "new")
    for host in (HOST, API, None):
        assert shown(dial, host).serial == new.serial


def test_an_expired_certificate_is_seen_and_not_trusted(
    dial: Dial, outside: Client, google: Google
) -> None:
    assert google.sandbox
    outside.post("/_sandbox/scenario/dns-outage")
    found = shown(dial)
    failure = untrusted(found, google.clock.now(), [google.sandbox.ca()])
    assert failure
    assert failure.reason == "untrusted"
    assert f"it ended on {found.not_after:%Y-%m-%d}" in failure.message
    wrong = shown(dial, API)
    failure = untrusted(wrong, wrong.not_before + timedelta(days=1), [google.sandbox.ca()])
    assert failure
    assert f"it is for {HOST}" in failure.message


def test_a_good_certificate_is_trusted_by_its_own_root_only(dial: Dial, google: Google) -> None:
    assert google.sandbox
    found, now = shown(dial), google.clock.now()
    assert untrusted(found, now, [google.sandbox.ca()]) is None
    stranger = untrusted(found, now)
    assert stranger
    assert stranger.reason == "untrusted"
    early = untrusted(found, found.not_before - timedelta(days=1), [google.sandbox.ca()])
    assert early
    assert "it begins on" in early.message


def test_a_load_balancer_without_a_certificate_is_a_failure(dial: Dial, outside: Client) -> None:
    body = {"name": "new", "managed": {"domains": [HOST]}}
    outside.done("POST", "global/sslCertificates", body)
    attach(outside, "new")
    failure = served(dial, LB, HOST)
    assert isinstance(failure, Failure)
    assert failure.reason == "handshake"
    assert failure.message.startswith(f"no handshake with {LB} for {HOST}")


def test_an_address_without_a_load_balancer_does_not_answer(dial: Dial) -> None:
    assert served(dial, "203.0.113.99", HOST) == Failure(
        "timeout", "203.0.113.99 does not answer on port 443"
    )


@pytest.mark.parametrize("name", [".", "a..b", "x" * 64, "bad\0name", "\ud800"])
def test_what_is_no_host_name_is_a_failure(dial: Dial, name: str) -> None:
    assert isinstance(served(dial, LB, name), Failure | ServedCertificate)


def test_a_final_dot_is_not_sent(dial: Dial) -> None:
    assert shown(dial, f"{HOST}.").server_name == HOST


def leaf(*names: str) -> ServedCertificate:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return ServedCertificate(LB, HOST, "01", names, now, now, "sha256:00", ())


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("www.example.com", True),
        ("WWW.Example.com.", True),
        ("x.wild.example.com", True),
        ("y.x.wild.example.com", False),
        ("wild.example.com", False),
        ("example.com", False),
    ],
)
def test_names_cover_hosts_as_browsers_see_it(host: str, *, covered: bool) -> None:
    assert leaf("www.example.com", "*.Wild.example.com").covers(host) is covered


def test_names_never_speak_to_a_terminal(dial: Dial, outside: Client) -> None:
    now = datetime.now(UTC)
    names = [HOST, "\x1b[31mred.example"]
    issued = Authority(World(Clock(), Chance())).issue(names, now, now + timedelta(days=30))
    body = {"name": "odd", "certificate": issued.chain, "privateKey": issued.key}
    outside.done("POST", "global/sslCertificates", body)
    attach(outside, "odd")
    assert shown(dial).names == (HOST, "?[31mred.example")


def test_text_that_is_no_certificate_has_no_serial() -> None:
    assert serial_of("") is None
    assert serial_of("-----BEGIN CERTIFICATE-----") is None


@contextmanager
def listening(meet: Callable[[socket.socket], None]) -> Iterator[Dial]:
    """The load balancer is somebody who does with one connection what a test wants."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                meet(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield Dial(lambda: {f"{LB}:443": f"127.0.0.1:{server.getsockname()[1]}"})
        thread.join()


def hang_up(_connection: socket.socket) -> None:
    pass


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def talk_http(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def refuse_the_name(connection: socket.socket) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    try:
        context.wrap_socket(connection, server_side=True)
    except ssl.SSLError:
        return


@pytest.mark.parametrize("meet", [hang_up, reset, talk_http, refuse_the_name])
def test_whatever_goes_wrong_in_a_handshake_is_a_failure(
    meet: Callable[[socket.socket], None],
) -> None:
    with listening(meet) as dial:
        failure = served(dial, LB, HOST)
    assert isinstance(failure, Failure)
    assert failure.reason == "handshake"


def test_a_refused_connection_is_told_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    failure = served(Dial(lambda: {f"{LB}:443": f"127.0.0.1:{port}"}), LB, HOST)
    assert failure == Failure("refused", f"{LB} refuses connections on port 443")
