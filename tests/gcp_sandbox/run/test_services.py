from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from gcp_sandbox.sandbox import Sandbox
from tests.gcp_sandbox.client import PROJECT, Client, connect
from tests.gcp_sandbox.run.services import (
    IMAGE,
    LATEST,
    LOCATION,
    NAME,
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


def test_a_service_gets_googles_defaults(client: Client) -> None:
    operation = create(client)
    assert operation["done"]
    service = live(client)
    assert service == {k: v for k, v in operation["response"].items() if k != "@type"}
    assert (service["generation"], service["observedGeneration"]) == ("1", "1")
    assert service["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"
    assert {it["type"] for it in service["conditions"]} == {"RoutesReady", "ConfigurationsReady"}
    assert "reconciling" not in service
    assert service["traffic"] == service["trafficStatuses"] == [{"type": LATEST, "percent": 100}]
    template = service["template"]
    assert (template["timeout"], template["maxInstanceRequestConcurrency"]) == ("300s", 80)
    assert template["serviceAccount"].endswith("-compute@developer.gserviceaccount.com")
    assert template["containers"] == [
        {
            "image": IMAGE,
            "resources": {"limits": {"cpu": "1000m", "memory": "512Mi"}, "cpuIdle": True},
            "ports": [{"name": "http1", "containerPort": 8080}],
            "startupProbe": {
                "timeoutSeconds": 240,
                "periodSeconds": 240,
                "failureThreshold": 1,
                "tcpSocket": {"port": 8080},
            },
        }
    ]
    assert service["uri"].startswith("https://web-")
    assert service["uri"].endswith("-uc.a.run.app")


def test_what_is_written_wins_over_defaults(client: Client) -> None:
    wanted = body(timeout="3600.0s", scaling={"maxInstanceCount": "3"})
    wanted["template"]["vpcAccess"] = {"connector": "c"}
    wanted["template"]["containers"][0] |= {
        "ports": [{"containerPort": 9000}],
        "resources": {"limits": {"memory": "1Gi"}},
        "livenessProbe": {"httpGet": {}},
    }
    create(client, wanted)
    template = live(client)["template"]
    assert template["timeout"] == "3600s"
    assert template["scaling"] == {"maxInstanceCount": 3}
    access = {"connector": f"{LOCATION}/connectors/c", "egress": "PRIVATE_RANGES_ONLY"}
    assert template["vpcAccess"] == access
    container = template["containers"][0]
    assert container["resources"] == {"limits": {"cpu": "1000m", "memory": "1Gi"}}
    assert container["startupProbe"]["tcpSocket"] == {"port": 9000}
    assert container["livenessProbe"] == {
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "failureThreshold": 3,
        "httpGet": {"path": "/", "port": 9000},
    }


def test_a_service_reconciles_on_the_sandboxes_clock(client: Client) -> None:
    slowly(client)
    operation = create(client)
    assert "done" not in operation
    assert operation["metadata"]["reconciling"]
    assert operation["metadata"]["terminalCondition"]["state"] == "CONDITION_PENDING"
    service = live(client)
    assert service["reconciling"]
    assert "uri" not in service
    assert "latestReadyRevision" not in service
    assert client.get(f"{WEB}/revisions")["revisions"][0]["reconciling"]
    client.advance(100)
    assert "reconciling" not in live(client)
    assert client.get(f"/v2/{operation['name']}")["response"]["name"] == NAME


def test_without_a_mask_everything_that_is_not_sent_goes_back_to_its_default(
    client: Client,
) -> None:
    create(client, body(env("A")) | {"labels": {"team": "edge"}, "description": "old"})
    done(patch(client, body()))
    service = live(client)
    assert "labels" not in service
    assert "description" not in service
    assert "env" not in service["template"]["containers"][0]


def test_a_mask_changes_what_it_names_alone(client: Client) -> None:
    create(client, body(env("A")) | {"labels": {"team": "edge", "tier": "web"}})
    wanted = {"labels": {"team": "core"}, "ingress": "INGRESS_TRAFFIC_NONE", "description": "n"}
    done(patch(client, wanted, "labels.team,description"))
    service = live(client)
    assert service["labels"] == {"team": "core", "tier": "web"}
    assert (service["ingress"], service["description"]) == ("INGRESS_TRAFFIC_ALL", "n")
    done(patch(client, {"template": {"timeout": "60s"}}, "template.timeout,labels"))
    service = live(client)
    assert "labels" not in service
    assert service["template"]["timeout"] == "60s"
    assert service["template"]["containers"][0]["env"] == [env("A")]
    assert "no field 'template.time'" in patch(client, {}, "template.time").message


def test_validate_only_says_what_would_be_and_changes_nothing(client: Client) -> None:
    said = create(client, validateOnly="true")
    assert said["done"]
    assert said["response"]["template"]["timeout"] == "300s"
    assert client.get(SERVICES) == {}
    create(client)
    before = client.get("/_sandbox/state")
    changed = done(patch(client, body(env("B")), validateOnly=True))
    assert changed["template"]["containers"][0]["env"] == [env("B")]
    assert client.call("DELETE", WEB, validateOnly="true").body["done"]
    assert client.get("/_sandbox/state") == before


def test_a_stale_etag_is_refused(client: Client) -> None:
    create(client)
    old = live(client)["etag"]
    done(patch(client, body() | {"etag": old, "description": "one"}, "description"))
    stale = patch(client, body() | {"etag": old, "description": "two"}, "description")
    assert (stale.status, stale.body["error"]["status"]) == (409, "ABORTED")
    assert "Conflict for resource 'web': version" in stale.message
    assert client.call("DELETE", WEB, etag=old).status == 409
    assert live(client)["description"] == "one"
    assert client.call("DELETE", WEB, etag=live(client)["etag"]).status == 200


def test_every_change_has_a_generation_and_an_etag_of_its_own(client: Client) -> None:
    create(client)
    seen = {live(client)["etag"]}
    for number in range(2, 5):
        done(patch(client, {"description": "same"}, "description"))
        assert live(client)["generation"] == str(number)
        seen.add(live(client)["etag"])
    assert len(seen) == 4


def test_a_deleted_service_is_gone_but_listed_on_demand_for_thirty_days(client: Client) -> None:
    create(client)
    slowly(client)
    operation = client.call("DELETE", WEB).body
    assert operation["metadata"]["deleteTime"] < operation["metadata"]["expireTime"]
    assert live(client)["reconciling"]
    assert patch(client, {"description": "x"}, "description").status == 400
    assert client.call("DELETE", WEB).status == 400
    client.advance(100)
    gone = client.call("GET", WEB)
    assert gone.status == 404
    assert "'web' of kind 'SERVICE' in region 'us-central1' in project" in gone.message
    assert client.call("GET", f"{WEB}/revisions").status == 404
    assert client.get(SERVICES) == {}
    assert len(client.get(SERVICES, showDeleted="true")["services"]) == 1
    client.advance(31 * 24 * 3600)
    assert client.get(SERVICES, showDeleted="true") == {}


def test_a_name_is_free_again_after_its_deletion(client: Client) -> None:
    first = create(client)["response"]["uid"]
    client.call("DELETE", WEB)
    assert create(client)["response"]["uid"] != first
    again = client.call("POST", SERVICES, body(), serviceId="web")
    assert (again.status, again.body["error"]["status"]) == (409, "ALREADY_EXISTS")


def test_allow_missing_creates(client: Client) -> None:
    assert patch(client, body()).status == 404
    assert done(patch(client, body(), allowMissing="true"))["generation"] == "1"


@pytest.mark.parametrize(
    ("identity", "changed", "said"),
    [
        ("Web", {}, "service_id"),
        ("web-", {}, "service_id"),
        ("w" * 50, {}, "service_id"),
        ("web", {"template": {}}, "at least one container"),
        ("web", {"template": {"containers": [{}]}}, "image: must not be empty"),
        ("web", {"ingress": "ALL"}, "TYPE_ENUM"),
        ("web", {"labels": {"Team": "x"}}, "is not a valid label"),
        ("web", {"colour": "red"}, 'Unknown name "colour"'),
        ("web", body(timeout="2h"), "protobuf.Duration"),
        ("web", body(timeout="3601s"), "between 1s and 3600s"),
        ("web", body(maxInstanceRequestConcurrency=1001), "between 1 and 1000"),
        ("web", body(scaling={"minInstanceCount": 5, "maxInstanceCount": 2}), "min_instance_count"),
        ("web", body(env("A"), env("A")), "must not repeat A"),
        ("web", body(env("PORT")), "PORT is reserved"),
        ("web", body({"name": "S", "valueSource": {"secretKeyRef": {}}}), "secret: is required"),
        ("web", body(vpcAccess={"connector": "c", "networkInterfaces": [{}]}), "not both"),
        ("web", body(revision="other-1"), "must be prefixed with 'web-'"),
        ("web", {"traffic": [{"percent": 50}]}, "must sum to 100"),
        ("web", {"template": {"containers": [{"image": "a"}, {"image": "b"}]}}, "exactly one"),
    ],
)
def test_what_google_refuses_is_refused(
    client: Client, identity: str, changed: dict[str, Any], said: str
) -> None:
    answer = client.call("POST", SERVICES, body() | changed, serviceId=identity)
    assert (answer.status, answer.body["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert said in answer.message
    assert client.get(SERVICES) == {}


def test_a_volume_that_is_mounted_must_be_there(client: Client) -> None:
    wanted = body()
    wanted["template"]["containers"][0]["volumeMounts"] = [{"name": "v", "mountPath": "/v"}]
    refused = client.call("POST", SERVICES, wanted, serviceId="web")
    assert "must match the name of a volume" in refused.message
    wanted["template"]["volumes"] = [{"name": "v", "cloudSqlInstance": {"instances": ["p:r:i"]}}]
    assert create(client, wanted)["done"]


def test_a_connector_must_be_ready_where_there_are_any(client: Client) -> None:
    connectors = f"/v1/{LOCATION}/connectors"
    connector = {"network": "n", "ipCidrRange": "10.1.0.0/28", "maxInstances": 3}
    client.post(connectors, connector, connectorId="right")
    wanted = body(vpcAccess={"connector": "wrong"})
    refused = client.call("POST", SERVICES, wanted, serviceId="web")
    assert "VPC connector" in refused.message
    assert "connectedProjects" not in client.get(f"{connectors}/right")
    create(client, body(vpcAccess={"connector": "right"}))
    assert client.get(f"{connectors}/right")["connectedProjects"] == [PROJECT]
    client.call("DELETE", WEB)
    assert "connectedProjects" not in client.get(f"{connectors}/right")


def test_services_are_listed_by_location_in_pages(client: Client) -> None:
    for location, names in (("us-central1", "ab"), ("us-east1", "c")):
        path = f"/v2/projects/{PROJECT}/locations/{location}/services"
        for name in names:
            client.post(path, body(), serviceId=name)
    assert len(client.get(SERVICES)["services"]) == 2
    everywhere = f"/v2/projects/{PROJECT}/locations/-/services"
    first = client.get(everywhere, pageSize=2)
    rest = client.get(everywhere, pageSize=2, pageToken=first["nextPageToken"])
    found = [it["name"].rpartition("/")[2] for it in first["services"] + rest["services"]]
    assert found == ["a", "b", "c"]


def test_policies_are_beside_the_service_and_go_with_it(client: Client) -> None:
    create(client)
    empty = client.get(f"{WEB}:getIamPolicy")
    assert "bindings" not in empty
    policy = {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}
    written = client.post(f"{WEB}:setIamPolicy", {"policy": policy | empty})
    assert client.get(f"{WEB}:getIamPolicy") == written
    stale = client.call("POST", f"{WEB}:setIamPolicy", {"policy": policy | empty})
    assert stale.status == 409
    asked = {"permissions": ["run.services.get"]}
    assert client.post(f"{WEB}:testIamPermissions", asked) == asked
    assert client.call("GET", f"{SERVICES}/other:getIamPolicy").status == 404
    assert client.call("POST", f"{WEB}:fly").status == 404
    client.call("DELETE", WEB)
    create(client)
    assert client.get(f"{WEB}:getIamPolicy") == empty


@pytest.mark.parametrize(
    "policy",
    [
        "open to all",
        {"bindings": [{"members": ["allUsers"]}]},
        {"bindings": [{"role": "roles/run.invoker", "members": "allUsers"}]},
        {"bindings": {"role": "roles/run.invoker"}},
    ],
)
def test_what_is_no_policy_is_refused(client: Client, policy: Any) -> None:
    create(client)
    assert client.call("POST", f"{WEB}:setIamPolicy", {"policy": policy}).status == 400
    assert "bindings" not in client.get(f"{WEB}:getIamPolicy")


def test_two_sandboxes_with_the_same_services_compare_equal(client: Client) -> None:
    create(client, body(env("A")))
    one = client.get("/_sandbox/state", comparable=1)["cloudrun"]
    client.post("/_sandbox/reset")
    create(client, body(env("B")))
    done(patch(client, body(env("A"))))
    assert client.get("/_sandbox/state", comparable=1)["cloudrun"] == one


def test_services_survive_a_restart_in_the_middle_of_a_change(tmp_path: Any) -> None:
    state = tmp_path / "state.json"
    with Sandbox(state=state, operation_time=1) as sandbox:
        client = connect(sandbox)
        create(client)
        client.advance(10)
        patch(client, body(env("A")))
        client.close()
    with Sandbox(state=state, operation_time=1) as sandbox:
        client = connect(sandbox)
        assert live(client)["reconciling"]
        client.advance(10)
        assert "reconciling" not in live(client)
        assert len(revisions(client)) == 2
        client.close()


def test_a_scenario_brings_services_and_connectors_that_are_ready(core: Sandbox) -> None:
    connector = {"name": "conn", "network": "n", "ipCidrRange": "10.1.0.0/28", "maxInstances": 3}
    policy = {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}
    service = {"name": "web", **body(vpcAccess={"connector": "conn"}), "policy": policy}
    scenario = {
        "project": PROJECT,
        "vpcaccess": {"us-central1/connectors": [connector]},
        "cloudrun": {"us-central1/services": [service]},
    }
    core.call(lambda world: world.populate(scenario))
    client = connect(core)
    assert "reconciling" not in live(client)
    assert latest_ready(client).startswith("web-00001-")
    assert client.get(f"{WEB}:getIamPolicy") == policy
    assert client.get(f"/v1/{LOCATION}/connectors/conn")["state"] == "READY"
    client.post("/_sandbox/reset")
    client.close()


def test_a_proxied_client_hears_of_its_own_api_alone(client: Client) -> None:
    create(client)
    for host, count in (("us-central1-run", 1), ("vpcaccess", 0)):
        connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=10)
        headers = {"Host": f"{host}.googleapis.com"}
        connection.request("GET", f"/v1/{LOCATION}/operations", headers=headers)
        assert len(json.loads(connection.getresponse().read())["operations"]) == count
        connection.request("GET", f"/v1/projects/{PROJECT}/locations", headers=headers)
        assert json.loads(connection.getresponse().read())["locations"]
        connection.close()
