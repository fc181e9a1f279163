"""Many questions to many name servers in one event loop: datagrams there, answers back.

One connected socket a server: the kernel lets nobody else's datagrams through. An answer counts
only if it has the question's id and repeats the question.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from remediate.model.chance import Chance
from remediate.probes.dial import Where
from remediate.probes.dns_tcp import converse, is_answer

Fate: TypeAlias = Literal["answered", "truncated", "timeout", "unreachable", "malformed"]

_TRIES: Final = 2  # datagrams get lost
_PATIENCE: Final = 0.4  # of the whole deadline, for each try
_GLANCE: Final = 0.02  # seconds between looks for what is overdue
_BUFFER: Final = 65535
_CONVERSATIONS: Final = 32  # over TCP, at a time
_TRUNCATED: Final = 0x02
_LATE_TCP: Final = "over TCP it does not answer"


class Asked(NamedTuple):
    """Something to ask: `question` are the bytes that an answer has to repeat."""

    where: Where
    template: bytes
    question: bytes


class Heard(NamedTuple):
    """What came of it: `wire` where it was answered, else `why` in a few words."""

    fate: Fate
    wire: bytes = b""
    why: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class _Waiting:
    place: int
    query: bytes
    begun: float
    due: float
    tries: int = 1
    fate: Fate = "timeout"
    why: str = ""


async def exchange(
    asked: Sequence[Asked], *, deadline: float, limit: int, chance: Chance
) -> list[Heard]:
    """Ask all, `limit` at a time; what is not answered after `deadline` seconds is a timeout."""
    round_ = _Round(asked, deadline, limit, chance)
    try:
        return await round_.run()
    finally:
        round_.close()


class _Round:
    def __init__(self, asked: Sequence[Asked], deadline: float, limit: int, chance: Chance) -> None:
        self.loop = asyncio.get_running_loop()
        self.asked, self.chance = asked, chance
        self.heard: list[Heard | None] = [None] * len(asked)
        self.left = len(asked)
        self.patience = deadline * _PATIENCE
        self._ends = self.loop.time() + deadline
        self._over = self.loop.create_future()
        self._talks: dict[int, asyncio.Task[None]] = {}
        self._turn = asyncio.Semaphore(_CONVERSATIONS)
        queues: dict[Where, deque[int]] = {}
        for place, each in enumerate(asked):
            queues.setdefault(each.where, deque()).append(place)
        self._servers = deque(_Server(self, where, queue) for where, queue in queues.items())
        self._open: set[_Server] = set()
        self._limit = limit
        self.share = max(1, limit // max(1, len(queues)))

    async def run(self) -> list[Heard]:
        if not self.left:
            return []
        self._open_more()
        self._look()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over, max(0.0, self._ends - self.loop.time()))
        for server in self._open:
            server.give_up()
        for place in self._talks:
            self.settle(place, Heard("truncated", why=_LATE_TCP))
        late = Heard("timeout", why="time was up before it was asked")
        return [each or late for each in self.heard]

    def settle(self, place: int, heard: Heard) -> None:
        if self.heard[place] is None:
            self.heard[place] = heard
            self.left -= 1
            if not self.left and not self._over.done():
                self._over.set_result(None)

    def retire(self, server: _Server) -> None:
        """Nothing is left to ask it: make room for another."""
        server.close()
        self._open.discard(server)
        self._open_more()

    def by_tcp(self, where: Where, waiting: _Waiting) -> None:
        self._talks[waiting.place] = self.loop.create_task(self._talk(where, waiting))

    def close(self) -> None:
        for talk in self._talks.values():
            talk.cancel()
        for server in self._open:
            server.close()

    def _open_more(self) -> None:
        while self._servers and len(self._open) < self._limit:
            server = self._servers.popleft()
            if server.start():
                self._open.add(server)

    def _look(self) -> None:
        now = self.loop.time()
        for server in tuple(self._open):
            server.look(now)
        if not self._over.done():
            self.loop.call_later(_GLANCE, self._look)

    async def _talk(self, where: Where, waiting: _Waiting) -> None:
        question = self.asked[waiting.place].question
        heard = Heard("truncated", why=_LATE_TCP)
        try:
            async with self._turn, asyncio.timeout(self.patience):
                heard = Heard("answered", await converse(where, waiting.query, question))
        except TimeoutError:
            pass
        except (OSError, EOFError) as error:
            heard = Heard("truncated", why=f"over TCP: {_words(error)}")
        self.settle(waiting.place, heard._replace(seconds=self.loop.time() - waiting.begun))


class _Server:
    """One server's socket, what is still to be asked there, and what waits for an answer."""

    def __init__(self, round_: _Round, where: Where, queue: deque[int]) -> None:
        self.where = where
        self._round = round_
        self._queue = queue
        self._waiting: dict[int, _Waiting] = {}
        self._socket: socket.socket | None = None

    def start(self) -> bool:
        """Whether there is a way there at all."""
        family = socket.AF_INET6 if ":" in self.where[0] else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_DGRAM)
        self._socket = opened
        opened.setblocking(False)
        try:
            opened.connect(self.where)
        except OSError as error:
            self.close()
            self._fail(_words(error))
            return False
        self._round.loop.add_reader(opened.fileno(), self._readable)
        self._ask_more()
        return True

    def close(self) -> None:
        if self._socket is not None:
            self._round.loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def look(self, now: float) -> None:
        """Ask again, or no more, what is overdue: those that wait longest stand first."""
        while self._waiting:
            number, waiting = next(iter(self._waiting.items()))
            if waiting.due > now:
                break
            del self._waiting[number]
            if waiting.tries < _TRIES:
                self._again(number, waiting, now)
            else:
                self._end(waiting, now)
        self._ask_more()

    def give_up(self) -> None:
        now = self._round.loop.time()
        for waiting in self._waiting.values():
            self._end(waiting, now)
        self._waiting.clear()

    def _ask_more(self) -> None:
        now = self._round.loop.time()
        while self._queue and len(self._waiting) < self._round.share and self._socket:
            place = self._queue.popleft()
            number = self._unused()
            query = number.to_bytes(2, "big") + self._round.asked[place].template
            self._waiting[number] = _Waiting(place, query, now, now + self._round.patience)
            self._send(query)
        if not self._queue and not self._waiting and self._socket:
            self._round.retire(self)

    def _unused(self) -> int:
        while (number := self._round.chance.bits(16)) in self._waiting:
            pass
        return number

    def _again(self, number: int, waiting: _Waiting, now: float) -> None:
        waiting.tries += 1
        waiting.due = now + self._round.patience
        self._waiting[number] = waiting
        self._send(waiting.query)

    def _send(self, query: bytes) -> None:
        try:
            assert self._socket is not None
            self._socket.send(query)
        except BlockingIOError:
            pass  # a datagram lost, as any may be: it is sent again
        except OSError as error:
            self._noted(_words(error))

    def _readable(self) -> None:
        for _ in range(self._round.share):
            if self._socket is None:
                return
            try:
                wire = self._socket.recv(_BUFFER)
            except BlockingIOError:
                break
            except OSError as error:
                self._noted(_words(error))
            else:
                self._take(wire)
        self._ask_more()

    def _noted(self, why: str) -> None:
        """The network says that nobody is there: of a second try that is believed at once."""
        now = self._round.loop.time()
        for number, waiting in tuple(self._waiting.items()):
            waiting.fate, waiting.why, waiting.due = "unreachable", why, now
            if waiting.tries >= _TRIES:
                del self._waiting[number]
                self._end(waiting, now)

    def _take(self, wire: bytes) -> None:
        waiting = self._waiting.get(int.from_bytes(wire[:2], "big"))
        if waiting is None or len(wire) < 2:  # noqa: PLR2004 - bytes of an id
            return
        if not is_answer(wire, waiting.query, self._round.asked[waiting.place].question):
            waiting.fate, waiting.why = "malformed", "what it sends is no answer to that"
            return
        del self._waiting[int.from_bytes(wire[:2], "big")]
        if wire[2] & _TRUNCATED:
            self._round.by_tcp(self.where, waiting)
        else:
            spent = self._round.loop.time() - waiting.begun
            self._round.settle(waiting.place, Heard("answered", wire, seconds=spent))

    def _end(self, waiting: _Waiting, now: float) -> None:
        heard = Heard(waiting.fate, why=waiting.why, seconds=now - waiting.begun)
        self._round.settle(waiting.place, heard)

    def _fail(self, why: str) -> None:
        while self._queue:
            self._round.settle(self._queue.popleft(), Heard("unreachable", why=why))


def _words(error: OSError | EOFError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "it refuses connections"
    if isinstance(error, EOFError):
        return "it hangs up"
    return error.strerror or type(error).__name__
