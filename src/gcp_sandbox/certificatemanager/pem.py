"""Certificates that customers bring: what a leaf says of itself."""

from __future__ import annotations

from gcp_sandbox.clock import rfc3339
from gcp_sandbox.request import Body
from gcp_sandbox.status import bad_field


def parsed(certificate: str, key: str) -> Body:
    """`expireTime` and `sanDnsnames` of a chain's leaf; 400 if it is none, or not of this key."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import (
        load_pem_private_key,
    )

    try:
        leaf = x509.load_pem_x509_certificates(certificate.encode())[0]
    except ValueError:
        raise bad_field(
            "certificate.self_managed.pem_certificate", "Invalid PEM-encoded certificate chain."
        ) from None
    try:
        private = load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise bad_field(
            "certificate.self_managed.pem_private_key", "Invalid PEM-encoded private key."
        ) from None
    if private.public_key() != leaf.public_key():
        raise bad_field(
            "certificate.self_managed", "The private key does not match the certificate."
        )
    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    return {"expireTime": rfc3339(leaf.not_valid_after_utc), "sanDnsnames": list(names)}
