"""Cloud Run Admin v2. One host serves all regions, and can be asked without being told."""

from __future__ import annotations

from remediate.gcp.listing import listed
from remediate.gcp.longrunning import PAGE, LongRunning
from remediate.model.json import Body


class Run(LongRunning):
    def rehearse(
        self, method: str, scope: str, collection: str, name: str, body: Body | None
    ) -> None:
        """Ask for a write that is only checked (`validateOnly`); raises what it would raise."""
        self._sent(method, scope, collection, name, body, {"validateOnly": "true"})

    def revisions(self, service: str) -> list[Body]:
        """Those of a service, given by its full name, newest first."""
        path, query = f"/{service}/revisions", {"pageSize": str(PAGE)}
        found = listed(self._connection, path, query, "revisions", f"revisions of {service}")
        return sorted(found, key=lambda body: str(body.get("createTime")), reverse=True)

    def policy(self, service: str) -> Body:
        """The IAM policy of a service, given by its full name."""
        query = {"options.requestedPolicyVersion": "3"}
        return self._connection.call("GET", f"/{service}:getIamPolicy", query)
