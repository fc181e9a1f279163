"""Whom the parent sends on to for a zone, and whether they serve it: RFC 1034 section 4.2.2."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from remediate.model.chance import Chance
from remediate.probes.dial import Dial
from remediate.probes.dns import ANSWERED, RESOLVERS, Question, ask
from remediate.probes.dns_query import absolute
from remediate.probes.seen import DnsSeen

Server: TypeAlias = tuple[str, str]
"""Its name and an IP."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """Of `apex` by the zone above, `parent` (`""` where no resolver told which that is).

    `parents` and `servers` are (name, IP): who delegates and who was delegated to, an IP of `""`
    where the name has none. `seen` are the parents' answers about NS, `ds_seen` those about DS and
    `ds` what they say; `served` is what each server says to SOA of the apex.
    """

    apex: str
    parents: tuple[Server, ...]
    servers: tuple[Server, ...]
    seen: tuple[DnsSeen, ...]
    ds: tuple[str, ...]
    parent: str = ""
    ds_seen: tuple[DnsSeen, ...] = ()
    served: tuple[DnsSeen, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether any parent has told: without it, no servers mean nothing."""
        return any(each.outcome in ANSWERED for each in self.seen)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted({name for name, _ in self.servers}))

    @property
    def lame(self) -> tuple[Server, ...]:
        """The servers that answer, but not for this zone; silence is no answer."""
        return tuple((it.server, it.address) for it in self.served if it.outcome in _NOT_SERVING)

    @property
    def is_lame(self) -> bool:
        """Whether none of them serves it, as far as they answer."""
        serve = any(it.outcome in ANSWERED for it in self.served)
        return bool(self.lame) and not serve


_NOT_SERVING = frozenset({"refused", "servfail", "lame", "nodata", "nxdomain"})


def delegation(
    dial: Dial, apex: str, resolvers: Sequence[str] = RESOLVERS, *, deadline: float = 5.0
) -> Delegation:
    """Find the parent's servers through resolvers, ask each, and then whom it sends on to.

    `deadline` is in seconds and for each of the four rounds. Raises Unreachable where a sandbox is
    gone, NoName for what is no domain name, and nothing for what the network does.
    """
    dial = dial.for_a_round()
    apex = absolute(apex)
    parent, names = _parent(dial, apex, resolvers, deadline)
    parents = _addresses(dial, names, resolvers, deadline)
    said = ask(
        dial,
        [
            Question(apex, rrtype, name, address, recursive=False, zone=parent)
            for rrtype in ("NS", "DS")
            for name, address in parents
            if address
        ],
        deadline=deadline,
    )
    seen = tuple(it for it in said if it.rrtype == "NS")
    signers = tuple(it for it in said if it.rrtype == "DS")
    servers = _delegated(dial, seen, resolvers, deadline)
    return Delegation(
        apex,
        parents,
        servers,
        seen,
        tuple(sorted({text for it in signers for text in it.values})),
        parent,
        signers,
        tuple(_served(dial, apex, servers, deadline)),
    )


def _parent(
    dial: Dial, apex: str, resolvers: Sequence[str], deadline: float
) -> tuple[str, tuple[str, ...]]:
    """The nearest zone above, and its name servers."""
    above = list(_above(apex))
    asked = [Question(name, "NS", it, it) for name in above for it in resolvers]
    said = ask(dial, asked, deadline=deadline)
    for name in above:
        told = {text for it in said if it.name == name and not it.aliases for text in it.values}
        if told:
            return name, tuple(sorted(told))
    return "", ()


def _above(apex: str) -> Iterable[str]:
    rest = apex
    while rest != ".":
        rest = rest.partition(".")[2] or "."
        yield rest


def _addresses(
    dial: Dial,
    names: Iterable[str],
    resolvers: Sequence[str],
    deadline: float,
    glue: Iterable[Server] = (),
) -> tuple[Server, ...]:
    """One IP of each name, IPv4 if it has any, from glue before resolvers; `""` where none is."""
    found: dict[str, set[str]] = {name: set() for name in sorted(names)}
    for name, address in glue:
        found.setdefault(name, set()).add(address)
    for rrtype in ("A", "AAAA"):
        asked = [name for name, known in found.items() if not known]
        questions = [Question(name, rrtype, it, it) for name in asked for it in resolvers]
        for seen in ask(dial, questions, deadline=deadline):
            found[seen.name] |= set(seen.values)
    return tuple((name, _first(known)) for name, known in found.items())


def _first(addresses: Iterable[str]) -> str:
    return min(addresses, key=lambda it: (":" in it, it), default="")


def _delegated(
    dial: Dial, seen: Sequence[DnsSeen], resolvers: Sequence[str], deadline: float
) -> tuple[Server, ...]:
    """A parent that serves the zone itself says so with authority, instead of sending on."""
    names = {name for it in seen for name in it.referral or it.values}
    glue = {server for it in seen for server in it.glue}
    return _addresses(dial, names, resolvers, deadline, glue)


def _served(dial: Dial, apex: str, servers: Iterable[Server], deadline: float) -> list[DnsSeen]:
    return ask(
        dial,
        [
            Question(apex, "SOA", name, address, recursive=False, zone=apex)
            for name, address in servers
            if address
        ],
        deadline=deadline,
    )


def sibling(name: str, chance: Chance) -> str:
    """A name beside this one that nobody has, so that no cache has heard of it."""
    return f"{chance.token().hex()[:24]}.{name.partition('.')[2]}"
