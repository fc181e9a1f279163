"""A connector's body: its shape, what Google derives in it and what it refuses.

https://cloud.google.com/vpc/docs/reference/vpcaccess/rest/v1/projects.locations.connectors
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from gcp_sandbox.request import Body
from gcp_sandbox.shapes import INT32, TEXT, Message
from gcp_sandbox.status import StatusError

SHAPE: Final = Message(
    {
        "network": TEXT,
        "ipCidrRange": TEXT,
        "machineType": TEXT,
        "minInstances": INT32,
        "maxInstances": INT32,
        "minThroughput": INT32,
        "maxThroughput": INT32,
        "subnet": Message({"name": TEXT, "projectId": TEXT}),
    },
    ignored=frozenset({"name", "state", "connectedProjects"}),
)
CHANGEABLE: Final = ("machineType", "minInstances", "maxInstances")
_NAME: Final = re.compile(r"[a-z][-a-z0-9]{0,23}[a-z0-9]")
_LONGEST_NAME: Final = 20
_MACHINES: Final = ("e2-micro", "e2-standard-4", "f1-micro")
_PREFIX: Final = 28
_LEAST_INSTANCES: Final = 2
_MOST_INSTANCES: Final = 10
_MBPS: Final = 100
"""Megabits per second that one e2-micro instance stands for."""
_THROUGHPUTS: Final = range(_LEAST_INSTANCES, _MOST_INSTANCES + 1)


def check_name(identity: str) -> None:
    """Lower case, and at most 20 characters where a hyphen counts for two. Raises 400."""
    if not _NAME.fullmatch(identity):
        raise StatusError(
            "INVALID_ARGUMENT", f"The connector ID must follow the pattern ^{_NAME.pattern}$."
        )
    if len(identity) + identity.count("-") > _LONGEST_NAME:
        raise StatusError(
            "INVALID_ARGUMENT",
            f"The connector ID must have less than {_LONGEST_NAME + 1} characters, where a "
            "hyphen counts as two characters.",
        )


def prepare(body: Body) -> Body:
    """A new connector with what Google fills in; raises 400 for what it refuses at once."""
    body = dict(body)
    subnet = body.get("subnet", {})
    if not subnet.get("name") and not (body.get("network") and body.get("ipCidrRange")):
        raise StatusError(
            "INVALID_ARGUMENT",
            "A connector must specify either a subnet or both a network and an IP CIDR range.",
        )
    if subnet and (body.get("network") or body.get("ipCidrRange")):
        raise StatusError(
            "INVALID_ARGUMENT", "A connector cannot specify a subnet beside a network or range."
        )
    if "ipCidrRange" in body:
        _check_range(body["ipCidrRange"])
    body.setdefault("machineType", "e2-micro")
    check_machine(body)
    _check_throughput(body)
    body.setdefault("minInstances", body.get("minThroughput", 200) // _MBPS)
    if "maxThroughput" in body:
        body.setdefault("maxInstances", body["maxThroughput"] // _MBPS)
    return derived(body)


def derived(body: Body) -> Body:
    """Instances decide; throughput follows, a hundred each. Raises 400 out of bounds."""
    least, most = body["minInstances"], body.get("maxInstances")
    if not _LEAST_INSTANCES <= least < _MOST_INSTANCES:
        raise StatusError(
            "INVALID_ARGUMENT", "Connector minimum instances must be between 2 and 9."
        )
    if most is None:
        return {**body, "minThroughput": least * _MBPS}
    if not least < most <= _MOST_INSTANCES:
        raise StatusError(
            "INVALID_ARGUMENT",
            "Connector maximum instances must be between 3 and 10 and exceed the minimum.",
        )
    return {**body, "minThroughput": least * _MBPS, "maxThroughput": most * _MBPS}


def check_machine(body: Body) -> None:
    if body["machineType"] not in _MACHINES:
        raise StatusError(
            "INVALID_ARGUMENT",
            f"Invalid machine type '{body['machineType']}': one of {', '.join(_MACHINES)}.",
        )


def grown(old: Body, new: Body) -> Body:
    """The connector after a patch. Raises 400 where it would shrink."""
    changed = [name for name in ("minInstances", "maxInstances") if new.get(name) != old.get(name)]
    for name in changed:
        if new.get(name, 0) < old.get(name, 0):
            raise StatusError(
                "INVALID_ARGUMENT",
                f"Connector {'minimum' if name == 'minInstances' else 'maximum'} instances "
                "cannot be decreased.",
            )
    check_machine(new)
    return derived(new)


def overlaps(one: Body, other: Body) -> bool:
    """Whether two connectors want the same addresses of one network."""
    if "ipCidrRange" not in one or "ipCidrRange" not in other:
        return bool(one.get("subnet")) and one.get("subnet") == other.get("subnet")
    if _last(one["network"]) != _last(other["network"]):
        return False
    return ipaddress.IPv4Network(one["ipCidrRange"]).overlaps(
        ipaddress.IPv4Network(other["ipCidrRange"])
    )


def _last(link: str) -> str:
    return link.rpartition("/")[2]


def _check_range(text: str) -> None:
    try:
        good = ipaddress.IPv4Network(text).prefixlen == _PREFIX
    except ValueError:
        good = False
    if not good:
        raise StatusError(
            "INVALID_ARGUMENT", f"Invalid IP CIDR range '{text}': it must be an unused /28."
        )


def _check_throughput(body: Body) -> None:
    for name, shown in (("minThroughput", "minimum"), ("maxThroughput", "maximum")):
        value = body.get(name, 200)
        if value % _MBPS or value // _MBPS not in _THROUGHPUTS:
            raise StatusError(
                "INVALID_ARGUMENT",
                f"Connector {shown} throughput must be a multiple of 100 between 200 and 1000 "
                "in Mbps.",
            )
