from __future__ import annotations

from typing import Any

import pytest

from gcp_sandbox.sandbox import Sandbox
from tests.gcp_sandbox.client import PROJECT, Client, connect
from tests.gcp_sandbox.sql.bodies import DB, NETWORK, SQL, body


@pytest.fixture
def db(client: Client) -> Client:
    """An instance `db` with every default."""
    client.post(f"{SQL}/instances", body())
    return client


def settings(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(DB)["settings"]
    return found


def patch(client: Client, **settings: Any) -> Any:
    return client.call("PATCH", DB, {"settings": settings})


def test_the_server_fills_in_its_defaults(db: Client) -> None:
    found = db.get(DB)
    assert found["connectionName"] == f"{PROJECT}:us-central1:db"
    assert (found["state"], found["backendType"]) == ("RUNNABLE", "SECOND_GEN")
    assert found["serviceAccountEmailAddress"].endswith("gcp-sa-cloud-sql.iam.gserviceaccount.com")
    assert found["serverCaCert"]["cert"] == db.get("/_sandbox/info")["ca"]
    assert found["selfLink"] == f"https://sqladmin.googleapis.com{DB}"
    assert [it["type"] for it in found["ipAddresses"]] == ["PRIMARY", "OUTGOING"]
    filled = found["settings"]
    assert filled["settingsVersion"] == "1"
    assert filled["activationPolicy"] == "ALWAYS"
    assert filled["dataDiskSizeGb"] == "10"
    assert filled["storageAutoResizeLimit"] == "0"
    assert filled["backupConfiguration"]["enabled"] is False
    assert filled["backupConfiguration"]["backupRetentionSettings"]["retainedBackups"] == 7
    assert filled["ipConfiguration"]["sslMode"] == "ALLOW_UNENCRYPTED_AND_ENCRYPTED"
    assert filled["locationPreference"]["zone"] == found["gceZone"] == "us-central1-a"


def test_both_versions_of_the_api_serve_one_state(db: Client) -> None:
    newer, older = db.get(f"/v1/projects/{PROJECT}/instances/db"), db.get(DB)
    assert newer.pop("selfLink") != older.pop("selfLink")
    assert newer == older


def test_a_private_network_brings_a_private_address(client: Client) -> None:
    ip = {"ipv4Enabled": False, "privateNetwork": NETWORK}
    client.post(f"{SQL}/instances", body(ipConfiguration=ip))
    assert [it["type"] for it in client.get(DB)["ipAddresses"]] == ["PRIVATE"]
    answer = patch(client, ipConfiguration={"privateNetwork": None, "ipv4Enabled": True})
    assert (answer.status, answer.reason) == (400, "invalidRequest")


def test_a_patch_merges_objects_and_replaces_lists(db: Client) -> None:
    patch(db, databaseFlags=[{"name": "max_connections", "value": "200"}], userLabels={"a": "1"})
    patch(
        db,
        databaseFlags=[{"name": "log_connections", "value": "on"}],
        userLabels={"b": "2", "a": None},
        backupConfiguration={"enabled": True, "startTime": "03:00"},
    )
    found = settings(db)
    assert [it["name"] for it in found["databaseFlags"]] == ["log_connections"]
    assert found["userLabels"] == {"b": "2"}
    assert found["backupConfiguration"]["startTime"] == "03:00"
    assert found["tier"] == "db-g1-small"
    assert found["settingsVersion"] == "3"


def test_a_null_takes_a_setting_back_to_its_default(db: Client) -> None:
    patch(db, storageAutoResize=False)
    assert settings(db)["storageAutoResize"] is False
    patch(db, storageAutoResize=None)
    assert settings(db)["storageAutoResize"] is True


def test_an_update_replaces_all_settings_but_keeps_a_grown_disk(db: Client) -> None:
    patch(db, dataDiskSizeGb=20, userLabels={"a": "1"})
    whole = {"settings": {"tier": "db-f1-micro", "settingsVersion": "2"}}
    assert db.call("PUT", DB, whole).status == 200
    found = settings(db)
    assert "userLabels" not in found
    assert (found["tier"], found["dataDiskSizeGb"]) == ("db-f1-micro", "20")


@pytest.mark.parametrize("version", ["1", None])
def test_an_update_of_settings_that_somebody_changed_is_refused(
    db: Client, version: str | None
) -> None:
    patch(db, userLabels={"somebody": "else"})
    given = {"tier": "db-f1-micro"} | ({"settingsVersion": version} if version else {})
    answer = db.call("PUT", DB, {"settings": given})
    assert (answer.status, answer.reason) == (412, "staleData")
    assert settings(db)["userLabels"] == {"somebody": "else"}


def test_a_patch_that_says_a_stale_version_is_refused(db: Client) -> None:
    patch(db, tier="db-f1-micro")
    assert patch(db, tier="db-g1-small", settingsVersion="1").status == 412
    assert patch(db, tier="db-g1-small", settingsVersion="2").status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {"dataDiskSizeGb": "9"}},
        {"settings": {"dataDiskType": "PD_HDD"}},
        {"region": "europe-west1"},
        {"databaseVersion": "POSTGRES_13"},
        {"databaseVersion": "MYSQL_8_0"},
        {"diskEncryptionConfiguration": {"kmsKeyName": "k"}},
        {"settings": {"backupConfiguration": {"transactionLogRetentionDays": 8}}},
        {"settings": {"ipConfiguration": {"ipv4Enabled": False}}},
    ],
)
def test_what_cannot_change_is_refused(db: Client, change: dict[str, Any]) -> None:
    before = db.get(DB)
    answer = db.call("PATCH", DB, change)
    assert (answer.status, answer.reason) == (400, "invalidRequest")
    assert db.get(DB) == before


def test_a_version_goes_upwards(db: Client) -> None:
    assert db.call("PATCH", DB, {"databaseVersion": "POSTGRES_16"}).status == 200
    assert db.get(DB)["databaseVersion"] == "POSTGRES_16"


def test_a_disk_never_shrinks(db: Client) -> None:
    assert patch(db, dataDiskSizeGb="30").status == 200
    assert "decreased" in patch(db, dataDiskSizeGb="20").message
    assert patch(db, dataDiskSizeGb=31).status == 200


def test_a_protected_instance_is_not_deleted(db: Client) -> None:
    patch(db, deletionProtectionEnabled=True)
    answer = db.call("DELETE", DB)
    assert answer.status == 400
    assert "deletionProtectionEnabled set to false" in answer.message
    patch(db, deletionProtectionEnabled=False)
    assert db.call("DELETE", DB).status == 200
    gone = db.call("GET", DB)
    assert (gone.status, gone.reason) == (404, "instanceDoesNotExist")


def test_a_stopped_instance_takes_no_change_but_its_start(db: Client) -> None:
    patch(db, activationPolicy="NEVER")
    assert db.get(DB)["state"] == "RUNNABLE"
    assert "not running" in patch(db, tier="db-f1-micro").message
    assert "not running" in patch(db, tier="db-f1-micro", activationPolicy="ALWAYS").message
    assert "not running" in db.call("POST", f"{DB}/restart").message
    assert patch(db, deletionProtectionEnabled=True).status == 200
    assert patch(db, activationPolicy="ALWAYS").status == 200
    assert patch(db, tier="db-f1-micro").status == 200


def test_ssl_has_two_words_that_agree(db: Client) -> None:
    patch(db, ipConfiguration={"requireSsl": True})
    assert settings(db)["ipConfiguration"]["sslMode"] == "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"
    patch(db, ipConfiguration={"sslMode": "ENCRYPTED_ONLY"})
    assert settings(db)["ipConfiguration"]["requireSsl"] is False


def test_names_are_unique_and_wellformed(db: Client) -> None:
    again = db.call("POST", f"{SQL}/instances", body())
    assert (again.status, again.reason) == (409, "instanceAlreadyExists")
    for name in ("Upper", "-x", "x" * 98, ""):
        assert db.call("POST", f"{SQL}/instances", body(name)).status == 400


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"settings": {"tier": 5}}, "settings.tier"),
        ({"settings": {"activationPolicy": "SOMETIMES"}}, "settings.activationPolicy"),
        ({"settings": {"dataDiskSizeGb": "much"}}, "settings.dataDiskSizeGb"),
        ({"settings": {"ipConfiguration": {"ipv4": True}}}, '"ipv4"'),
        ({"settings": {"databaseFlags": {}}}, "settings.databaseFlags"),
        ({"settings": []}, "settings"),
        ({"nonsense": 1}, "nonsense"),
        ([], "body"),
    ],
)
def test_bad_input_is_refused_and_named(db: Client, wrong: Any, named: str) -> None:
    answer = db.call("PATCH", DB, wrong)
    assert answer.status == 400
    assert named in answer.message


def test_enums_also_come_as_numbers(client: Client) -> None:
    given = body(activation_policy=2, availabilityType=2) | {"databaseVersion": 172}
    client.post(f"{SQL}/instances", given)
    found = client.get(DB)
    assert found["databaseVersion"] == "POSTGRES_15"
    assert found["settings"]["activationPolicy"] == "NEVER"
    assert found["secondaryGceZone"] != found["gceZone"]


def test_instances_are_listed_by_name_in_pages_and_filtered(client: Client) -> None:
    for name in ("c", "a", "b"):
        client.post(f"{SQL}/instances", body(name, userLabels={"team": name}))
    first = client.get(f"{SQL}/instances", maxResults=2)
    assert [it["name"] for it in first["items"]] == ["a", "b"]
    rest = client.get(f"{SQL}/instances", maxResults=2, pageToken=first["nextPageToken"])
    assert [it["name"] for it in rest["items"]] == ["c"]
    assert "nextPageToken" not in rest
    for text in ("settings.userLabels.team:b", "state=RUNNABLE AND name=b", "name!=a name!=c"):
        found = client.get(f"{SQL}/instances", filter=text)["items"]
        assert [it["name"] for it in found] == ["b"], text
    assert client.get("/sql/v1beta4/projects/other/instances") == {"kind": "sql#instancesList"}


def test_a_primary_outlives_its_replicas(db: Client) -> None:
    replica = body("copy") | {"masterInstanceName": "db"}
    begun = db.post(f"{SQL}/instances", replica)
    assert begun["operationType"] == "CREATE_REPLICA"
    assert db.get(DB)["replicaNames"] == ["copy"]
    found = db.get(f"{SQL}/instances/copy")
    assert found["instanceType"] == "READ_REPLICA_INSTANCE"
    assert found["masterInstanceName"] == f"{PROJECT}:db"
    assert "replicas" in db.call("DELETE", DB).message
    db.call("DELETE", f"{SQL}/instances/copy")
    assert db.call("DELETE", DB).status == 200
    orphan = db.call("POST", f"{SQL}/instances", replica)
    assert orphan.status == 404


def test_a_password_is_never_answered(client: Client) -> None:
    client.post(f"{SQL}/instances", body() | {"rootPassword": "hunter2"})
    assert "hunter2" not in str(client.get(DB))
    assert "hunter2" not in str(client.get("/_sandbox/state"))


def test_a_state_file_brings_instances_and_operations_back(tmp_path: Any) -> None:
    path = tmp_path / "state.json"
    with Sandbox(state=path, operation_time=1000, seed=1) as running:
        client = connect(running)
        begun = client.post(f"{SQL}/instances", body())
        client.close()
    with Sandbox(state=path, operation_time=1000, seed=1) as running:
        client = connect(running)
        assert client.get(DB)["state"] == "PENDING_CREATE"
        client.advance(200_000)
        assert client.get(DB)["state"] == "RUNNABLE"
        assert client.get(f"{SQL}/operations/{begun['name']}")["status"] == "DONE"
        client.close()


def test_equal_worlds_compare_equal(db: Client) -> None:
    before = db.get("/_sandbox/state?comparable=1")["sql"]
    assert before[PROJECT]["db"]["settings"]["tier"] == "db-g1-small"
    patch(db, tier="db-f1-micro")
    assert db.get("/_sandbox/state?comparable=1")["sql"] != before
    patch(db, tier="db-g1-small")
    assert db.get("/_sandbox/state?comparable=1")["sql"] == before


def test_a_patch_of_what_is_beside_the_settings_merges_too(db: Client) -> None:
    db.call("PATCH", DB, {"databaseCenterIntegration": "DISABLED", "replicationCluster": {}})
    db.call("PATCH", DB, {"replicationCluster": {"failoverDrReplicaName": "twin"}})
    assert db.get(DB)["databaseCenterIntegration"] == "DISABLED"
    nulls = {"databaseCenterIntegration": None, "region": None, "databaseVersion": None}
    db.call("PATCH", DB, {**nulls, "replicationCluster": {"failoverDrReplicaName": None}})
    found = db.get(DB)
    assert "databaseCenterIntegration" not in found
    assert found["replicationCluster"] == {}
    assert found["region"] == "us-central1"


@pytest.mark.parametrize(
    ("query", "config", "days"),
    [
        ({"enableFinalBackup": "true", "finalBackupTtlDays": "7"}, {}, 7),
        ({"enableFinalBackup": "true"}, {}, 30),
        ({}, {"enabled": True, "retentionDays": 90}, 90),
        ({}, {}, None),
        ({"enableFinalBackup": "false"}, {"enabled": True}, None),
    ],
)
def test_a_deletion_leaves_a_final_backup_if_asked(
    client: Client, query: dict[str, str], config: dict[str, Any], days: int | None
) -> None:
    client.post(f"{SQL}/instances", body(finalBackupConfig=config))
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    assert client.call("DELETE", f"{DB}?{asked}").status == 200
    backups = f"/v1/projects/{PROJECT}/backups"
    kept = client.get(backups, filter="instance:db").get("backups", [])
    assert [(it["type"], it["state"]) for it in kept] == [("FINAL", "SUCCESSFUL")] * bool(days)
    client.advance((days or 1) * 86_400 - 60)
    assert bool(client.get(backups)) is bool(days)
    client.advance(120)
    assert client.get(backups) == {}


def test_a_final_backup_is_kept_for_a_year_at_most(db: Client) -> None:
    answer = db.call("DELETE", f"{DB}?enableFinalBackup=true&finalBackupTtlDays=366")
    assert answer.status == 400
    assert db.get(DB)["state"] == "RUNNABLE"
