"""Whether a WebSocket is really talked at an address: upgraded, echoed, and kept open.

An answer to a plain GET says nothing of that: only frames that come back do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from remediate.model.chance import Chance
from remediate.probes.answer import Answer, Malformed
from remediate.probes.channel import Broken, Channel
from remediate.probes.dial import Dial
from remediate.probes.http import DEADLINE, LIMIT, not_reached
from remediate.probes.round import in_one_round
from remediate.probes.seen import WebSocketOutcome, WebSocketSeen
from remediate.probes.target import Target, target_of
from remediate.probes.tls import Judge, Reached, reach

if TYPE_CHECKING:
    from websockets.client import ClientProtocol

ABNORMAL: Final = 1006  # gone without a close frame (RFC 6455, 7.1.5)
_UPGRADED: Final = 101
_PINGS_EVERY: Final = 10.0  # seconds
_LAST_WORDS: Final = 2.0  # seconds for a pong at the end, and for the other side's close frame
_LONGEST_REASON: Final = 120
_LONGEST_MESSAGE: Final = 65536  # bytes


@dataclass(frozen=True, slots=True)
class Call:
    """A WebSocket's URL at `address`, an IP, and what is done there.

    `hold`: seconds to keep it open for after the echo. `port`: where it is not the URL's own.
    """

    url: str
    address: str
    hold: float = 0.0
    echo: bool = True
    port: int | None = None


def talk(
    dial: Dial,
    url: str,
    address: str,
    *,
    now: datetime,
    roots: Sequence[str] | None = None,
    deadline: float = DEADLINE,
    hold: float = 0.0,
) -> WebSocketSeen:
    """As `talk_all`, with one."""
    calls = [Call(url, address, hold)]
    return talk_all(dial, calls, now=now, roots=roots, deadline=deadline)[0]


def talk_all(
    dial: Dial,
    calls: Sequence[Call],
    *,
    now: datetime,
    roots: Sequence[str] | None = None,
    deadline: float = DEADLINE,
    limit: int = LIMIT,
) -> list[WebSocketSeen]:
    """Upgrade, wait for a random text to come back, and hold; in their order.

    `roots` as in `shake_hands`. All upgrades and echoes are to come within `deadline` seconds;
    what is held is held for longer. Raises Unreachable where a sandbox is gone, and nothing for
    what the network does.
    """
    judge, dial = Judge.of(now, roots), dial.for_a_round()

    async def probe(call: Call, end: float) -> WebSocketSeen:
        return await _call(dial, call, judge, end)

    return in_one_round(probe, calls, deadline=deadline, limit=limit)


async def _call(dial: Dial, call: Call, judge: Judge, end: float) -> WebSocketSeen:
    try:
        target = target_of(call.url)
    except ValueError as error:
        return WebSocketSeen(call.url, call.address, "malformed", str(error))
    whom = (call.address, call.port or target.port, target.host)
    reached = await reach(dial, whom, judge if target.secure else None, end)
    if reached.channel is None:
        outcome, message = not_reached(reached)
        return WebSocketSeen(call.url, call.address, outcome, message, tls=reached.tls)
    conversation = _Conversation(call, reached.channel, _protocol(target))
    try:
        return await conversation.run(reached, end)
    finally:
        reached.channel.close()


def _protocol(target: Target) -> ClientProtocol:
    from websockets.client import ClientProtocol
    from websockets.uri import WebSocketURI

    path, _, query = target.path.partition("?")
    uri = WebSocketURI(target.secure, target.host, target.port, path, query)
    return ClientProtocol(uri, max_size=_LONGEST_MESSAGE)


class _Gone(Exception):
    """The other side has ended it."""


class _Conversation:
    """From the request to the last frame."""

    def __init__(self, call: Call, channel: Channel, protocol: ClientProtocol) -> None:
        self._loop = asyncio.get_running_loop()
        self._call, self._channel, self._protocol = call, channel, protocol
        self._answer = Answer()
        self._message = bytearray()
        self._wanted = b""  # what is to come back
        self._echoed = False
        self._other = False  # messages came as well, or instead
        self._pongs = 0
        self._opened: float | None = None  # on the loop's clock

    async def run(self, reached: Reached, end: float) -> WebSocketSeen:
        outcome, words = await self._outcome(end)
        held = 0.0 if self._opened is None else self._loop.time() - self._opened
        closed = self._closed() if outcome == "closed" else None
        if outcome in {"ok", "no_echo"}:
            await self._take_leave()
        upgraded = self._answer.status == _UPGRADED
        return WebSocketSeen(
            self._call.url,
            self._call.address,
            outcome,
            f"{self._call.address}: {words}",
            status=None if upgraded else self._answer.status,
            location="" if upgraded else self._answer.headers.get("location", ""),
            close_code=closed,
            held=held,
            tls=reached.tls,
        )

    async def _outcome(self, end: float) -> tuple[WebSocketOutcome, str]:
        try:
            async with asyncio.timeout_at(end):
                if refusal := await self._upgrade():
                    return refusal
                if self._call.echo:
                    await self._echo()
        except TimeoutError:
            if self._opened is None:
                return "timeout", "it does not answer in time"
            return "no_echo", f"it is open, but what comes back is {self._heard()}"
        except Malformed as error:
            outcome: WebSocketOutcome = "reset" if error.outcome == "reset" else "malformed"
            return outcome, str(error)
        except (Broken, _Gone) as gone:
            return self._ended(gone)
        return await self._hold()

    async def _upgrade(self) -> tuple[WebSocketOutcome, str] | None:
        """None once it is open."""
        request = self._protocol.connect()
        request.headers["User-Agent"] = "remediate"
        self._protocol.send_request(request)
        self._flush()
        raw = bytearray()
        while self._answer.status is None:
            data = await self._channel.receive()
            raw += data
            self._answer.feed(data) if data else self._answer.end()
        if self._answer.status != _UPGRADED:
            location = self._answer.headers.get("location", "")
            towards = f" and sends to {location}" if location else ""
            return "not_upgraded", f"it answers {self._answer.status}{towards}, and no WebSocket"
        self._protocol.receive_data(raw[max(0, raw.find(b"HTTP/1.1 101")) :])
        if self._protocol.handshake_exc:
            return "malformed", f"its upgrade is none: {self._protocol.handshake_exc}"
        self._opened = self._loop.time()
        self._heed()
        return None

    async def _echo(self) -> None:
        self._wanted = f"remediate {Chance().uuid()}".encode()
        self._protocol.send_text(self._wanted)
        self._flush()
        while not self._echoed:
            await self._listen()

    async def _hold(self) -> tuple[WebSocketOutcome, str]:
        """Pings keep what is between from ending it; the last of them has to be answered."""
        end = self._loop.time() + self._call.hold
        done = "it echoes" if self._call.echo else "it opens"
        try:
            while (left := end - self._loop.time()) > 0:
                await self._listen_for(min(left, _PINGS_EVERY))
                self._ping()
            if self._call.hold:
                heard, last = self._pongs, self._loop.time() + _LAST_WORDS
                self._ping()
                while self._pongs == heard:
                    if self._loop.time() >= last:
                        return "timeout", f"{done}, but answers no ping after {self._call.hold:g} s"
                    await self._listen_for(last - self._loop.time())
        except (Broken, _Gone) as gone:
            return self._ended(gone)
        return "ok", done + (f", and stays open for {self._call.hold:g} s" * bool(self._call.hold))

    def _ended(self, gone: Exception) -> tuple[WebSocketOutcome, str]:
        if self._opened is None:
            return "reset", f"{gone} before it is a WebSocket"
        wrong = self._protocol.parser_exc
        if wrong and not isinstance(wrong, EOFError):
            return "malformed", f"what it says is no WebSocket: {wrong}"
        code = self._closed()
        if code == ABNORMAL:
            return "closed", f"it goes without a word ({ABNORMAL})"
        received = self._protocol.close_rcvd
        reason = "".join(c for c in received.reason if c.isprintable()) if received else ""
        said = f": {reason[:_LONGEST_REASON]}" if reason else ""
        return "closed", f"it closes with {code}{said}"

    def _closed(self) -> int:
        received = self._protocol.close_rcvd
        return received.code if received else ABNORMAL

    def _heard(self) -> str:
        return "something else" if self._other or self._message else "nothing"

    def _ping(self) -> None:
        self._protocol.send_ping(b"remediate")
        self._flush()

    async def _listen_for(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._listen()
        except TimeoutError:
            return

    async def _listen(self) -> None:
        """Take what comes; raises _Gone at the end of it."""
        data = await self._channel.receive()
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self._heed()

    def _heed(self) -> None:
        self._hear()
        self._flush()
        if self._protocol.close_rcvd or self._protocol.parser_exc:
            raise _Gone

    def _hear(self) -> None:
        from websockets.frames import DATA_OPCODES, Frame, Opcode

        for event in self._protocol.events_received():
            if not isinstance(event, Frame):
                continue
            if event.opcode is Opcode.PONG:
                self._pongs += 1
            if event.opcode in DATA_OPCODES:
                self._message += event.data
                if event.fin:
                    self._echoed = self._echoed or self._message == self._wanted
                    self._other = True
                    self._message.clear()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._channel.send(data)

    async def _take_leave(self) -> None:
        """Say that it was meant to end, so that nobody over there takes it for a fault."""
        end = self._loop.time() + _LAST_WORDS
        try:
            self._protocol.send_close(1000)
            self._flush()
            while (left := end - self._loop.time()) > 0:
                await self._listen_for(left)
        except (Broken, _Gone):
            return
