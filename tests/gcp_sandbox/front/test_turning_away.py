"""How a front end that has no certificate for a client ends the handshake, byte for byte."""

from __future__ import annotations

import socket
import ssl

import pytest

from tests.gcp_sandbox.client import Client
from tests.gcp_sandbox.front.handshake import dialled, shown
from tests.gcp_sandbox.front.visitor import API, get

HTTPS = "203.0.113.10:443"
PROXY = "targetHttpsProxies/staging-https-proxy"
HANDSHAKE_FAILURE, PROTOCOL_VERSION, UNRECOGNIZED_NAME = 40, 70, 112  # RFC 8446 section 6


@pytest.fixture
def bare(staging: Client) -> Client:
    """Its one certificate is not issued yet."""
    body = {"name": "new", "managed": {"domains": [API]}}
    staging.done("POST", "global/sslCertificates", body)
    links = ["global/sslCertificates/new"]
    staging.done("POST", f"{PROXY}/setSslCertificates", {"sslCertificates": links})
    return staging


def edges(client: Client, **told: object) -> None:
    assert client.call("PATCH", "/_sandbox/internet", {"edges": {HTTPS: told}}).status == 200


def hello(newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bytes:
    context = ssl.create_default_context()
    context.maximum_version = newest
    out = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=API).do_handshake()
    return out.read()


def answered(client: Client, said: bytes) -> bytes:
    """All that comes back until the end; raises ConnectionResetError where that is a reset."""
    with socket.create_connection(dialled(client), timeout=30) as plain:
        plain.sendall(said)
        got = b""
        while data := plain.recv(4096):
            got += data
    return got


def alert(number: int) -> bytes:
    return bytes([0x15, 3, 3, 0, 2, 2, number])


def test_nothing_to_show_is_a_failed_handshake_in_an_alert(bare: Client) -> None:
    assert answered(bare, hello()) == alert(HANDSHAKE_FAILURE)
    edges(bare, refusal="unrecognized_name")
    assert answered(bare, hello()) == alert(UNRECOGNIZED_NAME)
    edges(bare, refusal="handshake_failure")
    assert answered(bare, hello()) == alert(HANDSHAKE_FAILURE)


def test_or_a_reset_without_a_word(bare: Client) -> None:
    edges(bare, refusal="reset")
    with pytest.raises(ConnectionResetError):
        answered(bare, hello())


def test_who_is_too_old_is_told_the_version(staging: Client) -> None:
    policy = "global/sslPolicies/staging-tls"
    mark = staging.get(policy)["fingerprint"]
    body = {"profile": "RESTRICTED", "minTlsVersion": "TLS_1_3", "fingerprint": mark}
    staging.done("PATCH", policy, body)
    assert answered(staging, hello(ssl.TLSVersion.TLSv1_2)) == alert(PROTOCOL_VERSION)
    assert shown(staging, API)


def test_junk_is_answered_with_an_alert_and_hung_up_on(staging: Client) -> None:
    said = answered(staging, b"GET / HTTP/1.1\r\n\r\n")
    assert said[:1] in {b"\x15", b""}
    assert get(staging).status == 200


def test_who_has_gone_since_resets(staging: Client) -> None:
    at = dialled(staging)
    with socket.create_connection(at, timeout=30) as plain:
        staging.done("DELETE", "global/forwardingRules/staging-https")
        plain.sendall(hello())
        with pytest.raises(ConnectionResetError):
            plain.recv(4096)


def test_what_is_told_of_all_edges_yields_to_what_is_told_of_one(bare: Client) -> None:
    told = {"edges": {"*": {"refusal": "reset"}, HTTPS: {"refusal": "unrecognized_name"}}}
    bare.call("PATCH", "/_sandbox/internet", told)
    assert answered(bare, hello()) == alert(UNRECOGNIZED_NAME)
    bare.call("PATCH", "/_sandbox/internet", {"edges": {HTTPS: None}})
    with pytest.raises(ConnectionResetError):
        answered(bare, hello())


def test_a_slow_edge_shakes_hands_all_the_same(staging: Client) -> None:
    edges(staging, delay=0.05)
    assert get(staging).status == 200
    edges(staging, delay=600)
    with socket.create_connection(dialled(staging), timeout=30) as plain:
        plain.sendall(hello())
        plain.settimeout(0.1)
        with pytest.raises(TimeoutError):
            plain.recv(1)
