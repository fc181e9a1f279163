"""What a public resolver makes of the zones: it follows whatever leads on, and refers nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gcp_sandbox.dns import names
from gcp_sandbox.dns.answer import Answer, answer
from gcp_sandbox.dns.zone import Zone

_LONGEST_CHAIN: Final = 16


def resolve(own: Sequence[Zone], every: Sequence[Zone], name: str, rrtype: str) -> Answer:
    """Answer from the `own` zones first, then from `every` zone there is.

    Names above a zone exist and hold nothing; names outside the zones do not exist. Aliases in a
    circle, and delegations to servers that are not here, are SERVFAIL.
    """
    said = Answer(authoritative=False)
    followed: set[str] = set()
    while name not in followed and len(followed) < _LONGEST_CHAIN:
        followed.add(name)
        part = _part(own, every, name, rrtype)
        if part.rcode == "SERVFAIL":
            break
        said.rcode, said.authority = part.rcode, part.authority
        said.answer += part.answer
        target = _alias(part, rrtype)
        if target is None:
            return said
        name = target
    return Answer("SERVFAIL", authoritative=False)


def _part(own: Sequence[Zone], every: Sequence[Zone], name: str, rrtype: str) -> Answer:
    """What the zones say of a name without following aliases out of them."""
    said = answer(own, name, rrtype)
    if said.rcode == "REFUSED" or _refers(said):
        said = answer(every, name, rrtype)
    if said.rcode == "REFUSED":
        above = any(names.within(zone.apex, name) for zone in every)
        return Answer("NOERROR" if above or name == "." else "NXDOMAIN")
    if not _refers(said):
        return said
    return Answer(answer=said.answer) if said.answer else Answer("SERVFAIL")


def _refers(said: Answer) -> bool:
    return any(records.rrtype == "NS" for records in said.authority)


def _alias(part: Answer, rrtype: str) -> str | None:
    """Where a chain of aliases leaves off without an end."""
    if not part.answer or part.authority or part.rcode != "NOERROR":
        return None
    last = part.answer[-1]
    return last.rdatas[0] if last.rrtype == "CNAME" and rrtype not in {"CNAME", "ANY"} else None
