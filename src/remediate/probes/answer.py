"""An HTTP/1.1 answer as it comes in, piece by piece (RFC 9112)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from remediate.probes.seen import WireOutcome

HEAD_LIMIT: Final = 65536  # bytes
BODY_LIMIT: Final = 65536  # bytes; what is beyond is not read
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-9]\d\d)(?: .*)?")
_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*")
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")
_DIGITS: Final = re.compile(r"\d{1,18}")
_SWITCHING: Final = 101
_FINAL: Final = 200
_WITHOUT_BODY: Final = {204, 304}
_LONGEST_LINE: Final = 4096  # bytes, of a chunk's size with what is said besides


class Malformed(Exception):
    """What came is no HTTP/1.1; or no whole answer, or too much of a head."""

    def __init__(self, message: str, outcome: WireOutcome = "malformed") -> None:
        super().__init__(message)
        self.outcome: WireOutcome = outcome


@dataclass(slots=True)
class Answer:
    """`status` is None until the head is whole, `complete` as soon as no more needs to be read.

    Of headers that come several times the values are joined by `, `. `rest` is what came behind
    the head and has not been read: after 101, the other protocol.
    """

    method: str = "GET"
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    complete: bool = False
    body: bytearray = field(default_factory=bytearray)
    rest: bytearray = field(default_factory=bytearray)
    _wanted: int | None = None  # bytes that are missing: of the body, or of its chunk
    _chunked: bool = False
    _between: bool = False  # chunks

    def feed(self, data: bytes) -> None:
        """Raises Malformed."""
        self.rest += data
        while self.status is None:
            if not self._read_head():
                return
        if not self.complete:
            self._read_body()

    def end(self) -> None:
        """The other side is done; raises Malformed where it has not said all that it announced."""
        if self.status is None:
            raise Malformed("it hangs up without an answer", "reset")
        if self.complete:
            return
        if self._chunked or self._wanted is not None:
            raise Malformed(f"it hangs up after {len(self.body)} bytes of an answer", "reset")
        self.complete = True

    def _read_head(self) -> bool:
        end = self.rest.find(b"\r\n\r\n")
        if end < 0:
            if len(self.rest) > HEAD_LIMIT:
                raise Malformed("the head of its answer has no end", "too_large")
            if not b"HTTP/1.".startswith(self.rest[:7]):
                raise Malformed("what it says is no HTTP")
            return False
        first, *lines = bytes(self.rest[:end]).split(b"\r\n")
        del self.rest[: end + 4]
        found = _STATUS.fullmatch(first)
        if not found:
            raise Malformed("what it says is no HTTP")
        headers = _headers(lines)
        status = int(found[1])
        if status < _FINAL and status != _SWITCHING:
            return True  # 100 and 103: the answer is yet to come
        self.status, self.headers = status, headers
        self._frame()
        return True

    def _frame(self) -> None:
        """How long the body is (RFC 9112, 6.3)."""
        length = self.headers.get("content-length")
        self._chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        if self.method == "HEAD" or self.status in _WITHOUT_BODY or self.status == _SWITCHING:
            self.complete = True
        elif self._chunked:
            self._wanted = 0
        elif length is not None:
            lengths = {each.strip() for each in length.split(",")}
            if len(lengths) > 1 or not _DIGITS.fullmatch(length := lengths.pop()):
                raise Malformed(f"the length of its answer is {length[:40]!r}")
            self._wanted = int(length)

    def _read_body(self) -> None:
        if self._chunked:
            while not self.complete and self._read_chunk():
                pass
        else:
            self._take(self._wanted)
            self.complete = self.complete or self._wanted == 0

    def _read_chunk(self) -> bool:
        """The next piece of a chunk, or the size of the next; False where more has to come."""
        if self._wanted:
            self._take(self._wanted)
            self._between = True
            return not self._wanted
        line, found, _ = bytes(self.rest[:_LONGEST_LINE]).partition(b"\r\n")
        if not found:
            if len(self.rest) >= _LONGEST_LINE:
                raise Malformed("a chunk of its answer has no size")
            return False
        if self._between and line:
            raise Malformed("a chunk of its answer is longer than it says")
        if not self._between:
            size = _SIZE.fullmatch(line)
            if not size:
                raise Malformed("a chunk of its answer has no size")
            self._wanted = int(size[1], 16)
            self.complete = self._wanted == 0  # what may follow says nothing of the body
        self._between = False
        del self.rest[: len(line) + 2]
        return True

    def _take(self, wanted: int | None) -> None:
        piece = self.rest if wanted is None else self.rest[:wanted]
        self.body += piece
        if wanted is not None:
            self._wanted = wanted - len(piece)
        del self.rest[: len(piece)]
        if len(self.body) > BODY_LIMIT:
            del self.body[BODY_LIMIT:]
            self.complete = True


def _headers(lines: list[bytes]) -> dict[str, str]:
    """Latin-1, as they are on the wire; by lower-case name."""
    headers: dict[str, str] = {}
    for line in lines:
        found = _HEADER.fullmatch(line)
        if not found:
            raise Malformed("one of its headers is none")
        name, value = found[1].decode().lower(), found[2].decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
