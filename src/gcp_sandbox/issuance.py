"""When Google's authority issues and renews a certificate, for every API that has one got.

A certificate's own record holds seconds on the clock: `since` when all conditions hold, `hidden`
since when one does not, `issued` and `expires`; `chain` and `privateKey` once somebody looked;
`before`, once renewed, what was issued the time before.
"""

from __future__ import annotations

import math
from typing import Final

from gcp_sandbox.request import Body
from gcp_sandbox.world import Lookup

MINUTE: Final = 60.0
DAY: Final = 86400.0
ISSUE_AFTER: Final = 20 * MINUTE
"""How long the conditions must hold at a load balancer; Google says up to an hour."""
VISIBLE_WITHIN: Final = 15 * MINUTE
"""How long a domain may be out of sight before its status says so."""
SERVED_AFTER: Final = 10 * MINUTE
"""From being issued to being seen in a handshake; Google says up to half an hour."""
LIFETIME: Final = 90 * DAY
RENEW_BEFORE: Final = 30 * DAY
_LEAF: Final = ("issued", "expires", "chain", "privateKey")
AUTHORITIES: Final = frozenset({"pki.goog", "letsencrypt.org"})


def advance(own: Body, now: float, *, obstructed: bool, after: float = ISSUE_AFTER) -> float:
    """Bring a record to `now`: issue what is due; answers when to look again (inf: never).

    `after` is how long the conditions must hold, in seconds.
    """
    if obstructed:
        own.pop("since", None)
        own.setdefault("hidden", now)
    else:
        own.pop("hidden", None)
        own.setdefault("since", now)
    while True:
        due: float = own["expires"] - RENEW_BEFORE if "issued" in own else 0.0
        if "since" not in own:
            told = max(due, own["hidden"] + VISIBLE_WITHIN)
            return min((it for it in (told, own.get("expires", now)) if it > now), default=math.inf)
        due = max(due, own["since"] + after)
        if now < due:
            return due
        if "issued" in own:
            own["before"] = {name: own.pop(name) for name in _LEAF if name in own}
        own |= {"issued": due, "expires": due + LIFETIME}


def served(own: Body, now: float) -> Body | None:
    """The record of what load balancers show: after a renewal the former leaf for a while."""
    if "issued" in own and now >= own["issued"] + SERVED_AFTER:
        return own
    before: Body | None = own.get("before")
    return before


def renewing(own: Body, now: float) -> bool:
    return "issued" in own and now >= own["expires"] - RENEW_BEFORE


def waited(own: Body, now: float) -> bool:
    """Whether a condition has been missing for so long that it is told."""
    return "hidden" in own and now >= own["hidden"] + VISIBLE_WITHIN


def caa_allows(lookup: Lookup, name: str) -> bool:
    """RFC 8659: the nearest CAA set upwards decides; one without `issue` allows all."""
    while name.count(".") > 1:
        records = lookup(name, "CAA")
        if records:
            issuers = [_issuer(record) for record in records if _tag(record) == "issue"]
            return not issuers or bool(AUTHORITIES & set(issuers))
        name = name.partition(".")[2]
    return True


def _tag(record: str) -> str:
    return record.split(maxsplit=2)[1].lower()


def _issuer(record: str) -> str:
    value = record.split(maxsplit=2)[2].strip().strip('"')
    return value.partition(";")[0].strip().lower()
