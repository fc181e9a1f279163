"""How long somebody waits for checks to pass, and what ends that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from threading import Event

import pytest

from remediate.model.errors import Interrupted
from remediate.model.finding import Category, Finding, Verdict
from remediate.model.progress import Event as Told
from remediate.model.progress import Waiting
from remediate.pipeline.verify import Verification, until_pass
from tests.clocks import FakeClock

NOW = datetime(2026, 11, 24, tzinfo=UTC)
BAD = Finding("tls", "tls", "a", Verdict.FAIL, "it has ended", Category.CERTIFICATE)
DENIED = replace(BAD, check="dns", verdict=Verdict.UNKNOWN, settled=True)
GOOD = replace(BAD, verdict=Verdict.PASS)


class Heard:
    def __init__(self) -> None:
        self.told: list[Told] = []

    def on(self, event: Told) -> None:
        self.told.append(event)


def looks(*each: Finding) -> Verification:
    return Verification("staging", "p", NOW, each)


def test_it_waits_while_anything_may_change_and_no_longer() -> None:
    found = iter([looks(BAD, DENIED), looks(BAD, DENIED), looks(GOOD, DENIED)])
    last = until_pass(lambda: next(found), 600.0, FakeClock(), [], Event())
    assert (last.in_vain, last.looks, last.late, last.passes) == (True, 3, None, False)


def test_who_interrupts_it_is_told_what_does_not_pass_and_that_nothing_was_done() -> None:
    stopping = Event()
    stopping.set()
    with pytest.raises(Interrupted, match="tls: it has ended") as told:
        until_pass(lambda: looks(BAD), 600.0, FakeClock(), [], stopping)
    assert "nothing to take back" in told.value.hint
    assert "snapshot" not in told.value.hint


def test_the_wait_is_one_line_whichever_checks_it_is_for() -> None:
    heard = Heard()
    found = iter([looks(BAD, replace(BAD, check="dns")), looks(BAD), looks(GOOD)])
    until_pass(lambda: next(found), 600.0, FakeClock(), [heard], Event())
    waits = [event for event in heard.told if isinstance(event, Waiting)]
    assert {event.ref for event in waits} == {"the checks to pass"}
    states = [event.state for event in waits]
    assert states == ["tls, dns: it has ended", "tls: it has ended"]
