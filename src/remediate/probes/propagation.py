"""How long until the last cache has a new answer, from what the caches say now.

An answer is a chain of links, each kept for itself: every alias, and at the end the values or the
word that there are none. A cache asks again where a link has run out. So it is right once the first
link that is not as it should be has: those behind it are then asked for elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from remediate.probes.dns import ANSWERED, spelled
from remediate.probes.seen import DnsSeen

FAILURE: Final = 300
"""Seconds for which a resolver may remember that it could not resolve (RFC 2308 section 7.1)."""
_DEAF: Final = frozenset({"timeout", "unreachable", "refused"})


@dataclass(frozen=True, slots=True)
class Truth:
    """What caches are to have of a name and type: `values` at the end of `aliases`.

    No values mean that there are none, and None any at all, where `aliases` lead to who knows what.
    `as_good` do no harm in their place.
    """

    values: frozenset[str] | None
    aliases: tuple[str, ...] = ()
    as_good: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Propagation:
    """Provided that every name server gives the new answer by now.

    `seconds` is until the last cache that was asked has it, 0 where all have; an upper bound where
    `at_most`, since who has failed does not say for how long; None where no cache was heard.
    `stale` are those that have, or will have, another answer, the soonest to be right first.
    """

    seconds: int | None
    at_most: bool = False
    stale: tuple[DnsSeen, ...] = ()
    failing: tuple[DnsSeen, ...] = ()


def propagation(seen: Iterable[DnsSeen], truths: Mapping[str, Truth]) -> Propagation:
    """From what caches answer for one name, and what they should, by type.

    Types without a truth are left out.
    """
    by_server: dict[str, list[DnsSeen]] = defaultdict(list)
    for each in seen:
        if each.rrtype in truths and each.outcome not in _DEAF:
            by_server[each.server].append(each)
    known: list[tuple[int, DnsSeen]] = []
    failing: list[DnsSeen] = []
    for said in by_server.values():
        for each, seconds in _waits(said, truths):
            if seconds is None:
                failing.append(each)
            else:
                known.append((seconds, each))
    stale = sorted((one for one in known if one[0]), key=lambda one: one[0])
    last = stale[-1][0] if stale else 0
    return Propagation(
        max(last, FAILURE) if failing else last if known else None,
        bool(failing) and last < FAILURE,
        tuple(each for _, each in stale),
        tuple(failing),
    )


def together(several: Sequence[Propagation]) -> Propagation:
    """Until the last of several is over."""
    told = [one for one in several if one.seconds is not None]
    last = max(told, key=lambda one: (one.seconds or 0, one.at_most), default=Propagation(None))
    return Propagation(
        last.seconds,
        last.at_most,
        tuple(each for one in several for each in one.stale),
        tuple(each for one in several for each in one.failing),
    )


def has(seen: DnsSeen, truth: Truth) -> bool:
    """Whether who asks is told what is true, or what does as well, by whichever way."""
    if seen.outcome not in ANSWERED:
        return False
    told = {spelled(value) for value in seen.values}
    if truth.values is None:
        return bool(told) and _strays_at(seen, truth) is None
    if told == {spelled(value) for value in truth.values}:
        return True
    return bool(told) and told <= {spelled(value) for value in truth.as_good}


def upper_bound(before: DnsSeen) -> int | None:
    """Seconds that a cache may keep what a name server, not a cache, answers; None if untold."""
    end = before.ttl if before.values else before.negative_ttl
    links = [*before.alias_ttls, *(() if end is None else (end,))]
    return max(links, default=None)


def _waits(
    said: Sequence[DnsSeen], truths: Mapping[str, Truth]
) -> Iterator[tuple[DnsSeen, int | None]]:
    """Each answer of one cache, and the seconds until it is right for good; None if untold.

    A right one does not last either: what the cache has heard of the name as a whole may come up
    from under it.
    """
    under = max((_of_all_types(each, truths[each.rrtype]) for each in said), default=0)
    for each in said:
        truth = truths[each.rrtype]
        if each.outcome not in ANSWERED:
            yield each, None
        elif has(each, truth):
            comes_up = truth.values != frozenset() and under > _shortest(each)
            yield each, under if comes_up else 0
        else:
            seconds = _remains(each, truth)
            yield each, None if seconds is None else max(seconds, under)


def _remains(seen: DnsSeen, truth: Truth) -> int | None:
    place = _strays_at(seen, truth)
    if place is not None:
        return seen.alias_ttls[place] if place < len(seen.alias_ttls) else None
    return seen.ttl if seen.values else seen.negative_ttl


def _strays_at(seen: DnsSeen, truth: Truth) -> int | None:
    """The first alias that leads away from the truth."""
    for place, alias in enumerate(seen.aliases):
        if truth.aliases[place : place + 1] != (alias,):
            return place
    return None


def _of_all_types(seen: DnsSeen, truth: Truth) -> int:
    """Seconds of what is untrue and counts for every type: an alias, or that there is no such name.

    RFC 1034 section 3.6.2, RFC 2308 section 5.
    """
    if seen.aliases:
        return seen.alias_ttls[0] if seen.alias_ttls and _strays_at(seen, truth) == 0 else 0
    return (seen.negative_ttl or 0) if seen.outcome == "nxdomain" else 0


def _shortest(seen: DnsSeen) -> int:
    return min((*seen.alias_ttls, *(() if seen.ttl is None else (seen.ttl,))), default=0)
