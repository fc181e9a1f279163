"""What is answered over HTTP at an address, to who asks by a name: status, headers, body, times.

One request to a connection, no redirect followed, and no certificate so bad that the answer behind
it is not told: what is wrong with it is told as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from remediate.probes.answer import Answer, Malformed
from remediate.probes.channel import Broken, Channel
from remediate.probes.dial import Dial
from remediate.probes.round import in_one_round
from remediate.probes.seen import HttpSeen, WireOutcome
from remediate.probes.target import Target, target_of
from remediate.probes.tls import Judge, Reached, reach

DEADLINE: Final = 10.0  # seconds
LIMIT: Final = 64  # requests at once
Unreached: TypeAlias = Literal["tls", "reset", "refused", "timeout", "unreachable", "not_public"]


@dataclass(frozen=True, slots=True)
class Request:
    """Ask `address`, an IP, for a URL: its host goes into SNI and Host, whoever is there.

    `port`: where it is not the URL's own.
    """

    url: str
    address: str
    method: str = "GET"
    port: int | None = None


def get(
    dial: Dial,
    requests: Sequence[Request],
    *,
    now: datetime,
    roots: Sequence[str] | None = None,
    deadline: float = DEADLINE,
    limit: int = LIMIT,
) -> list[HttpSeen]:
    """Ask each, in their order; `roots` as in `shake_hands`, `deadline` in seconds for all.

    Raises Unreachable where a sandbox is gone, and nothing for what the network does.
    """
    judge, dial = Judge.of(now, roots), dial.for_a_round()

    async def probe(request: Request, end: float) -> HttpSeen:
        return await _ask(dial, request, judge, end)

    return in_one_round(probe, requests, deadline=deadline, limit=limit)


async def _ask(dial: Dial, request: Request, judge: Judge, end: float) -> HttpSeen:
    loop = asyncio.get_running_loop()
    try:
        target = target_of(request.url)
    except ValueError as error:
        return HttpSeen(request.url, request.address, "malformed", str(error))
    whom = (request.address, request.port or target.port, target.host)
    reached = await reach(dial, whom, judge if target.secure else None, end)
    exchange = _Exchange(reached, Answer(request.method), request.address)
    asked = loop.time()
    outcome, message = await exchange.run(_head(request, target), end)
    return HttpSeen(
        request.url,
        request.address,
        outcome,
        message,
        status=exchange.answer.status,
        headers=exchange.answer.headers,
        body=bytes(exchange.answer.body),
        tls=reached.tls,
        connect=reached.connect,
        handshake=reached.handshake,
        first_byte=max(0.0, exchange.first_byte - asked),
        total=loop.time() - asked if reached.channel else 0.0,
    )


def _head(request: Request, target: Target) -> bytes:
    lines = (
        f"{request.method} {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        "User-Agent: remediate",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")


@dataclass(slots=True)
class _Exchange:
    reached: Reached
    answer: Answer
    address: str
    first_byte: float = 0.0  # on the loop's clock

    async def run(self, head: bytes, end: float) -> tuple[WireOutcome, str]:
        """How it ended, in a word and in words."""
        channel = self.reached.channel
        if channel is None:
            return not_reached(self.reached)
        try:
            async with asyncio.timeout_at(end):
                channel.send(head)
                await self._read(channel)
        except TimeoutError:
            return "timeout", f"{self.address} does not answer in time{self._so_far()}"
        except Broken as ended:
            return "reset", f"{self.address}: {ended}{self._so_far()}"
        except Malformed as error:
            return error.outcome, f"{self.address}: {error}{self._so_far()}"
        finally:
            channel.close()
        return "ok", f"{self.address} answers {self.answer.status}"

    async def _read(self, channel: Channel) -> None:
        loop = asyncio.get_running_loop()
        while not self.answer.complete:
            data = await channel.receive()
            if not data:
                self.answer.end()
                return
            self.first_byte = self.first_byte or loop.time()
            self.answer.feed(data)

    def _so_far(self) -> str:
        return f" (after status {self.answer.status})" if self.answer.status else ""


def not_reached(reached: Reached) -> tuple[Unreached, str]:
    """What went wrong while connecting; of a handshake, `TlsSeen` says what."""
    assert reached.broken
    how, message = reached.broken.how, reached.broken.message
    match how:
        case "refused" | "timeout" | "unreachable" | "not_public":
            return how, message
        case "reset" if not reached.tls:
            return how, message
        case _:
            return "tls", message
