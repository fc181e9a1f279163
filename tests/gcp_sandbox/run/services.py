"""Bodies and paths for the tests of Cloud Run."""

from __future__ import annotations

from typing import Any

from tests.gcp_sandbox.client import PROJECT, Answer, Client

LOCATION = f"projects/{PROJECT}/locations/us-central1"
SERVICES = f"/v2/{LOCATION}/services"
NAME = f"{LOCATION}/services/web"
WEB = f"/v2/{NAME}"
IMAGE = "us-docker.pkg.dev/cloudrun/container/hello"
LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"


def body(*env: dict[str, Any], image: str = IMAGE, **template: Any) -> dict[str, Any]:
    """A service of one container; `template` overrides the rest of its template."""
    container: dict[str, Any] = {"image": image} | ({"env": list(env)} if env else {})
    return {"template": {"containers": [container]} | template}


def env(name: str, value: str = "1") -> dict[str, Any]:
    return {"name": name, "value": value}


def create(client: Client, wanted: Any = None, identity: str = "web", **query: Any) -> Any:
    return client.post(SERVICES, wanted or body(), serviceId=identity, **query)


def patch(client: Client, wanted: Any, mask: str | None = None, **query: Any) -> Answer:
    query |= {"updateMask": mask} if mask else {}
    return client.call("PATCH", WEB, wanted, **query)


def done(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    assert answer.body["done"]
    assert "error" not in answer.body, answer.body["error"]
    return answer.body["response"]


def live(client: Client) -> Any:
    return client.get(WEB)


def revisions(client: Client) -> list[str]:
    """Their ids, newest first."""
    return [it["name"].rpartition("/")[2] for it in client.get(f"{WEB}/revisions")["revisions"]]


def latest_ready(client: Client) -> str:
    return str(live(client)["latestReadyRevision"].rpartition("/")[2])


def slowly(client: Client, seconds: float = 100) -> None:
    client.post("/_sandbox/faults/slow-operation", {"match": "*services*", "seconds": seconds})
