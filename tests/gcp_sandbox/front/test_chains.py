"""Chains as they were uploaded, and what a client says of them that trusts the sandbox's root."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gcp_sandbox.authority import Authority, Issued
from gcp_sandbox.sandbox import Sandbox
from tests.gcp_sandbox.client import Client, connect
from tests.gcp_sandbox.front.handshake import dialled

DOMAIN = "staging.netrasystems.ai"
END = "-----END CERTIFICATE-----\n"
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox("staging", operation_time=0) as running:  # whose clock nobody has moved
        yield running


@pytest.fixture
def google(world: Sandbox) -> Iterator[Client]:
    client = connect(world)
    client.post("/_sandbox/reset", {"scenario": "staging"})
    yield client
    client.close()


def issued(world: Sandbox, *, begins: float = -1, ends: float = 30, **how: bool) -> Issued:
    days = (NOW + timedelta(days=begins), NOW + timedelta(days=ends))

    def issue(authority: Any) -> Issued:
        assert isinstance(authority, Authority)
        return authority.issue([DOMAIN], *days, **how)

    return world.call(lambda it: issue(it.sections["authority"]))


def served(google: Client, chain: str, key: str) -> None:
    body = {"name": "own", "type": "SELF_MANAGED", "certificate": chain, "privateKey": key}
    google.done("POST", "global/sslCertificates", body)
    setter = "targetHttpsProxies/staging-https-proxy/setSslCertificates"
    google.done("POST", setter, {"sslCertificates": ["global/sslCertificates/own"]})


def verdict(google: Client) -> str:
    """What OpenSSL says; "" where it is content."""
    context = ssl.create_default_context(cadata=google.get("/_sandbox/info")["ca"])
    with socket.create_connection(dialled(google), timeout=30) as plain:
        try:
            context.wrap_socket(plain, server_hostname=DOMAIN).close()
        except ssl.SSLCertVerificationError as refused:
            return refused.verify_message
    return ""


def self_signed() -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, DOMAIN)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(DOMAIN)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(pem).decode(), secret.decode()


def test_a_chain_with_its_intermediate_is_trusted(world: Sandbox, google: Client) -> None:
    whole = issued(world, intermediate=True)
    assert whole.chain.count(END) == 3
    served(google, whole.chain, whole.key)
    assert verdict(google) == ""


def test_a_leaf_alone_is_served_alone_and_lacks_its_intermediate(
    world: Sandbox, google: Client
) -> None:
    whole = issued(world, intermediate=True)
    served(google, whole.chain.partition(END)[0] + END, whole.key)
    assert verdict(google) == "unable to get local issuer certificate"


def test_a_root_that_nobody_knows_is_not_trusted(world: Sandbox, google: Client) -> None:
    foreign = issued(world, foreign=True)
    served(google, foreign.chain, foreign.key)
    assert verdict(google) == "self-signed certificate in certificate chain"


def test_a_certificate_that_signed_itself_is_not_trusted(google: Client) -> None:
    served(google, *self_signed())
    assert verdict(google) == "self-signed certificate"


@pytest.mark.parametrize(
    ("begins", "ends", "said"),
    [(-30, -3, "certificate has expired"), (3, 30, "certificate is not yet valid")],
)
def test_dates_are_as_uploaded(
    world: Sandbox, google: Client, begins: float, ends: float, said: str
) -> None:
    late = issued(world, begins=begins, ends=ends)
    served(google, late.chain, late.key)
    assert verdict(google) == said


def test_alternative_names_are_never_critical(world: Sandbox) -> None:
    for how in ({}, {"intermediate": True}, {"foreign": True}):
        leaf = x509.load_pem_x509_certificate(issued(world, **how).chain.encode())
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        assert not extension.critical
