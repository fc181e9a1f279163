"""The specs, held against the message types of Google's typed clients: a second witness."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from remediate.gcp.api import Api
from remediate.kinds.fields.pointers import parts, pointer
from remediate.kinds.registry import kind
from tests.kinds.test_specs_against_discovery import COMPUTE, PREFIXES, is_below, ours

CLIENTS = {
    Api.COMPUTE: "google.cloud.compute_v1",
    Api.RUN: "google.cloud.run_v2",
    Api.SQL: "google.cloud.sqladmin_v1beta4",
    Api.VPC_ACCESS: "google.cloud.vpcaccess_v1",
}
# In the discovery document already, and not yet in every release of the client.
YOUNG = {
    *("networkAttachment", "serviceClassId", "IPAddresses", "dynamicForwarding"),
    *("dynamicCompressionPolicy", "imageOptimizationPolicy"),
}

_TEMPLATE = "/template"
YOUNG_BELOW = {
    "RunService": {
        *("/functionalType", "/sshEnabled"),
        *(f"{_TEMPLATE}/{name}" for name in ("ambientNetworking", "client", "clientVersion")),
        *(f"{_TEMPLATE}/{name}" for name in ("sandboxes", "workloadIdentityConfig")),
        *(f"{_TEMPLATE}/scaling/{name}Utilization" for name in ("concurrency", "cpu")),
        *(f"{_TEMPLATE}/containers/*/{name}" for name in ("buildConfig", "sandboxLauncher")),
        f"{_TEMPLATE}/volumes/*/filestore",
    }
}


def client_fields(descriptor: Any, at: str = "") -> Iterator[str]:
    """A pointer for every field of a message, lists and maps as `*`."""
    for field in descriptor.fields:
        here = at + pointer(field.json_name)
        yield here
        below = here + "/*" if field.is_repeated else here
        message = field.message_type
        if message is not None and message.GetOptions().map_entry:
            yield below
        elif message is not None and not message.full_name.startswith("google.protobuf."):
            yield from client_fields(message, below)


@pytest.mark.parametrize("name", [*COMPUTE, "RunService", "SqlInstance", "VpcConnector"])
def test_the_typed_client_has_the_fields_that_the_spec_has(name: str) -> None:
    facts = kind(name)
    called = facts.schema.removeprefix(PREFIXES.get(facts.api, ""))
    message = getattr(pytest.importorskip(CLIENTS[facts.api]), called)
    theirs = set(client_fields(message.pb(message()).DESCRIPTOR))
    mine = {at for at in ours(name) if parts(at)[-1] != "*"}
    known = {at for at in theirs if parts(at)[-1] != "*"}
    young = YOUNG_BELOW.get(name, set())
    more = {at for at in mine - known if not YOUNG.intersection(parts(at))}
    assert {at for at in more if not is_below(at, young)} == set()
    accounted = set(facts.server_set) | set(facts.unsupported)
    assert {at for at in known - mine if not is_below(at, accounted)} == set()
