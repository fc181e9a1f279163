"""What is tried again, for how long, and what never is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.gcp.errors import PreconditionFailed, Transient
from remediate.gcp.retry import Patience
from remediate.model.chance import Chance
from remediate.model.errors import ApiRefused, Unreachable
from tests.clocks import FakeClock
from tests.gcp.conftest import Wired
from tests.gcp.server import Say, Stub, refused

PASSING = {
    "408": refused(408, "timeout", "slow"),
    "429": refused(429, "rateLimitExceeded", "slower"),
    "500": refused(500, "internal", "oops"),
    "502 page": Say(502, b"<html>"),
    "503": refused(503, "backendError", "later"),
    "403 rate": refused(403, "rateLimitExceeded", "slower"),
    "403 user rate": refused(403, "userRateLimitExceeded", "slower"),
    "403 per minute": refused(403, "quotaExceeded", "Quota exceeded: Queries per minute"),
    "reset": Say(cut="reset"),
    "half": Say(cut="half", body={"a": "b" * 99}),
}


@pytest.mark.parametrize("case", PASSING)
def test_what_passes_is_tried_again(stub: Stub, wire: Wired, case: str) -> None:
    stub.says(PASSING[case], PASSING[case], Say(body={"managedZones": [{"name": "z"}]}))
    assert wire.google.dns.list("", "managedZones") == [{"name": "z"}]
    assert len(stub.asked) == 3
    assert len(wire.clock.slept) == 2


@pytest.mark.parametrize("case", PASSING)
def test_a_mutation_is_sent_again_with_the_same_id(stub: Stub, wire: Wired, case: str) -> None:
    stub.says(PASSING[case], Say(body={"name": "op", "status": "DONE"}))
    wire.google.compute.insert("global", "urlMaps", {"name": "x"}, "the-id")
    assert [asked.query["requestId"] for asked in stub.asked] == ["the-id", "the-id"]
    assert stub.asked[0].body == stub.asked[1].body


UNHEARD = {"429", "403 rate", "403 user rate", "403 per minute"}


@pytest.mark.parametrize("case", sorted(UNHEARD))
def test_what_google_has_not_looked_at_is_sent_again_without_an_id_too(
    stub: Stub, wire: Wired, case: str
) -> None:
    stub.says(PASSING[case], Say(body={"name": "op", "status": "DONE"}))
    wire.google.compute.call("patch", "global", "urlMaps", "x", {})
    assert len(stub.asked) == 2


@pytest.mark.parametrize("case", sorted(PASSING.keys() - UNHEARD))
def test_a_mutation_without_an_id_is_sent_once(stub: Stub, wire: Wired, case: str) -> None:
    stub.says(PASSING[case])
    with pytest.raises((Unreachable, ApiRefused)):
        wire.google.compute.call("patch", "global", "urlMaps", "x", {})
    assert len(stub.asked) == 1


@pytest.mark.parametrize(
    ("say", "kind"),
    [
        (refused(412, "conditionNotMet", "stale"), PreconditionFailed),
        (refused(403, "quotaExceeded", "Quota exceeded: 5 addresses"), ApiRefused),
        (refused(400, "invalid", "no"), ApiRefused),
    ],
)
def test_what_does_not_pass_is_not(
    stub: Stub, wire: Wired, say: Say, kind: type[ApiRefused]
) -> None:
    stub.says(say)
    with pytest.raises(kind):
        wire.google.compute.insert("global", "urlMaps", {"name": "x"}, "id")
    assert len(stub.asked) == 1


@pytest.mark.parametrize(
    ("after", "seconds"), [("7", 7.0), ("Mon, 23 Nov 2026 03:00:09 GMT", 9.0), ("soon", None)]
)
def test_google_may_say_how_long_to_wait(
    stub: Stub, wire: Wired, after: str, seconds: float | None
) -> None:
    stub.says(Say(429, {"error": {"message": "slower"}}, {"Retry-After": after}), Say())
    wire.google.dns.list("", "managedZones")
    (slept,) = wire.clock.slept
    if seconds is None:
        assert 0 <= slept <= 2
    else:
        assert seconds <= slept <= seconds + 1


def test_a_wait_that_is_longer_than_our_patience_is_not_begun(stub: Stub, wire: Wired) -> None:
    stub.says(Say(503, {"error": {"message": "later"}}, {"Retry-After": "86400"}))
    with pytest.raises(Unreachable, match="later"):
        wire.google.dns.list("", "managedZones")
    assert wire.clock.slept == []


@given(seed=st.integers(), each=st.floats(0, 600), command=st.floats(0, 600))
def test_patience_ends_in_time(seed: int, each: float, command: float) -> None:
    clock = FakeClock()
    patience = Patience(clock, Chance(seed), each=each, command=command)
    tries = 0

    def never() -> None:
        nonlocal tries
        tries += 1
        raise Transient(Unreachable("down"))

    with pytest.raises(Unreachable, match="down"):
        patience.run(never)
    assert clock.monotonic() <= min(each, command)
    assert tries == len(clock.slept) + 1
    assert all(0 <= pause <= 32 for pause in clock.slept)


@given(seed=st.integers())
def test_the_same_chance_makes_the_same_pauses(seed: int) -> None:
    def pauses() -> list[float]:
        clock = FakeClock()
        with pytest.raises(Unreachable):
            Patience(clock, Chance(seed)).run(_down)
        return clock.slept

    assert pauses() == pauses()


def _down() -> None:
    raise Transient(Unreachable("down"))
