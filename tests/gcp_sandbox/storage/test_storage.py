"""Objects with generations: what makes one of many writers win."""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp_sandbox.sandbox import Sandbox
from gcp_sandbox.storage import checksums
from tests.gcp_sandbox.client import PROJECT, Answer, Client, connect

BUCKETS = "/storage/v1/b"
OBJECTS = f"{BUCKETS}/runs/o"
UPLOAD = "/upload/storage/v1/b/runs/o"
NAME = "staging/journal/000001.json"
WRITERS = 16


def send(
    port: int, method: str, target: str, content: bytes = b"", **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    """One request with any content; status, body and headers of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    spelled = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, target, content, spelled)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body, dict(response.getheaders())


def put(port: int, name: str, content: bytes, **query: Any) -> Answer:
    target = f"{UPLOAD}?{urlencode({'uploadType': 'media', 'name': name, **query})}"
    status, body, _ = send(port, "POST", target, content, Content_Type="text/plain")
    return Answer(status, json.loads(body))


def at(name: str) -> str:
    return f"{OBJECTS}/{quote(name, safe='')}"


def raw(client: Client, method: str, name: str, **query: Any) -> Answer:
    """A request for an object, whose name stays escaped."""
    target = f"{at(name)}?{urlencode(query)}"
    status, body, _ = send(client.port, method, target)
    return Answer(status, json.loads(body) if body else None)


@pytest.fixture
def runs(client: Client) -> Client:
    """A bucket `runs`."""
    client.post(f"{BUCKETS}?project={PROJECT}", {"name": "runs", "location": "us-central1"})
    return client


def test_a_bucket_is_made_read_listed_changed_and_deleted(runs: Client) -> None:
    found = runs.get(f"{BUCKETS}/runs")
    assert (found["kind"], found["location"]) == ("storage#bucket", "US-CENTRAL1")
    assert (found["locationType"], found["storageClass"]) == ("region", "STANDARD")
    assert found["metageneration"] == "1"
    listed = runs.get(f"{BUCKETS}?project={PROJECT}")
    assert [it["name"] for it in listed["items"]] == ["runs"]
    assert runs.get(f"{BUCKETS}?project=other") == {"kind": "storage#buckets"}
    changed = runs.call("PATCH", f"{BUCKETS}/runs", {"labels": {"a": "1"}}).body
    assert (changed["labels"], changed["metageneration"]) == ({"a": "1"}, "2")
    stale = runs.call("PATCH", f"{BUCKETS}/runs", {}, ifMetagenerationMatch=1)
    assert (stale.status, stale.reason) == (412, "conditionNotMet")
    put(runs.port, NAME, b"x")
    assert "not empty" in runs.call("DELETE", f"{BUCKETS}/runs").message
    raw(runs, "DELETE", NAME)
    assert runs.call("DELETE", f"{BUCKETS}/runs").status == 204
    assert runs.call("GET", f"{BUCKETS}/runs").reason == "notFound"


def test_bucket_names_are_everybodys(runs: Client) -> None:
    again = runs.call("POST", f"{BUCKETS}?project={PROJECT}", {"name": "runs"})
    assert (again.status, again.reason) == (409, "conflict")
    assert "you already own it" in again.message
    others = runs.call("POST", f"{BUCKETS}?project=other", {"name": "runs"})
    assert (others.status, "not available" in others.message) == (409, True)
    assert runs.call("POST", BUCKETS, {"name": "more"}).reason == "required"
    for name in ("Upper", "x", "", 5):
        assert runs.call("POST", f"{BUCKETS}?project=p", {"name": name}).status == 400


def test_an_object_is_written_read_and_deleted(runs: Client) -> None:
    made = put(runs.port, NAME, b"content").body
    assert (made["name"], made["size"], made["contentType"]) == (NAME, "7", "text/plain")
    assert made["id"] == f"runs/{NAME}/{made['generation']}"
    assert raw(runs, "GET", NAME).body == made
    status, content, headers = send(runs.port, "GET", f"{at(NAME)}?alt=media")
    assert (status, content) == (200, b"content")
    assert headers["X-Goog-Generation"] == made["generation"]
    assert made["crc32c"] in headers["X-Goog-Hash"]
    assert raw(runs, "DELETE", NAME).status == 204
    gone = raw(runs, "GET", NAME)
    assert (gone.status, gone.reason) == (404, "notFound")
    assert gone.message == f"No such object: runs/{NAME}"
    assert raw(runs, "DELETE", NAME).status == 404


def test_generations_only_grow(runs: Client) -> None:
    first = int(put(runs.port, "x", b"1").body["generation"])
    second = int(put(runs.port, "x", b"2").body["generation"])
    raw(runs, "DELETE", "x")
    third = int(put(runs.port, "x", b"1").body["generation"])
    assert first < second < third


def test_one_object_is_written_once_a_second_and_a_few_times_more(runs: Client) -> None:
    answers = [put(runs.port, "x", b"%d" % number) for number in range(10)]
    refused = [answer for answer in answers if answer.status != 200]
    assert {(answer.status, answer.reason) for answer in refused} == {(429, "rateLimitExceeded")}
    assert len(refused) >= 3
    assert put(runs.port, "y", b"another").status == 200
    runs.post("/_sandbox/clock:advance", {"seconds": 10})
    assert put(runs.port, "x", b"later").status == 200


def test_a_write_of_a_generation_is_refused_to_who_did_not_see_it(runs: Client) -> None:
    first = put(runs.port, "x", b"1", ifGenerationMatch=0)
    assert first.status == 200
    again = put(runs.port, "x", b"2", ifGenerationMatch=0)
    assert (again.status, again.reason) == (412, "conditionNotMet")
    seen = first.body["generation"]
    assert put(runs.port, "x", b"2", ifGenerationMatch=seen).status == 200
    assert put(runs.port, "x", b"3", ifGenerationMatch=seen).status == 412
    assert put(runs.port, "new", b"3", ifGenerationMatch=seen).status == 412
    assert put(runs.port, "x", b"3", ifGenerationMatch="nonsense").status == 400
    assert raw(runs, "GET", "x", alt="media", ifGenerationMatch=seen).status == 412
    assert raw(runs, "DELETE", "x", ifGenerationMatch=seen).status == 412
    now = raw(runs, "GET", "x").body["generation"]
    assert raw(runs, "GET", "x", ifGenerationNotMatch=now).status == 304
    assert raw(runs, "GET", "x", generation=seen).status == 404
    assert raw(runs, "DELETE", "x", ifGenerationMatch=now).status == 204


def test_of_many_writers_exactly_one_creates_in_every_round(runs: Client) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        for number in range(25):
            answers = list(
                pool.map(
                    lambda who, name=f"lock/{number}": put(
                        runs.port, name, str(who).encode(), ifGenerationMatch=0
                    ),
                    range(WRITERS),
                )
            )
            statuses = sorted(answer.status for answer in answers)
            assert statuses == [200] + [412] * (WRITERS - 1)
            (winner,) = (who for who, answer in enumerate(answers) if answer.status == 200)
            _, content, _ = send(runs.port, "GET", f"{at(f'lock/{number}')}?alt=media")
            assert content == str(winner).encode()


def test_no_update_is_lost_where_each_names_the_generation_it_read(runs: Client) -> None:
    put(runs.port, "sum", b"0")

    def add_one(_who: int) -> None:
        while True:
            _, content, headers = send(runs.port, "GET", f"{at('sum')}?alt=media")
            seen = headers["X-Goog-Generation"]
            more = str(int(content) + 1).encode()
            match put(runs.port, "sum", more, ifGenerationMatch=seen).status:
                case 200:
                    return
                case 429:
                    send(runs.port, "POST", "/_sandbox/clock:advance", b'{"seconds": 1}')

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(40)))
    assert send(runs.port, "GET", f"{at('sum')}?alt=media")[1] == b"40"


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
@pytest.mark.parametrize("content", [b"", b"{not json", bytes(range(256)), b"a\r\n\r\n--b\r\n"])
def test_metadata_comes_beside_the_content(runs: Client, newline: bytes, content: bytes) -> None:
    said = json.dumps({"name": NAME, "metadata": {"run": "7"}, "cacheControl": "no-store"})
    body = newline.join(
        [
            b"--edge",
            b"Content-Type: application/json",
            b"",
            said.encode(),
            b"--edge",
            b"Content-Type: application/x-thing",
            b"",
            content,
            b"--edge--",
        ]
    )
    status, answer, _ = send(
        runs.port,
        "POST",
        f"{UPLOAD}?uploadType=multipart",
        body,
        Content_Type='multipart/related; boundary="edge"',
    )
    assert status == 200, answer
    made = json.loads(answer)
    assert (made["metadata"], made["cacheControl"]) == ({"run": "7"}, "no-store")
    assert made["contentType"] == "application/x-thing"
    assert send(runs.port, "GET", f"{at(NAME)}?alt=media")[1] == content


def test_a_large_object_comes_in_pieces(runs: Client) -> None:
    target = f"{UPLOAD}?uploadType=resumable&ifGenerationMatch=0"
    said = json.dumps({"name": "big"}).encode()
    status, _, headers = send(runs.port, "POST", target, said, Content_Type="application/json")
    assert status == 200
    place = headers["Location"].partition(str(runs.port))[2]
    status, _, headers = send(runs.port, "PUT", place, b"abc", Content_Range="bytes 0-2/*")
    assert (status, headers["Range"]) == (308, "bytes=0-2")
    status, _, headers = send(runs.port, "PUT", place, Content_Range="bytes */6")
    assert (status, headers["Range"]) == (308, "bytes=0-2")
    assert send(runs.port, "PUT", place, b"f", Content_Range="bytes 5-5/6")[0] == 400
    status, answer, _ = send(runs.port, "PUT", place, b"def", Content_Range="bytes 3-5/6")
    assert (status, json.loads(answer)["size"]) == (200, "6")
    assert send(runs.port, "GET", f"{at('big')}?alt=media")[1] == b"abcdef"
    assert send(runs.port, "PUT", place, b"x")[0] == 404


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=0-1", 206, b"01"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=10-", 416, None),
        ("lines=1-2", 200, b"0123456789"),
    ],
)
def test_ranges_of_the_content_are_read(
    runs: Client, asked: str, status: int, content: bytes | None
) -> None:
    put(runs.port, "x", b"0123456789")
    got, body, _ = send(runs.port, "GET", f"/download{at('x')}?alt=media", Range=asked)
    assert got == status
    assert content is None or body == content


def test_a_broken_content_is_not_taken(runs: Client) -> None:
    said = b'--e\r\n\r\n{"name":"x","md5Hash":"AAAA"}\r\n--e\r\n\r\ncontent\r\n--e--'
    kind = "multipart/related; boundary=e"
    target = f"{UPLOAD}?uploadType=multipart"
    assert send(runs.port, "POST", target, said, Content_Type=kind)[0] == 400
    assert send(runs.port, "POST", target, b"--e--", Content_Type=kind)[0] == 400
    assert send(runs.port, "POST", f"{UPLOAD}?uploadType=other", b"")[0] == 400
    assert put(runs.port, "", b"x").status == 400
    missing = f"/upload{BUCKETS}/missing/o?uploadType=media&name=x"
    assert send(runs.port, "POST", missing, b"x")[0] == 404


def test_lists_go_by_prefix_folder_and_page(runs: Client) -> None:
    for name in ("b/1", "a", "b/2", "c/d/1", "b/3", "ü"):
        put(runs.port, name, b"")

    def names(**query: Any) -> list[str]:
        return [it["name"] for it in runs.get(OBJECTS, **query).get("items", [])]

    assert names() == ["a", "b/1", "b/2", "b/3", "c/d/1", "ü"]
    assert names(prefix="b/") == ["b/1", "b/2", "b/3"]
    assert names(prefix="none") == []
    assert names(startOffset="b/2", endOffset="c") == ["b/2", "b/3"]
    top = runs.get(OBJECTS, delimiter="/")
    assert [it["name"] for it in top["items"]] == ["a", "ü"]
    assert top["prefixes"] == ["b/", "c/"]
    seen, query = [], {"maxResults": 2, "prefix": "b/"}
    while True:
        listed = runs.get(OBJECTS, **query)
        seen += [it["name"] for it in listed["items"]]
        if "nextPageToken" not in listed:
            break
        query["pageToken"] = listed["nextPageToken"]
    assert seen == ["b/1", "b/2", "b/3"]


def test_metadata_changes_without_a_new_generation(runs: Client) -> None:
    made = put(runs.port, "x", b"1").body
    target = f"{at('x')}?ifMetagenerationMatch=1"
    change = json.dumps({"metadata": {"a": "1"}, "size": "99"}).encode()
    status, body, _ = send(runs.port, "PATCH", target, change, Content_Type="application/json")
    changed = json.loads(body)
    assert (status, changed["metadata"], changed["size"]) == (200, {"a": "1"}, "1")
    assert (changed["generation"], changed["metageneration"]) == (made["generation"], "2")
    assert send(runs.port, "PATCH", target, change, Content_Type="application/json")[0] == 412


def test_a_state_file_brings_the_content_back(tmp_path: Any) -> None:
    path = tmp_path / "state.json"
    with Sandbox(state=path, seed=1) as running:
        client = connect(running)
        client.post(f"{BUCKETS}?project={PROJECT}", {"name": "runs"})
        made = put(running.port, "x", bytes(range(256))).body
        client.close()
    with Sandbox(state=path, seed=1) as running:
        assert send(running.port, "GET", f"{at('x')}?alt=media")[1] == bytes(range(256))
        assert put(running.port, "x", b"", ifGenerationMatch=made["generation"]).status == 200


def test_checksums_are_those_of_the_standard() -> None:
    assert checksums.crc32c(b"123456789") == "4waSgw=="
    assert checksums.md5(b"") == "1B2M2Y8AsgTpgAmY7PhCfg=="


@given(st.binary(max_size=64), st.binary(max_size=64))
def test_different_contents_differ_in_a_checksum(one: bytes, other: bytes) -> None:
    assert (checksums.md5(one) == checksums.md5(other)) == (one == other)
