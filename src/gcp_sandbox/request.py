"""What a handler is given and what it may answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""A value of JSON: here it stays what clients sent and Google would answer."""

Body: TypeAlias = dict[str, Any]
"""A JSON object."""


class Query(dict[str, str]):
    """Parameters by name; of one that is repeated the last, and `every` one of them."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs = tuple(pairs)
        super().__init__(self._pairs)

    def every(self, name: str) -> list[str]:
        return [value for known, value in self._pairs if known == name]


@dataclass(slots=True)
class Request:
    """One request as a handler sees it.

    `path` comes without its query, `headers` with lower-case names, `body` parsed (None if there
    was none, or none of JSON), `params` from the route's `{placeholders}`; `raw` is the body sent.
    `fault` is the kind of fault injected into this call, if any.
    """

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Json = None
    params: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""
    fault: str = ""
    fault_seconds: float = 0.0


@dataclass(slots=True)
class Response:
    """An answer other than plain 200: `body` is JSON, or bytes sent as they are (None: empty)."""

    status: int
    body: Json = None
    content_type: str = "application/json; charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)


Answer: TypeAlias = Json | Response
Handler: TypeAlias = Callable[[Request], Answer | Awaitable[Answer]]
