"""Creating and changing services: the same whether v2 or the Knative shape asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gcp_sandbox.request import Body, Request
from gcp_sandbox.run import reconcile, revision
from gcp_sandbox.run.section import Run
from gcp_sandbox.run.shape import WRITABLE
from gcp_sandbox.run.template import check_id, prepared
from gcp_sandbox.status import StatusError
from gcp_sandbox.vpcaccess.section import Connectors

_USABLE: Final = frozenset({"READY", "UPDATING"})


@dataclass(frozen=True, slots=True)
class Writer:
    run: Run
    connectors: Connectors

    def create(self, request: Request, name: str, wanted: Body, *, dry: bool) -> Body:
        """Begin a service, or with `dry` only say what it would be."""
        identity = name.rpartition("/")[2]
        check_id(identity)
        if name in self.run.services:
            raise StatusError("ALREADY_EXISTS", f"Resource '{identity}' already exists.")
        body = self.run.born(name, prepared(wanted, name))
        self._check(body)
        if dry:
            return self.answer_only(body)
        self.run.put(body)
        return reconcile.begin(self.run, request, "create", body, self.run.stamp(body))

    def update(
        self, request: Request, old: Body, wanted: Body, *, dry: bool, forced: bool = False
    ) -> Body:
        """Begin a change; a new revision comes of another template only, or if `forced`."""
        name = old["name"]
        if "deleteTime" in old:
            raise StatusError("FAILED_PRECONDITION", "The service is being deleted.")
        writable = {key: value for key, value in wanted.items() if key in WRITABLE}
        body = self.run.changed(old, prepared(writable, name))
        renewed = self._renews(old, body) or forced
        self._check(body)
        if dry:
            return self.answer_only(body)
        self.run.put(body)
        stamped = self.run.stamp(body) if renewed else None
        return reconcile.begin(self.run, request, "update", body, stamped)

    def answer_only(self, body: Body, kind: str = reconcile.SERVICE_TYPE) -> Body:
        """An operation that was never begun: it is done, and nothing has changed."""
        parent = "/".join(body["name"].split("/")[:4])
        said = {"@type": kind, **body}
        name = f"{parent}/operations/{self.run.world.chance.uuid()}"
        return {"name": name, "metadata": said, "done": True, "response": said}

    def _renews(self, old: Body, new: Body) -> bool:
        """Whether the template differs; a revision's name is good for one configuration only."""
        same = revision.configuration(old["template"]) == revision.configuration(new["template"])
        identity = new["template"].get("revision")
        if identity is None:
            return not same
        if f"{new['name']}/revisions/{identity}" not in self.run.revisions:
            return True
        if same and identity == old["template"].get("revision"):
            return False
        raise StatusError(
            "ALREADY_EXISTS",
            f"Revision named '{identity}' with different configuration already exists.",
        )

    def _check(self, body: Body) -> None:
        """What depends on more than the service: its revision's name and its connector."""
        identity = body["name"].rpartition("/")[2]
        named = body["template"].get("revision")
        if named is not None and not named.startswith(f"{identity}-"):
            raise StatusError(
                "INVALID_ARGUMENT",
                f"service.template.revision: '{named}' must be prefixed with '{identity}-'.",
            )
        connector = body["template"].get("vpcAccess", {}).get("connector")
        if connector is not None:
            self._check_connector(connector)

    def _check_connector(self, name: str) -> None:
        """It must be ready; where there are no connectors at all they are taken to exist."""
        parent = name.partition("/connectors/")[0]
        known = {body["name"]: body["state"] for body in self.connectors.of(parent)}
        if known and known.get(name) not in _USABLE:
            raise StatusError(
                "INVALID_ARGUMENT",
                f"VPC connector {name} does not exist, or Cloud Run does not have permission to "
                "use it, or it is not ready.",
            )
