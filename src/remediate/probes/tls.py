"""Which certificate is served at an address to who asks for a name, and what is wrong with it.

The handshake takes any certificate, since an expired or foreign one is just what is to be found
out; what clients would object to is judged afterwards, and all of it is told.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from remediate.probes.chain import Chain, Leaf, Problem, Roots, leaf_of, problems
from remediate.probes.channel import Broken, Channel, connect
from remediate.probes.dial import TIMEOUT, Dial, silent
from remediate.probes.round import in_one_round
from remediate.probes.seen import TlsSeen

if TYPE_CHECKING:
    from remediate.probes.seen import TlsOutcome

Whom: TypeAlias = tuple[str, int, str]  # address, port, host

HTTPS: Final = 443
DEADLINE: Final = 10.0  # seconds
LIMIT: Final = 128  # handshakes at once
_REFUSED_VERSIONS: Final = {"SSLv3", "TLSv1", "TLSv1.1"}  # RFC 8996


@dataclass(frozen=True, slots=True)
class Judge:
    """Whom clients trust, and the moment they look."""

    now: datetime
    roots: Roots = None

    @classmethod
    def of(cls, now: datetime, roots: Sequence[str] | None) -> Judge:
        return cls(now, None if roots is None else tuple(roots))


@dataclass(slots=True)
class Reached:
    """A connection and what became of it; where it is None, `broken` says why.

    `tls` is None without TLS, and where there was no handshake to begin. Times in seconds.
    """

    channel: Channel | None = None
    tls: TlsSeen | None = None
    broken: Broken | None = None
    connect: float = 0.0
    handshake: float = 0.0


def shake_hands(
    dial: Dial,
    address: str,
    host: str,
    *,
    now: datetime,
    port: int = HTTPS,
    roots: Sequence[str] | None = None,
    deadline: float = TIMEOUT,
) -> TlsSeen:
    """As `shake_hands_all`, with one."""
    everything = [(address, host)]
    return shake_hands_all(dial, everything, now=now, port=port, roots=roots, deadline=deadline)[0]


def shake_hands_all(
    dial: Dial,
    hosts: Sequence[tuple[str, str]],
    *,
    now: datetime,
    port: int = HTTPS,
    roots: Sequence[str] | None = None,
    deadline: float = DEADLINE,
    limit: int = LIMIT,
) -> list[TlsSeen]:
    """Shake hands for `(address, host)` each, a full handshake for every one, in their order.

    A host "" sends no SNI and is judged under no name. `roots` are PEM texts, a sandbox's own
    (`Sandbox.ca`); None is those that browsers trust. `deadline`: seconds for all.
    Raises Unreachable where a sandbox is gone, and nothing for what the network does.
    """
    judge, dial = Judge.of(now, roots), dial.for_a_round()

    async def probe(one: tuple[str, str], end: float) -> TlsSeen:
        reached = await reach(dial, (one[0], port, one[1].rstrip(".")), judge, end)
        if reached.channel:
            reached.channel.close()
        assert reached.tls
        return reached.tls

    return in_one_round(probe, hosts, deadline=deadline, limit=limit)


async def reach(dial: Dial, whom: Whom, judge: Judge | None, end: float) -> Reached:
    """Connect until `end`, and shake hands where there is a judge; never raises Broken."""
    loop = asyncio.get_running_loop()
    reached, began = Reached(), loop.time()
    try:
        async with asyncio.timeout_at(min(end, began + TIMEOUT)):
            reached.channel = await connect(dial, whom[0], whom[1])
            reached.connect = loop.time() - began
            if judge:
                secured = await reached.channel.shake_hands(_ascii(whom[2]))
                reached.handshake = loop.time() - began - reached.connect
                reached.tls = _judged(secured, reached, whom, judge)
            return reached
    except TimeoutError:
        reached.broken = _late(reached, whom, asked=began < end)
    except Broken as broken:
        reached.broken = _in_handshake(whom, broken) if reached.channel else broken
    if reached.channel:
        reached.channel.close()
        reached.channel = None
    if judge:
        how, message = reached.broken.how, reached.broken.message
        reached.tls = TlsSeen(*whom, how, message, (how,), connect=reached.connect)
    return reached


def _late(reached: Reached, whom: Whom, *, asked: bool) -> Broken:
    address, port, _ = whom
    if not asked:
        return Broken("timeout", f"no time was left to ask {address} on port {port}")
    if reached.channel:
        return _in_handshake(whom, Broken("timeout", "it does not answer in time"))
    return Broken("timeout", silent(address, port).message)


def _in_handshake(whom: Whom, broken: Broken) -> Broken:
    address, _, host = whom
    words = f"no handshake with {address} for {host or 'who names no host'}"
    return Broken(broken.how, f"{words}: {broken}")


def _judged(secured: ssl.SSLObject, reached: Reached, asked: Whom, judge: Judge) -> TlsSeen:
    chain = _chain(secured)
    version = secured.version() or ""
    found = list(problems(chain, asked[2], judge.now, judge.roots))
    if version in _REFUSED_VERSIONS:
        found.append(("version", f"it speaks {version}, which clients refuse"))
    leaf = leaf_of(chain[0]) if chain else None
    outcomes: tuple[TlsOutcome, ...] = tuple(each[0] for each in found)
    told = TlsSeen(
        *asked,
        outcomes[0] if outcomes else "ok",
        _message(asked, leaf, found),
        outcomes,
        version=version,
        connect=reached.connect,
        handshake=reached.handshake,
        chain=chain,
    )
    if leaf is None:
        return told
    return replace(
        told,
        names=leaf.names,
        issuer=leaf.issuer,
        not_before=leaf.not_before,
        not_after=leaf.not_after,
        serial=leaf.serial,
        sha256=leaf.sha256,
    )


def _message(asked: Whom, leaf: Leaf | None, found: Sequence[Problem]) -> str:
    address, _, host = asked
    served = f"{address} serves {host or 'who names no host'}"
    if leaf is None:
        return f"{served} what is no certificate"
    is_over = any(problem == "expired" for problem, _ in found)
    until = "" if is_over else f", valid until {leaf.not_after:%Y-%m-%d %H:%M} UTC"
    said = "; ".join(words for _, words in found)
    return f"{served} certificate {leaf.serial}{until}" + (f": {said}" if said else "")


def _ascii(host: str) -> str:
    """As it goes into SNI; raises Broken for what is no host name."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        raise Broken("malformed", "that is no host name") from None


def _chain(secured: ssl.SSLObject) -> Chain:
    """Python before 3.13 keeps the rest of the chain to itself, but not well."""
    leaf = secured.getpeercert(binary_form=True) or b""
    tell: Any = getattr(secured, "get_unverified_chain", None)
    if tell is not None:
        return tuple(tell())
    tell = getattr(getattr(secured, "_sslobj", None), "get_unverified_chain", None)
    if tell is None:
        return (leaf,)
    from _ssl import ENCODING_DER

    return tuple(each.public_bytes(ENCODING_DER) for each in tell())
