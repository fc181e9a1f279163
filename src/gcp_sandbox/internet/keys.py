"""DNSSEC as far as this world has it: keys and their digests, but no signatures.

A zone with DNSSEC on answers a DNSKEY, made from its name; a DS that matches it leads to it. Who
validates compares the two, and takes the data of a zone with a matching DS for signed.
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import Final

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

_EXPONENT: Final = b"\x03\x01\x00\x01"
_MODULUS_PARTS: Final = 4
_FLAGS: Final = "257 3 8"
"""A key-signing key, DNSSEC, RSA/SHA-256 (RFC 4034 section 2.1)."""


@lru_cache(maxsize=1024)
def dnskey(apex: str, generation: str = "") -> str:
    """The rdata of a zone's key; other generations are keys that it has no more."""
    seeds = [f"{apex}{generation}{part}".encode() for part in range(_MODULUS_PARTS)]
    modulus = b"\xff" + b"".join(hashlib.sha512(seed).digest() for seed in seeds)[1:]
    return f"{_FLAGS} {base64.b64encode(_EXPONENT + modulus).decode()}"


@lru_cache(maxsize=1024)
def ds(apex: str, generation: str = "") -> str:
    """The rdata of the DS that goes with `dnskey` (RFC 4034 section 5.1.4, SHA-256)."""
    key = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DNSKEY, dnskey(apex, generation))
    return dns.dnssec.make_ds(dns.name.from_text(apex), key, "SHA256").to_text()
