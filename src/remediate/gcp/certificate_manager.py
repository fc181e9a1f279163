"""Certificate Manager v1 (its discovery document, certificatemanager.v1)."""

from __future__ import annotations

from remediate.gcp.api import Api
from remediate.gcp.connection import ApiConnection, Wire
from remediate.gcp.longrunning import LongRunning

BASE_URL = "https://certificatemanager.googleapis.com"
_IDS = {
    "certificates": "certificateId",
    "certificateMaps": "certificateMapId",
    "certificateMapEntries": "certificateMapEntryId",
    "dnsAuthorizations": "dnsAuthorizationId",
}


class CertificateManagerConnection(ApiConnection):
    API_URL_TEMPLATE = "{api_base_url}/{api_version}{path}"
    API_NAME = "Certificate Manager"
    API_VERSION = "v1"


class CertificateManager(LongRunning):
    def __init__(self, wire: Wire, project: str, base_url: str = BASE_URL) -> None:
        super().__init__(
            Api.CERTIFICATE_MANAGER, project, CertificateManagerConnection(wire, base_url), _IDS
        )
