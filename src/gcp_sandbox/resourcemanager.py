"""The one method of Cloud Resource Manager v3 that is served: projects.testIamPermissions.

https://cloud.google.com/resource-manager/reference/rest/v3/projects/testIamPermissions

Whoever asks has every permission but those that `POST /_sandbox/permissions {"denied": […]}` took
away. Only this method heeds that, and the other APIs go on to do what they are asked; unless it is
`*` that is denied, or `monitoring.*`: then every API, or that one, refuses all. More than 100
permissions in one question are refused, as others have found
(https://github.com/openshift/cloud-credential-operator/pull/94); in which words is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from gcp_sandbox.errors import GoogleError, not_found_path
from gcp_sandbox.permissions import needed
from gcp_sandbox.request import Body, Json, Request
from gcp_sandbox.router import Router
from gcp_sandbox.shapes import TEXT, Message, taken
from gcp_sandbox.status import StatusError
from gcp_sandbox.world import World

NAME: Final = "resourcemanager"
_PERMISSION: Final = re.compile(r"[a-z][a-z0-9]*\.[A-Za-z][A-Za-z0-9]*\.[A-Za-z][A-Za-z0-9]*")
_AT_MOST: Final = 100
_EVERYTHING: Final = "*"
_REQUEST: Final = Message({"permissions": [TEXT]})


def register(world: World, router: Router) -> ResourceManager:
    section = ResourceManager(world)
    world.register(NAME, section)
    router.add("POST", "/v3/projects/{project}", section.act)
    router.add("POST", "/_sandbox/permissions", section.deny)
    return section


@dataclass(slots=True)
class ResourceManager:
    """`denied` are permissions that nobody has, in any project."""

    world: World
    denied: list[str] = field(default_factory=list)

    def act(self, request: Request) -> Body:
        """Serve the custom method behind the project's id."""
        project, _, verb = request.params["project"].partition(":")
        if verb != "testIamPermissions" or not project:
            raise not_found_path(request.path)
        body = request.body if isinstance(request.body, dict) else {}
        asked = taken(_REQUEST, body, "request").get("permissions", [])
        if len(asked) > _AT_MOST:
            message = f"At most {_AT_MOST} permissions can be tested at once, not {len(asked)}."
            raise StatusError("INVALID_ARGUMENT", message)
        for permission in asked:
            if not _PERMISSION.fullmatch(permission):
                raise StatusError("INVALID_ARGUMENT", f"Permission {permission} is not valid.")
        held = [permission for permission in asked if not self._is_denied(permission)]
        return {"permissions": held} if held else {}

    def refusal(self, request: Request) -> GoogleError | None:
        """Why nobody may do this, where its whole API is denied."""
        if not self.denied or request.path.endswith(":testIamPermissions"):
            return None
        permission = needed(request.method, request.path)
        if not self._is_denied(permission, whole=True):
            return None
        reason: Body = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "IAM_PERMISSION_DENIED",
            "domain": "iam.googleapis.com",
            "metadata": {"permission": permission},
        }
        message = f"Permission '{permission}' denied on resource (or it may not exist)."
        return GoogleError(403, "forbidden", message, status_name=True, details=[reason])

    def _is_denied(self, permission: str, *, whole: bool = False) -> bool:
        """By its own name, unless with its API as a `whole`; by its API's, or with everything."""
        names = {_EVERYTHING, f"{permission.partition('.')[0]}.*"} | (
            set() if whole else {permission}
        )
        return not names.isdisjoint(self.denied)

    def deny(self, request: Request) -> Body:
        body = request.body if isinstance(request.body, dict) else {}
        self.denied = sorted({str(each) for each in body.get("denied") or ()})
        self.world.touch(NAME)
        return {"denied": self.denied}

    # the world's section

    def dump(self) -> Json:
        return {"denied": self.denied}

    def load(self, state: Json) -> None:
        self.denied = [*state["denied"]]

    def populate(self, _project: str, wanted: Json) -> None:
        """From `{"denied": [<permission>, …]}`."""
        self.denied = sorted(wanted.get("denied", ()))

    def comparable(self) -> Json:
        return self.denied or None

    def clear(self) -> None:
        self.denied = []
