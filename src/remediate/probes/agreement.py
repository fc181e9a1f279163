"""What several answers tell together, that none of them tells alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from remediate.model.chance import Chance
from remediate.probes.dns import ANSWERED
from remediate.probes.seen import DnsOutcome, DnsSeen

Told = tuple[DnsOutcome, tuple[str, ...]]


def opinions(seen: Iterable[DnsSeen]) -> Mapping[Told, tuple[str, ...]]:
    """What is told, outcome and values -> who tells it; whoever told nothing is left out.

    One opinion is agreement. Wrong or right is all one here.
    """
    found: dict[Told, list[str]] = defaultdict(list)
    for each in seen:
        if each.outcome in ANSWERED:
            outcome: DnsOutcome = "ok" if each.values else each.outcome
            found[outcome, each.values].append(each.server)
    return {told: tuple(servers) for told, servers in found.items()}


def strays(seen: Iterable[DnsSeen], addresses: Iterable[str]) -> tuple[str, ...]:
    """The addresses that were answered and should not have been: a stray AAAA among them."""
    wanted = {ip_address(each) for each in addresses}
    told = {ip_address(value) for it in seen if it.rrtype in {"A", "AAAA"} for value in it.values}
    return tuple(str(each) for each in sorted(told - wanted, key=lambda it: (it.version, int(it))))


def sibling(name: str, chance: Chance) -> str:
    """A name beside this one, that nobody has: only a wildcard answers for it."""
    return f"{chance.token().hex()[:24]}.{name.partition('.')[2]}"


def by_wildcard(seen: DnsSeen, of_sibling: DnsSeen) -> bool:
    """Whether a wildcard, asked about as `sibling`, stands in place of the name's own records.

    Told from outside: a record of its own that says the same looks alike, and does as well.
    """
    return (
        bool(seen.values or seen.aliases)
        and of_sibling.outcome == "ok"
        and (seen.values, seen.aliases) == (of_sibling.values, of_sibling.aliases)
    )
