"""Whether CAA records let a certificate authority certify a domain: RFC 8659."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from remediate.probes.dial import Dial
from remediate.probes.dns import ANSWERED, RESOLVERS, resolve
from remediate.probes.seen import DnsSeen

GOOGLE: Final = "pki.goog"
_UNDERSTOOD: Final = frozenset(
    {"issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail", "issuevmc"}
)
_CRITICAL: Final = 0x80
_RECORD: Final = re.compile(r'(?P<flags>\d+) (?P<tag>[A-Za-z0-9]+) "?(?P<value>.*?)"?')


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether `issuer` may certify `domain`: None where no resolver could tell.

    `at` is the name whose `records` decide, "" where there are none all the way up.
    """

    domain: str
    issuer: str
    permitted: bool | None
    message: str
    at: str = ""
    records: tuple[str, ...] = ()


def caa_permits(
    dial: Dial, domain: str, issuer: str = GOOGLE, resolvers: Sequence[str] = RESOLVERS
) -> Permission:
    """Climb from a domain to the nearest CAA records, at every resolver.

    `*.` in front asks for a wildcard certificate. Who forbids wins; a resolver that could not be
    asked counts only where no other could. Raises Unreachable where a sandbox is gone.
    """
    asking, failed = list(resolvers), []
    decided: list[DnsSeen] = []
    for name in upwards(domain):
        if not asking:
            break
        said = resolve(dial, name, "CAA", asking)
        decided += [it for it in said if it.outcome == "ok"]
        failed += [it for it in said if it.outcome not in ANSWERED]
        asking = [it.server for it in said if it.outcome in {"nodata", "nxdomain"}]
    verdicts = [(forbids(it.name, it.values, domain, issuer), it) for it in decided]
    for objection, answer in verdicts:
        if objection:
            return Permission(domain, issuer, False, objection, answer.name, answer.values)
    silent = "; ".join(it.message for it in failed)
    if decided:
        nearest = decided[0]
        message = f"CAA at {nearest.name} permits {issuer}{_but(silent)}"
        return Permission(domain, issuer, True, message, nearest.name, nearest.values)
    if asking:
        message = f"no CAA record at {domain} or above: any authority may issue{_but(silent)}"
        return Permission(domain, issuer, True, message)
    return Permission(domain, issuer, None, f"CAA of {domain} is not known: {silent}")


def _but(silent: str) -> str:
    return f" (but {silent})" if silent else ""


def upwards(domain: str) -> Iterator[str]:
    """The domain and all above it but the root (RFC 8659 section 3)."""
    name = domain.removeprefix("*.").rstrip(".")
    while name:
        yield f"{name}."
        name = name.partition(".")[2]


def forbids(at: str, values: Iterable[str], domain: str, issuer: str = GOOGLE) -> str:
    """Why the records at a name forbid, "" where they permit (RFC 8659 sections 4.2 to 4.5)."""
    records = [match for text in values if (match := _RECORD.fullmatch(text))]
    for record in records:
        unknown = record["tag"].lower() not in _UNDERSTOOD
        if unknown and int(record["flags"]) & _CRITICAL:
            return f"CAA at {at} forbids: nobody knows its critical property {record['tag']}"
    wild = [it for it in records if it["tag"].lower() == "issuewild"]
    plain = [it for it in records if it["tag"].lower() == "issue"]
    relevant = wild if wild and domain.startswith("*.") else plain
    named = [it["value"].partition(";")[0].strip().lower() for it in relevant]
    if not relevant or issuer.lower() in named:
        return ""
    only = ", ".join(sorted({it for it in named if it})) or "nobody"
    return f"CAA at {at} permits {only}, not {issuer}"
