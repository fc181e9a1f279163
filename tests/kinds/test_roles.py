"""The roles, held against what the sandbox was really asked for, both ways.

The table from methods to permissions is this test's own: Google's "Permissions reference" and the
"Required permissions" of each method's page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from remediate.kinds.facts import Scope
from remediate.kinds.permissions import LINK, permissions, sometimes
from remediate.kinds.registry import NAMES, kind
from remediate.model.errors import RemediateError
from remediate.pipeline.choices import Choices
from remediate.pipeline.drift import look
from remediate.pipeline.roles import Purpose, role
from tests.kinds.contract.test_contract import DELETE
from tests.kinds.examples import examples
from tests.workbench import Workbench, document

PURPOSES: tuple[Purpose, ...] = ("plan", "apply")
MEANT = [*DELETE, "zone-replace=tried", "record-conflict=tried", "redirect-removed=tried"]
WHERE = r"/(?:global|regions/[^/]+|zones/[^/]+)"
SETS = "dns.resourceRecordSets"
# (method, path below the project, permission): `{own}` is the collection, `{method}` a setter's.
TABLE = [
    ("GET", rf"/compute/v1{{p}}{WHERE}/operations/[^/]+", "{operations}.get"),
    ("POST", rf"/compute/v1{{p}}{WHERE}/operations/[^/]+/wait", "{operations}.get"),
    ("POST", rf"/compute/v1{{p}}{WHERE}/(?P<c>\w+)/[^/]+/validate", "{own}.validate"),
    ("POST", rf"/compute/v1{{p}}(?:{WHERE})?/(?P<c>\w+)/[^/]+/(?P<m>set\w+)", "{own}.{m}"),
    ("GET", rf"/compute/v1{{p}}{WHERE}/(?P<c>\w+)", "{own}.list"),
    ("GET", rf"/compute/v1{{p}}{WHERE}/(?P<c>\w+)/[^/]+", "{own}.get"),
    ("POST", rf"/compute/v1{{p}}{WHERE}/(?P<c>\w+)", "{own}.create"),
    ("PATCH", rf"/compute/v1{{p}}{WHERE}/(?P<c>\w+)/[^/]+", "{own}.update"),
    ("PUT", rf"/compute/v1{{p}}{WHERE}/(?P<c>\w+)/[^/]+", "{own}.update"),
    ("DELETE", rf"/compute/v1{{p}}{WHERE}/(?P<c>\w+)/[^/]+", "{own}.delete"),
    ("GET", r"/dns/v1{p}", "dns.projects.get"),
    ("GET", r"/dns/v1{p}/managedZones/[^/]+/rrsets", "dns.resourceRecordSets.list"),
    (
        "POST",
        r"/dns/v1{p}/managedZones/[^/]+/changes",
        f"dns.changes.create {SETS}.create {SETS}.delete {SETS}.update",
    ),
    ("GET", r"/dns/v1{p}/managedZones/[^/]+/changes/[^/]+", "dns.changes.get"),
    ("GET", r"/dns/v1{p}/managedZones/[^/]+/changes", "dns.changes.list"),
    ("GET", r"/dns/v1{p}/managedZones/[^/]+/operations/[^/]+", "dns.managedZoneOperations.get"),
    ("GET", r"/dns/v1{p}/managedZones", "dns.managedZones.list"),
    ("GET", r"/dns/v1{p}/managedZones/[^/]+", "dns.managedZones.get"),
    ("POST", r"/dns/v1{p}/managedZones", "dns.managedZones.create"),
    ("PATCH", r"/dns/v1{p}/managedZones/[^/]+", "dns.managedZones.update"),
    ("DELETE", r"/dns/v1{p}/managedZones/[^/]+", "dns.managedZones.delete"),
    ("GET", r"/v1{p}/operations/[^/]+", "cloudsql.instances.get"),
    ("GET", r"/v1{p}/instances", "cloudsql.instances.list"),
    ("GET", r"/v1{p}/instances/[^/]+", "cloudsql.instances.get"),
    ("POST", r"/v1{p}/instances", "cloudsql.instances.create"),
    ("PATCH", r"/v1{p}/instances/[^/]+", "cloudsql.instances.update"),
    ("DELETE", r"/v1{p}/instances/[^/]+", "cloudsql.instances.delete"),
    ("GET", r"/v2{p}/locations/[^/]+/services/[^/]+/revisions/[^/]+", "run.revisions.get"),
    ("POST", r"/v3/projects/[^/]+:testIamPermissions", ""),  # takes none
]
NAMED = {
    "certificates": "certificatemanager.certs",
    "certificateMaps": "certificatemanager.certmaps",
    "certificateMapEntries": "certificatemanager.certmapentries",
    "dnsAuthorizations": "certificatemanager.dnsauthorizations",
    "connectors": "vpcaccess.connectors",
    "services": "run.services",
}
VERBS = {"GET": "get", "PATCH": "update", "DELETE": "delete", "POST": "create"}
# What a role has though no call of its own takes it, and why.
AT_ONCE = "what is begun in this sandbox is done when it is answered"
UNCALLED = {
    "certificatemanager.operations.get": AT_ONCE,
    "compute.globalOperations.get": AT_ONCE,
    "compute.regionOperations.get": AT_ONCE,
    "compute.zoneOperations.get": AT_ONCE,
    "dns.changes.get": AT_ONCE,
    "dns.managedZoneOperations.get": AT_ONCE,
    "run.operations.get": AT_ONCE,
    "vpcaccess.operations.get": AT_ONCE,
    "compute.forwardingRules.setTarget": "no regional example leads elsewhere",
    "compute.regionBackendServices.setSecurityPolicy": "no regional example is guarded",
}


def permissions_of(method: str, path: str) -> list[str]:
    """What one request takes; raises LookupError for one that nobody has looked up."""
    for verb, pattern, names in TABLE:
        found = re.fullmatch(pattern.replace("{p}", "/projects/[^/]+"), path)
        if verb == method and found:
            return [_filled(name, path, found.groupdict()) for name in names.split()]
    return [_at_location(method, path)]


def _filled(name: str, path: str, groups: dict[str, Any]) -> str:
    where = "zone" if "/zones/" in path else "region" if "/regions/" in path else "global"
    return name.format(
        own=_own(groups.get("c", ""), where),
        operations=f"compute.{where}Operations",
        m={"setEdgeSecurityPolicy": "setSecurityPolicy"}.get(groups.get("m", ""), groups.get("m")),
    )


def _own(collection: str, where: str) -> str:
    upper = collection[:1].upper() + collection[1:]
    if collection == "networkEndpointGroups":
        return f"compute.{collection}" if where == "zone" else f"compute.{where}{upper}"
    if collection in {"addresses", "forwardingRules"}:
        return f"compute.global{upper}" if where == "global" else f"compute.{collection}"
    return f"compute.{collection}" if where == "global" else f"compute.region{upper}"


def _at_location(method: str, path: str) -> str:
    found = re.fullmatch(r"/v[12]/projects/[^/]+/locations/[^/]+/(.+)", path)
    if found is None:
        raise LookupError(f"{method} {path}")
    last, name = ["", *found[1].split("/")][-2:]
    if last == "operations":
        service = "run" if path.startswith("/v2") else "certificatemanager|vpcaccess"
        return f"{service}.operations.get"
    if name in NAMED:
        return f"{NAMED[name]}.{'list' if method == 'GET' else 'create'}"
    return f"{NAMED[last]}.{VERBS[method]}"


def lifetimes(workbench: Workbench, name: str) -> Iterator[list[tuple[str, str]]]:
    """Everything that is done to each example of a kind, and the calls that it took."""
    for example in examples(name):
        workbench.reset()
        firm = {"onRemove": "delete"}
        needed = [
            {**one, "lifecycle": {**one.get("lifecycle", {}), **firm}} for one in example.requires
        ]
        for patch in ({}, *example.changes.values(), *example.replacements.values(), {}, None):
            own = [] if patch is None else [{**example.changed(patch), "lifecycle": firm}]
            workbench.write(*needed, *own)
            with suppress(RemediateError):  # what is refused has taken no more
                workbench.apply(prune=True, allow=MEANT)
        with suppress(RemediateError):
            workbench.gc(retention=0, allow=MEANT)
            workbench.roll_back(allow=MEANT)
        yield workbench.calls()


def flat(names: Iterable[Iterable[str]]) -> set[str]:
    return {name for each in names for name in each}


@pytest.mark.parametrize("name", NAMES)
def test_a_kind_is_granted_what_its_methods_take_and_no_more(
    workbench: Workbench, name: str
) -> None:
    calls = {call for each in lifetimes(workbench, name) for call in each}
    taken = {each for call in calls for each in permissions_of(*call)}
    used = {part for each in taken for part in _either(each)}
    every = {one for one, _ in role("apply", None).permissions}
    assert used <= every
    scopes: set[Scope] = {example.scope for example in examples(name)}
    mine = [permissions(kind(name), scope) for scope in scopes]
    granted = flat(each[what] for each in mine for what in each if what != LINK)
    unused = {each for each in granted - used if not (sometimes(each) or each in UNCALLED)}
    assert unused == set()


def _either(permission: str) -> list[str]:
    """An operation of one of the two APIs whose paths are alike."""
    services, _, rest = permission.partition(".")
    return [f"{service}.{rest}" for service in services.split("|")]


def test_whoever_plans_and_looks_for_drift_needs_nothing_but_to_read(workbench: Workbench) -> None:
    workbench.reset("staging")
    workbench.copy_staging()
    workbench.apply()
    sets = "dns/v1/projects/netra-staging/managedZones/netrasystems-staging/rrsets"
    workbench.send("DELETE", f"{sets}/staging.netrasystems.ai./A")
    path = "compute/v1/projects/netra-staging/global/urlMaps/staging-url-map"
    fingerprint = workbench.send("GET", path)["fingerprint"]
    workbench.send("PATCH", path, {"description": "by hand", "fingerprint": fingerprint})
    workbench.forget_calls()
    desired, ledger = workbench.load(), workbench.ledger
    assert len(workbench.plan().differences) == 2
    found, _ = look(workbench.google.reader(), desired, ledger, Choices()).compared()
    assert len(found.differences) == 2
    taken = {each for call in workbench.calls() for each in permissions_of(*call)}
    granted = {name for name, _ in role("plan", desired).permissions}
    assert taken <= granted
    assert "compute.urlMaps.validate" in taken
    assert {name.rpartition(".")[2] for name in granted} == {"get", "list", "validate"}


def test_the_state_in_a_bucket_takes_more_and_in_a_folder_nothing(workbench: Workbench) -> None:
    workbench.copy_staging()
    desired = workbench.load()
    stored = {
        (purpose, store): {
            n for n, _ in role(purpose, desired, store).permissions if "storage" in n
        }
        for purpose in PURPOSES
        for store in (".remediate", "gs://bucket/prefix")
    }
    read = {"storage.objects.get", "storage.objects.list"}
    new = {"storage.objects.create"}  # `plan --out` keeps a copy, and replaces nothing
    assert stored["plan", ".remediate"] == stored["apply", ".remediate"] == set()
    assert stored["plan", "gs://bucket/prefix"] == read | new
    replaced = {"storage.objects.delete"}  # to replace is to delete too
    assert stored["apply", "gs://bucket/prefix"] == read | new | replaced


def test_only_what_is_declared_is_granted(workbench: Workbench) -> None:
    workbench.write(document("Address", "edge", {"addressType": "EXTERNAL"}))
    names = [name for name, _ in role("apply", workbench.load()).permissions]
    assert {name.rpartition(".")[0] for name in names} == {
        "compute.globalAddresses",
        "compute.globalOperations",
        "compute.networks",
        "compute.subnetworks",
    }
    assert names == sorted(names)
