"""What a URL asks for: of whom, where, and what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_SECURE: Final = {"https", "wss"}
_HOST: Final = re.compile(r"[A-Za-z0-9._:-]+")
_KEPT: Final = "/:@!$&'()*+,;=~-._%?"  # what may stand in a path and query (RFC 3986, 3.3, 3.4)


@dataclass(frozen=True, slots=True)
class Target:
    """`host` goes into SNI, `authority` into Host; `path` holds the query as well."""

    secure: bool
    host: str
    port: int
    authority: str
    path: str


def target_of(url: str) -> Target:
    """Raises ValueError for what is no URL of HTTP or WebSocket."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host.isascii():
        host = host.encode("idna").decode()
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host) or "@" in parts.netloc:
        raise ValueError(f"{url!r} is no URL of a host")
    usual = _PORTS[parts.scheme]
    port = parts.port or usual
    shown = f"[{host}]" if ":" in host else host
    path = quote(parts.path or "/", _KEPT) + (f"?{quote(parts.query, _KEPT)}" * bool(parts.query))
    authority = shown if port == usual else f"{shown}:{port}"
    return Target(parts.scheme in _SECURE, host, port, authority, path)
