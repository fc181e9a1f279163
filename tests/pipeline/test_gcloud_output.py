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
from remediate.stores.new_files import write_new
from tests.kinds.examples import Example, examples
from tests.workbench import NAME, PROJECT, REGION, Workbench, told

TARGET = Target(NAME, PROJECT, REGION)
SERVICES = examples("RunService")
NOT_KNOWN_THERE = {"it waits less"}  # half a second, which Knative has no number for
CHANGES = [(each, said) for each in SERVICES for said in each.changes.keys() - NOT_KNOWN_THERE]


def texts(found: Inventory) -> dict[str, str]:
    return files_text(imported(found, TARGET), TARGET)


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


def knative(workbench: Workbench) -> list[Any]:
    """The services as `gcloud run services list` gets them."""
    listed: Any = workbench.send("GET", f"v1/projects/{PROJECT}/locations/-/services")
    return [*listed["items"]]


def comes_back(workbench: Workbench, *wanted: dict[str, Any]) -> None:
    """What gcloud prints of a service gives YAML from which a plan is empty."""
    workbench.write(*wanted)
    workbench.apply()
    around = inventory(workbench.google, ["VpcConnector"], [REGION]).live.values()
    data = json.dumps([*knative(workbench), *around]).encode()
    found = gcloud_output({"run.json": data}, PROJECT)
    result = imported(found, TARGET)
    assert result.left_out == []
    folder = workbench.root / "desired" / NAME
    for file in folder.iterdir():
        file.unlink()
    write_new(folder, files_text(result, TARGET), overwrite=False)
    workbench.forget()
    assert told(workbench.plan()) == []


@pytest.mark.parametrize("example", SERVICES, ids=str)
def test_a_service_as_gcloud_prints_it_plans_empty(workbench: Workbench, example: Example) -> None:
    comes_back(workbench, *example.requires, example.first)


@pytest.mark.parametrize(("example", "said"), sorted(CHANGES, key=str), ids=str)
def test_so_does_every_change_of_it(workbench: Workbench, example: Example, said: str) -> None:
    comes_back(workbench, *example.requires, example.changed(example.changes[said]))


def test_staging_is_the_same_whichever_shape_its_services_have(workbench: Workbench) -> None:
    workbench.reset("staging")
    found = inventory(workbench.google, NAMES, [REGION])
    files = printed(found, "json")
    bodies = [one for one in json.loads(files["all.json"]) if "/services/" not in str(one["name"])]
    shown = json.dumps([*bodies, *knative(workbench)]).encode()
    assert texts(gcloud_output({"all.json": shown}, PROJECT)) == texts(found)


EXPORTED = """
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: web
  namespace: '1234567890'
  labels: {team: edge, cloud.googleapis.com/location: us-central1}
  annotations:
    example.com/owner: edge
    run.googleapis.com/gc-traffic-tags: gone
    run.googleapis.com/operation-id: 0b5e
    serving.knative.dev/creator: me@example.com
spec:
  template:
    metadata:
      labels: {client.knative.dev/nonce: xyz, run.googleapis.com/startupProbeType: Default}
      annotations:
        run.googleapis.com/cpu-throttling: 'false'
        run.googleapis.com/secrets: other:projects/others/secrets/theirs
        run.googleapis.com/vpc-access-connector: inner
        run.googleapis.com/vpc-access-egress: all
    spec:
      containerConcurrency: 10
      timeoutSeconds: 60
      containers:
      - image: hello
        envFrom: [{configMapRef: {name: old}}]
        env: [{name: KEY, valueFrom: {secretKeyRef: {name: other, key: '3'}}}]
        ports: [{name: h2c, containerPort: 9000, protocol: TCP}]
        resources: {limits: {cpu: '2', memory: 1Gi}}
        volumeMounts: [{name: keys, mountPath: /keys}]
      volumes:
      - {name: keys, secret: {secretName: mine, items: [{key: latest, path: now}]}}
  traffic:
  - {revisionName: web-00001-abc, percent: 90}
  - {latestRevision: true, percent: 10, tag: next}
"""


def test_what_the_shapes_share_is_translated_and_what_they_do_not_is_told() -> None:
    found = gcloud_output({"web.yaml": EXPORTED.encode()}, PROJECT)
    result = imported(found, TARGET)
    (draft,) = result.files["services.yaml"]
    connector = f"locations/{REGION}/connectors/inner"
    key = {"secretKeyRef": {"secret": "projects/others/secrets/theirs", "version": "3"}}
    assert draft.document["spec"] == {
        "annotations": {"example.com/owner": "edge"},
        "template": {
            "containers": [
                {
                    "image": "hello",
                    "env": [{"name": "KEY", "valueSource": key}],
                    "ports": [{"name": "h2c", "containerPort": 9000}],
                    "resources": {"limits": {"cpu": "2", "memory": "1Gi"}},
                    "volumeMounts": [{"name": "keys", "mountPath": "/keys"}],
                }
            ],
            "maxInstanceRequestConcurrency": 10,
            "timeout": "60s",
            "volumes": [
                {
                    "name": "keys",
                    "secret": {"secret": "mine", "items": [{"path": "now", "version": "latest"}]},
                }
            ],
            "vpcAccess": {"connector": connector, "egress": "ALL_TRAFFIC"},
        },
        "traffic": [
            {
                "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION",
                "revision": "web-00001-abc",
                "percent": 90,
            },
            {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 10, "tag": "next"},
        ],
    }
    assert [remark.partition(" is left out")[0] for remark in draft.remarks] == [
        "the annotation run.googleapis.com/gc-traffic-tags",
        "/template/containers/0/envFrom",
    ]


def test_a_service_that_does_not_say_where_it_is_is_told() -> None:
    text = EXPORTED.replace(", cloud.googleapis.com/location: us-central1", "")
    with pytest.raises(InvalidInput, match="body 1: it has no name, or"):
        gcloud_output({"web.yaml": text.encode()}, PROJECT)


def test_what_an_annotation_says_that_cannot_be_read_is_told() -> None:
    text = EXPORTED.replace("gc-traffic-tags: gone", "minScale: many")
    with pytest.raises(InvalidInput, match="body 1: invalid literal"):
        gcloud_output({"web.yaml": text.encode()}, PROJECT)
