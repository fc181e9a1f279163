"""The sandbox's own certificate authority, and the leaves it issues.

Its root is made when first needed and kept with the world's state, so that what a client trusts
survives a restart. cryptography is imported where it is used: most runs never need it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gcp_sandbox.request import Body, Json
from gcp_sandbox.world import World

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

_ROOT_NAME = "gcp_sandbox root"
_ROOT_YEARS = 30


@dataclass(frozen=True, slots=True)
class Issued:
    """A leaf with its key: PEM texts; `chain` is the leaf, then the root."""

    chain: str
    key: str
    expires: datetime


@dataclass(slots=True)
class Authority:
    """A section of the world: `{"certificate": PEM, "privateKey": PEM}`, or {} before its use."""

    world: World
    _root: Body = field(default_factory=dict)

    def dump(self) -> Json:
        return self._root

    def load(self, state: Json) -> None:
        self._root = state

    def populate(self, project: str, wanted: Json) -> None:
        """Scenarios bring no authority."""

    def comparable(self) -> Json:
        return None

    def clear(self) -> None:
        """The authority outlives what it certified: clients keep trusting it."""

    @property
    def certificate(self) -> str:
        """The root's PEM."""
        if not self._root:
            self._root = _new_root(self.world.clock.now())
            self.world.touch("authority")
        return str(self._root["certificate"])

    def certify(self, record: Body, domains: Sequence[str]) -> bool:
        """Give a record of `issuance` its chain and key; False where it has them already.

        They are made when somebody first looks.
        """
        if "chain" in record:
            return False
        names = [name.rstrip(".") for name in domains]
        begins, ends = (datetime.fromtimestamp(record[it], UTC) for it in ("issued", "expires"))
        issued = self.issue(names, begins, ends)
        record |= {"chain": issued.chain, "privateKey": issued.key}
        return True

    def issue(self, domains: Sequence[str], not_before: datetime, not_after: datetime) -> Issued:
        """Certify a new EC key for `domains`, the first of which becomes the common name."""
        from cryptography import x509  # noqa: PLC0415 - start-up time
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - as above
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - as above
        from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: PLC0415 - as above

        root_pem = self.certificate
        root = x509.load_pem_x509_certificate(root_pem.encode())
        root_key = serialization.load_pem_private_key(self._root["privateKey"].encode(), None)
        assert isinstance(root_key, ec.EllipticCurvePrivateKey)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(domains[0][:64], root.subject, key.public_key(), not_before, not_after)
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in domains]), critical=False
        ).add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        ).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        )
        leaf = builder.sign(root_key, hashes.SHA256())
        return Issued(
            chain=_pem(leaf) + root_pem, key=_key_pem(key), expires=leaf.not_valid_after_utc
        )


def _new_root(now: datetime) -> Body:
    from cryptography import x509  # noqa: PLC0415 - start-up time
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - as above
    from cryptography.x509.oid import NameOID  # noqa: PLC0415 - as above

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _ROOT_NAME)])
    start = now - timedelta(days=366)
    builder = _builder(
        _ROOT_NAME, name, key.public_key(), start, start + timedelta(days=365 * _ROOT_YEARS)
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    root = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return {"certificate": _pem(root), "privateKey": _key_pem(key)}


def _builder(
    common_name: str,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    not_before: datetime,
    not_after: datetime,
) -> x509.CertificateBuilder:
    from cryptography import x509  # noqa: PLC0415 - start-up time
    from cryptography.x509.oid import NameOID  # noqa: PLC0415 - as above

    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_whole_second(not_before))
        .not_valid_after(_whole_second(not_after))
    )


def _whole_second(when: datetime) -> datetime:
    return when.astimezone(UTC).replace(microsecond=0)


def _pem(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - start-up time

    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - start-up time

    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
