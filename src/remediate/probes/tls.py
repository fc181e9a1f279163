"""Which certificate is served at an address to who asks for a name.

The handshake takes any certificate, since an expired or foreign one is just what is to be found
out; whether it is to be trusted is judged afterwards, by whoever needs to know.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from remediate.probes.dial import TIMEOUT, Dial, Failure, Where, lost

if TYPE_CHECKING:
    import ssl

    from cryptography import x509

HTTPS: Final = 443
_CERTIFICATE: Final = re.compile(
    r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class ServedCertificate:
    """What a handshake showed.

    Of the leaf: `serial` in hex, as openssl prints it; its DNS `names`; when it is valid; `sha256`
    over DER, as `sha256:<hex>`. `chain` is in DER, the leaf first.
    """

    address: str
    server_name: str
    serial: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    sha256: str
    chain: tuple[bytes, ...] = field(repr=False)

    @property
    def message(self) -> str:
        return (
            f"{self.address} serves {self.server_name or 'who names no host'} certificate "
            f"{self.serial}, valid until {self.not_after:%Y-%m-%d %H:%M} UTC"
        )

    def covers(self, host: str) -> bool:
        """Whether it names a host, itself or by a wildcard for its first label (RFC 9525)."""
        host = host.lower().rstrip(".")
        return bool({host, f"*.{host.partition('.')[2]}"} & {it.lower() for it in self.names})


def served(
    dial: Dial, address: str, server_name: str | None, port: int = HTTPS
) -> ServedCertificate | Failure:
    """Shake hands with `address`, an IP, asking for `server_name`; None sends no SNI.

    Raises Unreachable where a sandbox is gone, and nothing for what the network does.
    """
    where = dial.where(address, port)
    if isinstance(where, Failure):
        return where
    host = (server_name or "").rstrip(".")
    chain = _shake_hands(where, address, port, host)
    return chain if isinstance(chain, Failure) else _read(address, host, chain)


def untrusted(
    served: ServedCertificate, now: datetime, roots: Sequence[str] | None = None
) -> Failure | None:
    """Why a client at `now` would not trust what it was shown; None where it would.

    `roots` are PEM texts, a sandbox's own (`Sandbox.ca`); None is those that browsers trust.
    """
    from cryptography import x509  # noqa: PLC0415 - start-up time
    from cryptography.x509 import verification  # noqa: PLC0415 - as above

    leaf, *between = (x509.load_der_x509_certificate(der) for der in served.chain)
    pem = "\n".join(roots) if roots is not None else _browsers()
    store = verification.Store(_anchors(pem))
    try:
        builder = verification.PolicyBuilder().store(store).time(now)
        verifier = builder.build_server_verifier(x509.DNSName(served.server_name))
        verifier.verify(leaf, between)
    except (verification.VerificationError, ValueError) as refused:
        words = f"the certificate {served.serial} at {served.address} is not to be trusted"
        return Failure(
            "untrusted", f"{words} for {served.server_name}: {_why(served, now, refused)}"
        )
    return None


def serial_of(pem: str) -> str | None:
    """The serial of a PEM chain's leaf, as in ServedCertificate; None for what is no PEM."""
    from cryptography import x509  # noqa: PLC0415 - start-up time

    try:
        return _serial(x509.load_pem_x509_certificates(pem.encode())[0])
    except ValueError:
        return None


def _shake_hands(where: Where, address: str, port: int, host: str) -> tuple[bytes, ...] | Failure:
    """The chain in DER, leaf first."""
    import socket  # noqa: PLC0415 - start-up time
    import ssl  # noqa: PLC0415 - as above

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    words = f"no handshake with {address} for {host or 'who names no host'}"
    try:
        with (
            socket.create_connection(where, TIMEOUT) as plain,
            context.wrap_socket(plain, server_hostname=host or None) as secured,
        ):
            return _chain(secured)
    except (ssl.SSLEOFError, ConnectionResetError):
        return Failure("handshake", f"{words}: it hangs up, as who has no certificate to show")
    except ssl.SSLError as error:
        return Failure("handshake", f"{words}: {error.reason or 'TLS failed'}")
    except OSError as error:
        return lost(address, port, error)
    except (TypeError, ValueError):
        return Failure("handshake", f"{words}: that is no host name")


def _chain(secured: ssl.SSLSocket) -> tuple[bytes, ...]:
    """Python before 3.13 keeps the rest of the chain to itself, but not well."""
    leaf = secured.getpeercert(binary_form=True) or b""
    tell: Any = getattr(secured, "get_unverified_chain", None)
    if tell is not None:
        return tuple(tell())
    tell = getattr(getattr(secured, "_sslobj", None), "get_unverified_chain", None)
    if tell is None:
        return (leaf,)
    from _ssl import ENCODING_DER  # noqa: PLC0415 - as above

    return tuple(each.public_bytes(ENCODING_DER) for each in tell())


def _read(address: str, host: str, chain: tuple[bytes, ...]) -> ServedCertificate | Failure:
    from cryptography import x509  # noqa: PLC0415 - start-up time

    try:
        leaf = x509.load_der_x509_certificate(chain[0])
        names = _names(leaf)
    except (ValueError, IndexError):
        return Failure("unreadable", f"{address} serves {host} what is no certificate")
    return ServedCertificate(
        address,
        host,
        _serial(leaf),
        names,
        leaf.not_valid_before_utc,
        leaf.not_valid_after_utc,
        f"sha256:{hashlib.sha256(chain[0]).hexdigest()}",
        chain,
    )


def _names(leaf: x509.Certificate) -> tuple[str, ...]:
    """The alternative names; the common name only where there are none.

    Anybody may write anything there, and we print it: what is not printable becomes `?`.
    """
    from cryptography import x509  # noqa: PLC0415 - start-up time
    from cryptography.x509.oid import NameOID  # noqa: PLC0415 - as above

    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        subject = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        names = [str(attribute.value) for attribute in subject]
    return tuple("".join(c if c.isprintable() else "?" for c in name) for name in names)


def _serial(leaf: x509.Certificate) -> str:
    digits = f"{leaf.serial_number:X}"
    return digits.rjust(len(digits) + len(digits) % 2, "0")


def _browsers() -> str:
    from requests.utils import DEFAULT_CA_BUNDLE_PATH  # noqa: PLC0415 - start-up time

    return Path(DEFAULT_CA_BUNDLE_PATH).read_text(encoding="utf-8")


def _anchors(pem: str) -> list[x509.Certificate]:
    """Those of them that cryptography reads: some old roots bend the rules."""
    from cryptography import x509  # noqa: PLC0415 - start-up time

    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for block in _CERTIFICATE.findall(pem):
            with suppress(ValueError):
                found.append(x509.load_pem_x509_certificate(block.encode()))
    return found


def _why(served: ServedCertificate, now: datetime, refused: Exception) -> str:
    if now > served.not_after:
        return f"it ended on {served.not_after:%Y-%m-%d}"
    if now < served.not_before:
        return f"it begins on {served.not_before:%Y-%m-%d}"
    if not served.covers(served.server_name):
        return f"it is for {', '.join(served.names) or 'nobody'}"
    return str(refused)
