"""What the YAML wishes for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from remediate.model.aside import RETENTION
from remediate.model.change_rules import ChangeRules
from remediate.model.check import Check
from remediate.model.errors import Place
from remediate.model.json import Body
from remediate.model.ref import Ref

RiskName = Literal["low", "medium", "high", "critical"]


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a resource may take to become ready, in seconds."""

    timeout: float | None = None
    soak: float | None = None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What may be done to a resource, and what it may be compared in."""

    ownership: Literal["full", "shared", "observe"] = "full"
    protect: bool = False
    on_remove: Literal["keep", "delete"] = "keep"
    ignore: tuple[str, ...] = ()  # JSON pointers; `*` and globs allowed
    risk: RiskName | None = None
    replace: Literal["overlap", "recreate", "refuse"] | None = None
    wait: Wait = field(default_factory=Wait)
    replace_cidr: str | None = None  # where one beside it may go, if it takes up a range alone
    depends_on: tuple[Ref, ...] = ()
    allow: Mapping[str, str] = field(default_factory=dict)  # rule -> reason


@dataclass(frozen=True, slots=True)
class Resource:
    """One document: Google's body as written, typed by the kind's spec.

    Strings may be `Template`s; links are still as the user spelled them.
    """

    ref: Ref
    spec: Body
    lifecycle: Lifecycle
    place: Place


@dataclass(frozen=True, slots=True)
class RecordSet:
    """The records of one owner name and type, in Cloud DNS's own spelling.

    `rrdatas` are presentation format (RFC 1035 §5), one string a record; a string may be a
    `Template`. TTL in seconds.
    """

    fqdn: str
    type: str
    ttl: int
    rrdatas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoutedSet(RecordSet):
    """A record set that answers by a routing policy; `rrdatas` is empty.

    `policy` is Google's body; links are still as the user spelled them.
    """

    policy: Body = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Zone(Resource):
    """A managed zone and the record sets written in it, by owner name and type."""

    dns_name: str = ""
    exclusive: bool = False  # every live set that is not written here is unwanted
    records: Mapping[tuple[str, str], RecordSet] = field(default_factory=dict)
    routed: tuple[RoutedSet, ...] = ()  # those of `records` that answer by a policy


@dataclass(frozen=True, slots=True)
class Environment:
    """A project and how it is to be treated."""

    name: str
    project: str
    region: str
    labels: Mapping[str, str]
    defaults: Lifecycle
    parallelism: int
    store: str
    guards: Mapping[str, Literal["deny", "approve", "warn"]]
    place: Place
    on_failure: Literal["stop", "rollback"] = "stop"
    plan_ttl: float = 86_400.0  # seconds
    retention: float = RETENTION  # seconds
    change_rules: ChangeRules = field(default_factory=ChangeRules)


@dataclass(frozen=True, slots=True)
class Desired:
    """A loaded environment: every resource by its Ref, in the order of the files."""

    environment: Environment
    resources: Mapping[Ref, Resource]
    digest: str  # covers the resolved resources, not `notify`, `store`, `Checks` or comments
    warnings: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
