"""octoDNS's own Google provider, its client pointed at the sandbox. Nothing else is changed."""

from __future__ import annotations

from functools import partial
from unittest.mock import patch

import octodns_googlecloud
from google.auth.credentials import AnonymousCredentials
from octodns_googlecloud import GoogleCloudProvider


class SandboxProvider(GoogleCloudProvider):
    def __init__(self, id: str, url: str, project: str) -> None:  # noqa: A002 - octoDNS's name
        client = partial(
            octodns_googlecloud.dns.Client,
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": url},
        )
        with patch.object(octodns_googlecloud.dns, "Client", client):
            super().__init__(id, project=project)
