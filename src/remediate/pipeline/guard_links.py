"""What still uses what goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from remediate.kinds.bodies.links import linked
from remediate.kinds.bodies.users import users
from remediate.kinds.registry import kind
from remediate.model.plan import Action, Objection
from remediate.model.ref import Ref
from remediate.pipeline.proposal import Proposal


def in_use(proposal: Proposal) -> Iterator[Objection]:
    """Google deletes some of what is in use without a word, and the traffic ends."""
    around, later = proposal.around, proposal.afterwards()
    for difference in proposal.deletions():
        at, used_by = difference.live, kind(difference.ref.kind).used_by
        if difference.ref.is_record_set or used_by is None:
            continue
        now, then = (users(at, bodies, around.project) for bodies in (around.live, later))
        if then or not now:
            named = [str(ref) for ref in then] or used_by(dict(difference.before or {}))
            if named:
                message = f"{at} is in use by {', '.join(named)}, and Google would delete it anyhow"
                yield Objection("in-use", "deny", difference.ref, message)


def still_linked(proposal: Proposal) -> Iterator[Objection]:
    """What is set aside stays, so Google refuses nothing, and whoever links to it goes on."""
    going = {d.live for d in proposal.differences if d.action is Action.SET_ASIDE}
    if not going:
        return
    held: dict[Ref, list[Ref]] = defaultdict(list)
    for user, body in proposal.afterwards().items():
        for target in going.intersection(linked(user, body, proposal.around.project)):
            held[target].append(user)
    for at, by in sorted(held.items()):
        names = ", ".join(map(str, sorted(by)))
        message = f"{names} links to {at}, which goes on serving; `gc` leaves it"
        yield Objection("still-linked", "warn", at, message)
