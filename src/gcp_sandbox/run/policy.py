"""IAM policies of services: `:getIamPolicy`, `:setIamPolicy`, `:testIamPermissions`."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Final

from gcp_sandbox.errors import not_found_path
from gcp_sandbox.request import Body, Request
from gcp_sandbox.run.section import NAME, Run
from gcp_sandbox.shapes import INT32, STRUCT, TEXT, Message, taken
from gcp_sandbox.status import StatusError

_EMPTY: Final = {"etag": "ACAB"}
"""What a service without a policy answers."""

_PERMISSIONS: Final = Message({"permissions": [TEXT]})
_BINDING: Final = Message({"role": TEXT, "members": [TEXT], "condition": STRUCT}, ("role",))
_POLICY: Final = Message(
    {"version": INT32, "etag": TEXT, "bindings": [_BINDING], "auditConfigs": [STRUCT]}
)


def act(run: Run, request: Request) -> Body:
    """Serve a custom method behind the service's name, e.g. `svc:getIamPolicy`."""
    identity, _, verb = request.params["service"].partition(":")
    project, location = request.params["project"], request.params["location"]
    name = f"projects/{project}/locations/{location}/services/{identity}"
    body = request.body if isinstance(request.body, dict) else {}
    if (request.method, verb) == ("GET", "getIamPolicy"):
        run.get(name)
        return run.policies.get(name, _EMPTY)
    if (request.method, verb) == ("POST", "setIamPolicy"):
        run.get(name)
        return _set(run, name, body)
    if (request.method, verb) == ("POST", "testIamPermissions"):
        run.get(name)
        return taken(_PERMISSIONS, body, "request")
    raise not_found_path(request.path)


def _set(run: Run, name: str, body: Body) -> Body:
    """Replace the policy whole; a stale etag is refused."""
    given = taken(_POLICY, body.get("policy"), "policy")
    current = run.policies.get(name, _EMPTY)
    if given.get("etag") not in (None, "", current["etag"]):
        raise StatusError(
            "ABORTED",
            "There were concurrent policy changes. Please retry the whole read-modify-write with "
            "exponential backoff.",
        )
    bindings = [it for it in given.get("bindings", ()) if "members" in it]
    run.policies[name] = {
        "version": given.get("version", 1),
        "etag": _etag(bindings, current["etag"]),
        **({"bindings": bindings} if bindings else {}),
    }
    run.world.touch(NAME)
    return run.policies[name]


def _etag(bindings: list[Body], before: str) -> str:
    text = json.dumps([before, bindings], sort_keys=True)
    return base64.b64encode(hashlib.sha256(text.encode()).digest()[:9]).decode()
