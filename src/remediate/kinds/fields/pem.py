"""Certificates and private keys in PEM, as people bring them along."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping

from remediate.kinds.facts import Pattern
from remediate.kinds.fields.rules import Fault, spelled, values
from remediate.model.json import Json

CHAIN_LIMIT = 5
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)


def leaf_digest(value: Json) -> Json:
    """SHA-256 of the first certificate of a PEM chain; other text stays as it is."""
    der = first_certificate(value) if isinstance(value, str) else None
    return f"sha256:{hashlib.sha256(der).hexdigest()}" if der else value


def first_certificate(pem: str) -> bytes | None:
    """The leaf in DER, or None for what is no certificate in PEM."""
    found = _PEM.search(pem)
    if not found:
        return None
    try:
        return base64.b64decode("".join(found[1].split()), validate=True)
    except binascii.Error:
        return None


def chain_faults(spec: Mapping[str, object], pattern: Pattern) -> Iterator[Fault]:
    yield from spelled(spec, pattern, first_certificate, "a certificate in PEM")
    for at, pem in values(spec, pattern):
        if len(_PEM.findall(pem)) > CHAIN_LIMIT:
            yield at, f"a chain has at most {CHAIN_LIMIT} certificates"


def key_faults(spec: Mapping[str, object], pattern: Pattern) -> Iterator[Fault]:
    for at, key in values(spec, pattern):
        if "PRIVATE KEY-----" not in key:  # the message must never show what was written
            yield at, "a private key in PEM was expected"
