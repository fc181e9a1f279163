"""Whom the zone above sends resolvers on to: name servers and keys, as its own servers say.

A resolver finds the servers of the zone above; they are then asked without recursion, so that no
cache stands in between (RFC 1034 section 4.2.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from remediate.probes.dial import Dial
from remediate.probes.dns import RESOLVERS, Question, ask
from remediate.probes.seen import DnsSeen


@dataclass(frozen=True, slots=True)
class Delegation:
    """What is said of a zone above it.

    `parents` and `servers` are (name, IP), the IP "" where nobody knows any; `seen` is what each
    parent answered to NS, `ds` the digests of keys that it has (RFC 4034 section 5).
    """

    apex: str
    parents: tuple[tuple[str, str], ...] = ()
    servers: tuple[tuple[str, str], ...] = ()
    seen: tuple[DnsSeen, ...] = ()
    ds: tuple[str, ...] = ()


def delegation(
    dial: Dial, apex: str, resolvers: Sequence[str] = RESOLVERS, *, deadline: float = 5.0
) -> Delegation:
    """Ask for the delegation of a zone, by its name with a dot. Raises as `ask`.

    `deadline` is in seconds, of each of the rounds that it takes: three, and one a label.

    Where resolvers cannot tell who serves the zone above, `seen` is what they said instead.
    """
    public = _Public(dial, resolvers, deadline)
    above, failed = public.servers_above(apex)
    parents = tuple((name, ip) for name, ips in public.addresses(above) for ip in ips)
    if not parents:
        return Delegation(apex, seen=failed)
    asked = [
        Question(apex, rrtype, name, ip, recursive=False)
        for rrtype in ("NS", "DS")
        for name, ip in parents
    ]
    said = ask(dial, asked, deadline=deadline)
    seen, keys = said[: len(parents)], said[len(parents) :]
    ds = sorted({value for each in keys if each.outcome == "ok" for value in each.values})
    servers = _delegated(seen, public)
    return Delegation(apex, parents, servers, tuple(seen), tuple(ds))


@dataclass(frozen=True, slots=True)
class _Public:
    """Resolvers, to find name servers by."""

    dial: Dial
    resolvers: Sequence[str]
    deadline: float

    def ask(self, name: str, rrtype: str) -> list[DnsSeen]:
        asked = [Question(name, rrtype, each, each) for each in self.resolvers]
        return ask(self.dial, asked, deadline=self.deadline)

    def servers_above(self, apex: str) -> tuple[tuple[str, ...], tuple[DnsSeen, ...]]:
        """The name servers of the nearest zone above, or what was said instead."""
        name, failed = apex.partition(".")[2], tuple[DnsSeen, ...]()
        while name:
            said = self.ask(name, "NS")
            known = [each.values for each in said if each.outcome == "ok"]
            if known:
                return known[0], ()
            failed = failed or tuple(said)
            if all(each.outcome == "timeout" for each in said):
                break
            name = name.partition(".")[2]
        return (), failed

    def addresses(self, names: Iterable[str]) -> list[tuple[str, tuple[str, ...]]]:
        """The IPv4 addresses of each name, as the first resolver that knows any has them."""
        wanted = [*names]
        asked = [Question(name, "A", each, each) for name in wanted for each in self.resolvers]
        said = iter(ask(self.dial, asked, deadline=self.deadline))
        found = []
        for name in wanted:
            told = [next(said) for _each in self.resolvers]
            found.append((name, next((each.values for each in told if each.outcome == "ok"), ())))
        return found


def _delegated(seen: Iterable[DnsSeen], public: _Public) -> tuple[tuple[str, str], ...]:
    """The servers that any parent names, by glue where it brings any."""
    found: dict[str, str] = {}
    for each in seen:
        found = dict.fromkeys(each.referral, "") | found
        found |= {name: ip for name, ip in each.glue if name in found and ":" not in ip}
    bare = [name for name, ip in found.items() if not ip]
    found |= {name: ips[0] for name, ips in public.addresses(bare) if ips}
    return tuple(sorted(found.items()))
