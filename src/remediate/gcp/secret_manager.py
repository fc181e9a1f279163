"""Secret Manager v1 (secretmanager.v1): which versions a secret has, and never what is in them."""

from __future__ import annotations

from urllib.parse import quote

from remediate.gcp.connection import ApiConnection, Wire
from remediate.gcp.listing import listed
from remediate.model.json import Body

BASE_URL = "https://secretmanager.googleapis.com"
_PAGE = 100


class SecretManagerConnection(ApiConnection):
    API_NAME = "Secret Manager"


class SecretManager:
    """One project's secrets."""

    def __init__(self, wire: Wire, project: str, base_url: str = BASE_URL) -> None:
        self._connection = SecretManagerConnection(wire, base_url)
        self._path = f"/projects/{project}/secrets"

    def secrets(self) -> list[str]:
        """Their names."""
        found = listed(self._connection, self._path, _SIZE, "secrets", "secrets")
        return [str(body["name"]).rpartition("/")[2] for body in found]

    def versions(self, secret: str) -> list[Body]:
        """Newest first: `name`, `createTime`, `state`."""
        path = f"{self._path}/{quote(secret, safe='')}/versions"
        return listed(self._connection, path, _SIZE, "versions", f"versions of {secret}")


_SIZE = {"pageSize": str(_PAGE)}
