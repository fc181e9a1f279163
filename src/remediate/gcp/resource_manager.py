"""Cloud Resource Manager v3 (its discovery document, cloudresourcemanager.v3): who may do what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from remediate.gcp.connection import ApiConnection, Wire
from remediate.model.json import Body

BASE_URL = "https://cloudresourcemanager.googleapis.com"
AT_ONCE = 100
"""Permissions in one question; not in Google's reference, but found by those who asked for more:
https://github.com/openshift/cloud-credential-operator/pull/94"""


class ResourceManagerConnection(ApiConnection):
    API_VERSION = "v3"
    API_NAME = "Cloud Resource Manager"


class ResourceManager:
    """One project, as its IAM policy has it."""

    def __init__(self, wire: Wire, project: str, base_url: str = BASE_URL) -> None:
        self._connection = ResourceManagerConnection(wire, base_url)
        self._path = f"/projects/{project}:testIamPermissions"

    def held(self, permissions: Iterable[str]) -> set[str]:
        """Which of these the caller has on the project; takes no permission itself.

        What a resource's own policy grants is not among them. Raises ApiRefused for a name that
        Google does not know.
        """
        asked, held = [*permissions], set[str]()
        for start in range(0, len(asked), AT_ONCE):
            body: Body = {"permissions": [*asked[start : start + AT_ONCE]]}
            answer = self._connection.call("POST", self._path, body=body, asks=True)
            held |= {*cast("list[str]", answer.get("permissions", []))}
        return held
