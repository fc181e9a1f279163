"""A TLS client for the tests: it dials as the sandbox says, and trusts whatever it is shown."""

from __future__ import annotations

import socket
import ssl

from cryptography import x509

from tests.gcp_sandbox.client import Client


def dialled(client: Client, address: str = "203.0.113.10:443") -> tuple[str, int]:
    host, _, port = client.get("/_sandbox/dial")[address].rpartition(":")
    return host.strip("[]"), int(port)


def shown(client: Client, host: str | None, address: str = "203.0.113.10:443") -> x509.Certificate:
    """The leaf that a client meets who asks for `host`. Raises OSError where there is none."""
    return met(dialled(client, address), host)


def met(at: tuple[str, int], host: str | None) -> x509.Certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(at, timeout=30) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        der = secured.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)
