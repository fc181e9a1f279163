from __future__ import annotations

import copy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gcp_sandbox.client import PROJECT, Client
from tests.gcp_sandbox.run.services import LOCATION, SERVICES, WEB, create, live, patch
from tests.gcp_sandbox.run.test_knative import KNATIVE, rich

CONNECTORS = f"/v1/{LOCATION}/connectors"
CONNECTOR = {
    "network": "n",
    "ipCidrRange": "10.1.0.0/28",
    "minInstances": 2,
    "maxInstances": 5,
    "subnet": {"name": "s"},
}
anything: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
law = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside a body."""
    found = [path] if path else []
    members: Any = value.items() if isinstance(value, dict) else ()
    for name, member in enumerate(value) if isinstance(value, list) else members:
        found += places(member, (*path, name))
    return found


def has(value: Any, name: Any) -> bool:
    if isinstance(value, list):
        return isinstance(name, int) and name < len(value)
    return isinstance(value, dict) and name in value


def spoiled(data: st.DataObject, body: Any) -> Any:
    """A body with anything at one or two of its places."""
    body = copy.deepcopy(body)
    for path in data.draw(st.lists(st.sampled_from(places(body)), min_size=1, max_size=2)):
        inner: Any = body
        for name in path[:-1]:
            inner = inner[name] if has(inner, name) else None
        if has(inner, path[-1]):
            inner[path[-1]] = data.draw(anything)
    return body


def readable(client: Client) -> None:
    """Every answer can be given, in both shapes."""
    for path in (SERVICES, f"{SERVICES}/-/revisions", KNATIVE, CONNECTORS):
        client.get(path)
    client.get(f"/apis/serving.knative.dev/v1/namespaces/{PROJECT}/revisions")
    client.get("/_sandbox/state", comparable=1)


@law
@given(data=st.data())
def test_no_service_whatever_makes_the_server_fail(client: Client, data: st.DataObject) -> None:
    client.post("/_sandbox/reset")
    body = spoiled(data, rich())
    assert client.call("POST", SERVICES, body, serviceId="web").status in {200, 400}
    readable(client)
    assert patch(client, body, allowMissing="true").status in {200, 400}
    mask = data.draw(st.sampled_from(["template", "template.containers", "labels,scaling.x", "*"]))
    assert patch(client, body, mask).status in {200, 400, 404}
    readable(client)


@law
@given(data=st.data())
def test_no_knative_service_whatever_makes_the_server_fail(
    client: Client, data: st.DataObject
) -> None:
    client.post("/_sandbox/reset")
    create(client, rich())
    body = spoiled(data, client.get(f"{KNATIVE}/web"))
    assert client.call("PUT", f"{KNATIVE}/web", body).status in {200, 400, 409}
    readable(client)


@law
@given(data=st.data())
def test_no_connector_whatever_makes_the_server_fail(client: Client, data: st.DataObject) -> None:
    client.post("/_sandbox/reset")
    body = spoiled(data, CONNECTOR)
    assert client.call("POST", CONNECTORS, body, connectorId="conn").status in {200, 400}
    path = f"{CONNECTORS}/conn"
    assert client.call("PATCH", path, body).status in {200, 400, 404}
    readable(client)


@law
@given(data=st.data())
def test_what_was_read_in_either_shape_is_a_fixed_point(
    client: Client, data: st.DataObject
) -> None:
    """Sending back what was answered changes nothing that a client may write."""
    client.post("/_sandbox/reset")
    body = spoiled(data, rich())
    if client.call("POST", SERVICES, body, serviceId="web").status != 200:
        return
    before = live(client)
    if "latestReadyRevision" not in before:
        return
    assert patch(client, {k: v for k, v in before.items() if k != "etag"}).status == 200
    after = live(client)
    for name in ("template", "traffic", "ingress", "labels", "scaling", "latestReadyRevision"):
        assert before.get(name) == after.get(name)
    assert WEB.endswith(before["name"])
