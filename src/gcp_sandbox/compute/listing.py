"""Lists of one scope, and aggregated over all of them."""

from __future__ import annotations

from collections.abc import Sequence

from gcp_sandbox.compute.filtering import parse
from gcp_sandbox.compute.links import HOST, Place
from gcp_sandbox.errors import GoogleError
from gcp_sandbox.paging import page
from gcp_sandbox.request import Body

PAGE = 500
"""The most that Compute puts on a page, and its default."""
REGIONS = ("europe-west1", "us-central1", "us-east1", "us-west1")
ZONES = tuple(f"{region}-{letter}" for region in REGIONS for letter in "bc")

Entry = tuple[str, Body]
"""A scope and a body as answered."""


def listed(kind: str, self_link: str, entries: Sequence[Entry], query: dict[str, str]) -> Body:
    """One collection: `{"kind", "id", "items", "selfLink"}`; `items` left out where empty."""
    chosen, token = _page(entries, query)
    answer: Body = {
        "kind": kind,
        "id": self_link.removeprefix(HOST),
        "selfLink": self_link,
    }
    if chosen:
        answer["items"] = [body for _, body in chosen]
    return answer | ({"nextPageToken": token} if token else {})


def aggregated(
    kind: str,
    self_link: str,
    collection: str,
    entries: Sequence[Entry],
    scopes: Sequence[str],
    query: dict[str, str],
) -> Body:
    """`items` keyed by scope; one without resources on this page says so in a warning."""
    chosen, token = _page(entries, query)
    items: Body = {scope: {} for scope in scopes}
    for scope, body in chosen:
        items.setdefault(scope, {}).setdefault(collection, []).append(body)
    for scope, held in items.items():
        if not held:
            held["warning"] = _no_results(scope)
    answer: Body = {"kind": kind, "id": self_link.removeprefix(HOST), "items": items}
    answer["selfLink"] = self_link
    return answer | ({"nextPageToken": token} if token else {})


def _no_results(scope: str) -> Body:
    return {
        "code": "NO_RESULTS_ON_PAGE",
        "message": f"There are no results for scope '{scope}' on this page.",
        "data": [{"key": "scope", "value": scope}],
    }


def _page(entries: Sequence[Entry], query: dict[str, str]) -> tuple[Sequence[Entry], str | None]:
    if expression := query.get("filter"):
        test = parse(expression)
        entries = [entry for entry in entries if test(entry[1])]
    order = query.get("orderBy", "name")
    if order == "creationTimestamp desc":
        newest = sorted(entries, key=lambda entry: entry[1]["creationTimestamp"], reverse=True)
        numbered = [(f"{number:09}", *entry) for number, entry in enumerate(newest)]
        chosen, token = page(numbered, query, cap=PAGE, key=lambda item: item[0])
        return [(scope, body) for _, scope, body in chosen], token
    if order not in ("name", "name asc"):
        raise GoogleError(
            400, "invalid", f"Invalid value for field 'orderBy': '{order}'. Invalid order by field."
        )
    return page(sorted(entries, key=_key), query, cap=PAGE, key=_key)


def _key(entry: Entry) -> str:
    return f"{entry[0]}\0{entry[1]['name']}"


def scope_link(project: str, scope: str, collection: str) -> str:
    return Place(project, scope, collection, "").link.rstrip("/")
