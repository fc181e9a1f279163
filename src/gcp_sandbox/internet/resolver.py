"""Caching resolvers: each with its own memory, on the world's clock.

Positive answers are kept for their TTL, negative ones by the SOA that came with them (RFC 2308
section 5). An entry stands under `<name>/<type>`; that a name does not exist at all stands under
`<name>/NXDOMAIN`, and one of rcode NXDOMAIN under a type is about that type only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from gcp_sandbox.dns.answer import Answer, Records
from gcp_sandbox.internet.addresses import NOT_VALIDATING
from gcp_sandbox.internet.section import Internet
from gcp_sandbox.internet.walk import FAILED, Walk
from gcp_sandbox.request import Body

_LONGEST_CHAIN: Final = 16
_MANY: Final = 4096
"""From so many entries on, those that are over are thrown away."""
_NOT_KEPT: Final = frozenset({"ANY"})
_ROUNDING: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Resolved:
    """`authenticated` is the AD bit, `delay` the seconds that it took."""

    answer: Answer
    authenticated: bool = False
    delay: float = 0.0


_UNRESOLVED: Final = Resolved(FAILED)


@dataclass(frozen=True, slots=True)
class Resolver:
    """One resolver: `cache` is a part of the world, or anybody's own; `kept` is told of changes."""

    walk: Walk
    cache: Body
    validates: bool
    now: float
    kept: Callable[[], None]

    def resolve(
        self, name: str, rrtype: str, *, checked: bool = True, recursive: bool = True
    ) -> Resolved:
        """Follow aliases from entry to entry.

        `checked` is the CD bit unset: a validating resolver fails what is bogus. Who does not
        want recursion gets what is in the cache, or is refused.
        """
        said = Answer(authoritative=False)
        secure, delay = self.validates, 0.0
        followed: set[str] = set()
        while name not in followed and len(followed) < _LONGEST_CHAIN:
            followed.add(name)
            entry = self._kept(name, rrtype, checked=checked)
            if entry is None and not recursive:
                return Resolved(Answer("REFUSED", authoritative=False))
            if entry is None:
                entry, took = self._fetch(name, rrtype)
                delay += took
            if entry["rcode"] == "SERVFAIL" or (checked and self._is_bogus(entry)):
                return replace(_UNRESOLVED, delay=delay)
            secure = secure and entry.get("security") == "secure"
            target = self._add(said, entry, name, rrtype)
            if target is None:
                return Resolved(said, secure, delay)
            name = target
        return replace(_UNRESOLVED, delay=delay)

    def _is_bogus(self, entry: Body) -> bool:
        return self.validates and entry.get("security") == "bogus"

    def _kept(self, name: str, rrtype: str, *, checked: bool) -> Body | None:
        for key in (f"{name}/{rrtype}", f"{name}/CNAME", f"{name}/NXDOMAIN"):
            entry: Body | None = self.cache.get(key)
            if entry is None or (checked and self._is_bogus(entry)):
                continue
            if self.now >= entry["expires"]:
                del self.cache[key]
            elif not key.endswith("/CNAME") or rrtype == "CNAME" or entry["rdatas"]:
                return entry | {"type": key.rpartition("/")[2]}
        return None

    def _fetch(self, name: str, rrtype: str) -> tuple[Body, float]:
        """Ask, and keep what was said; only of this name: another zone's word is its own."""
        reached = self.walk.ask(name, rrtype)
        said = reached.said
        first = next((it for it in said.answer if it.name == name), None)
        entry: Body = {"rcode": said.rcode, "rdatas": [], "security": reached.security}
        kept_as = rrtype
        if first is not None:
            kept_as = first.rrtype
            entry |= {"rcode": "NOERROR", "rdatas": first.rdatas, "ttl": first.ttl}
        elif said.authority:
            soa = said.authority[0]
            entry |= {"soa": [soa.name, *soa.rdatas], "ttl": soa.ttl}
            kept_as = "NXDOMAIN" if said.rcode == "NXDOMAIN" else rrtype
        entry["expires"] = self.now + entry.get("ttl", 0)
        if said.rcode != "SERVFAIL" and rrtype not in _NOT_KEPT:
            self._keep(f"{name}/{kept_as}", entry)
        return entry | {"type": kept_as}, reached.delay

    def _keep(self, key: str, entry: Body) -> None:
        if len(self.cache) >= _MANY:
            over = [key for key, entry in self.cache.items() if self.now >= entry["expires"]]
            for old in over:
                del self.cache[old]
        self.cache[key] = entry
        self.kept()

    def _add(self, said: Answer, entry: Body, name: str, rrtype: str) -> str | None:
        """Add what an entry says; the alias's target where it goes on."""
        left = max(0, math.ceil(entry["expires"] - self.now - _ROUNDING))
        said.rcode = entry["rcode"]
        if entry["rdatas"]:
            kind = entry["type"]
            said.answer.append(Records(name, kind, left, entry["rdatas"]))
            is_alias = kind == "CNAME" and rrtype not in {"CNAME", "ANY"}
            return str(entry["rdatas"][0]) if is_alias else None
        soa = entry.get("soa") or self._soa(name)
        if soa:
            said.authority.append(Records(soa[0], "SOA", left, soa[1:]))
        return None

    def _soa(self, name: str) -> list[str]:
        """The SOA of the zone that a name is in, for an entry that brought none."""
        said = self.walk.ask(name, "SOA").said
        sets = [it for it in (*said.answer, *said.authority) if it.rrtype == "SOA"]
        return [sets[0].name, *sets[0].rdatas] if sets else []


@dataclass(frozen=True, slots=True)
class Resolvers:
    """The public resolvers, and Google's own eyes."""

    internet: Internet
    walk: Walk

    def at(self, address: str) -> Resolver:
        usual = address not in NOT_VALIDATING
        validates = self.internet.part("resolvers").get(address, {}).get("validates", usual)
        cache = self.internet.part("caches").setdefault(address, {})
        now = self.internet.world.clock.time()
        return Resolver(self.walk, cache, validates, now, self.internet.keep)

    def lookup(self, name: str, rrtype: str) -> list[str]:
        """What is there by now, checked, from no cache; [] where nothing is or nobody says."""
        name = name.lower().removesuffix(".") + "."
        now = self.internet.world.clock.time()
        fresh = Resolver(self.walk, {}, validates=True, now=now, kept=lambda: None)
        said = fresh.resolve(name, rrtype).answer
        return [text for it in said.answer if it.rrtype == rrtype for text in it.rdatas]
