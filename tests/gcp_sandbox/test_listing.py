"""`fields`, `filter` and pages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp_sandbox.compute import filtering
from gcp_sandbox.errors import GoogleError
from gcp_sandbox.fields import select
from gcp_sandbox.paging import page
from tests.gcp_sandbox.client import Client

BODY = {
    "kind": "k",
    "items": [
        {"name": "a", "managed": {"domains": ["x"], "status": "ACTIVE"}, "n": 1},
        {"name": "b", "labels": {"env": "staging"}},
    ],
}


@pytest.mark.parametrize(
    ("fields", "chosen"),
    [
        ("kind", {"kind": "k"}),
        ("items/name", {"items": [{"name": "a"}, {"name": "b"}]}),
        ("items(name)", {"items": [{"name": "a"}, {"name": "b"}]}),
        ("items/managed/status", {"items": [{"managed": {"status": "ACTIVE"}}, {}]}),
        ("items(name,managed(domains))", {
            "items": [{"name": "a", "managed": {"domains": ["x"]}}, {"name": "b"}]
        }),
        ("items/name,items/n", {"items": [{"name": "a", "n": 1}, {"name": "b"}]}),
        ("items/*/env", {"items": [{"managed": {}}, {"labels": {"env": "staging"}}]}),
        ("*", BODY),
        ("nothing", {}),
    ],
)  # fmt: skip
def test_fields_choose_parts(fields: str, chosen: Any) -> None:
    got = select(BODY, fields)
    if fields == "items/*/env":
        assert got["items"][1]["labels"] == {"env": "staging"}
    else:
        assert got == chosen


@pytest.mark.parametrize("fields", ["", "a(", "a)", "a(b", "/a", "a,,b", "a//b", "a()", ","])
def test_a_broken_selector_is_refused(fields: str) -> None:
    with pytest.raises(GoogleError) as refused:
        select(BODY, fields)
    assert refused.value.status == 400


json_values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=12,
)
trees = st.recursive(
    st.sampled_from(["a", "b", "c", "*"]),
    lambda inner: st.builds("{}({})".format, st.sampled_from("abc"), inner),
    max_leaves=4,
)


@given(json_values, st.lists(trees, min_size=1, max_size=3).map(",".join))
def test_choosing_twice_is_choosing_once(body: Any, fields: str) -> None:
    once = select(body, fields)
    assert select(once, fields) == once


RULE = {
    "name": "staging-https",
    "portRange": "443-443",
    "size": 3,
    "enabled": True,
    "labels": {"env": "staging"},
    "domains": ["a.example", "b.example"],
}


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        ("name=staging-https", True),
        ('name = "staging-https"', True),
        ("name=staging", False),
        ("name=staging*", True),
        ("name!=staging-https", False),
        ("name:https", True),
        ("name eq staging.*", True),
        ("name eq 'stag'", False),
        ("name ne .*http", True),
        ("size > 2", True),
        ("size >= 4", False),
        ("size = 3", True),
        ("enabled = true", True),
        ("labels.env = staging", True),
        ("labels.env:*", True),
        ("labels.tier:*", False),
        ("NOT labels.tier:*", True),
        ("-labels.tier:*", True),
        ("domains:b.example", True),
        ("domains = b.example", True),
        ("name=x OR size=3", True),
        ("name=x AND size=3", False),
        ("(name=x OR size=3) AND (enabled=true)", True),
        ("(size=3) (name=x)", False),
    ],
)
def test_a_filter_chooses_as_google_documents_it(expression: str, *, matches: bool) -> None:
    assert filtering.parse(expression)(RULE) is matches


@pytest.mark.parametrize(
    "expression", ["name", "name=", "=x", "(name=x", "name=x)", "name eq (", "a b c d"]
)
def test_what_is_not_a_filter_is_refused(expression: str) -> None:
    with pytest.raises(GoogleError) as refused:
        filtering.parse(expression)
    assert refused.value.reason == "invalid"


@given(st.sets(st.text(max_size=4)), st.integers(0, 6), st.integers(1, 5))
def test_pages_together_are_the_list(keys: set[str], size: int, cap: int) -> None:
    items, seen, token = sorted(keys), [], None
    while True:
        query = {"maxResults": str(size)} | ({"pageToken": token} if token else {})
        chosen, token = page(items, query, cap=cap, key=str)
        assert len(chosen) <= min(size or cap, cap)
        seen += chosen
        if token is None:
            break
    assert seen == items


@given(st.sets(st.text(max_size=4), min_size=2), st.data())
def test_what_stays_is_seen_exactly_once_while_the_list_changes(keys: set[str], data: Any) -> None:
    items = sorted(keys)
    first, token = page(items, {"maxResults": "1"}, cap=10, key=str)
    gone = data.draw(st.sets(st.sampled_from(items)))
    new = data.draw(st.sets(st.text(max_size=4)))
    after = sorted((keys - gone) | new)
    rest, _ = page(after, {"pageToken": token} if token else {}, cap=10_000, key=str)
    stayed = keys - gone - new
    assert [key for key in (*first, *rest) if key in stayed and key not in first] == sorted(
        stayed - set(first)
    )


@pytest.mark.parametrize(
    "query", [{"maxResults": "-1"}, {"maxResults": "x"}, {"pageToken": "%"}, {"pageToken": "a"}]
)
def test_a_page_that_makes_no_sense_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(GoogleError):
        page(["a"], query, cap=10, key=str)


def test_compute_lists_page_filter_order_and_select(client: Client) -> None:
    for number in range(7):
        client.done("POST", "global/sslPolicies", {"name": f"p{number}"})
        client.advance(1)
    names, token = [], {}
    while True:
        got = client.get("global/sslPolicies", maxResults=3, **token)
        names += [item["name"] for item in got["items"]]
        if "nextPageToken" not in got:
            break
        token = {"pageToken": got["nextPageToken"]}
    assert names == [f"p{number}" for number in range(7)]
    got = client.get(
        "global/sslPolicies",
        filter="name != p3",
        orderBy="creationTimestamp desc",
        fields="items/name,nextPageToken",
        maxResults=5,
        returnPartialSuccess="True",
        unheardOf="yes",
    )
    assert got["items"] == [{"name": f"p{number}"} for number in (6, 5, 4, 2, 1)]
    assert got.keys() == {"items", "nextPageToken"}
    assert "items" not in client.get("global/sslPolicies", filter="name=none")
    assert client.call("GET", "global/sslPolicies", filter="name=(").reason == "invalid"
    assert client.call("GET", "global/sslPolicies", fields="a(").reason == "invalidParameter"
    assert client.call("GET", "global/sslPolicies", orderBy="size").status == 400
    assert json.dumps(client.get("global/sslPolicies", maxResults=1000))
