"""Secrets by project: names, versions and their states. Payloads are taken, and kept nowhere.

https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from gcp_sandbox.clock import rfc3339
from gcp_sandbox.errors import not_found_path
from gcp_sandbox.paging import page
from gcp_sandbox.project import number
from gcp_sandbox.request import Body, Json, Request
from gcp_sandbox.router import Router
from gcp_sandbox.shapes import STRUCT, TEXT, TEXTS, Message, taken
from gcp_sandbox.status import StatusError, bad_field
from gcp_sandbox.world import World

NAME: Final = "secretmanager"
_PAGE: Final = 25000
_SECRET: Final = Message(
    {"labels": TEXTS, "annotations": TEXTS, "replication": STRUCT, "versionAliases": STRUCT},
    required=("replication",),
    ignored=frozenset({"name", "createTime", "etag"}),
    kept=frozenset({"replication"}),
)
_PAYLOAD: Final = Message(
    {"payload": Message({"data": TEXT, "dataCrc32c": TEXT}, required=("data",))},
    required=("payload",),
)
_IDENTITY: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_STATES: Final = {"enable": "ENABLED", "disable": "DISABLED", "destroy": "DESTROYED"}


def register(world: World, router: Router) -> SecretManager:
    section = SecretManager(world)
    world.register(NAME, section)
    secrets = "/v1/projects/{project}/secrets"
    versions = f"{secrets}/{{secret}}/versions"
    for method, path, handler in (
        ("GET", secrets, section.listed),
        ("POST", secrets, section.create),
        ("GET", f"{secrets}/{{secret}}", section.get),
        ("POST", f"{secrets}/{{secret}}", section.add_version),
        ("DELETE", f"{secrets}/{{secret}}", section.delete),
        ("GET", versions, section.list_versions),
        ("GET", f"{versions}/{{version}}", section.get_version),
        ("POST", f"{versions}/{{version}}", section.change_version),
    ):
        router.add(method, path, handler)
    return section


@dataclass(slots=True)
class SecretManager:
    """`secrets` by full name, `projects/<id>/secrets/<id>`; `versions` of each, oldest first."""

    world: World
    secrets: dict[str, Body] = field(default_factory=dict)
    versions: dict[str, list[Body]] = field(default_factory=dict)

    # secrets

    def listed(self, request: Request) -> Body:
        prefix = f"projects/{request.params['project']}/secrets/"
        found = [body for name, body in sorted(self.secrets.items()) if name.startswith(prefix)]
        chosen, token = page(found, request.query, cap=_PAGE, key=lambda body: str(body["name"]))
        body: Body = {"secrets": list(chosen)} if chosen else {}
        return body | {"totalSize": len(found)} | ({"nextPageToken": token} if token else {})

    def get(self, request: Request) -> Body:
        return self._secret(request)[1]

    def create(self, request: Request) -> Body:
        identity = request.query.get("secretId", "")
        if not _IDENTITY.fullmatch(identity):
            raise bad_field("secretId", "must match [A-Za-z0-9_-]{1,255}")
        name = f"projects/{request.params['project']}/secrets/{identity}"
        if name in self.secrets:
            raise StatusError("ALREADY_EXISTS", f"Secret [{_numbered(name)}] already exists.")
        self._put(name, taken(_SECRET, request.body, "secret"))
        return self.secrets[name]

    def delete(self, request: Request) -> Body:
        name, _ = self._secret(request)
        del self.secrets[name], self.versions[name]
        self.world.touch(NAME)
        return {}

    def _secret(self, request: Request) -> tuple[str, Body]:
        name = f"projects/{request.params['project']}/secrets/{request.params['secret']}"
        if name not in self.secrets:
            raise StatusError("NOT_FOUND", f"Secret [{_numbered(name)}] not found.")
        return name, self.secrets[name]

    def _put(self, name: str, body: Body) -> None:
        created = rfc3339(self.world.clock.time())
        self.secrets[name] = {"name": _numbered(name), **body, "createTime": created}
        self.secrets[name]["etag"] = f'"{self.world.chance.hex(12)}"'
        self.versions[name] = []
        self.world.touch(NAME)

    # versions

    def add_version(self, request: Request) -> Body:
        """`secrets.addVersion`: what is in it is checked to be there, and forgotten."""
        request.params["secret"], _, verb = request.params["secret"].partition(":")
        if verb != "addVersion":
            raise not_found_path(request.path)
        name, _ = self._secret(request)
        taken(_PAYLOAD, request.body, "request")
        return self._add(name)

    def _add(self, name: str) -> Body:
        body = {
            "name": f"{_numbered(name)}/versions/{len(self.versions[name]) + 1}",
            "createTime": rfc3339(self.world.clock.time()),
            "state": "ENABLED",
            "replicationStatus": {"automatic": {}},
            "etag": f'"{self.world.chance.hex(12)}"',
        }
        self.versions[name].append(body)
        self.world.touch(NAME)
        return body

    def list_versions(self, request: Request) -> Body:
        """Newest first, as Google lists them."""
        name, _ = self._secret(request)
        newest = [(f"{at:09}", body) for at, body in enumerate(reversed(self.versions[name]))]
        chosen, token = page(newest, request.query, cap=_PAGE, key=lambda pair: pair[0])
        body: Body = {"versions": [version for _, version in chosen]} if chosen else {}
        return body | {"totalSize": len(newest)} | ({"nextPageToken": token} if token else {})

    def get_version(self, request: Request) -> Body:
        if request.params["version"].endswith(":access"):
            raise StatusError("UNIMPLEMENTED", "This sandbox keeps no payloads of secrets.")
        return self._version(request, request.params["version"])

    def change_version(self, request: Request) -> Body:
        """`versions/N:enable`, `:disable`, `:destroy`."""
        identity, _, verb = request.params["version"].partition(":")
        if verb not in _STATES:
            raise not_found_path(request.path)
        version = self._version(request, identity)
        if version["state"] == "DESTROYED":
            raise StatusError("FAILED_PRECONDITION", f"[{version['name']}] is destroyed.")
        version["state"] = _STATES[verb]
        if verb == "destroy":
            version["destroyTime"] = rfc3339(self.world.clock.time())
        self.world.touch(NAME)
        return version

    def _version(self, request: Request, identity: str) -> Body:
        """A version by its number; `latest` is the newest of them."""
        name, _ = self._secret(request)
        known = self.versions[name]
        at = len(known) if identity == "latest" else int(identity) if identity.isdecimal() else 0
        if not 1 <= at <= len(known):
            at_name = f"{_numbered(name)}/versions/{identity}"
            raise StatusError("NOT_FOUND", f"Secret Version [{at_name}] not found.")
        return known[at - 1]

    # the world's section

    def dump(self) -> Json:
        return {"secrets": self.secrets, "versions": self.versions}

    def load(self, state: Json) -> None:
        self.secrets, self.versions = state["secrets"], state["versions"]

    def populate(self, project: str, wanted: Json) -> None:
        """From `{"secrets": [ID, …]}`, each with one version."""
        for identity in wanted.get("secrets", ()):
            name = f"projects/{project}/secrets/{identity}"
            self._put(name, {"replication": {"automatic": {}}})
            self._add(name)

    def comparable(self) -> Json:
        return {
            name: [version["state"] for version in self.versions[name]]
            for name in sorted(self.secrets)
        } or None

    def clear(self) -> None:
        self.secrets, self.versions = {}, {}


def _numbered(name: str) -> str:
    """With the project's number, as this API answers its names."""
    _, project, rest = name.split("/", 2)
    return f"projects/{number(project)}/{rest}"
