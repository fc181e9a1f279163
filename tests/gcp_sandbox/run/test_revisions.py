from __future__ import annotations

import re

import pytest

from tests.gcp_sandbox.client import Client
from tests.gcp_sandbox.run.services import (
    IMAGE,
    LATEST,
    NAME,
    REVISION,
    SERVICES,
    WEB,
    body,
    create,
    done,
    env,
    latest_ready,
    live,
    patch,
    revisions,
    slowly,
)


def by_revision(revision: str, percent: int = 100) -> dict[str, object]:
    return {"type": REVISION, "revision": revision, "percent": percent}


def test_every_other_template_makes_a_revision_and_nothing_else_does(client: Client) -> None:
    create(client)
    (first,) = revisions(client)
    assert re.fullmatch(r"web-00001-[a-z0-9]{3}", first)
    done(patch(client, {"labels": {"a": "b"}, "ingress": "INGRESS_TRAFFIC_NONE"}, "labels,ingress"))
    done(patch(client, body()))
    assert revisions(client) == [first]
    done(patch(client, body(env("A"))))
    second, still_first = revisions(client)
    assert still_first == first
    assert re.fullmatch(r"web-00002-[a-z0-9]{3}", second)
    assert latest_ready(client) == second


def test_a_new_revision_can_be_forced(client: Client) -> None:
    create(client)
    done(patch(client, body(), forceNewRevision="true"))
    assert len(revisions(client)) == 2


def test_a_revision_holds_its_template_and_the_images_digest(client: Client) -> None:
    create(client, body(env("A"), image=f"{IMAGE}:v1"))
    name = live(client)["latestReadyRevision"]
    revision = client.get(f"/v2/{name}")
    assert (revision["name"], revision["service"]) == (name, "web")
    assert revision["containers"] == live(client)["template"]["containers"]
    digest = revision["containerStatuses"][0]["imageDigest"]
    assert re.fullmatch(re.escape(IMAGE) + r"@sha256:[0-9a-f]{64}", digest)
    assert revision["conditions"][0]["state"] == "CONDITION_SUCCEEDED"
    assert client.call("GET", f"{WEB}/revisions/other").status == 404


def test_a_named_revision_is_made_once(client: Client) -> None:
    create(client, body(revision="web-one"))
    assert revisions(client) == ["web-one"]
    done(patch(client, body(revision="web-one") | {"description": "same template"}))
    again = patch(client, body(env("A"), revision="web-one"))
    assert (again.status, again.body["error"]["status"]) == (409, "ALREADY_EXISTS")
    assert "with different configuration already exists" in again.message
    done(patch(client, body(env("A"), revision="web-two")))
    assert revisions(client) == ["web-two", "web-one"]


def test_traffic_goes_where_it_is_sent(client: Client) -> None:
    create(client)
    first = latest_ready(client)
    done(patch(client, body(env("A"))))
    split = [by_revision(first, 90), {"type": LATEST, "percent": 10, "tag": "next"}]
    done(patch(client, {"traffic": split}, "traffic"))
    service = live(client)
    assert service["traffic"] == split
    assert service["trafficStatuses"][0] == split[0]
    assert service["trafficStatuses"][1]["uri"].startswith("https://next---web-")
    assert len(revisions(client)) == 2


def test_a_rollback_by_traffic_holds_while_the_template_changes(client: Client) -> None:
    create(client)
    first = latest_ready(client)
    done(patch(client, body(env("A"))))
    done(patch(client, {"traffic": [by_revision(f"{NAME}/revisions/{first}")]}, "traffic"))
    done(patch(client, body(env("B")), "template"))
    assert live(client)["traffic"] == [by_revision(first)]
    assert latest_ready(client) != first


@pytest.mark.parametrize(
    ("traffic", "said"),
    [
        ([{"type": LATEST, "percent": 101}], "must sum to 100"),
        ([{"type": LATEST, "percent": 50}, {"type": LATEST, "percent": 40}], "must sum to 100"),
        ([{"type": REVISION, "percent": 100}], "by revision"),
        ([{"type": LATEST, "revision": "web-1", "percent": 100}], "by revision"),
        (
            [{"percent": 50, "tag": "t"}, {"percent": 50, "tag": "t"}],
            "a tag must not be given twice",
        ),
    ],
)
def test_targets_that_make_no_sense_are_refused(
    client: Client, traffic: list[dict[str, object]], said: str
) -> None:
    create(client)
    assert said in patch(client, {"traffic": traffic}, "traffic").message


def test_traffic_to_a_revision_that_is_not_there_ends_in_an_error(client: Client) -> None:
    create(client)
    operation = patch(client, {"traffic": [by_revision("web-none")]}, "traffic").body
    assert operation["error"]["code"] == 13
    assert "does not exist or is deleted" in operation["error"]["message"]
    service = live(client)
    assert service["terminalCondition"]["state"] == "CONDITION_FAILED"
    assert service["trafficStatuses"] == [{"type": LATEST, "percent": 100}]


@pytest.mark.parametrize(
    ("wanted", "code", "said"),
    [
        (body(env("SANDBOX_FAILS_TO_START")), 9, "failed to start and listen on the port"),
        (body(image=f"{IMAGE}:sandbox-missing"), 5, "not found"),
    ],
)
def test_a_revision_that_does_not_become_ready_leaves_the_last_one_serving(
    client: Client, wanted: dict[str, object], code: int, said: str
) -> None:
    create(client)
    good = latest_ready(client)
    operation = patch(client, wanted).body
    assert operation["done"]
    assert operation["error"]["code"] == code
    assert said in operation["error"]["message"]
    service = live(client)
    bad, still_good = revisions(client)
    assert (latest_ready(client), still_good) == (good, good)
    assert service["latestCreatedRevision"].endswith(bad)
    assert "reconciling" not in service
    assert (service["generation"], service["observedGeneration"]) == ("2", "1")
    assert service["terminalCondition"]["state"] == "CONDITION_FAILED"
    states = {it["type"]: it["state"] for it in service["conditions"]}
    assert states == {
        "ConfigurationsReady": "CONDITION_FAILED",
        "RoutesReady": "CONDITION_SUCCEEDED",
    }
    done(patch(client, body(env("FIXED"))))
    assert live(client)["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"


def test_a_service_that_never_was_ready_has_no_traffic(client: Client) -> None:
    wanted = body(env("SANDBOX_FAILS_TO_START"))
    operation = client.call("POST", SERVICES, wanted, serviceId="web").body
    assert operation["error"]["code"] == 9
    service = live(client)
    assert "latestReadyRevision" not in service
    assert "trafficStatuses" not in service
    assert all(it["state"] == "CONDITION_FAILED" for it in service["conditions"])


def test_traffic_moves_while_the_latest_revision_stays_broken(client: Client) -> None:
    create(client)
    good = latest_ready(client)
    patch(client, body(env("SANDBOX_FAILS_TO_START")))
    operation = patch(client, {"traffic": [by_revision(good)]}, "traffic").body
    assert "failed to start" in operation["error"]["message"]
    service = live(client)
    assert service["trafficStatuses"] == service["traffic"] == [by_revision(good)]
    assert latest_ready(client) == good
    assert service["terminalCondition"]["state"] == "CONDITION_FAILED"
    assert service["terminalCondition"]["revisionReason"] == "HEALTH_CHECK_CONTAINER_ERROR"


def test_the_fault_fails_any_revision(client: Client) -> None:
    create(client)
    client.post("/_sandbox/faults/failed-operation", {"match": "PATCH *services*"})
    assert patch(client, body(env("A"))).body["error"]["code"] == 9
    client.post("/_sandbox/faults/failed-operation", {"match": "DELETE *services*"})
    assert client.call("DELETE", WEB).body["error"]["code"] == 13
    assert "deleteTime" not in live(client)


def test_a_change_overtakes_the_one_before(client: Client) -> None:
    create(client)
    slowly(client, 100)
    first = patch(client, body(env("A"))).body
    slowly(client, 200)
    second = patch(client, body(env("B"))).body
    client.advance(100)
    assert client.get(f"/v2/{first['name']}")["done"]
    assert live(client)["reconciling"]
    client.advance(100)
    assert client.get(f"/v2/{second['name']}")["done"]
    assert "reconciling" not in live(client)
    assert live(client)["template"]["containers"][0]["env"] == [env("B")]


def test_only_revisions_that_nobody_uses_are_deleted(client: Client) -> None:
    create(client)
    done(patch(client, body(env("A"))))
    latest, first = revisions(client)
    assert client.call("DELETE", f"{WEB}/revisions/{latest}").status == 400
    said = client.call("DELETE", f"{WEB}/revisions/{first}", validateOnly="true").body
    assert said["done"]
    operation = client.call("DELETE", f"{WEB}/revisions/{first}").body
    assert operation["response"]["@type"].endswith("v2.Revision")
    assert revisions(client) == [latest]
    assert client.call("DELETE", f"{WEB}/revisions/{first}").status == 404
