"""Lists in pages: `maxResults`, `pageToken`, `nextPageToken`."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from gcp_sandbox.errors import GoogleError

Item = TypeVar("Item")


def page(
    items: Sequence[Item],
    query: Mapping[str, str],
    *,
    cap: int,
    key: Callable[[Item], str],
) -> tuple[Sequence[Item], str | None]:
    """The asked-for slice of `items`, sorted by `key`, and the token of the next page if any.

    `cap` is the server's page size: the default and the most. The token says after which key to
    go on, so a list that changes between two pages neither repeats nor skips what stayed.
    """
    size = min(_size(query) or cap, cap)
    start = 0
    if token := query.get("pageToken"):
        start = bisect_right(items, _key_of(token), key=key)
    stop = start + size
    chosen = items[start:stop]
    return chosen, (_token_of(key(chosen[-1])) if stop < len(items) else None)


def _size(query: Mapping[str, str]) -> int:
    text = query.get("maxResults") or query.get("pageSize") or "0"
    try:
        size = int(text)
    except ValueError:
        size = -1
    if size < 0:
        raise GoogleError(
            400,
            "invalidParameter",
            f"Invalid value '{text}'. Values must be within the range: [0, 4294967295]",
            location="maxResults",
            locationType="parameter",
        )
    return size


def _token_of(key: str) -> str:
    return base64.urlsafe_b64encode(f">{key}".encode()).decode()


def _key_of(token: str) -> str:
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()[1:]
    except (binascii.Error, UnicodeError):
        raise GoogleError(
            400,
            "invalid",
            f"Invalid value for field 'pageToken': '{token}'. Invalid page token.",
        ) from None
