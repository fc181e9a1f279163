"""What PostgreSQL turns clients away with, by SQLSTATE: whose fault that is.

The codes are those of PostgreSQL's documentation, appendix A; five characters, the first two of
which are a class.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from remediate.diagnosis.balancer import differs
from remediate.diagnosis.looks import Look
from remediate.diagnosis.node import Judged, Remedy
from remediate.model.json import Body, part
from remediate.probes.seen import PostgresSeen

NO_SLOT, NO_ROOM, WRONG_PASSWORD = "53300", "53100", "28P01"
_AUTHORIZATION: Final = "28"
_LAYERS: Final = {
    NO_SLOT: "sql.connections",
    _AUTHORIZATION: "sql.auth",
    **dict.fromkeys(("3D", "53", "57P", "58", "F0", "XX"), "sql.instance"),
}
"""By code or the beginning of one; anything else says nothing of the database itself."""
_ENCRYPTED: Final = ("ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED")
_SILENT: Final = frozenset({"timeout", "unreachable", "not_public"})
_PASSING: Final = "57P"  # it starts, stops or recovers
_SAID: Final = re.compile(r"\b(?:FATAL|PANIC|SQLSTATE)\W{1,3}([0-9A-Z]{5})\b")


@dataclass(frozen=True, slots=True)
class Refusal:
    """`layer` is empty for a code that blames nobody; `is_told` by the application, not seen."""

    sqlstate: str
    told: str
    is_told: bool

    @property
    def layer(self) -> str:
        known = (at for length in (5, 3, 2) if (at := _LAYERS.get(self.sqlstate[:length])))
        return next(known, "")

    @property
    def passes(self) -> bool:
        return self.sqlstate.startswith(_PASSING)


def refusal(pg: PostgresSeen | None, look: Look, body: Body | None) -> Refusal | None:
    """What a handshake of ours is refused with, or else what the application says it is."""
    if pg is not None and pg.sqlstate and not fails_us_alone(pg, look, body):
        return Refusal(pg.sqlstate, pg.message, is_told=False)
    if said := _SAID.search(look.reason):
        return Refusal(said[1], f"the application says: {look.reason}", is_told=True)
    return None


def fails_us_alone(pg: PostgresSeen, look: Look, body: Body | None) -> bool:
    """Whether it may serve its own application, though not who comes as we do, or from where.

    Our handshake is a plain one: what refuses all but TLS refuses us, whoever else is let in.
    """
    mode = part(body or {}, "settings", "ipConfiguration").get("sslMode")
    if pg.sqlstate:
        turned_away = pg.sqlstate.startswith(_AUTHORIZATION)
        return turned_away and (look.works is True or mode in _ENCRYPTED)
    return look.works is True and pg.outcome in _SILENT


def on_the_way(node: Judged, told: str, remedy: Remedy, look: Look) -> None:
    """A difference on the way to a database is none that matters where somebody got that far."""
    if look.works is not True and _SAID.search(look.reason):
        node.facts.append(f"{told}; the application reaches its database all the same")
    else:
        differs(node, told, remedy, look.works)
