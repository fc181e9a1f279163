"""Checksums of an object's content as Cloud Storage writes them: base64, big-endian."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

_CASTAGNOLI = 0x82F63B78
"""CRC-32C's polynomial, reversed (RFC 9260, appendix A)."""


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def crc32c(content: bytes) -> str:
    table = _table()
    crc = 0xFFFFFFFF
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return base64.b64encode((crc ^ 0xFFFFFFFF).to_bytes(4, "big")).decode()


@cache
def _table() -> tuple[int, ...]:
    return tuple(_entry(number) for number in range(256))


def _entry(number: int) -> int:
    for _ in range(8):
        number = (number >> 1) ^ (_CASTAGNOLI if number & 1 else 0)
    return number
