"""The one method of Cloud Resource Manager v3 that is served: projects.testIamPermissions.

https://cloud.google.com/resource-manager/reference/rest/v3/projects/testIamPermissions

Whoever asks has every permission but those that `POST /_sandbox/permissions {"denied": […]}` took
away: single ones, `dns.*`, `compute.urlMaps.*` or `*`. Every API refuses calls for the want of one.
More than 100 permissions in one question are refused, as others have found
(https://github.com/openshift/cloud-credential-operator/pull/94); in which words is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from gcp_sandbox.denials import denial
from gcp_sandbox.errors import GoogleError, not_found_path
from gcp_sandbox.longrunning import NAME as LONG_RUNNING
from gcp_sandbox.longrunning import LongRunning
from gcp_sandbox.permissions import needed
from gcp_sandbox.request import Body, Json, Request
from gcp_sandbox.router import Router
from gcp_sandbox.shapes import TEXT, Message, taken
from gcp_sandbox.status import StatusError
from gcp_sandbox.world import World

NAME: Final = "resourcemanager"
_PERMISSION: Final = re.compile(r"[a-z][a-z0-9]*\.[A-Za-z][A-Za-z0-9]*\.[A-Za-z][A-Za-z0-9]*")
_AT_MOST: Final = 100
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
        """Why nobody may do this, where a permission for it is denied."""
        if not self.denied:
            return None
        asked = needed(request, self._api_of_operation(request))
        if asked is None:
            return None
        missed = next((each for each in asked.permissions if self._is_denied(each)), None)
        return denial(asked.api, missed, asked.resource) if missed else None

    def _api_of_operation(self, request: Request) -> str:
        """Whose a path is that several APIs have: by the host asked, or the operation's target."""
        label, known, _ = request.headers.get("host", "").partition(".googleapis.com")
        if known:
            return label.rpartition("-")[2]
        operations = self.world.sections[LONG_RUNNING]
        assert isinstance(operations, LongRunning)
        return operations.api_of(request.path.rpartition("/")[2].partition(":")[0])

    def _is_denied(self, permission: str) -> bool:
        return any(fnmatchcase(permission, pattern) for pattern in self.denied)

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
