from __future__ import annotations

from pathlib import Path

import pytest

from gcp_sandbox.gcloud import exports
from gcp_sandbox.sandbox import Sandbox
from tests.conformance.conftest import Gcloud


def test_every_override_ends_with_the_slash_that_gcloud_insists_on(tmp_path: Path) -> None:
    said = exports("http://127.0.0.1:8080", "p", tmp_path / "config")
    overrides = {name: it for name, it in said.items() if "_OVERRIDES_" in name}
    assert {"DNS", "COMPUTE", "SQL", "RUN", "VPCACCESS", "CERTIFICATEMANAGER"} <= {
        name.removeprefix("CLOUDSDK_API_ENDPOINT_OVERRIDES_") for name in overrides
    }
    assert all(it.startswith("http://") and it.endswith(".com/") for it in overrides.values())
    assert all(name.startswith("CLOUDSDK_") for name in said)


def test_gcloud_never_asks_the_real_dns_for_a_metadata_server(tmp_path: Path) -> None:
    said = exports("http://127.0.0.1:8080", "p", tmp_path / "config")
    note = Path(said["CLOUDSDK_CONFIG"]) / "gce"
    assert note.read_text() == "False"
    assert note.stat().st_mtime > 4e9


def test_a_url_without_a_port_is_no_sandbox(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not the URL of a sandbox"):
        exports("https://dns.googleapis.com", "p", tmp_path)


def test_what_the_sandbox_lacks_is_refused_by_it_and_asked_nowhere_else(
    sandbox: Sandbox, gcloud: Gcloud
) -> None:
    assert "was not found" in gcloud.refused("projects describe netra-staging")
    assert [call["status"] for call in sandbox.service.calls] == [404]
