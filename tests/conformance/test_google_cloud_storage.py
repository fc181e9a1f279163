"""Google's client of Cloud Storage, pointed here by `STORAGE_EMULATOR_HOST`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import google.api_core.exceptions
import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from gcp_sandbox.sandbox import Sandbox
from tests.conformance.conftest import PROJECT
from tests.conformance.discovery import faults

WRITERS = 16


@pytest.fixture
def client(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", sandbox.url)
    return storage.Client(project=PROJECT, credentials=AnonymousCredentials())


def test_objects_are_written_read_listed_and_deleted(client: Any) -> None:
    bucket = client.create_bucket("runs")
    assert [it.name for it in client.list_buckets()] == ["runs"]
    blob = bucket.blob("staging/a b.json")
    blob.metadata = {"run": "7"}
    blob.upload_from_string(b'{"a": 1}', content_type="application/json")
    again = bucket.get_blob("staging/a b.json")
    assert again.download_as_bytes() == b'{"a": 1}'
    assert again.download_as_bytes(start=1, end=3) == b'"a"'
    assert (again.metadata, again.size, again.content_type) == ({"run": "7"}, 8, "application/json")
    assert [it.name for it in client.list_blobs("runs", prefix="staging/")] == [blob.name]
    again.delete()
    assert bucket.get_blob(blob.name) is None
    bucket.delete()
    with pytest.raises(google.api_core.exceptions.NotFound):
        client.get_bucket("runs")


def test_a_large_object_comes_in_pieces(client: Any) -> None:
    content = bytes(range(256)) * 2048
    blob = client.create_bucket("runs").blob("large", chunk_size=256 * 1024)
    blob.upload_from_string(content)
    assert client.bucket("runs").blob("large").download_as_bytes() == content


def test_of_many_writers_exactly_one_creates_in_every_round(client: Any) -> None:
    bucket = client.create_bucket("runs")

    def create(name: str) -> bool:
        try:
            bucket.blob(name).upload_from_string(b"mine", if_generation_match=0)
        except google.api_core.exceptions.PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        for number in range(10):
            won = list(pool.map(create, [f"lock/{number}"] * WRITERS))
            assert sum(won) == 1


def test_answers_fit_googles_schemas(sandbox: Sandbox) -> None:
    at = f"{sandbox.url}/storage/v1/b"
    requests.post(f"{at}?project={PROJECT}", json={"name": "runs"}, timeout=10).raise_for_status()
    upload = f"{sandbox.url}/upload/storage/v1/b/runs/o?uploadType=media&name=x"
    made = requests.post(upload, data=b"content", timeout=10).json()
    assert faults("storage.v1", "Object", made) == []
    for path, schema in (
        (f"{at}?project={PROJECT}", "Buckets"),
        (f"{at}/runs", "Bucket"),
        (f"{at}/runs/o", "Objects"),
        (f"{at}/runs/o/x", "Object"),
    ):
        assert faults("storage.v1", schema, requests.get(path, timeout=10).json()) == []
