"""What resolvers say of a name: over UDP, over TCP where an answer is too long for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from remediate.gcp.google import read_all
from remediate.probes.dial import Dial, Failure, lost, silent

if TYPE_CHECKING:
    import dns.message
    import dns.name
    import dns.rrset

RESOLVERS: Final = ("8.8.8.8", "1.1.1.1", "9.9.9.9")
RecordType: TypeAlias = Literal["A", "AAAA", "CAA"]
Status: TypeAlias = Literal["found", "no-data", "no-such-name", "failed"]

_PORT: Final = 53
_TRIES: Final = 2  # datagrams get lost
_TIMEOUT: Final = 3.0  # seconds, each
_LONGEST_CHAIN: Final = 16
_UDP_PAYLOAD: Final = 1232  # bytes; what fits every path unfragmented (DNS flag day 2020)


@dataclass(frozen=True, slots=True)
class Answers:
    """What one resolver said of one name and record type.

    `values` are rdata texts, sorted; `aliases` the CNAME targets on the way, in order; `ttl` is in
    seconds, the least on the way. Where the status is `failed`, `why` says what went wrong.
    """

    resolver: str
    name: str
    rrtype: RecordType
    status: Status
    values: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    ttl: int | None = None
    why: str = ""

    @property
    def message(self) -> str:
        return f"{self.resolver}: {self.finding}"

    @property
    def finding(self) -> str:
        """What was said, whoever said it; of an alias it is the target that has no answer."""
        named = (
            f"{self.name} is an alias of {self.aliases[-1]}, which" if self.aliases else self.name
        )
        match self.status:
            case "found":
                return f"{self.name} {self.rrtype} {', '.join(self.values)}"
            case "no-data":
                return f"{named} has no {self.rrtype} record"
            case "no-such-name":
                return f"{named} does not exist"
            case "failed":
                return self.why


def resolve(
    dial: Dial, name: str, rrtype: RecordType, resolvers: Sequence[str] = RESOLVERS
) -> tuple[Answers, ...]:
    """Ask resolvers, given by IP, side by side; an answer of each, in their order.

    Raises Unreachable where a sandbox is gone, and nothing for what the network does.
    """
    return tuple(read_all([partial(_ask, dial, name, rrtype, each) for each in resolvers]))


@dataclass(frozen=True, slots=True)
class _Found:
    """What one reply holds; no status where it leaves off at an alias."""

    status: Status | None
    values: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    ttl: int | None = None


def _ask(dial: Dial, name: str, rrtype: RecordType, resolver: str) -> Answers:
    """Follow aliases from reply to reply: most resolvers do it in one."""
    import dns.name  # noqa: PLC0415 - start-up time

    asked = _absolute(name)
    if asked is None:
        return Answers(resolver, name, rrtype, "failed", why=f"{name!r} is no domain name")
    text = _text(asked)
    met, ttl = [text], None
    while len(set(met)) == len(met) <= _LONGEST_CHAIN:
        reply = _exchange(dial, resolver, asked, rrtype)
        if isinstance(reply, Failure):
            return Answers(resolver, text, rrtype, "failed", (), tuple(met[1:]), ttl, reply.message)
        found = _read(reply, asked, rrtype)
        met += found.aliases
        ttl = _least(ttl, found.ttl)
        if found.status is not None:
            return Answers(resolver, text, rrtype, found.status, found.values, tuple(met[1:]), ttl)
        asked = dns.name.from_text(met[-1])
    why = f"the aliases of {text} lead to no end"
    return Answers(resolver, text, rrtype, "failed", (), tuple(met[1:]), ttl, why)


def _exchange(
    dial: Dial, resolver: str, name: dns.name.Name, rrtype: str
) -> dns.message.Message | Failure:
    import dns.exception  # noqa: PLC0415 - start-up time
    import dns.message  # noqa: PLC0415 - as above
    import dns.query  # noqa: PLC0415 - as above
    import dns.rcode  # noqa: PLC0415 - as above

    where = dial.where(resolver, _PORT)
    if isinstance(where, Failure):
        return where
    host, port = where
    query = dns.message.make_query(name, rrtype, use_edns=0, payload=_UDP_PAYLOAD)
    for _ in range(_TRIES):
        try:
            reply, _by_tcp = dns.query.udp_with_fallback(
                query, host, _TIMEOUT, port, ignore_unexpected=True, ignore_errors=True
            )
        except dns.exception.Timeout:
            continue
        except OSError as error:
            return lost(resolver, _PORT, error)
        except (dns.exception.DNSException, EOFError):
            return Failure("unreadable", "the answer makes no sense")
        if reply.rcode() in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
            return reply
        return Failure(
            "unreadable", f"answers {dns.rcode.to_text(reply.rcode())} for {name} {rrtype}"
        )
    return silent(resolver, _PORT)


def _read(reply: dns.message.Message, name: dns.name.Name, rrtype: str) -> _Found:
    """Follow the aliases inside one reply as far as they lead."""
    import dns.rcode  # noqa: PLC0415 - start-up time
    import dns.rdatatype  # noqa: PLC0415 - as above

    wanted = dns.rdatatype.from_text(rrtype)
    sets = {(it.name, it.rdtype): it for it in reply.answer}
    aliases: list[str] = []
    ttl: int | None = None
    while len(aliases) < _LONGEST_CHAIN:
        if (name, wanted) in sets:
            values, ttl = sets[name, wanted], _least(ttl, sets[name, wanted].ttl)
            texts = tuple(sorted(rdata.to_text() for rdata in values))
            return _Found("found", texts, tuple(aliases), ttl)
        alias = sets.get((name, dns.rdatatype.CNAME))
        if not alias:
            break
        name, ttl = alias[0].target, _least(ttl, alias.ttl)
        aliases.append(_text(name))
    ended = not aliases or any(it.rdtype == dns.rdatatype.SOA for it in reply.authority)
    status: Status | None = "no-data" if ended else None
    if reply.rcode() == dns.rcode.NXDOMAIN:
        status = "no-such-name"
    return _Found(status, (), tuple(aliases), ttl)


def _least(one: int | None, other: int | None) -> int | None:
    return min((it for it in (one, other) if it is not None), default=None)


def _absolute(name: str) -> dns.name.Name | None:
    import dns.exception  # noqa: PLC0415 - start-up time
    import dns.name  # noqa: PLC0415 - as above

    try:
        return dns.name.from_text(name).canonicalize()
    except (dns.exception.DNSException, UnicodeError):
        return None


def _text(name: dns.name.Name) -> str:
    return str(name.to_text()).lower()
