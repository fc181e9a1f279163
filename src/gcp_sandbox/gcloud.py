"""How `gcloud` is pointed at the sandbox: as its forward proxy, without credentials.

As a proxy, because Cloud Run's commands put the region before the host name, which no override of
the endpoint survives. Checked with Google Cloud SDK 528.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_OVERRIDES: Final = {
    "CERTIFICATEMANAGER": "certificatemanager",
    "CLOUDRESOURCEMANAGER": "cloudresourcemanager",
    "COMPUTE": "compute",
    "DNS": "dns",
    "MONITORING": "monitoring",
    "RUN": "run",
    "SERVICEUSAGE": "serviceusage",
    "SQL": "sqladmin",
    "STORAGE": "storage",
    "VPCACCESS": "vpcaccess",
}
"""gcloud's name of an API and its host; those that the sandbox lacks get a 404 from it."""

_FAR_FUTURE: Final = 4102444800
"""2100-01-01: gcloud believes its cache file for ten minutes after its time stamp."""


def exports(url: str, project: str, config_dir: Path) -> dict[str, str]:
    """Environment variables that make every `gcloud` command talk to the sandbox at `url`.

    `config_dir` becomes gcloud's configuration: nothing of the user's own is read or changed. It
    is created, with the note "not on Compute Engine", without which gcloud looks up the metadata
    server's name in the real DNS. Raises OSError, and ValueError for a URL without a port.
    """
    address = urlsplit(url)
    if address.hostname is None or address.port is None:
        raise ValueError(f"not the URL of a sandbox: {url}")
    _say_not_on_compute_engine(config_dir)
    return {
        "CLOUDSDK_CONFIG": str(config_dir),
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_PROJECT": project,
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_SHOULD_PROMPT_TO_ENABLE_API": "false",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_CORE_DISABLE_FILE_LOGGING": "true",
        "CLOUDSDK_CORE_DISABLE_COLOR": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "true",
        "CLOUDSDK_PROXY_TYPE": "http",
        "CLOUDSDK_PROXY_ADDRESS": address.hostname,
        "CLOUDSDK_PROXY_PORT": str(address.port),
        **{
            f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": f"http://{host}.googleapis.com/"
            for api, host in _OVERRIDES.items()
        },
    }


def _say_not_on_compute_engine(config_dir: Path) -> None:
    config_dir.mkdir(parents=True, exist_ok=True)
    note = config_dir / "gce"
    note.write_text("False", encoding="ascii")
    os.utime(note, (_FAR_FUTURE, _FAR_FUTURE))
