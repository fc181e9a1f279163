"""Lists come in pages, and Google may have to leave out what it could not see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from remediate.gcp.connection import ApiConnection
from remediate.model.errors import Unreachable
from remediate.model.json import Body


def listed(
    connection: ApiConnection, path: str, query: Mapping[str, str], key: str, what: str
) -> list[Body]:
    """All that stands under `key`, every page.

    Raises Unreachable when Google could not see all of `what`, for what is unread is not absent.
    """
    found: list[Body] = []
    for page in pages(connection, path, query):
        if _is_partial(page):
            raise Unreachable(
                f"{connection.API_NAME} could not list all of {what}; "
                "what is missing from the list may exist"
            )
        found += bodies(connection.API_NAME, page, key)
    return found


def pages(connection: ApiConnection, path: str, query: Mapping[str, str]) -> Iterator[Body]:
    """Every page, lazily; `query` says how long one may be."""
    asked = dict(query)
    while True:
        page = connection.call("GET", path, asked)
        yield page
        if not (token := page.get("nextPageToken")):
            return
        asked["pageToken"] = str(token)


def bodies(api: str, page: Body, key: str) -> list[Body]:
    """The objects under `key`, none where it is not there."""
    items = page.get(key, [])
    if not isinstance(items, list):
        raise Unreachable(f"{api}: the list of {key} has no list in it")
    return [item for item in items if isinstance(item, dict)]


def _is_partial(page: Body) -> bool:
    """Each API says it in a field of its own."""
    warning = page.get("warning")
    is_unread = isinstance(warning, dict) and warning.get("code") == "UNREACHABLE"
    return is_unread or any(page.get(name) for name in ("unreachable", "unreachables", "warnings"))
