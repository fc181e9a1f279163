"""Somebody else at work beside us, in Google's own words: with gcloud, Terraform or the console."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from remediate.gcp.connection import ApiConnection
from remediate.model.json import Body
from tests.pipeline.documents import Document, sets, zone
from tests.workbench import PROJECT, REGION, Workbench, document

V1 = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}"
BETA = f"https://compute.googleapis.com/compute/beta/projects/{PROJECT}"
GLOBAL = f"compute/v1/projects/{PROJECT}/global"
ZONES = f"dns/v1/projects/{PROJECT}/managedZones"
SQL = f"v1/projects/{PROJECT}/instances"
RUN = f"v2/projects/{PROJECT}/locations/{REGION}/services"
CONNECTORS = f"v1/projects/{PROJECT}/locations/{REGION}/connectors"
IMAGE = "us-docker.pkg.dev/cloudrun/container/hello"
_ASKING = ("/wait", "/validate", ":testIamPermissions")  # what is posted and changes nothing
GUARDS = ("fingerprint", "labelFingerprint")


@dataclass(frozen=True)
class Hand:
    """One request of theirs, with the fingerprints that they find."""

    method: str
    path: str
    body: Any = field(default_factory=dict)

    def act(self, workbench: Workbench) -> None:
        body: Body = dict(self.body)
        if self.path.startswith("compute") and (self.method == "PATCH" or self.is_a_setter):
            at = self.path.rpartition("/")[0] if self.is_a_setter else self.path
            around = "" if "/global/" in at else "global/"  # which some setters go without
            live = workbench.send("GET", at.replace(f"{PROJECT}/", f"{PROJECT}/{around}"))
            body |= {name: live[name] for name in GUARDS if name in live}
        workbench.send(self.method, self.path, body)

    @property
    def is_a_setter(self) -> bool:
        return self.path.rpartition("/")[2].startswith("set")


@dataclass(frozen=True)
class Case:
    """`before` is applied, hands come in, and the documents are planned.

    `before`: the documents themselves if None. `differs`: the pointers that the plan shows of each
    resource; none where there is no difference.
    """

    documents: list[Document]
    hands: tuple[Hand, ...] = ()
    before: list[Document] | None = None
    differs: dict[str, list[str]] = field(default_factory=dict)

    def stand(self, workbench: Workbench) -> None:
        before = self.documents if self.before is None else self.before
        if before:
            workbench.write(*before)
            workbench.apply()
        for hand in self.hands:
            hand.act(workbench)
        workbench.write(*self.documents)


def just_before_our_write(patch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """They act once: after the read that is just before our first write, and before that."""
    acts, call = [act], ApiConnection.call

    def late(
        self: ApiConnection,
        method: str,
        path: str,
        query: Any = None,
        body: Any = None,
        **more: Any,
    ) -> Body:
        asks = method == "GET" or "validateOnly" in (query or {}) or path.endswith(_ASKING)
        if acts and not asks:
            acts.pop()()
        return call(self, method, path, query, body, **more)

    patch.setattr(ApiConnection, "call", late)


def post(path: str, body: Body) -> Hand:
    return Hand("POST", path, body)


def patch(path: str, body: Body) -> Hand:
    return Hand("PATCH", path, body)


def made(path: str, body: Body, *documents: Document, differs: Any = ()) -> Case:
    """They made what the last document is about; the others are ours."""
    return Case([*documents], (post(path, body),), [*documents[:-1]], dict(differs))


def www(rrtype: str, *values: str, ttl: int = 300, **more: Any) -> Document:
    return zone({"www": sets(rrtype, *values, ttl=ttl)}, **more)


def www_by_hand(rrtype: str, *rrdatas: str, ttl: int = 300) -> Hand:
    name = "www.example.com."
    body: Body = {"name": name, "type": rrtype, "ttl": ttl, "rrdatas": [*rrdatas]}
    return patch(f"{ZONES}/example/rrsets/{name}/{rrtype}", body)


def sql(version: str = "POSTGRES_14", **settings: Any) -> Document:
    whole = {"tier": "db-g1-small", **settings}
    spec = {"databaseVersion": version, "region": REGION, "settings": whole}
    return document("SqlInstance", "shop", spec)


def sql_by_hand(**settings: Any) -> Hand:
    return patch(f"{SQL}/shop", {"settings": settings})


def run(container: Any = None, service: Any = None, **template: Any) -> Document:
    whole = {"containers": [{"image": IMAGE, **(container or {})}], **template}
    return document("RunService", "web", {"template": whole, **(service or {})})


def run_by_hand(container: Any = None, service: Any = None, **template: Any) -> Hand:
    """What they send replaces the template, and the fields of the service that they name."""
    whole = {"containers": [{"image": IMAGE, **(container or {})}], **template}
    mask = ",".join(["template", *(service or {})])
    return patch(f"{RUN}/web?updateMask={mask}", {"template": whole, **(service or {})})


def connector(**spec: Any) -> Document:
    body = {"network": "vpc", "ipCidrRange": "10.8.0.0/28", **spec}
    return document("VpcConnector", "inner", body, {"replaceCidr": "10.8.0.16/28"})


def connector_by_hand(**body: Any) -> Hand:
    """What grows must name both ends."""
    return patch(f"{CONNECTORS}/inner?updateMask={','.join(body)}", body)


def env(**variables: str) -> dict[str, Any]:
    return {"env": pairs("value", variables)}


def pairs(value: str, named: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, value: text} for name, text in named.items()]


def turned(items: Iterable[Any]) -> list[Any]:
    """In the other order."""
    return [*items][::-1]
