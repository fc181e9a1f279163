"""Cloud Run Admin v2. One host serves all regions, and can be asked without being told."""

from __future__ import annotations

from remediate.gcp.longrunning import LongRunning
from remediate.model.json import Body


class Run(LongRunning):
    def rehearse(
        self, method: str, scope: str, collection: str, name: str, body: Body | None
    ) -> None:
        """Ask for a write that is only checked (`validateOnly`); raises what it would raise."""
        self._sent(method, scope, collection, name, body, {"validateOnly": "true"})
