"""Certificates as tests need them: authorities, and leaves that are good or bad in one way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Issuer:
    """Who signs: a certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return pem(self.certificate)


@dataclass(frozen=True)
class Shown:
    """What a server is given: its chain, leaf first, and its key, in PEM."""

    chain: str
    key: str


def pem(*certificates: x509.Certificate) -> str:
    return "".join(each.public_bytes(serialization.Encoding.PEM).decode() for each in certificates)


@cache
def authority(name: str, ends: datetime = NOW + 3650 * DAY) -> Issuer:
    """A root."""
    key = ec.generate_private_key(ec.SECP256R1())
    return Issuer(_ca(name, key, name, key, ends), key)


@cache
def intermediate(
    name: str, root: Issuer, ends: datetime = NOW + 365 * DAY, *, may_sign: bool = True
) -> Issuer:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = root.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    return Issuer(_ca(name, key, str(subject), root.key, ends, may_sign=may_sign), key)


def leaf(
    issuer: Issuer | None,
    *names: str,
    begins: datetime = NOW - 30 * DAY,
    ends: datetime = NOW + 60 * DAY,
    above: tuple[Issuer, ...] = (),
) -> Shown:
    """A leaf for names or IPs, signed by itself without an issuer; `above` is shown with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(names[0] if names else "nobody")
    builder = _builder(subject, key, begins, ends).issuer_name(
        issuer.certificate.subject if issuer else subject
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(map(_alt, names))), False)
    signer = issuer.key if issuer else key
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False
        )
    )
    certificate = builder.sign(signer, hashes.SHA256())
    return Shown(pem(certificate, *(each.certificate for each in above)), _key(key))


def _ca(
    name: str, key: ec.EllipticCurvePrivateKey, by: str, signer: ec.EllipticCurvePrivateKey,
    ends: datetime, *, may_sign: bool = True,
) -> x509.Certificate:  # fmt: skip
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    return (
        _builder(_name(name), key, NOW - 3650 * DAY, ends)
        .issuer_name(_name(by))
        .add_extension(x509.BasicConstraints(ca=may_sign, path_length=None), True)
        .add_extension(usage, True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False
        )
        .sign(signer, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _alt(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
