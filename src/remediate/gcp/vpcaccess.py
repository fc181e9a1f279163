"""Serverless VPC Access v1 (its discovery document, vpcaccess.v1)."""

from __future__ import annotations

from remediate.gcp.api import Api
from remediate.gcp.connection import ApiConnection, Wire
from remediate.gcp.longrunning import LongRunning

BASE_URL = "https://vpcaccess.googleapis.com"
_IDS = {"connectors": "connectorId"}


class VpcAccessConnection(ApiConnection):
    API_URL_TEMPLATE = "{api_base_url}/{api_version}{path}"
    API_NAME = "VPC Access"
    API_VERSION = "v1"


class VpcAccess(LongRunning):
    def __init__(self, wire: Wire, project: str, base_url: str = BASE_URL) -> None:
        super().__init__(Api.VPC_ACCESS, project, VpcAccessConnection(wire, base_url), _IDS)
