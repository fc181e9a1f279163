"""Look at an environment from both sides at once: what Google says, and what a client sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from remediate.diagnosis.edge import Edge
from remediate.diagnosis.signs import GoogleSide, NameSeen, Signs
from remediate.gcp.google import Google
from remediate.model.observation import Live, Unreadable
from remediate.model.ref import Ref
from remediate.model.resource import Desired
from remediate.pipeline.aims import Aim, aims
from remediate.pipeline.deadline import Deadline
from remediate.pipeline.survey_google import look_at_google, nothing_seen
from remediate.probes.dial import dial_for

if TYPE_CHECKING:
    from remediate.probes.delegation import Delegation

WITHIN = 15.0  # seconds on the wall
_GOOGLES, _BOTHS = 0.5, 0.6  # the shares of it that what comes first may take
_HTTPS = "443"
_TYPES = ("A", "AAAA")
_NEVER = datetime.min.replace(tzinfo=UTC)  # where an edge stands does not hang on the time


def survey(google: Google, desired: Desired, within: float = WITHIN) -> Signs:
    """Everything that a diagnosis is made from, as far as it can be had `within` these seconds.

    Raises nothing for what is silent, denied or late: that is told in its place.
    """
    from remediate.pipeline import survey_outside as outside
    from remediate.pipeline.survey_names import look_at_names

    deadline, targets = Deadline(within), aims(desired)
    try:
        side, above, slow = _first(google, desired, targets, within)
        prober = outside.prober(google, side)
        names = look_at_names(prober, targets, side, above, deadline)
        addresses = addresses_of(desired, side, targets, names)
        hosts, others, paths = outside.look_at_hosts(
            prober, targets, addresses, names, desired, side, deadline
        )
        databases = outside.look_at_databases(prober, side, deadline)
        late = (*slow, *deadline.late)
    finally:
        deadline.close()
    at = google.clock.now()
    return Signs(desired, at, side, names, hosts, others, paths, databases, late)


def _first(
    google: Google, desired: Desired, targets: tuple[Aim, ...], within: float
) -> tuple[GoogleSide, dict[Ref, Delegation], list[str]]:
    """Google's side and the zones above, side by side; neither may keep the rest waiting."""
    from remediate.pipeline.survey_names import look_above

    googles, both = Deadline(within * _GOOGLES), Deadline(within * _BOTHS)
    dial = dial_for(google)
    try:
        reads: dict[str, Callable[[], Any]] = {
            "google": partial(look_at_google, google, desired, googles),
            "delegation": partial(look_above, dial, desired, targets),
        }
        said = both.read(reads)
    finally:
        googles.close()
        both.close()
    side, above = said["google"], said["delegation"]
    return (
        nothing_seen(desired, side) if isinstance(side, Unreadable) else side,
        {} if isinstance(above, Unreadable) else above,
        [*googles.late, *both.late],
    )


def survey_of_google(google: Google, desired: Desired, within: float = WITHIN) -> Signs:
    """Google's side alone."""
    deadline = Deadline(within)
    try:
        side = look_at_google(google, desired, deadline)
    finally:
        deadline.close()
    return Signs(desired, google.clock.now(), side, late=tuple(deadline.late))


def addresses_of(
    desired: Desired, side: GoogleSide, targets: tuple[Aim, ...], names: Mapping[str, NameSeen]
) -> list[str]:
    """Where clients are to meet the load balancer: as Google has it, else as names have it.

    The first is where everything is looked at; all others are addresses of rules. An address that
    is released, or cannot be read, is still where names lead; empty where nobody knows any.
    """
    edge = Edge(Signs(desired, _NEVER, side))
    meant = [address for rule in edge.fronts if (address := edge.address_at(rule))]
    return [*dict.fromkeys(meant)] or [*_found(desired, side, targets, names)][:1]


def _found(
    desired: Desired, side: GoogleSide, targets: tuple[Aim, ...], names: Mapping[str, NameSeen]
) -> Iterator[str]:
    live = {ref: seen.body for ref, seen in side.resources.items() if isinstance(seen, Live)}
    used = [str(body.get("IPAddress")) for body in live.values() if _is_front(body)]
    ours = [live[ref] for ref in desired.resources if ref.kind == "Address" and ref in live]
    held = [str(body.get("address")) for body in ours if body.get("addressType") != "INTERNAL"]
    yield from (*held, *used, *_recorded(side, targets), *_answered(targets, names))


def _is_front(body: Mapping[str, Any]) -> bool:
    outside = str(body.get("loadBalancingScheme", "")).startswith("EXTERNAL")
    return outside and str(body.get("portRange", "")).partition("-")[0] == _HTTPS


def _recorded(side: GoogleSide, targets: tuple[Aim, ...]) -> list[str]:
    sets = [said for said in side.record_sets.values() if not isinstance(said, Unreadable)]
    found: list[Any] = [
        known.get((aim.name, rrtype), {}).get("rrdatas")
        for rrtype in _TYPES
        for known in sets
        for aim in targets
    ]
    return [str(value) for values in found for value in values or ()]


def _answered(targets: tuple[Aim, ...], names: Mapping[str, NameSeen]) -> list[str]:
    said = [one for aim in targets if aim.host in names for one in names[aim.host].resolvers]
    return [v for rrtype in _TYPES for one in said if one.rrtype == rrtype for v in one.values]
