"""What IAM must allow, by the names that Google's predefined roles have."""

from __future__ import annotations

import re

import pytest

from remediate.kinds.facts import Scope
from remediate.kinds.permissions import permissions
from remediate.kinds.registry import NAMES, kind


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_can_be_read_created_and_deleted_everywhere(name: str) -> None:
    facts = kind(name)
    for scope in facts.scopes:
        found = permissions(facts, scope)
        assert {"read", "create", "delete", "wait"} <= found.keys()
        assert ("change" in found) == bool(facts.updates)
        every = [each for names in found.values() for each in names]
        assert all(re.fullmatch(r"[a-z]+\.[a-zA-Z]+\.[a-zA-Z]+", each) for each in every)


@pytest.mark.parametrize(
    ("name", "scope", "what", "expected"),
    [
        ("Address", Scope.GLOBAL, "change", {"compute.globalAddresses.setLabels"}),
        (
            "ForwardingRule",
            Scope.REGION,
            "change",
            {f"compute.forwardingRules.{word}" for word in ("setTarget", "setLabels", "update")},
        ),
        ("NetworkEndpointGroup", Scope.ZONE, "create", {"compute.networkEndpointGroups.create"}),
        (
            "BackendService",
            Scope.GLOBAL,
            "change",
            {"compute.backendServices.update", "compute.backendServices.setSecurityPolicy"},
        ),
        (
            "UrlMap",
            Scope.REGION,
            "link",
            {"compute.regionBackendServices.use", "compute.regionBackendBuckets.use"},
        ),
        ("CertificateMapEntry", Scope.GLOBAL, "link", {"certificatemanager.certs.use"}),
        ("VpcConnector", Scope.REGION, "change", {"vpcaccess.connectors.update"}),
        ("SqlInstance", Scope.GLOBAL, "wait", {"cloudsql.instances.get"}),
    ],
)
def test_each_deed_takes_what_google_says(
    name: str, scope: Scope, what: str, expected: set[str]
) -> None:
    assert set(permissions(kind(name), scope)[what]) == expected


def test_a_global_backend_reaches_endpoint_groups_everywhere() -> None:
    groups = {
        it for it in permissions(kind("BackendService"), Scope.GLOBAL)["link"] if "Group" in it
    }
    assert groups == {
        "compute.globalNetworkEndpointGroups.use",
        "compute.instanceGroups.use",
        "compute.networkEndpointGroups.use",
        "compute.regionNetworkEndpointGroups.use",
    }
