"""What is to be said of a chain of certificates: whom it names, for how long, and who vouches.

Everything is judged, so that an end of validity is known even where nobody vouches. The chain alone
decides most of it: that is worked out once, since one certificate is shown at many names.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from remediate.probes.seen import TlsOutcome

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.x509 import verification

Chain: TypeAlias = tuple[bytes, ...]  # DER, leaf first
Problem: TypeAlias = tuple[TlsOutcome, str]
Roots: TypeAlias = tuple[str, ...] | None  # PEM texts; None is those that browsers trust

_CERTIFICATE: Final = re.compile(
    r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL
)
_KEPT: Final = 4096  # chains


@dataclass(frozen=True, slots=True)
class Leaf:
    """Of a certificate: the names it is for (DNS and IP), its issuer's common name, its dates.

    `serial` is in hex as openssl prints it, `sha256` over DER as `sha256:<hex>`.
    """

    names: tuple[str, ...]
    issuer: str
    not_before: datetime
    not_after: datetime
    serial: str
    sha256: str


@lru_cache(_KEPT)
def leaf_of(der: bytes) -> Leaf | None:
    """None for what is no certificate."""
    from cryptography import x509

    try:
        leaf = x509.load_der_x509_certificate(der)
        return Leaf(
            _names(leaf),
            _called(leaf.issuer),
            leaf.not_valid_before_utc,
            leaf.not_valid_after_utc,
            _serial(leaf),
            f"sha256:{hashlib.sha256(der).hexdigest()}",
        )
    except ValueError:
        return None


def serial_of(pem: str) -> str | None:
    """The serial of a PEM chain's leaf, as in Leaf; None for what is no PEM."""
    from cryptography import x509

    try:
        return _serial(x509.load_pem_x509_certificates(pem.encode())[0])
    except ValueError:
        return None


def covers(names: Sequence[str], host: str) -> bool:
    """Whether names cover a host, themselves or by a wildcard for its first label (RFC 9525)."""
    host = host.lower().rstrip(".")
    return not {host, f"*.{host.partition('.')[2]}"}.isdisjoint(it.lower() for it in names)


def problems(chain: Chain, host: str, now: datetime, roots: Roots) -> tuple[Problem, ...]:
    """Everything that a client would object to at `now` who asked for `host` ("" = no name)."""
    leaf = leaf_of(chain[0]) if chain else None
    if leaf is None:
        return (("malformed", "what it shows is no certificate"),)
    # A leaf that is over tells no less of who vouches for it: that is judged as of its last moment.
    moment = min(max(now, leaf.not_before), leaf.not_after)
    found = [*_of_dates(leaf, now), *_of_names(leaf, host)]
    if (doubt := _doubt(chain, roots, moment)) and doubt[0] not in {each[0] for each in found}:
        found.append(doubt)
    return tuple(found)


def _of_dates(leaf: Leaf, now: datetime) -> Iterator[Problem]:
    if now > leaf.not_after:
        yield "expired", f"it ended on {leaf.not_after:%Y-%m-%d}"
    if now < leaf.not_before:
        yield "not_yet_valid", f"it begins on {leaf.not_before:%Y-%m-%d}"


def _of_names(leaf: Leaf, host: str) -> Iterator[Problem]:
    if host and not covers(leaf.names, host):
        yield "name_mismatch", f"it is for {', '.join(leaf.names) or 'nobody'}"


@dataclass(frozen=True, slots=True)
class _Trust:
    """Roots: for the verifier, and by whom they are."""

    store: verification.Store
    by_name: dict[bytes, list[x509.Certificate]] = field(repr=False)

    def issuer_of(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """The root that it leads to, which may be itself."""
        named = self.by_name.get(certificate.issuer.public_bytes(), [])
        return next((it for it in named if _is_issued(certificate, it)), None)


@lru_cache(_KEPT)
def _doubt(chain: Chain, roots: Roots, moment: datetime) -> Problem | None:
    """Why nobody vouches for a chain at a moment; None where somebody does."""
    from cryptography import x509

    try:
        leaf, *between = (x509.load_der_x509_certificate(der) for der in chain)
    except ValueError:
        return "malformed", "one of the certificates it shows is none"
    trust = _trust(roots)
    read = leaf_of(chain[0])
    refused = _refusal(leaf, between, read.names if read else (), trust.store, moment)
    return None if refused is None else _why(leaf, between, trust, moment, refused)


def _refusal(
    leaf: x509.Certificate,
    between: list[x509.Certificate],
    names: Sequence[str],
    store: verification.Store,
    moment: datetime,
) -> str | None:
    """What cryptography objects to, for one of the leaf's own `names`; None where to nothing.

    Whether it has the name that was asked for is another question. "" where it has none at all.
    """
    from cryptography.x509 import verification

    builder = verification.PolicyBuilder().store(store).time(moment)
    for name in names:
        try:
            verifier = builder.build_server_verifier(_subject(name))
        except ValueError:
            continue
        try:
            verifier.verify(leaf, between)
        except (verification.VerificationError, ValueError) as refused:
            return str(refused)
        return None
    return ""


def _subject(name: str) -> verification.Subject:
    from cryptography import x509

    with suppress(ValueError):
        return x509.IPAddress(ip_address(name))
    return x509.DNSName(name.replace("*", "any", 1))


def _why(
    leaf: x509.Certificate,
    between: Sequence[x509.Certificate],
    trust: _Trust,
    moment: datetime,
    refused: str,
) -> Problem | None:
    """Climb by signatures from the leaf as far as what is shown leads.

    A leaf whose issuer is neither shown nor a root is missing an intermediate, as far as anybody
    can tell from outside. Where its issuer is shown and nobody vouches for the last one, the chain
    is as complete as servers show it (RFC 8446, 4.4.2: the root may be left out) and is untrusted.
    """
    path = [leaf]
    while (root := trust.issuer_of(path[-1])) is None:
        above = [it for it in between if it not in path and _is_issued(path[-1], it)]
        if not above:
            break
        path.append(above[0])
    if root is None:
        issuer = _called(path[-1].issuer)
        if _is_issued(leaf, leaf):
            return "self_signed", "nobody but itself vouches for it"
        if len(path) == 1:
            return "missing_intermediate", f"its issuer {issuer} is neither shown nor a known root"
        return "untrusted", f"its chain leads to {issuer}, who is no known root"
    for each in (*path[1:], root):
        if moment > each.not_valid_after_utc:
            ended = f"{each.not_valid_after_utc:%Y-%m-%d}"
            return (
                "expired",
                f"the certificate of {_called(each.subject)} above it ended on {ended}",
            )
        if moment < each.not_valid_before_utc:
            begins = f"{each.not_valid_before_utc:%Y-%m-%d}"
            return "not_yet_valid", f"that of {_called(each.subject)} above it begins on {begins}"
    return ("untrusted", f"it is refused: {refused}") if refused and root != leaf else None


def _is_issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        certificate.verify_directly_issued_by(by)
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False
    return True


@lru_cache(8)
def _trust(roots: Roots) -> _Trust:
    from cryptography.x509 import verification

    anchors = _anchors("\n".join(roots) if roots is not None else _browsers())
    by_name = defaultdict(list)
    for each in anchors:
        by_name[each.subject.public_bytes()].append(each)
    return _Trust(verification.Store(anchors), by_name)


def _anchors(pem: str) -> list[x509.Certificate]:
    """Those of them that cryptography reads: some old roots bend the rules."""
    from cryptography import x509

    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for block in _CERTIFICATE.findall(pem):
            with suppress(ValueError):
                found.append(x509.load_pem_x509_certificate(block.encode()))
    return found


def _browsers() -> str:
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    return Path(DEFAULT_CA_BUNDLE_PATH).read_text(encoding="utf-8")


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    """The alternative names: clients heed no others (RFC 9525, 2)."""
    from cryptography import x509

    try:
        held = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = held.get_values_for_type(x509.IPAddress)
    return tuple(map(_printable, [*held.get_values_for_type(x509.DNSName), *map(str, addresses)]))


def _called(name: x509.Name) -> str:
    from cryptography.x509.oid import NameOID

    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return _printable(str(common[0].value) if common else name.rfc4514_string()) or "somebody"


def _printable(text: str) -> str:
    """Anybody may write anything there, and we print it: what is not printable becomes `?`."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _serial(leaf: x509.Certificate) -> str:
    digits = f"{leaf.serial_number:X}"
    return digits.rjust(len(digits) + len(digits) % 2, "0")
