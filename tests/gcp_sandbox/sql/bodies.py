"""Instances of Cloud SQL for the tests."""

from __future__ import annotations

from typing import Any

from tests.gcp_sandbox.client import PROJECT

SQL = f"/sql/v1beta4/projects/{PROJECT}"
DB = f"{SQL}/instances/db"
NETWORK = f"projects/{PROJECT}/global/networks/staging-vpc"


def body(name: str = "db", **settings: Any) -> dict[str, Any]:
    return {
        "name": name,
        "region": "us-central1",
        "databaseVersion": "POSTGRES_14",
        "settings": {"tier": "db-g1-small", **settings},
    }
