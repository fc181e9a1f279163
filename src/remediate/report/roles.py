"""A custom role as gcloud, Google's own YAML, and Terraform take it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator

from remediate.pipeline.roles import Role

_PROJECT = "PROJECT"  # what to replace, where no environment says it


def as_yaml(role: Role) -> str:
    """The file of `gcloud iam roles create ID --file`."""
    lines = [
        f"title: {json.dumps(role.title)}",
        f"description: {json.dumps(role.description)}",
        "stage: GA",
        "includedPermissions:",
        *(f"- {name}" + (f"  # {when}" if when else "") for name, when in role.permissions),
    ]
    return "\n".join(lines) + "\n"


def as_gcloud(role: Role) -> str:
    """Commands: the one that makes the role, and the one for when it changes."""
    names = ",".join(name for name, _ in role.permissions)
    where = f"--project={role.project or _PROJECT}"
    words = [f"--title={role.title}", f"--description={role.description}", "--stage=GA"]
    made = ["gcloud iam roles create", role.id, where, *words, f"--permissions={names}"]
    later = ["gcloud iam roles update", role.id, where, f"--permissions={names}"]
    notes = [f"# {name}: {when}" for name, when in role.permissions if when]
    return "\n".join([*notes, "# The first time:", _typed(made), "# Later:", _typed(later), ""])


def _typed(words: list[str]) -> str:
    """A command with an option a line, to be copied."""
    verb, name, *options = words
    return " \\\n  ".join([f"{verb} {name}", *map(shlex.quote, options)])


def as_terraform(role: Role) -> str:
    """A `google_project_iam_custom_role`."""
    label = re.sub(r"([A-Z])", lambda found: f"_{found[0].lower()}", role.id)
    return "\n".join(
        [
            f'resource "google_project_iam_custom_role" "{label}" {{',
            *_arguments(role),
            "  permissions = [",
            *(f'    "{name}",' + (f" # {when}" if when else "") for name, when in role.permissions),
            "  ]",
            "}",
            "",
        ]
    )


def _arguments(role: Role) -> Iterator[str]:
    values = {
        "project": role.project or _PROJECT,
        "role_id": role.id,
        "title": role.title,
        "description": role.description,
        "stage": "GA",
    }
    for name, value in values.items():
        text = json.dumps(value).replace("${", "$${").replace("%{", "%%{")  # HCL's templates
        yield f"  {name.ljust(11)} = {text}"


FORMATS: dict[str, Callable[[Role], str]] = {
    "yaml": as_yaml,
    "gcloud": as_gcloud,
    "terraform": as_terraform,
}
