"""What came of an expectation: a finding, one for each thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from remediate.model.json import Body

Severity = Literal["critical", "warn"]


class Verdict(StrEnum):
    """Unknown is no pass."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    UNKNOWN = "unknown"


class Category(StrEnum):
    """The rows of the success table."""

    DNS = "DNS"
    HTTP = "HTTP"
    WEBSOCKET = "WebSocket"
    CERTIFICATE = "certificate"
    INFRASTRUCTURE = "infrastructure"
    GOLDEN_PATH = "golden path"


@dataclass(frozen=True, slots=True)
class Finding:
    """One expectation of `check` about `target`: what was found, and whether that is as written.

    `facts` are for programs; `message` is a sentence for people. `cause` says the same of the
    outcome alone, so that what one thing has brought about can be told once; empty where `message`
    does. `settled`: looking again later would show nothing else.
    """

    check: str
    probe: str
    target: str
    verdict: Verdict
    message: str
    category: Category
    severity: Severity = "critical"
    tags: tuple[str, ...] = ()
    facts: Body = field(default_factory=dict, hash=False)
    cause: str = ""
    settled: bool = False

    @property
    def fails(self) -> bool:
        """Whether it keeps `verify` from passing."""
        return self.severity == "critical" and self.verdict is not Verdict.PASS
