"""Where snapshots, journals, ledgers and locks are kept: the verbs of a folder and of a bucket."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Protocol

from remediate.model.errors import InvalidInput, StoreDamaged
from remediate.model.json import Body, canonical
from remediate.model.ref import Ref, parse_ref

FORMAT_VERSION = 1
_SEAL = re.compile(rb',"sha256":"([0-9a-f]{64})"}\n\Z')
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}")


@dataclass(frozen=True, slots=True)
class Stored:
    """What a key holds, and the generation to hand back when swapping it."""

    data: bytes
    generation: str


class Hold(Protocol):
    """A claim on a key that ends with this process at the latest.

    `exclusive` says that no other process can have it meanwhile, so that whoever is written down
    as holder is dead. A bucket cannot promise that: there, a lease's expiry has to decide.
    """

    exclusive: bool

    def release(self) -> None: ...


class Store(Protocol):
    """Keys are relative paths, `snapshots/01J….json`; what a call wrote is durable on return.

    `in_doubt`: a write of this process was given up that may yet take effect.
    """

    @property
    def in_doubt(self) -> bool: ...

    def create(self, key: str, data: bytes) -> bool:
        """Write a new key; False, and nothing written, if it is there already."""

    def get(self, key: str) -> Stored | None: ...

    def compare_and_swap(self, key: str, data: bytes, generation: str | None) -> str | None:
        """Replace what has this generation (None: nothing); the new one, None if another won."""

    def list(self, prefix: str) -> list[str]:
        """Every key that begins with the prefix, in order."""

    def hold(self, key: str) -> Hold | None:
        """A claim on a key; None while another process has it."""

    def evict(self, key: str) -> None:
        """Let others claim the key, whoever has it. Its holder is to be fenced beforehand."""


def safe_key(key: str) -> str:
    """The key itself; raises InvalidInput for one that could leave the store or hide in it."""
    if not key or not all(_SEGMENT.fullmatch(segment) for segment in key.split("/")):
        raise InvalidInput(f"{key!r} cannot be a key in a store")
    return key


def sealed(content: Body) -> bytes:
    """The canonical JSON of an object, with the SHA-256 of just that as one more member."""
    text = canonical(content)
    return text[:-1] + b',"sha256":"' + hashlib.sha256(text).hexdigest().encode() + b'"}\n'


def unsealed(key: str, data: bytes) -> Body:
    """What `sealed` was given; raises StoreDamaged for anything else.

    Formats of a later version of this program are refused before anything else is looked at.
    """
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise StoreDamaged(f"{key} is not whole: it cannot be read as JSON") from None
    if not isinstance(content, dict):
        raise StoreDamaged(f"{key} does not hold what it should")
    version = content.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise StoreDamaged(
            f"{key} has format {version}; this version of remediate knows {FORMAT_VERSION} at most"
        )
    if version != FORMAT_VERSION:
        raise StoreDamaged(f"{key} does not say which format it has")
    if not is_sealed(data):
        raise StoreDamaged(f"{key} was altered: it does not agree with its own digest")
    del content["sha256"]
    return content


def is_sealed(data: bytes) -> bool:
    """Whether the digest at the end is that of every byte before it."""
    seal = _SEAL.search(data)
    if not seal:
        return False
    return hashlib.sha256(data[: seal.start()] + b"}").hexdigest().encode() == seal[1]


def ref_of(text: str) -> Ref:
    """Back from `str(ref)`, for any owner name that Cloud DNS may hold."""
    kind, _, rest = text.partition("/")
    return Ref(kind, rest) if kind == "DnsZone" and rest else parse_ref(text)
