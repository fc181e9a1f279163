"""What an answer means for who asked: one outcome, and what is to be kept of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from remediate.probes.dns_reply import NOERROR, NXDOMAIN, REFUSED, SERVFAIL, Record, Reply
from remediate.probes.seen import DnsOutcome

LONGEST_CHAIN: Final = 16
_RCODES: Final = {1: "FORMERR", SERVFAIL: "SERVFAIL", 4: "NOTIMP", REFUSED: "REFUSED", 9: "NOTAUTH"}


@dataclass(frozen=True, slots=True)
class Question:
    """`rrtype` of `name`, for `server`, an IP or a host name that is met at `address`, an IP.

    `recursive` for a resolver; else of a name server, which is to speak with authority of `zone`,
    or to send on to who does. `checked` is false for a question with the CD bit: DNSSEC left aside.
    """

    name: str
    rrtype: str
    server: str
    address: str
    recursive: bool = True
    checked: bool = True
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """Of one reply; `outcome` is None where it leaves off at an alias, to be asked on."""

    outcome: DnsOutcome | None
    finding: str
    values: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    alias_ttls: tuple[int, ...] = ()
    ttl: int | None = None
    negative_ttl: int | None = None
    soa: str = ""
    referral: tuple[str, ...] = ()
    glue: tuple[tuple[str, str], ...] = ()


def meaning(reply: Reply, question: Question, name: str) -> Meaning:
    """Follow the aliases inside the reply from `name`, absolute, as far as they lead."""
    if reply.rcode not in {NOERROR, NXDOMAIN}:
        return _declined(reply, question, name)
    aliases, ttls = _follow(reply.answer, name, question.rrtype)
    end = aliases[-1] if aliases else name
    found = [it for it in reply.answer if (it.owner, it.rrtype) == (end, question.rrtype)]
    if not question.recursive and not reply.authoritative:
        return _without_authority(reply, question, name)
    if found:
        values = tuple(sorted({it.text for it in found}))
        finding = f"{name} {question.rrtype} {', '.join(values)}"
        return Meaning("ok", finding, values, aliases, ttls, _least(found))
    return _nothing(reply, question, name, end, Meaning(None, "", (), aliases, ttls))


def _nothing(reply: Reply, question: Question, name: str, end: str, so_far: Meaning) -> Meaning:
    """There is no such name, no such data, or more to be asked for elsewhere."""
    named = f"{name} is an alias of {end}, which" if so_far.aliases else name
    soa = next((it for it in reply.authority if it.rrtype == "SOA"), None)
    if soa:
        so_far = replace(so_far, negative_ttl=_negative_ttl(soa), soa=soa.owner)
    if reply.rcode == NXDOMAIN:
        return replace(so_far, outcome="nxdomain", finding=f"{named} does not exist")
    if so_far.aliases and not soa:
        finding = f"{name} is an alias of {end}"
        return replace(so_far, outcome=None if question.recursive else "ok", finding=finding)
    if question.recursive and not soa and _referral(reply.authority, name)[0]:
        finding = f"sends on to other name servers for {name}, as who does not resolve"
        return replace(so_far, outcome="lame", finding=finding)
    finding = f"{named} has no {question.rrtype} record"
    return replace(so_far, outcome="nodata", finding=finding)


def _follow(
    answer: Sequence[Record], name: str, rrtype: str
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The aliases on the way from `name` to where records of the type are, and their TTLs."""
    aliases: list[str] = []
    ttls: list[int] = []
    while len(aliases) < LONGEST_CHAIN:
        here = [it for it in answer if it.owner == name]
        alias = next((it for it in here if it.rrtype == "CNAME"), None)
        if alias is None or any(it.rrtype == rrtype for it in here):
            break
        name = alias.text
        aliases.append(name)
        ttls.append(alias.ttl)
    return tuple(aliases), tuple(ttls)


def _declined(reply: Reply, question: Question, name: str) -> Meaning:
    word = _RCODES.get(reply.rcode, f"RCODE{reply.rcode}")
    outcome: DnsOutcome = "refused" if reply.rcode == REFUSED else "servfail"
    return Meaning(outcome, f"answers {word} for {name} {question.rrtype}")


def _without_authority(reply: Reply, question: Question, name: str) -> Meaning:
    """A referral downwards is what a parent is for; anything else is lame."""
    cut, servers, ttl = _referral(reply.authority, name)
    down = cut not in {"", "."} and not reply.answer and reply.rcode == NOERROR
    if down and (not question.zone or is_below(cut, question.zone)):
        glue = tuple(
            sorted(
                (it.owner, it.text)
                for it in reply.additional
                if it.rrtype in {"A", "AAAA"} and it.owner in servers
            )
        )
        finding = f"sends on to {', '.join(servers)} for {cut}"
        return Meaning("ok", finding, ttl=ttl, referral=servers, glue=glue)
    of = f" of {question.zone}" if question.zone else ""
    if cut:
        return Meaning("lame", f"knows nothing{of} and sends up to {cut} for {name}")
    said = "answers without authority" if reply.answer else "answers nothing, without authority,"
    return Meaning("lame", f"{said} for {name} {question.rrtype}{of and f', not serving{of[3:]}'}")


def _referral(authority: Sequence[Record], name: str) -> tuple[str, tuple[str, ...], int | None]:
    """The cut that NS records stand at, at or above `name` or else nowhere, and their servers."""
    found = [it for it in authority if it.rrtype == "NS"]
    if not found:
        return "", (), None
    cut = found[0].owner
    servers = tuple(sorted({it.text for it in found if it.owner == cut}))
    below = name == cut or is_below(name, cut)
    return (cut, servers, _least(found)) if below else ("", (), None)


def is_below(name: str, zone: str) -> bool:
    """Both absolute and in lower case; a zone is not below itself."""
    return name != zone and (zone == "." or name.endswith(f".{zone}"))


def _negative_ttl(soa: Record) -> int:
    """RFC 2308 section 5: a cache's SOA counts down as any other record does."""
    return min(soa.ttl, int(soa.text.rsplit(" ", 1)[1]))


def _least(records: Iterable[Record]) -> int:
    return min(it.ttl for it in records)
