"""Secrets in what is digested and published: a guess is dear to try, on every machine alike.

A digest with a key of one store would tell no other machine that a plan is the same; a bare
SHA-256 of a text that a word list holds is undone in a second.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

from remediate.model.json import canonical
from remediate.model.values import hidden, secrets_in

# 16 MiB and some 40 ms a guess (RFC 7914; a sixteenth of a second is what it calls interactive).
_N, _R, _P = 2**14, 8, 1
_ROOM = 64 * 2**20  # bytes that OpenSSL may take for it


def guarded(value: object, salt: str) -> Any:  # noqa: ANN401 - any JSON
    """What to digest in place of a value: itself, unless there are secrets in it.

    All of them together are stretched once, so that who knows all but one gains nothing by it.
    """
    found = tuple(map(str, secrets_in(value)))
    return {"$hidden": hidden(value), "$secrets": _stretched(found, salt)} if found else value


@lru_cache(maxsize=1024)
def _stretched(texts: tuple[str, ...], salt: str) -> str:
    data, grain = canonical(texts), f"remediate {salt}".encode()
    made = hashlib.scrypt(data, salt=grain, n=_N, r=_R, p=_P, maxmem=_ROOM, dklen=32)
    return f"scrypt:{made.hex()}"
