"""Whether a new revision can read the secrets that its variables point at.

The words are Google's. In a project that keeps no secrets at all nothing is looked for, so that
services may be written there without them.
"""

from __future__ import annotations

from collections.abc import Iterator

from gcp_sandbox.request import Body
from gcp_sandbox.secretmanager.section import NAME, SecretManager
from gcp_sandbox.world import World


def unread(world: World, service: str, template: Body) -> str:
    """What the first of them is wrong with; empty where all can be read."""
    section = world.sections[NAME]
    assert isinstance(section, SecretManager)
    project = service.split("/")[1]
    if any(name.startswith(f"projects/{project}/") for name in section.secrets):
        for field, name, version in _references(project, template):
            said = _said(section, name, version)
            if said:
                return f"{field}.value_from.secret_key_ref.name: {said}"
    return ""


def _references(project: str, template: Body) -> Iterator[tuple[str, str, str]]:
    for at, container in enumerate(template["containers"]):
        for number, variable in enumerate(container.get("env", ())):
            told = variable.get("valueSource", {}).get("secretKeyRef")
            if told and "/" not in told["secret"]:
                name = f"projects/{project}/secrets/{told['secret']}"
                field = f"spec.template.spec.containers[{at}].env[{number}]"
                yield field, name, told.get("version") or "latest"


def _said(section: SecretManager, name: str, version: str) -> str:
    versions = section.versions.get(name, [])
    found = next((it for it in versions if it["name"].endswith(f"/versions/{version}")), None)
    if version == "latest":
        found = next(reversed(versions), None)
    where = f"{name}/versions/{version}"
    if found is None:
        return f"Secret {where} was not found"
    return (
        ""
        if found["state"] == "ENABLED"
        else f"Secret Version {where} is in {found['state']} state."
    )
