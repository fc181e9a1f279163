"""Google's typed client of Cloud SQL over REST: of its versions only v1beta4 speaks it."""

from __future__ import annotations

from typing import Any

import google.api_core.exceptions
import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import sqladmin_v1beta4 as sql

from gcp_sandbox.sandbox import Sandbox
from tests.conformance.conftest import PROJECT
from tests.conformance.discovery import faults

AT = {"project": PROJECT, "instance": "db"}
SQL = f"/sql/v1beta4/projects/{PROJECT}"


class CloudSql:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.instances = self._client(sql.SqlInstancesServiceClient)
        self.operations = self._client(sql.SqlOperationsServiceClient)
        self.backups = self._client(sql.SqlBackupRunsServiceClient)

    def _client(self, kind: Any) -> Any:
        return kind(
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": self._sandbox.url},
            transport="rest",
        )

    def done(self, operation: Any) -> Any:
        """Let ten minutes of Google's time pass, and see that the operation is done."""
        self._sandbox.world.clock.advance(600)
        request = {"project": PROJECT, "operation": operation.name}
        ended = self.operations.get(request=request)
        assert ended.status == sql.Operation.SqlOperationStatus.DONE
        return ended


@pytest.fixture
def cloud(sandbox: Sandbox) -> CloudSql:
    cloud = CloudSql(sandbox)
    settings = sql.Settings(
        tier="db-g1-small",
        data_disk_size_gb=20,
        storage_auto_resize=False,
        activation_policy=sql.Settings.SqlActivationPolicy.ALWAYS,
        database_flags=[sql.DatabaseFlags(name="max_connections", value="200")],
    )
    body = sql.DatabaseInstance(
        name="db",
        region="us-central1",
        database_version=sql.SqlDatabaseVersion.POSTGRES_14,
        settings=settings,
    )
    begun = cloud.instances.insert(request={"project": PROJECT, "body": body})
    assert begun.status == sql.Operation.SqlOperationStatus.PENDING
    cloud.done(begun)
    return cloud


def test_an_instance_is_created_read_and_listed(cloud: CloudSql) -> None:
    found = cloud.instances.get(request=AT)
    assert found.state == sql.DatabaseInstance.SqlInstanceState.RUNNABLE
    assert found.database_version == sql.SqlDatabaseVersion.POSTGRES_14
    assert found.settings.data_disk_size_gb == 20
    assert found.settings.storage_auto_resize is False
    assert found.settings.deletion_protection_enabled is False
    assert [it.type_.name for it in found.ip_addresses] == ["PRIMARY", "OUTGOING"]
    listed = cloud.instances.list(request={"project": PROJECT})
    assert [it.name for it in listed.items] == ["db"]


def test_settings_are_patched_and_updated(cloud: CloudSql) -> None:
    change = sql.DatabaseInstance(settings=sql.Settings(tier="db-f1-micro"))
    cloud.done(cloud.instances.patch(request={**AT, "body": change}))
    found = cloud.instances.get(request=AT)
    assert (found.settings.tier, found.settings.data_disk_size_gb) == ("db-f1-micro", 20)
    found.settings.user_labels = {"team": "edge"}
    cloud.done(cloud.instances.update(request={**AT, "body": found}))
    assert cloud.instances.get(request=AT).settings.user_labels == {"team": "edge"}
    with pytest.raises(google.api_core.exceptions.PreconditionFailed, match="Condition"):
        cloud.instances.update(request={**AT, "body": found})


def test_refusals_arrive_as_the_librarys_own_errors(cloud: CloudSql) -> None:
    cloud.instances.restart(request=AT)
    with pytest.raises(google.api_core.exceptions.Conflict, match="already in progress"):
        cloud.instances.restart(request=AT)
    with pytest.raises(google.api_core.exceptions.NotFound, match="does not exist"):
        cloud.instances.get(request={**AT, "instance": "other"})


def test_backups_are_made_and_listed(cloud: CloudSql) -> None:
    body = sql.BackupRun(description="before")
    cloud.done(cloud.backups.insert(request={**AT, "body": body}))
    (run,) = cloud.backups.list(request=AT)
    assert (run.description, run.status.name) == ("before", "SUCCESSFUL")


def test_an_instance_is_deleted(cloud: CloudSql) -> None:
    cloud.done(cloud.instances.delete(request=AT))
    assert not cloud.instances.list(request={"project": PROJECT}).items
    kinds = [it.operation_type.name for it in cloud.operations.list(request={"project": PROJECT})]
    assert kinds == ["DELETE", "CREATE"]


@pytest.mark.parametrize("document", ["sqladmin.v1", "sqladmin.v1beta4"])
def test_answers_fit_googles_schemas(cloud: CloudSql, sandbox: Sandbox, document: str) -> None:
    cloud.done(cloud.backups.insert(request={**AT, "body": sql.BackupRun()}))
    prefix = "/v1" if document == "sqladmin.v1" else "/sql/v1beta4"
    at = f"{sandbox.url}{prefix}/projects/{PROJECT}"
    for path, schema in (
        ("instances", "InstancesListResponse"),
        ("instances/db", "DatabaseInstance"),
        ("operations", "OperationsListResponse"),
        ("instances/db/backupRuns", "BackupRunsListResponse"),
    ):
        answer = requests.get(f"{at}/{path}", timeout=10).json()
        assert faults(document, schema, answer) == []
