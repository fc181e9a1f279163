"""What probes report: one type for each, facts only; whether they are good news is judged above.

Times are in seconds. `message` is a sentence for people that names who was asked for what.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

DnsOutcome: TypeAlias = Literal[
    "ok",
    "wrong_answer",
    "nodata",
    "nxdomain",
    "servfail",
    "refused",
    "timeout",
    "unreachable",
    "truncated",
    "lame",
    "malformed",
    "bogus",
]
TlsOutcome: TypeAlias = Literal[
    "ok",
    "expired",
    "not_yet_valid",
    "name_mismatch",
    "missing_intermediate",
    "self_signed",
    "untrusted",
    "version",
    "reset",
    "alert",
    "refused",
    "timeout",
    "unreachable",
    "malformed",
    "not_public",
]
WireOutcome: TypeAlias = Literal[
    "ok",
    "tls",
    "reset",
    "refused",
    "timeout",
    "unreachable",
    "malformed",
    "too_large",
    "not_public",
]
WebSocketOutcome: TypeAlias = Literal[
    "ok",
    "not_upgraded",
    "closed",
    "no_echo",
    "tls",
    "reset",
    "refused",
    "timeout",
    "unreachable",
    "malformed",
    "not_public",
]
PostgresOutcome: TypeAlias = Literal[
    "ok", "error", "refused", "timeout", "unreachable", "malformed", "not_public"
]


@dataclass(frozen=True, slots=True)
class DnsSeen:
    """One answer of one server to one question.

    `server` is as it was named, an IP or a host name; `address` the IP that was asked. `values` are
    rdata texts, sorted; `aliases` the CNAME targets on the way. `ttl` is what remains of the
    values, `alias_ttls` of each alias, `negative_ttl` how long "there is none" may be kept, `soa`
    the zone that said so; `referral` the name servers that a parent sends on to, and `glue` their
    addresses as it tells them: (name, IP).
    `checked` is false for a question with the CD bit.
    """

    server: str
    address: str
    name: str
    rrtype: str
    outcome: DnsOutcome
    message: str
    values: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    alias_ttls: tuple[int, ...] = ()
    ttl: int | None = None
    negative_ttl: int | None = None
    soa: str = ""
    authoritative: bool = False
    authenticated: bool = False
    checked: bool = True
    referral: tuple[str, ...] = ()
    glue: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TlsSeen:
    """One handshake, that takes any certificate, and what is to be said of what was shown.

    `outcome` is the first of `problems`, `ok` without any; of the leaf: names, dates, `serial` in
    hex as openssl prints it, and `sha256` over DER as `sha256:<hex>`. `version` is `TLSv1.3`.
    """

    address: str
    port: int
    host: str
    outcome: TlsOutcome
    message: str
    problems: tuple[TlsOutcome, ...] = ()
    names: tuple[str, ...] = ()
    issuer: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None
    serial: str = ""
    sha256: str = ""
    version: str = ""
    connect: float = 0.0
    handshake: float = 0.0
    chain: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class HttpSeen:
    """One request. `outcome` is `ok` where the answer is whole, whatever the certificate is.

    There may be a `status` without: the rest was cut off, late, or made no sense. `headers` by
    lower-case name; `body` is bounded. `first_byte` and `total` are from the request.
    """

    url: str
    address: str
    outcome: WireOutcome
    message: str
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    tls: TlsSeen | None = None
    connect: float = 0.0
    handshake: float = 0.0
    first_byte: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class WebSocketSeen:
    """One upgrade, an echo, and for how long it stayed open.

    `status` and `location` are of an answer that did not upgrade; `close_code` is 1006 where the
    connection went without a word.
    """

    url: str
    address: str
    outcome: WebSocketOutcome
    message: str
    status: int | None = None
    location: str = ""
    close_code: int | None = None
    held: float = 0.0
    tls: TlsSeen | None = None


@dataclass(frozen=True, slots=True)
class PostgresSeen:
    """One start-up handshake; `ok` where the server asks for a password, or lets us in."""

    address: str
    port: int
    outcome: PostgresOutcome
    message: str
    sqlstate: str = ""


@dataclass(frozen=True, slots=True)
class CommandSeen:
    """One command's end; `exit` is None where it was stopped at its timeout or never began."""

    argv: tuple[str, ...]
    exit: int | None
    message: str
    output: str = ""
    seconds: float = 0.0
