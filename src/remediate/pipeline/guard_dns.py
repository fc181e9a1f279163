"""What is to be said of record sets and zones: who would get no answer, or an old one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from remediate.model.plan import Action, Objection
from remediate.model.ref import Ref
from remediate.pipeline.proposal import Proposal
from remediate.pipeline.ttl import Lasting, lasting


def exposure(proposal: Proposal) -> Iterator[Objection]:
    """The apex, a wildcard, or the last address of a name: each shuts a front door."""
    going = {difference.ref for difference in proposal.deletions()}
    for verdict in proposal.records.values():
        for rule, refs, said in (
            ("dns-apex", verdict.removed_apex, "is at the apex of the zone"),
            ("dns-wildcard", verdict.removed_wildcards, "answers for every name below it"),
            ("dns-last-address", verdict.last_addresses, "is the name's last address"),
        ):
            for ref in refs:
                if ref in going:
                    yield Objection(rule, "deny", ref, f"{_what(ref)} {said}")


def _what(ref: Ref) -> str:
    return " ".join(ref.record)


def ttl_too_long(proposal: Proposal) -> Iterator[Objection]:
    """One objection a zone: whoever moves a thousand names reads one sentence."""
    by_zone: dict[Ref, list[Lasting]] = defaultdict(list)
    for one in lasting(proposal.differences, proposal.kept):
        by_zone[one.difference.ref.zone].append(one)
    for zone, found in by_zone.items():
        longest = max(found, key=lambda one: (one.seconds, one.difference.ref))
        ref = longest.difference.ref
        others = f" and {len(found) - 1} more of {zone}" if len(found) > 1 else ""
        message = (
            f"{_what(ref)}{others} will be answered as before for up to {longest.seconds} s, "
            f"{longest.why}"
        )
        at = ref if len(found) == 1 else zone
        yield Objection("ttl-too-long", "warn", at, message)


def second_zone(proposal: Proposal) -> Iterator[Objection]:
    """A zone that the registrar does not name is asked by nobody; a slip in a name makes one."""
    live = {at: body for at, body in proposal.around.live.items() if at.kind == "DnsZone"}
    for difference in proposal.differences:
        new = difference.after
        if difference.ref not in proposal.desired.resources or new is None:
            continue
        if difference.ref.kind != "DnsZone" or difference.action is not Action.CREATE:
            continue
        name = _public(new)
        if there := sorted(at.name for at, body in live.items() if name and _public(body) == name):
            message = (
                f"{name} is served by {', '.join(there)} already; the new zone has other name "
                "servers, and nobody asks it until the registrar does"
            )
            yield Objection("dns-second-zone", "warn", difference.ref, message)


def _public(body: Mapping[str, object]) -> str:
    """What a zone serves to the world; empty if it does not."""
    return "" if body.get("visibility") == "private" else str(body.get("dnsName", "")).lower()
