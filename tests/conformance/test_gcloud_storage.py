from __future__ import annotations

from gcp_sandbox.sandbox import Sandbox
from tests.conformance.conftest import Gcloud


def test_an_object_is_copied_shown_and_removed(sandbox: Sandbox, gcloud: Gcloud) -> None:
    assert sandbox.url
    (gcloud.folder / "f.txt").write_text("hello", encoding="ascii")
    gcloud("storage buckets create gs://runs")
    gcloud("storage cp f.txt gs://runs/x/f.txt --if-generation-match=0")
    assert gcloud("storage ls gs://runs/**").split() == ["gs://runs/x/f.txt"]
    assert gcloud("storage cat gs://runs/x/f.txt") == "hello"
    refused = gcloud.refused("storage cp f.txt gs://runs/x/f.txt --if-generation-match=0")
    assert "pre-conditions" in refused
    gcloud("storage rm gs://runs/x/f.txt")
