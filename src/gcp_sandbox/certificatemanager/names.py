"""Full names, in every spelling that Google takes, and the one it answers."""

from __future__ import annotations

import re
from typing import Final

from gcp_sandbox.project import number
from gcp_sandbox.status import StatusError

HOST: Final = "//certificatemanager.googleapis.com/"
_NAME: Final = re.compile(
    r"(?:https?:)?(?://[^/]+/)?(?:v1/)?"
    r"(?P<name>projects/[^/]+/locations/[^/]+/(?P<collection>\w+)/[^/]+(?:/\w+/[^/]+)?)"
)
_IDENTITY: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,62}")


def check_identity(identity: str) -> None:
    if not _IDENTITY.fullmatch(identity):
        raise StatusError(
            "INVALID_ARGUMENT",
            f"Invalid resource ID '{identity}': it must match {_IDENTITY.pattern}.",
        )


def reference(text: str, collection: str, at: str) -> str:
    """The plain name of a resource of `collection`. Raises 400."""
    found = _NAME.fullmatch(text)
    if found is None or found["collection"] != collection:
        raise StatusError("INVALID_ARGUMENT", f"{at}: '{text}' names none of {collection}.")
    return found["name"]


def project_of(name: str) -> str:
    return name.split("/")[1]


def collection_of(name: str) -> str:
    return name.split("/")[-2]


def numbered(name: str) -> str:
    """With the project's number in place of its id, as Google answers references."""
    project = project_of(name)
    return f"projects/{number(project)}/{name.split('/', 2)[2]}"


def not_found(name: str) -> StatusError:
    return StatusError("NOT_FOUND", f"Resource '{name}' was not found")
