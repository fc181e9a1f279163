"""All that a diagnosis is made from: what Google says, and what a client outside has seen.

Whatever could not be read is `Unreadable`, and never empty; whatever was not asked is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from remediate.model.json import Body
from remediate.model.observation import Observation, Unreadable
from remediate.model.ref import Ref
from remediate.model.resource import Desired
from remediate.probes.seen import DnsSeen, HttpSeen, PostgresSeen, TlsSeen, WebSocketSeen


@dataclass(frozen=True, slots=True)
class Sample:
    """The newest point of a metric: `value`, and when it was measured."""

    value: float
    at: datetime


@dataclass(frozen=True, slots=True)
class NameSeen:
    """One name as every vantage has it, A and AAAA.

    `parent` are the servers of the zone above, `authoritative` those that it delegates to, both
    asked without recursion; `unchecked` the resolvers once more, with the CD bit. `ds` is what the
    zone above has of it, and `signers` its answers about that. `fresh` is what resolvers say of a
    name beside it that nobody can have asked for before, where no server of the zone answers us.
    """

    name: str
    zone: Ref | None
    parent: tuple[DnsSeen, ...] = ()
    authoritative: tuple[DnsSeen, ...] = ()
    resolvers: tuple[DnsSeen, ...] = ()
    unchecked: tuple[DnsSeen, ...] = ()
    ds: tuple[str, ...] = ()
    signers: tuple[DnsSeen, ...] = ()
    fresh: tuple[DnsSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class HostSeen:
    """One host at the load balancer's address, DNS left aside; several looks where they differ.

    `by_name` is the same at each address that a resolver gave and that is not this one.
    """

    host: str
    address: str
    tls: TlsSeen | None = None
    http: tuple[HttpSeen, ...] = ()
    websocket: WebSocketSeen | None = None
    by_name: tuple[HttpSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class PathSeen:
    """A path that the URL map sends to a backend service of its own.

    `held` is a WebSocket kept open there for some seconds.
    """

    host: str
    path: str
    service: Ref
    http: tuple[HttpSeen, ...] = ()
    held: WebSocketSeen | None = None


@dataclass(frozen=True, slots=True)
class GoogleSide:
    """Bodies as Google answers them.

    `resources`: of every kind of the environment, declared or linked from there, by live name.
    `record_sets` by zone: owner name and type -> body. `changes` by zone, newest first.
    `health`: backend service -> group link -> healthStatus list. `firewalls`: the project's.
    `groups`, `policies` (Cloud Armor): by link. `invokers`: members of roles/run.invoker.
    `revisions` by service, newest first. `secrets`: name -> versions, newest first; `*` stands for
    all where not even their names could be read.
    `peerings`: network -> connections of service networking.
    `metrics`: `(resource, metric without its service)`, as `connector/cpu/utilizations`.
    """

    resources: Mapping[Ref, Observation] = field(default_factory=dict)
    record_sets: Mapping[str, Mapping[tuple[str, str], Body] | Unreadable] = field(
        default_factory=dict
    )
    changes: Mapping[str, tuple[Body, ...] | Unreadable] = field(default_factory=dict)
    health: Mapping[Ref, Mapping[str, tuple[Body, ...]] | Unreadable] = field(default_factory=dict)
    firewalls: tuple[Body, ...] | Unreadable | None = None
    groups: Mapping[str, Observation] = field(default_factory=dict)
    policies: Mapping[str, Observation] = field(default_factory=dict)
    invokers: Mapping[Ref, tuple[str, ...] | Unreadable] = field(default_factory=dict)
    revisions: Mapping[Ref, tuple[Body, ...] | Unreadable] = field(default_factory=dict)
    secrets: Mapping[str, tuple[Body, ...] | Unreadable] = field(default_factory=dict)
    peerings: Mapping[str, tuple[Body, ...] | Unreadable] = field(default_factory=dict)
    metrics: Mapping[tuple[Ref, str], Sample | Unreadable | None] = field(default_factory=dict)

    @property
    def unread(self) -> list[tuple[str, Unreadable]]:
        """Of what, and why."""
        every = [
            *(("resources", one) for one in self.resources.values()),
            *(("record sets", one) for one in self.record_sets.values()),
            *(("changes", one) for one in self.changes.values()),
            *(("backend health", one) for one in self.health.values()),
            ("firewall rules", self.firewalls),
            *(("invokers", one) for one in self.invokers.values()),
            *(("revisions", one) for one in self.revisions.values()),
            *(("peerings", one) for one in self.peerings.values()),
            *(("secrets", one) for one in self.secrets.values()),
            *(("metrics", one) for one in self.metrics.values()),
        ]
        return [(what, one) for what, one in every if isinstance(one, Unreadable)]


@dataclass(frozen=True, slots=True)
class Signs:
    """Everything at one moment. `late` names what had not answered when time was up.

    `others` are the same hosts at the load balancer's other addresses, of IPv6 say.
    """

    desired: Desired
    at: datetime
    google: GoogleSide
    names: Mapping[str, NameSeen] = field(default_factory=dict)
    hosts: Mapping[str, HostSeen] = field(default_factory=dict)
    others: tuple[HostSeen, ...] = ()
    paths: tuple[PathSeen, ...] = ()
    databases: Mapping[Ref, PostgresSeen] = field(default_factory=dict)
    late: tuple[str, ...] = ()
