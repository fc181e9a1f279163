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
_INTERMEDIATE_NAME = "gcp_sandbox intermediate"
_FOREIGN_NAME = "an authority that nobody knows"
_ROOT_YEARS = 30


@dataclass(frozen=True, slots=True)
class Issued:
    """A leaf with its key: PEM texts; `chain` begins with the leaf and ends with the root."""

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
            self._root = _new_root(self.world.clock.now(), _ROOT_NAME)
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

    def issue(
        self,
        domains: Sequence[str],
        not_before: datetime,
        not_after: datetime,
        *,
        intermediate: bool = False,
        foreign: bool = False,
    ) -> Issued:
        """Certify a new EC key for `domains`, the first of which becomes the common name.

        Through an `intermediate`, if asked, which then stands in the chain after the leaf; in a
        `foreign` chain the root is one that nobody knows.
        """
        assert self.certificate  # which makes the root, if need be
        root = _new_root(self.world.clock.now(), _FOREIGN_NAME) if foreign else self._root
        above = [root]
        if intermediate:
            above.insert(0, _new_intermediate(root, self.world.clock.now()))
        certificate, key = _leaf(above[0], domains, not_before, not_after)
        chain = [_pem(certificate), *(it["certificate"] for it in above)]
        return Issued("".join(chain), _key_pem(key), certificate.not_valid_after_utc)


def _leaf(
    issuer: Body, domains: Sequence[str], not_before: datetime, not_after: datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    above, above_key = _signer(issuer)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(domains[0][:64], above.subject, key.public_key(), not_before, not_after)
    builder = builder.add_extension(
        x509.SubjectAlternativeName([x509.DNSName(name) for name in domains]), critical=False
    ).add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
    ).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(above_key.public_key()),
        critical=False,
    )
    return builder.sign(above_key, hashes.SHA256()), key


def _signer(issuer: Body) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = serialization.load_pem_private_key(issuer["privateKey"].encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return x509.load_pem_x509_certificate(issuer["certificate"].encode()), key


def _new_root(now: datetime, common_name: str) -> Body:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    root = _authority(common_name, name, key, now, path_length=1).sign(key, hashes.SHA256())
    return {"certificate": _pem(root), "privateKey": _key_pem(key)}


def _new_intermediate(root: Body, now: datetime) -> Body:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    above, above_key = _signer(root)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _authority(_INTERMEDIATE_NAME, above.subject, key, now, path_length=0)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(above_key.public_key()), critical=False
    )
    return {
        "certificate": _pem(builder.sign(above_key, hashes.SHA256())),
        "privateKey": _key_pem(key),
    }


def _authority(
    common_name: str,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    *,
    path_length: int,
) -> x509.CertificateBuilder:
    from cryptography import x509

    start = now - timedelta(days=366)
    end = start + timedelta(days=365 * _ROOT_YEARS)
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
    return (
        _builder(common_name, issuer, key.public_key(), start, end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _builder(
    common_name: str,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    not_before: datetime,
    not_after: datetime,
) -> x509.CertificateBuilder:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

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
    from cryptography.hazmat.primitives import serialization

    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
