"""What name servers and resolvers say of names: many questions in one round, one answer each.

Over UDP, over TCP where an answer is too long for that; aliases are followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from remediate.model.chance import Chance
from remediate.probes.dial import Dial, Failure, Where, silent
from remediate.probes.dns_meaning import LONGEST_CHAIN, Meaning, Question, meaning
from remediate.probes.dns_query import NoName, absolute, question, template
from remediate.probes.dns_reply import Malformed, read
from remediate.probes.seen import DnsOutcome, DnsSeen

if TYPE_CHECKING:
    from remediate.probes.dns_exchange import Asked, Heard

__all__ = [
    "ANSWERED",
    "PORT",
    "RESOLVERS",
    "Question",
    "ask",
    "bogus",
    "finding",
    "resolve",
    "spelled",
    "with_expectation",
]

RESOLVERS: Final = ("8.8.8.8", "1.1.1.1", "9.9.9.9")
PORT: Final = 53
ANSWERED: Final = frozenset({"ok", "wrong_answer", "nodata", "nxdomain"})
"""Outcomes by which a server has told what it knows."""


def ask(
    dial: Dial,
    questions: Sequence[Question],
    *,
    deadline: float = 5.0,
    limit: int = 256,
    chance: Chance | None = None,
) -> list[DnsSeen]:
    """Ask all at once, `limit` at a time; an answer to each, in order, within `deadline` seconds.

    Not from inside an event loop. Raises Unreachable where a sandbox is gone, and nothing for what
    the network does.
    """
    if not questions:
        return []
    import asyncio

    return asyncio.run(
        _ask(dial.for_a_round(), questions, deadline, limit, chance or Chance()),
    )


def resolve(
    dial: Dial, name: str, rrtype: str, resolvers: Sequence[str] = RESOLVERS
) -> list[DnsSeen]:
    """What each resolver, given by IP, says of one name; as `ask`."""
    return ask(dial, [Question(name, rrtype, each, each) for each in resolvers])


def with_expectation(seen: DnsSeen, values: Iterable[str]) -> DnsSeen:
    """An answer that is other than exactly `values`, rdata texts, is a wrong one."""
    wanted = {spelled(value) for value in values}
    if seen.outcome != "ok" or {spelled(value) for value in seen.values} == wanted:
        return seen
    should = f"{seen.message}, not {', '.join(sorted(wanted)) or 'nothing'}"
    return replace(seen, outcome="wrong_answer", message=should)


def bogus(checked: DnsSeen, unchecked: DnsSeen) -> DnsSeen:
    """A resolver that fails, and would answer if it did not check signatures: those are wrong."""
    if checked.outcome != "servfail" or unchecked.outcome not in ANSWERED:
        return checked
    message = f"{checked.message}; without checking signatures (CD): {finding(unchecked)}"
    return replace(checked, outcome="bogus", message=message)


def finding(seen: DnsSeen) -> str:
    """The message without whose it is: who say the same say the same words."""
    return seen.message.removeprefix(f"{seen.server}: ")


@dataclass(slots=True)
class _Way:
    """A question on its way along the aliases; `name` is where it has got to."""

    place: int
    question: Question
    where: Where
    name: str
    met: tuple[str, ...] = ()
    ttls: tuple[int, ...] = ()
    seconds: float = 0.0

    def asked(self) -> Asked:
        from remediate.probes.dns_exchange import Asked

        q = self.question
        wire = template(self.name, q.rrtype, recursive=q.recursive, checked=q.checked)
        return Asked(self.where, wire, question(self.name, q.rrtype))

    def take(self, heard: Heard) -> DnsSeen | None:
        """None where the next alias is to be asked for."""
        self.seconds += heard.seconds
        if heard.fate != "answered":
            return self._end(heard.fate, self._unheard(heard))
        try:
            reply = read(heard.wire)
        except Malformed as error:
            return self._end("malformed", f"the answer makes no sense: {error}")
        found = meaning(reply, self.question, self.name)
        self.met += found.aliases
        self.ttls += found.alias_ttls
        if found.outcome is None:
            return self._onward()
        return self._end(
            found.outcome,
            self._from_the_start(found),
            found,
            reply.authoritative,
            reply.authenticated,
        )

    def _onward(self) -> DnsSeen | None:
        start = absolute(self.question.name)
        chain = (start, *self.met)
        if len(set(chain)) < len(chain) or len(chain) > LONGEST_CHAIN:
            return self._end("malformed", f"the aliases of {start} lead to no end")
        self.name = self.met[-1]
        return None

    def _from_the_start(self, found: Meaning) -> str:
        """The finding, of the name that was asked for first."""
        start = absolute(self.question.name)
        if self.name == start:
            return found.finding
        if found.outcome == "ok":
            return f"{start} {self.question.rrtype} {', '.join(found.values)}"
        return f"{start} is an alias: {found.finding}"

    def _unheard(self, heard: Heard) -> str:
        address = self.question.address
        match heard.fate:
            case "timeout":
                return f"{silent(address, PORT).message}{heard.why and f': {heard.why}'}"
            case "unreachable":
                return f"{address} is not reached on port {PORT}: {heard.why}"
            case "truncated":
                return f"the answer is cut short, and {heard.why}"
            case _:
                return heard.why

    def _end(
        self,
        outcome: DnsOutcome,
        words: str,
        found: Meaning | None = None,
        authoritative: bool = False,  # noqa: FBT001, FBT002 - bits of a header
        authenticated: bool = False,  # noqa: FBT001, FBT002 - as above
    ) -> DnsSeen:
        q, found = self.question, found or _NOTHING
        return DnsSeen(
            q.server,
            q.address,
            absolute(q.name),
            q.rrtype,
            outcome,
            f"{q.server}: {words}",
            found.values,
            self.met,
            self.ttls,
            found.ttl,
            found.negative_ttl,
            found.soa,
            authoritative,
            authenticated,
            q.checked,
            found.referral,
            found.glue,
            self.seconds,
        )


_NOTHING: Final = Meaning("ok", "")


async def _ask(
    dial: Dial, questions: Sequence[Question], deadline: float, limit: int, chance: Chance
) -> list[DnsSeen]:
    import asyncio

    from remediate.probes.dns_exchange import exchange

    clock = asyncio.get_running_loop().time
    ends = clock() + deadline
    seen: dict[int, DnsSeen] = {}
    ways: list[_Way] = []
    doors: dict[str, Where | Failure] = {}
    for place, each in enumerate(questions):
        if each.address not in doors:
            doors[each.address] = dial.where(each.address, PORT)
        way = _begin(place, each, doors[each.address])
        if isinstance(way, DnsSeen):
            seen[place] = way
        else:
            ways.append(way)
    while ways:
        left = max(0.0, ends - clock())
        heard = await exchange(
            [way.asked() for way in ways], deadline=left, limit=limit, chance=chance
        )
        onward = []
        for way, what in zip(ways, heard, strict=True):
            found = way.take(what)
            if found is None:
                onward.append(way)
            else:
                seen[way.place] = found
        ways = onward
    return [seen[place] for place in range(len(questions))]


def _begin(place: int, asked: Question, door: Where | Failure) -> _Way | DnsSeen:
    server, address = asked.server, asked.address
    outcome: DnsOutcome = "malformed"
    try:
        name = absolute(asked.name)
        question(name, asked.rrtype)
    except NoName as error:
        name, words = asked.name, str(error)
    else:
        if not isinstance(door, Failure):
            return _Way(place, asked, door, name)
        outcome = "timeout" if door.reason == "timeout" else "unreachable"
        words = door.message if address else f"{server} has no address"
    return DnsSeen(
        server, address, name, asked.rrtype, outcome, f"{server}: {words}", checked=asked.checked
    )


def spelled(value: str) -> str:
    """Rdata in one spelling: addresses have many."""
    try:
        return str(ip_address(value))
    except ValueError:
        return value
