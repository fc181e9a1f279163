"""Cloud Run Admin v2 (its discovery document, run.v2). One host serves all regions."""

from __future__ import annotations

from remediate.gcp.api import Api
from remediate.gcp.connection import ApiConnection, Wire
from remediate.gcp.longrunning import LongRunning
from remediate.model.json import Body

BASE_URL = "https://run.googleapis.com"
_IDS = {"services": "serviceId"}


class RunConnection(ApiConnection):
    API_URL_TEMPLATE = "{api_base_url}/{api_version}{path}"
    API_NAME = "Cloud Run"
    API_VERSION = "v2"


class Run(LongRunning):
    def __init__(self, wire: Wire, project: str, base_url: str = BASE_URL) -> None:
        super().__init__(Api.RUN, project, RunConnection(wire, base_url), _IDS)

    def rehearse(
        self, method: str, scope: str, collection: str, name: str, body: Body | None
    ) -> None:
        """Ask for a write that is only checked (`validateOnly`); raises what it would raise."""
        self._sent(method, scope, collection, name, body, {"validateOnly": "true"})
