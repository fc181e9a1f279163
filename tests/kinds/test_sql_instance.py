from __future__ import annotations

import json
from typing import Any

import pytest
from google.cloud import sqladmin_v1beta4 as google_cloud_sql

from remediate.kinds.bodies.compare import field_changes, masked
from remediate.kinds.bodies.restarts import restarts
from remediate.kinds.facts import Compare
from remediate.kinds.fields.pointers import parts
from remediate.kinds.registry import kind
from remediate.kinds.sql_instance_flags import MYSQL, POSTGRES
from remediate.kinds.sql_instance_versions import is_maintained, is_met, version_of, why_not
from remediate.model.plan import FieldChange, Undo
from tests.kinds.checking import faults
from tests.kinds.examples import Example, examples

FACTS = kind("SqlInstance")
BASE: dict[str, Any] = {
    "databaseVersion": "POSTGRES_14",
    "region": "us-central1",
    "settings": {"tier": "db-g1-small"},
}
# As recorded, but for what only the server sets.
LIVE: dict[str, Any] = {
    "databaseVersion": "POSTGRES_15",
    "databaseInstalledVersion": "POSTGRES_15_7",
    "maintenanceVersion": "POSTGRES_15_7.R20240514.00_12",
    "region": "us-central1",
    "gceZone": "us-central1-a",
    "state": "RUNNABLE",
    "ipAddresses": [
        {"ipAddress": "10.10.10.11", "type": "OUTGOING"},
        {"ipAddress": "10.10.10.10", "type": "PRIMARY"},
        {"ipAddress": "10.64.0.3", "type": "PRIVATE"},
    ],
    "settings": {
        "settingsVersion": "7",
        "tier": "db-custom-1-3840",
        "activationPolicy": "ALWAYS",
        "availabilityType": "ZONAL",
        "backupConfiguration": {
            "backupRetentionSettings": {"retainedBackups": 7, "retentionUnit": "COUNT"},
            "enabled": True,
            "startTime": "03:00",
            "transactionLogRetentionDays": 7,
        },
        "dataDiskSizeGb": "40",
        "dataDiskType": "PD_SSD",
        "databaseFlags": [
            {"name": "log_connections", "value": "on"},
            {"name": "max_connections", "value": "200"},
        ],
        "ipConfiguration": {
            "authorizedNetworks": [{"kind": "sql#aclEntry", "value": "203.0.113.7"}],
            "ipv4Enabled": True,
            "privateNetwork": "projects/p/global/networks/vpc",
            "requireSsl": False,
            "sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
        },
        "locationPreference": {"kind": "sql#locationPreference", "zone": "us-central1-a"},
        "storageAutoResize": True,
        "storageAutoResizeLimit": "0",
    },
}


def with_settings(**settings: Any) -> dict[str, Any]:
    return {**BASE, "settings": {**BASE["settings"], **settings}}


def backup(**fields: Any) -> dict[str, Any]:
    return with_settings(backupConfiguration=fields)


def ip(**fields: Any) -> dict[str, Any]:
    return with_settings(ipConfiguration=fields)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a disk below the least": (with_settings(dataDiskSizeGb="9"), "/settings/dataDiskSizeGb"),
    "a limit below the disk": (
        with_settings(dataDiskSizeGb="20", storageAutoResizeLimit="15"),
        "/settings/storageAutoResizeLimit",
    ),
    "operations for a disk that has none": (
        with_settings(dataDiskProvisionedIops="3000"),
        "/settings/dataDiskProvisionedIops",
    ),
    "a time that is none": (backup(startTime="25:00"), "/settings/backupConfiguration/startTime"),
    "logs kept for too long": (
        with_settings(edition="ENTERPRISE", backupConfiguration={"transactionLogRetentionDays": 8}),
        "/settings/backupConfiguration/transactionLogRetentionDays",
    ),
    "too many backups": (
        backup(backupRetentionSettings={"retainedBackups": 366}),
        "/settings/backupConfiguration/backupRetentionSettings/retainedBackups",
    ),
    "MySQL's logs on PostgreSQL": (
        backup(binaryLogEnabled=True),
        "/settings/backupConfiguration/binaryLogEnabled",
    ),
    "PostgreSQL's recovery on MySQL": (
        {**backup(pointInTimeRecoveryEnabled=True), "databaseVersion": "MYSQL_8_0"},
        "/settings/backupConfiguration/pointInTimeRecoveryEnabled",
    ),
    "recovery without backups": (
        backup(enabled=False, pointInTimeRecoveryEnabled=True),
        "/settings/backupConfiguration/pointInTimeRecoveryEnabled",
    ),
    "two zones without backups": (
        with_settings(availabilityType="REGIONAL", backupConfiguration={"enabled": False}),
        "/settings/availabilityType",
    ),
    "the first generation's policy": (
        with_settings(activationPolicy="ON_DEMAND"),
        "/settings/activationPolicy",
    ),
    "a collation of PostgreSQL": (with_settings(collation="C"), "/settings/collation"),
    "a time zone of PostgreSQL": (with_settings(timeZone="UTC"), "/settings/timeZone"),
    "no way in": (ip(ipv4Enabled=False), "/settings/ipConfiguration/ipv4Enabled"),
    "a range of no network": (
        ip(allocatedIpRange="range"),
        "/settings/ipConfiguration/allocatedIpRange",
    ),
    "certificates that are not asked for": (
        ip(requireSsl=True, sslMode="ENCRYPTED_ONLY"),
        "/settings/ipConfiguration/requireSsl",
    ),
    "a network that is none": (
        ip(authorizedNetworks=[{"value": "198.51.100.1/24"}]),
        "/settings/ipConfiguration/authorizedNetworks/0/value",
    ),
    "a network twice": (
        ip(authorizedNetworks=[{"value": "198.51.100.0/24"}, {"value": "198.51.100.0/24"}]),
        "/settings/ipConfiguration/authorizedNetworks/1/value",
    ),
    "a flag twice": (
        with_settings(databaseFlags=[{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]),
        "/settings/databaseFlags/1/name",
    ),
    "a flag with a hyphen": (
        with_settings(databaseFlags=[{"name": "max-connections", "value": "1"}]),
        "/settings/databaseFlags/0/name",
    ),
    "a machine of another edition": (
        with_settings(edition="ENTERPRISE_PLUS"),
        "/settings/tier",
    ),
    "a machine of the better edition": (
        with_settings(edition="ENTERPRISE", tier="db-perf-optimized-N-2"),
        "/settings/tier",
    ),
    "a cache without its edition": (
        with_settings(edition="ENTERPRISE", dataCacheConfig={"dataCacheEnabled": True}),
        "/settings/dataCacheConfig",
    ),
    "the eighth day": (
        with_settings(maintenanceWindow={"day": 8}),
        "/settings/maintenanceWindow/day",
    ),
    "two times without maintenance": (
        with_settings(denyMaintenancePeriods=[{"startDate": "12-20"}, {"startDate": "06-01"}]),
        "/settings/denyMaintenancePeriods",
    ),
    "a replica of nobody": ({**BASE, "instanceType": "READ_REPLICA_INSTANCE"}, "/instanceType"),
    "nodes without a pool": ({**BASE, "nodeCount": 2}, "/nodeCount"),
    "a server of somebody's own": (
        {**BASE, "instanceType": "ON_PREMISES_INSTANCE"},
        "/instanceType",
    ),
    "a label in capitals": (
        with_settings(userLabels={"Team": "shop"}),
        "/settings/userLabels/Team",
    ),
}


@pytest.mark.parametrize(("spec", "at"), REFUSED.values(), ids=REFUSED)
def test_the_mistake_is_reported_at_its_field(spec: dict[str, Any], at: str) -> None:
    assert list(faults("SqlInstance", spec)) == [at]


@pytest.mark.parametrize(
    "spec",
    [
        BASE,
        with_settings(dataDiskSizeGb="20", storageAutoResizeLimit="0"),
        with_settings(edition="ENTERPRISE_PLUS", tier="db-perf-optimized-N-2"),
        ip(ipv4Enabled=False, privateNetwork="vpc"),
        ip(requireSsl=True, sslMode="TRUSTED_CLIENT_CERTIFICATE_REQUIRED"),
        ip(requireSsl=False, sslMode="ENCRYPTED_ONLY"),
        {
            **with_settings(collation="Latin1_General_CI_AS"),
            "databaseVersion": "SQLSERVER_2019_WEB",
        },
        {
            **with_settings(databaseFlags=[{"name": "user connections", "value": "100"}]),
            "databaseVersion": "SQLSERVER_2022_STANDARD",
        },
    ],
)
def test_what_google_takes_has_no_faults(spec: dict[str, Any]) -> None:
    assert faults("SqlInstance", spec) == {}


def changes(wanted: dict[str, Any], live: dict[str, Any] = LIVE, **how: Any) -> list[str]:
    found = field_changes(FACTS, wanted, live, project="p", **how)
    return [change.pointer for change in found]


SAME: dict[str, dict[str, Any]] = {
    "a disk that has grown by itself": {"settings": {"dataDiskSizeGb": "20"}},
    "the same, where that is written too": {
        "settings": {"dataDiskSizeGb": "20", "storageAutoResize": True}
    },
    "a number as text and as a number": {"settings": {"dataDiskSizeGb": 40}},
    "the hour as people write it": {"settings": {"backupConfiguration": {"startTime": "3:00"}}},
    "flags in another order": {
        "settings": {
            "databaseFlags": [
                {"name": "max_connections", "value": "200"},
                {"name": "log_connections", "value": "on"},
            ]
        }
    },
    "one address as a range": {
        "settings": {"ipConfiguration": {"authorizedNetworks": [{"value": "203.0.113.7/32"}]}}
    },
    "a cache that is off, and never was": {
        "settings": {"dataCacheConfig": {"dataCacheEnabled": False}}
    },
    "a default that Google leaves out": {"settings": {"connectorEnforcement": "NOT_REQUIRED"}},
    "the older word for encryption": {"settings": {"ipConfiguration": {"requireSsl": False}}},
    "software that was maintained since": {"maintenanceVersion": "POSTGRES_15_4.R20230910.00_01"},
    "no second zone": {"settings": {"locationPreference": {"secondaryZone": "no_secondary_zone"}}},
    **{
        f"the network as {text}": {"settings": {"ipConfiguration": {"privateNetwork": text}}}
        for text in (
            "https://www.googleapis.com/compute/v1/projects/p/global/networks/vpc",
            "https://compute.googleapis.com/compute/v1/projects/p/global/networks/vpc",
            "projects/123456/global/networks/vpc",
            "global/networks/vpc",
        )
    },
}


@pytest.mark.parametrize("wanted", SAME.values(), ids=SAME)
def test_it_is_no_difference(wanted: dict[str, Any]) -> None:
    assert changes(wanted) == []


OTHER: dict[str, tuple[dict[str, Any], str]] = {
    "a larger disk": ({"settings": {"dataDiskSizeGb": "50"}}, "/settings/dataDiskSizeGb"),
    "another case of a flag": (
        {"settings": {"databaseFlags": [{"name": "max_connections", "value": "201"}]}},
        "/settings/databaseFlags",
    ),
    "a network of another project": (
        {"settings": {"ipConfiguration": {"privateNetwork": "projects/q/global/networks/vpc"}}},
        "/settings/ipConfiguration/privateNetwork",
    ),
    "newer software": (
        {"maintenanceVersion": "POSTGRES_15_9.R20250914.00_02"},
        "/maintenanceVersion",
    ),
    "another engine's next": ({"databaseVersion": "POSTGRES_16"}, "/databaseVersion"),
    "certificates": (
        {"settings": {"ipConfiguration": {"requireSsl": True}}},
        "/settings/ipConfiguration/requireSsl",
    ),
}


@pytest.mark.parametrize(("wanted", "at"), OTHER.values(), ids=OTHER)
def test_it_is_a_difference(wanted: dict[str, Any], at: str) -> None:
    assert changes(wanted) == [at]


def test_a_disk_that_does_not_grow_by_itself_is_as_large_as_written() -> None:
    wanted = {"settings": {"dataDiskSizeGb": "20", "storageAutoResize": False}}
    assert changes(wanted) == ["/settings/dataDiskSizeGb", "/settings/storageAutoResize"]


@pytest.mark.parametrize(
    ("wanted", "live", "installed", "same"),
    [
        ("MYSQL_8_0", "MYSQL_8_0", "MYSQL_8_0_35", True),
        ("MYSQL_8_0", "MYSQL_8_0_35", "MYSQL_8_0_35", True),
        ("MYSQL_8_0_35", "MYSQL_8_0", "MYSQL_8_0_36", True),
        ("MYSQL_8_0_31", "MYSQL_8_0_36", "MYSQL_8_0_36", True),
        ("MYSQL_8_0_36", "MYSQL_8_0_31", "MYSQL_8_0_31", False),
        ("MYSQL_8_4", "MYSQL_8_0", "MYSQL_8_0_36", False),
        ("MYSQL_5_7", "MYSQL_8_0", "MYSQL_8_0_36", False),
    ],
)
def test_a_minor_version_that_google_has_raised_is_no_difference(
    wanted: str, live: str, installed: str, *, same: bool
) -> None:
    body = {"databaseVersion": live, "databaseInstalledVersion": installed}
    assert (changes({"databaseVersion": wanted}, body) == []) is same


@pytest.mark.parametrize(
    ("live", "wanted", "same"),
    [
        ({"requireSsl": True}, {"sslMode": "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"}, True),
        ({}, {"sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED"}, True),
        ({"requireSsl": True}, {"sslMode": "ENCRYPTED_ONLY"}, False),
        ({"sslMode": "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"}, {"requireSsl": True}, True),
        ({"sslMode": "ENCRYPTED_ONLY"}, {"requireSsl": True}, False),
    ],
)
def test_both_words_for_encryption_mean_one_thing(
    live: dict[str, Any], wanted: dict[str, Any], *, same: bool
) -> None:
    body = {"settings": {"ipConfiguration": live}}
    assert (changes({"settings": {"ipConfiguration": wanted}}, body) == []) is same


def test_only_what_neither_restarts_nor_loosens_goes_back_by_itself() -> None:
    moved = {
        "settings": {
            "activationPolicy": "NEVER",
            "availabilityType": "REGIONAL",
            "deletionProtectionEnabled": True,
            "databaseFlags": [{"name": "max_connections", "value": "9"}],
            "ipConfiguration": {"sslMode": "ENCRYPTED_ONLY"},
            "storageAutoResize": False,
        }
    }
    assert changes({"settings": {}}, moved, restore_defaults=True) == [
        "/settings/storageAutoResize"
    ]


def test_what_is_no_longer_written_goes_back_or_stays() -> None:
    before = {
        "settings": {
            "dataDiskSizeGb": "40",
            "edition": "ENTERPRISE",
            "availabilityType": "REGIONAL",
            "backupConfiguration": {"startTime": "03:00"},
        }
    }
    live = {
        "settings": {**LIVE["settings"], "availabilityType": "REGIONAL", "edition": "ENTERPRISE"}
    }
    found = field_changes(
        FACTS,
        {"settings": {"backupConfiguration": {}}},
        live,
        project="p",
        written_before=before,
    )
    assert found == (FieldChange("/settings/availabilityType", "REGIONAL", "ZONAL"),)


@pytest.mark.parametrize(
    ("at", "before", "after", "why"),
    [
        ("/settings/dataDiskSizeGb", "40", "20", "a disk never shrinks"),
        ("/databaseVersion", "POSTGRES_15", "POSTGRES_14", "never downgraded"),
        ("/databaseVersion", "POSTGRES_15", "MYSQL_8_0", "does not change from"),
        ("/maintenanceVersion", "A.R20240514.00_12", "A.R20240501.00_12", "forward only"),
        ("/sqlNetworkArchitecture", "NEW_NETWORK_ARCHITECTURE", "OLD", "takes no instance back"),
        ("/settings/ipConfiguration/privateNetwork", "projects/p/a", None, "private network stays"),
        ("/settings/ipConfiguration", {"privateNetwork": "a"}, None, "private network stays"),
    ],
)
def test_some_ways_are_never_gone_back(at: str, before: Any, after: Any, why: str) -> None:
    assert FACTS.one_way is not None
    assert why in FACTS.one_way(FieldChange(at, before, after))
    forth = FACTS.one_way(FieldChange(at, after, before))
    assert forth == "" or "does not change from" in forth


@pytest.mark.parametrize(
    ("change", "undo"),
    [
        (FieldChange("/settings/tier", "a", "b"), None),
        (FieldChange("/settings/dataDiskSizeGb", "20", "40"), Undo.NEVER),
        (FieldChange("/databaseVersion", "POSTGRES_14", "POSTGRES_15"), Undo.NEVER),
        (FieldChange("/maintenanceVersion", "a", "b"), Undo.NEVER),
        (FieldChange("/settings/ipConfiguration/privateNetwork", None, "n"), Undo.NEVER),
        (FieldChange("/settings/ipConfiguration", None, {"privateNetwork": "n"}), Undo.NEVER),
        (FieldChange("/settings/ipConfiguration", None, {"ipv4Enabled": True}), None),
        (FieldChange("/settings/edition", "ENTERPRISE", "ENTERPRISE_PLUS"), Undo.APPROXIMATE),
        (
            FieldChange("/settings/backupConfiguration/pointInTimeRecoveryEnabled", True, False),
            Undo.APPROXIMATE,
        ),
        (
            FieldChange("/settings/backupConfiguration/pointInTimeRecoveryEnabled", False, True),
            None,
        ),
        (
            FieldChange(
                "/settings/backupConfiguration/backupRetentionSettings/retainedBackups", 7, 3
            ),
            Undo.APPROXIMATE,
        ),
    ],
)
def test_each_change_says_whether_it_can_be_taken_back(
    change: FieldChange, undo: Undo | None
) -> None:
    assert FACTS.verdict is not None
    found = FACTS.verdict([FieldChange("/settings/userLabels/a", "b", "c"), change])
    assert (found.undo if found else None) is undo


def test_the_worst_is_what_is_said_of_several_changes() -> None:
    assert FACTS.verdict is not None
    edition = FieldChange("/settings/edition", "ENTERPRISE", "ENTERPRISE_PLUS")
    found = FACTS.verdict([edition, FieldChange("/settings/dataDiskSizeGb", "20", "40")])
    assert found is not None
    assert found.undo is Undo.NEVER


def told(version: str, before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    """What changing these settings does to a database of that version."""
    bodies = [{"databaseVersion": version, "settings": each} for each in (before, after)]
    found = field_changes(FACTS, bodies[1], bodies[0], project="p")
    return restarts(FACTS, bodies[0], bodies[1], found)


def flags(**values: str) -> dict[str, Any]:
    return {"databaseFlags": [{"name": name, "value": text} for name, text in values.items()]}


@pytest.mark.parametrize(
    ("version", "before", "after", "sentences"),
    [
        ("POSTGRES_14", {"tier": "a"}, {"tier": "b"}, ("restarts the database (settings.tier)",)),
        (
            "POSTGRES_14",
            flags(max_connections="200"),
            flags(max_connections="400"),
            ("restarts the database (max_connections)",),
        ),
        (
            "POSTGRES_14",
            {"tier": "a", **flags(max_connections="200")},
            {"tier": "b", **flags()},
            ("restarts the database (settings.tier, max_connections)",),
        ),
        (
            "POSTGRES_14",
            flags(),
            flags(log_connections="on"),
            ("may restart the database (log_connections)",),
        ),
        (
            "MYSQL_8_0",
            flags(max_connections="200"),
            flags(max_connections="400"),
            ("may restart the database (max_connections)",),
        ),
        (
            "MYSQL_8_0",
            flags(innodb_read_io_threads="4", slow_query_log="on"),
            flags(innodb_read_io_threads="8", slow_query_log="off"),
            (
                "restarts the database (innodb_read_io_threads)",
                "may restart the database (slow_query_log)",
            ),
        ),
        (
            "POSTGRES_14",
            {"activationPolicy": "ALWAYS"},
            {"activationPolicy": "NEVER"},
            ("stops the database",),
        ),
        (
            "POSTGRES_14",
            {"activationPolicy": "NEVER"},
            {"activationPolicy": "ALWAYS"},
            ("starts the database",),
        ),
        (
            "POSTGRES_14",
            {"insightsConfig": {"queryInsightsEnabled": True}},
            {"insightsConfig": {"queryInsightsEnabled": False}},
            (),
        ),
        (
            "POSTGRES_14",
            {},
            {"insightsConfig": {"queryStringLength": 2048}},
            ("restarts the database (settings.insightsConfig.queryStringLength)",),
        ),
        ("POSTGRES_14", {"userLabels": {"a": "b"}}, {"userLabels": {"a": "c"}}, ()),
    ],
)
def test_what_a_change_does_to_the_database_is_said(
    version: str, before: dict[str, Any], after: dict[str, Any], sentences: tuple[str, ...]
) -> None:
    assert told(version, before, after) == sentences


def test_flags_are_spelled_as_the_databases_spell_them() -> None:
    assert all(name == name.lower() and "-" not in name for name in POSTGRES | MYSQL)


def test_every_write_compares_the_version_of_the_settings() -> None:
    assert {update.compare for update in FACTS.updates} == {Compare.SETTINGS_VERSION}


@pytest.mark.parametrize(
    ("policy", "state", "ready", "failed", "remark"),
    [
        ("ALWAYS", "RUNNABLE", True, False, ""),
        ("NEVER", "RUNNABLE", True, False, "is stopped (activationPolicy NEVER), though RUNNABLE"),
        ("ALWAYS", "PENDING_CREATE", False, False, ""),
        ("ALWAYS", "MAINTENANCE", False, False, ""),
        ("ALWAYS", "FAILED", False, True, ""),
        ("ALWAYS", "SUSPENDED", False, True, ""),
    ],
)
def test_a_stopped_instance_is_runnable_and_said_to_be_stopped(
    policy: str, state: str, *, ready: bool, failed: bool, remark: str
) -> None:
    stands = FACTS.ready({"state": state, "settings": {"activationPolicy": policy}})
    assert (stands.ready, stands.failed, stands.state) == (ready, failed, state)
    assert stands.remark == remark


def test_others_may_refer_to_its_first_address_of_each_sort() -> None:
    assert FACTS.output(LIVE, "ipAddress") == "10.10.10.10"
    assert FACTS.output(LIVE, "privateIpAddress") == "10.64.0.3"
    assert FACTS.output({}, "ipAddress") is None


def test_passwords_are_never_shown() -> None:
    assert masked(FACTS, {**BASE, "rootPassword": "hunter2"})["rootPassword"] == "(secret)"


def test_versions_are_read_as_google_writes_them() -> None:
    known = FACTS.spec.model_json_schema()["properties"]["databaseVersion"]["enum"]
    unread = {name for name in known if version_of(name) is None}
    assert unread == {"SQL_DATABASE_VERSION_UNSPECIFIED"}


def test_minor_versions_only_rise() -> None:
    assert is_met("POSTGRES_14", "POSTGRES_14_12")
    assert is_met("SQLSERVER_2019_STANDARD", "SQLSERVER_2019_STANDARD_CU16_GDR")
    assert not is_met("SQLSERVER_2019_STANDARD", "SQLSERVER_2019_ENTERPRISE")
    assert not is_met("POSTGRES_9_6", "POSTGRES_9_5")
    assert why_not("POSTGRES_9_6", "POSTGRES_10") == ""
    assert why_not("MYSQL_8_0_36", "MYSQL_8_0_31")
    assert is_maintained("x.R20240514.00_12", "y.R20240514.01_01")
    assert not is_maintained("x.R20240514.00_12", "y.R20240514.00_11")
    assert not is_maintained("something", "else")


def test_every_field_of_each_table_is_one_of_the_spec() -> None:
    fields = FACTS.spec.model_fields
    tables = (FACTS.reverts, FACTS.restarts, FACTS.restarts_if, FACTS.stays, FACTS.keyed)
    assert {parts(at)[0] for table in tables for at in table} <= fields.keys()


EXAMPLES = examples("SqlInstance")


@pytest.mark.parametrize(
    "patch",
    [
        pytest.param(patch, id=f"{example.variant}, {said}")
        for example in EXAMPLES
        for said, patch in {**example.changes, **example.for_good}.items()
    ],
)
def test_googles_own_client_reads_what_a_change_would_send(patch: dict[str, Any]) -> None:
    message = google_cloud_sql.DatabaseInstance
    message.from_json(json.dumps(patch))  # raises for a field or a value that Google has not
    with pytest.raises(Exception, match="no field named"):
        message.from_json(json.dumps({**patch, "nobodys": 1}))


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_googles_own_client_reads_what_an_insert_would_send(example: Example) -> None:
    spec = FACTS.spec.model_validate(example.spec).model_dump(exclude_unset=True)
    read = google_cloud_sql.DatabaseInstance.from_json(json.dumps(spec))
    assert read.database_version.name == spec["databaseVersion"]
    assert read.settings.tier == spec["settings"]["tier"]
