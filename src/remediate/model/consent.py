"""What somebody has said to one run besides its choices: who approves, why now, whom to ask."""

from __future__ import annotations

from dataclasses import dataclass

APPROVED_BY = "REMEDIATE_APPROVED_BY"  # a protected environment of CI sets it: names, by commas


@dataclass(frozen=True, slots=True)
class Consent:
    """None of it is part of a plan or of its digest: it is said afterwards, of what was planned.

    `approved_by` are distinct names, as asserted by whoever typed them. `incident` says why a
    change window is passed. `policies` are command lines of programs that judge the plan's JSON.
    """

    approved_by: tuple[str, ...] = ()
    incident: str = ""
    policies: tuple[str, ...] = ()
