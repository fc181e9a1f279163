"""Mutations over a real socket, the sandbox at the other end."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.gcp.errors import AlreadyExists, PreconditionFailed
from remediate.gcp.google import Google, connect_sandbox
from remediate.model.chance import Chance
from remediate.model.errors import ApiRefused
from remediate.model.json import Body
from tests.gcp.conftest import PROJECT
from tests.gcp.test_compute import COLLECTIONS

CHECK: Body = {"name": "h", "type": "HTTP", "httpHealthCheck": {"port": 80}}
BROKEN = ("lost", "half", "reset", "503", "429", "403", "html")


@pytest.fixture
def staging() -> Iterator[Google]:
    with Sandbox("staging", seed=1) as sandbox:
        yield connect_sandbox(sandbox.url, PROJECT, chance=Chance(7))


def inject(google: Google, kind: str, match: str) -> None:
    assert google.sandbox
    google.sandbox.inject(kind, match)


def live(google: Google, collection: str, name: str) -> Body:
    body = google.compute.get("global", collection, name)
    assert body
    return body


def test_every_collection_can_be_listed(staging: Google) -> None:
    lists = staging.read_all(
        [partial(staging.compute.list, "global", at) for at in sorted(COLLECTIONS)]
    )
    names = [str(body["name"]) for bodies in lists for body in bodies]
    assert "staging-lb" in names
    assert "staging-url-map" in names


@pytest.mark.parametrize("kind", BROKEN)
def test_a_resource_is_made_once_whatever_happens_to_the_answer(google: Google, kind: str) -> None:
    inject(google, kind, "POST */healthChecks")
    operation = google.compute.insert("global", "healthChecks", CHECK, google.request_id())
    assert google.wait(operation)["status"] == "DONE"
    inject(google, kind, "POST */operations/*/wait")
    google.wait(
        google.compute.insert("global", "healthChecks", {**CHECK, "name": "i"}, google.request_id())
    )
    names = [body["name"] for body in google.compute.list("global", "healthChecks")]
    assert sorted(map(str, names)) == ["h", "i"]


@pytest.mark.parametrize("kind", BROKEN)
def test_a_resource_is_changed_and_deleted_whatever_happens_to_the_answer(
    google: Google, kind: str
) -> None:
    google.wait(google.compute.insert("global", "healthChecks", CHECK, google.request_id()))
    for method, body in (("patch", {"timeoutSec": 3}), ("delete", None)):
        inject(google, kind, "* */healthChecks/h")
        change: Body | None = dict(body) if body else None
        google.wait(
            google.compute.call(method, "global", "healthChecks", "h", change, google.request_id())
        )
        if body:
            assert live(google, "healthChecks", "h")["timeoutSec"] == 3
    assert google.compute.get("global", "healthChecks", "h") is None


def test_another_id_is_another_insert(google: Google) -> None:
    google.compute.insert("global", "healthChecks", CHECK, google.request_id())
    with pytest.raises(AlreadyExists):
        google.wait(google.compute.insert("global", "healthChecks", CHECK, google.request_id()))


def test_a_stale_fingerprint_is_a_failed_precondition_and_sent_once(staging: Google) -> None:
    assert staging.sandbox
    body: Body = {"description": "x", "fingerprint": "AAAAAAAAAAA="}
    before = len(staging.sandbox.calls())
    with pytest.raises(PreconditionFailed):
        staging.wait(
            staging.compute.call(
                "patch", "global", "urlMaps", "staging-url-map", body, staging.request_id()
            )
        )
    assert len(staging.sandbox.calls()) == before + 1


@pytest.mark.parametrize("kind", BROKEN)
def test_labels_are_set_whatever_happens_to_the_answer(staging: Google, kind: str) -> None:
    inject(staging, kind, "POST */setLabels")
    print_of = live(staging, "addresses", "staging-lb")["labelFingerprint"]
    body: Body = {"labels": {"owner": "ada"}, "labelFingerprint": print_of}
    staging.wait(
        staging.compute.call(
            "setLabels", "global", "addresses", "staging-lb", body, staging.request_id()
        )
    )
    assert live(staging, "addresses", "staging-lb")["labels"] == {"owner": "ada"}


def test_an_operation_that_takes_its_time_is_waited_for(google: Google) -> None:
    inject(google, "slow-operation", "POST */healthChecks")
    operation = google.compute.insert("global", "healthChecks", CHECK, google.request_id())
    assert not operation.done
    assert google.wait(operation)["status"] == "DONE"


def test_an_operation_that_fails_is_an_error(google: Google) -> None:
    inject(google, "failed-operation", "POST */healthChecks")
    operation = google.compute.insert("global", "healthChecks", CHECK, google.request_id())
    with pytest.raises(ApiRefused, match="insert of global/healthChecks/h was refused"):
        google.wait(operation)
