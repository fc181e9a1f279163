"""What gcloud printed is as good as what the lists say."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from remediate.kinds.registry import NAMES
from remediate.model.errors import InvalidInput
from remediate.model.ref import Ref
from remediate.pipeline.gcloud_output import gcloud_output
from remediate.pipeline.importing import Target, imported
from remediate.pipeline.inventory import Inventory, inventory
from remediate.report.imported import files_text
from tests.workbench import NAME, PROJECT, REGION, Workbench

TARGET = Target(NAME, PROJECT, REGION)


def texts(found: Inventory) -> dict[str, str]:
    return files_text(imported(found.live, found.record_sets, TARGET), TARGET)


def printed(found: Inventory, shape: str) -> dict[str, bytes]:
    """As `gcloud … list` prints them: JSON is one list, YAML a document each."""
    bodies: list[Any] = [
        {**body, "kind": "dns#managedZone"} if ref.kind == "DnsZone" else body
        for ref, body in found.live.items()
    ]
    bodies += [
        {**body, "kind": "dns#resourceRecordSet"}
        for record_sets in found.record_sets.values()
        for body in record_sets
    ]
    if shape == "json":
        return {"all.json": json.dumps(bodies, indent=2).encode()}
    return {f"{at}.yaml": yaml.safe_dump(body).encode() for at, body in enumerate(bodies)}


@pytest.mark.parametrize("shape", ["json", "yaml"])
def test_staging_as_gcloud_prints_it_gives_the_same_files(workbench: Workbench, shape: str) -> None:
    workbench.reset("staging")
    found = inventory(workbench.google, NAMES, [REGION])
    assert texts(gcloud_output(printed(found, shape), PROJECT)) == texts(found)


def test_a_described_body_alone_is_taken_too() -> None:
    link = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/global/sslPolicies/tls"
    data = f"name: tls\nprofile: MODERN\nselfLink: {link}\nfingerprint: 'x'\n".encode()
    assert [*gcloud_output({"a.yaml": data}, PROJECT).live] == [Ref("SslPolicy", "tls")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[1, 2]", "a:1:1: body 1 is no body"),
        (b"{", "a:1:1: cannot be read: "),
        (b"\xff", "a:1:1: cannot be read: "),
        (b"NAME  TYPE\nx  A\n", "a:1:1: body 1 is no body"),
        (b"{name: x}", "a:1:1: body 1: x is nothing of netra-staging"),
        (b"selfLink: projects/other-one/global/urlMaps/x", "is nothing of netra-staging"),
        (b"selfLink: projects/netra-staging/global/networks/x", "is nothing of netra-staging"),
        (
            b"{kind: dns#resourceRecordSet, name: x.com., type: A, ttl: 5}",
            "a:1:1: body 1: no zone here is that of x.com.",
        ),
        (b"{kind: dns#resourceRecordSet, name: x.com., type: A}", "body 1: no type, or no ttl"),
    ],
)
def test_what_is_not_ours_is_told(data: bytes, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        gcloud_output({"a": data}, PROJECT)
