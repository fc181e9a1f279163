"""Serverless VPC Access connectors: how Cloud Run reaches into a network. They grow, never shrink.

How large one is can be written as instances or as throughput, and Google works out the other; only
the pair that is written is compared. What cannot change in place takes a new connector beside the
old one, and that needs a free /28 of its own: `lifecycle.replaceCidr`, or a new `ipCidrRange`.

Facts: the discovery document's `Connector`; gcloud's reference of `compute networks vpc-access
connectors create` and `update` for the bounds;
https://cloud.google.com/vpc/docs/configure-serverless-vpc-access for names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from remediate.gcp.api import Api
from remediate.kinds.facts import (
    Compare,
    Naming,
    Readiness,
    Removal,
    Replacement,
    Room,
    Scope,
    Update,
    Verdict,
)
from remediate.kinds.fields.rules import Fault, exactly_one, looks_like, spelled, values, within
from remediate.kinds.fields.spec import Int, Spec, Text
from remediate.kinds.kind import Kind
from remediate.model.json import Body, Json
from remediate.model.plan import Action, FieldChange, Risk, Undo
from remediate.model.resource import Lifecycle

MACHINES = ("e2-micro", "e2-standard-4", "f1-micro")
INSTANCES = ("minInstances", "maxInstances")
THROUGHPUT = ("minThroughput", "maxThroughput")
_PREFIX = 28
_STEP = 100  # Mbps
_NAME = looks_like(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


class Subnet(Spec):
    name: Text | None = None
    projectId: Text | None = None


class VpcConnector(Spec):
    ipCidrRange: Text | None = None
    machineType: Text | None = None
    maxInstances: Int | None = None
    maxThroughput: Int | None = None
    minInstances: Int | None = None
    minThroughput: Int | None = None
    network: Text | None = None
    subnet: Subnet | None = None


def check(spec: Mapping[str, object]) -> list[Fault]:
    return [
        *_where(spec),
        *spelled(spec, "/machineType", MACHINES.__contains__, "one of " + ", ".join(MACHINES)),
        *_size(spec),
        *within(spec, "/minInstances", 2, 9, "the least number of instances"),
        *within(spec, "/maxInstances", 3, 10, "the greatest number of instances"),
        *within(spec, "/minThroughput", 200, 900, "the least throughput, in Mbps,"),
        *within(spec, "/maxThroughput", 300, 1000, "the greatest throughput, in Mbps,"),
        *_hundreds(spec),
    ]


def _where(spec: Mapping[str, Any]) -> Iterator[Fault]:
    """A range in a network, for which Google makes a hidden subnet, or a subnet of one's own."""
    if (subnet := spec.get("subnet")) is not None:
        for name in ("network", "ipCidrRange"):
            if spec.get(name) is not None:
                yield f"/{name}", f"a connector with a subnet has no {name}: the subnet tells it"
        if subnet.get("name") is None:
            yield "/subnet", "a subnet needs its name"
        what = "the name of a subnet alone; its project goes to subnet.projectId"
        yield from spelled(spec, "/subnet/name", _NAME, what)
        return
    missing = [name for name in ("network", "ipCidrRange") if spec.get(name) is None]
    if missing:
        yield "", f"{' and '.join(missing)} is missing: network and ipCidrRange, or a subnet"
    yield from spelled(spec, "/network", _NAME, "the name of a network alone")
    yield from spelled(spec, "/ipCidrRange", _is_range, "a /28 such as 10.8.0.0/28")


def _is_range(text: str) -> bool:
    try:
        return IPv4Network(text).prefixlen == _PREFIX
    except ValueError:
        return False


def _size(spec: Mapping[str, object]) -> Iterator[Fault]:
    """One pair; since 2026 Google chooses no greatest size any more."""
    written = [pair for pair in (INSTANCES, THROUGHPUT) if any(spec.get(n) for n in pair)]
    if len(written) > 1:
        for name in THROUGHPUT:
            if spec.get(name) is not None:
                yield f"/{name}", "instances and throughput exclude each other: write one pair"
        return
    if not written or spec.get(written[0][1]) is None:
        yield from exactly_one(spec, ("maxInstances", "maxThroughput"))
        return
    least, most = (spec.get(name) for name in written[0])
    if isinstance(least, int) and isinstance(most, int) and least >= most:
        low, high = written[0]
        yield f"/{low}", f"{low} is below {high}: {least} is not below {most}"


def _hundreds(spec: Mapping[str, object]) -> Iterator[Fault]:
    for name in THROUGHPUT:
        for at, value in values(spec, f"/{name}"):
            if value % _STEP:
                yield at, f"a throughput is a multiple of {_STEP} Mbps"


def one_way(change: FieldChange) -> str:
    """Why a connector cannot have fewer instances than it has; empty for what may change."""
    name = change.pointer[1:]
    before, after = change.before, change.after
    if name in INSTANCES and isinstance(before, int) and isinstance(after, int) and after < before:
        return f"{name} cannot shrink from {before} to {after}"
    return ""


def forms(wanted: Body, lifecycle: Lifecycle) -> list[Body]:
    """The connector in each range that is written for it, which are as good as each other."""
    if wanted.get("ipCidrRange") is None or not lifecycle.replace_cidr:
        return [wanted]
    return [wanted, {**wanted, "ipCidrRange": lifecycle.replace_cidr}]


def clash(one: Body, other: Body) -> bool:
    """Whether two connectors want the same addresses; each has its range or its subnet alone."""
    if one.get("subnet") or other.get("subnet"):
        return one.get("subnet") == other.get("subnet")
    if _plain_network(one.get("network")) != _plain_network(other.get("network")):
        return False
    try:
        ranges = [IPv4Network(str(body.get("ipCidrRange"))) for body in (one, other)]
    except ValueError:
        return False
    return ranges[0].overlaps(ranges[1])


def lack(wanted: Body, lifecycle: Lifecycle) -> str:
    """What to write when there is no room for a new connector beside the old one."""
    if wanted.get("subnet"):
        return (
            "a new connector needs a free /28 subnet of its own: write it to spec.subnet, "
            "and everything moves over to a connector there"
        )
    need = "a new connector needs a free /28 of its own"
    if not lifecycle.replace_cidr:
        return f"{need}: write it to lifecycle.replaceCidr"
    both = f"{wanted.get('ipCidrRange')} and {lifecycle.replace_cidr}"
    return f"{need}, and both {both} are taken: write another one to lifecycle.replaceCidr"


def check_spare(spec: Mapping[str, object], lifecycle: Lifecycle) -> list[Fault]:
    """What is wrong with `lifecycle.replaceCidr`, given the spec."""
    spare, first = lifecycle.replace_cidr, spec.get("ipCidrRange")
    if not spare:
        return []
    if spec.get("subnet") is not None:
        return [("", "a connector with a subnet moves to another subnet, not to a range")]
    if not _is_range(spare):
        return [("", f"{spare!r} is not a /28 such as 10.8.0.0/28")]
    if isinstance(first, str) and _is_range(first) and IPv4Network(first) == IPv4Network(spare):
        return [("", f"{spare} is spec.ipCidrRange too, and a new connector needs one of its own")]
    return []


def _plain_network(value: Json) -> Json:
    """A network is named, but some clients have sent its whole link."""
    return value.rpartition("/")[2] if isinstance(value, str) else value


def used_by(body: Body) -> list[str]:
    """The projects that send traffic through it, from whatever they run."""
    projects = body.get("connectedProjects")
    return [f"project {name}" for name in projects] if isinstance(projects, list) else []


def ready(body: Body) -> Readiness:
    """READY, or on its way there; from ERROR a connector never comes back."""
    state = str(body.get("state") or "CREATING")
    return Readiness(ready=state == "READY", state=state, failed=state == "ERROR")


def aftermath(body: Body) -> str:
    """What Google says of a failed one as well: that deleting it is all that can be done."""
    if not ready(body).failed:
        return ""
    return (
        "it is in state ERROR and never comes back from there: with lifecycle.replaceCidr the next "
        "apply puts a new one beside it, and a rollback deletes one that was new"
    )


def ready_alone(_body: Mapping[str, object]) -> bool:
    """A connector waits for nobody to use it."""
    return True


KIND = Kind(
    name="VpcConnector",
    api=Api.VPC_ACCESS,
    collection="connectors",
    schema="Connector",
    spec=VpcConnector,
    scopes=frozenset({Scope.REGION}),
    default_scope=Scope.REGION,
    server_set=frozenset({"/name", "/state", "/connectedProjects"}),
    immutable=frozenset({"/network", "/ipCidrRange", "/subnet", *(f"/{n}" for n in THROUGHPUT)}),
    used_by=used_by,
    one_way=one_way,
    no_way_back=Verdict(
        Undo.APPROXIMATE,
        "it cannot shrink: going back means a new connector on lifecycle.replaceCidr",
    ),
    equivalents=(
        (("subnet",), ("network", "ipCidrRange")),
        (INSTANCES, THROUGHPUT),
    ),
    together=(INSTANCES,),
    replacement=Replacement.BESIDE,
    naming=Naming(digits=4, longest=20, hyphen=2),
    room=Room(forms, clash, lack, check_spare),
    normalise={"/network": _plain_network},
    reverts={"/machineType": "e2-micro"},
    updates=(Update("patch", ("machineType", *INSTANCES), compare=Compare.NOTHING),),
    outputs=frozenset({"name", "state"}),
    base_risk=Risk.HIGH,
    removal=Removal.LATER,
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is deleted again"),
        Action.UPDATE: Verdict(Undo.EXACT, "the old machine type is patched back"),
        Action.REPLACE: Verdict(
            Undo.EXACT, "the old connector stays, and what was moved over goes back to it"
        ),
        Action.DELETE: Verdict(
            Undo.APPROXIMATE, "it is made again in the same range, once the old one is gone"
        ),
    },
    # People report two to three minutes for a creation.
    seconds={
        Action.CREATE: 120.0,
        Action.UPDATE: 180.0,
        Action.REPLACE: 120.0,
        Action.DELETE: 60.0,
    },
    guessed=True,
    ready=ready,
    ready_alone=ready_alone,
    aftermath=aftermath,
    check=check,
)
