"""What a client saw of a host or a path, in the words by which requirements are judged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TypeAlias

from remediate.diagnosis.signs import HostSeen, PathSeen
from remediate.probes.seen import HttpSeen, WebSocketSeen

Works: TypeAlias = bool | None
"""Seen to work; seen not to; None for not seen."""
SLOW = 1.0  # seconds until the first byte
_FINE = range(200, 300)
UNAVAILABLE, CONGESTED, BAD_GATEWAY = 503, 429, 502  # RFC 9110, RFC 6585
_ERRORS = range(500, 600)


@dataclass(frozen=True, slots=True)
class Look:
    """All that was seen of one thing, certificates left aside: `works` is None for nothing seen."""

    http: tuple[HttpSeen, ...] = ()
    websockets: tuple[WebSocketSeen, ...] = ()

    @classmethod
    def of(cls, parts: Sequence[Look]) -> Look:
        http: tuple[HttpSeen, ...] = reduce(add, (part.http for part in parts), ())
        websockets: tuple[WebSocketSeen, ...] = reduce(add, (p.websockets for p in parts), ())
        return cls(http, websockets)

    @property
    def answers(self) -> list[HttpSeen]:
        return [seen for seen in self.http if seen.status is not None]

    @property
    def statuses(self) -> set[int]:
        refused = {seen.status for seen in self.websockets if seen.outcome == "not_upgraded"}
        return {status for status in ({s.status for s in self.http} | refused) if status}

    @property
    def works(self) -> Works:
        """True: all that was asked answered well. None: nobody came as far as an answer."""
        if not self.answers:
            return None
        talked = all(seen.outcome in ("ok", "tls") for seen in self.websockets)
        return talked and all(seen.status in _FINE for seen in self.http)

    @property
    def is_slow(self) -> Works:
        """Whether most answers took longer than a second to begin."""
        if not self.answers:
            return None
        return sum(seen.first_byte > SLOW for seen in self.answers) * 2 > len(self.answers)

    @property
    def comes_and_goes(self) -> bool:
        fine = [seen.status in _FINE for seen in self.answers]
        return any(fine) and not all(fine)

    @property
    def errs(self) -> bool:
        """Whether what is behind answers with errors of its own, or ends its conversations."""
        ended = any(seen.close_code == 1011 for seen in self.websockets)  # noqa: PLR2004 - RFC 6455
        return ended or bool(self.statuses & {*_ERRORS})

    @property
    def message(self) -> str:
        """The first bad news, or else the first news."""
        bad = [seen.message for seen in self.http if seen.status not in _FINE]
        bad += [seen.message for seen in self.websockets if seen.outcome not in ("ok", "tls")]
        return next(iter([*bad, *(seen.message for seen in self.http)]), "")

    @property
    def reason(self) -> str:
        """What an application that answers 503 says of it itself, if it does."""
        for seen in self.answers:
            if seen.status == UNAVAILABLE and (said := _said(seen.body)):
                return said
        return ""


def by_ip(seen: HostSeen) -> Look:
    return Look(seen.http, (seen.websocket,) if seen.websocket else ())


def by_path(seen: PathSeen) -> Look:
    return Look(seen.http)


def _said(body: bytes) -> str:
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    words = (told.get(name) for name in ("reason", "error", "detail", "message"))
    return next((str(word) for word in words if word), "")
