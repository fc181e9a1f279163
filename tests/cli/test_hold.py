"""Holds at the command line: what is held is applied by nobody, and a rollback holds."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Desk
from tests.cli.typed import Said

CHANGES = 2  # exit code of a plan with changes
HELD = 4


def planned(desk: Desk) -> Said:
    return desk.type("plan", "--detailed-exitcode")


def flat(text: str) -> str:
    return " ".join(text.split())


def test_what_is_held_is_not_applied_until_it_is_released(desk: Desk) -> None:
    held = desk.type("hold", "set", "--reason", "the registrar moves it", "DnsZone/*")
    assert held.code == 0, held
    before = desk.bench.state()
    for verb in ("plan", "apply"):
        said = desk.type(verb)
        assert said.code == HELD, said
        told = flat(said.out + said.err)
        assert "until it is released: the registrar moves it" in told
        assert f"`{desk.line('hold', 'release', held.out.strip())}` ends that" in told
    assert desk.bench.state() == before
    assert desk.type("hold", "release", held.out.strip()).out.splitlines() == [
        "Released: 1 hold.",
        f"{held.out.strip()}  the registrar moves it",
        "    DnsZone/*",
    ]
    assert planned(desk).code == CHANGES


def test_a_plan_that_does_not_touch_it_notes_it_and_goes_on(desk: Desk) -> None:
    assert desk.type("hold", "set", "SqlInstance/*", "--until", "2h").code == 0
    said = planned(desk)
    assert said.code == CHANGES, said
    assert "SqlInstance/*: held by " in flat(said.out)
    assert "this plan does not touch it" in flat(said.out)
    assert desk.type("apply").code == 0


def test_a_hold_may_be_passed_once_and_the_plan_stays_the_same(desk: Desk) -> None:
    free = desk.type("plan", "--json").json["remediate"]["digest"]
    desk.type("hold", "set")
    said = desk.type("plan", "--json", "--allow", "hold=agreed with ann")
    assert said.code == 0, said
    assert said.json["remediate"]["digest"] == free
    assert desk.type("apply", "--allow", "hold=agreed with ann").code == 0


def test_a_hold_ends_by_the_sandboxs_clock(desk: Desk) -> None:
    desk.type("hold", "set", "--until", "2h")
    assert planned(desk).code == HELD
    desk.bench.advance(7_201)
    assert planned(desk).code == CHANGES
    assert desk.type("hold", "list").out == "Nothing is held.\n"


def test_the_list_says_who_what_and_until_when(desk: Desk) -> None:
    made = desk.type("hold", "set", "--until", "2199-01-02", "--reason", "new year").out.strip()
    text = desk.type("hold", "list").out
    assert text.startswith(f"{made}  until 2199-01-03T00:00:00Z\n    new year (by ")
    assert text.endswith("\n    everything\n")
    (one,) = desk.type("hold", "list", "--json").json["holds"]
    assert (one["id"], one["globs"], one["reason"]) == (made, ["*"], "new year")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("set", "DnsZone"), "DnsZone is neither `Kind/name` nor a glob such as `DnsZone/*`"),
        (("set", "--until", "soon"), "neither a duration such as 2h nor a date"),
        (("set", "--until", "2026-01-01"), "--until 2026-01-01 is over already; it is"),
        (("set", "--until", "0h"), "--until 0h is over already; it is"),
        (("set", "--reason", " "), "--reason is empty"),
        (("set", "DNSZone/*"), "did you mean `DnsZone/*`?"),
        (("set", "Nosuch/*"), "the hold Nosuch/* matches nothing in staging"),
        (("release",), "say which hold ends: its ID, a GLOB over what is held, or --all"),
        (("release", "--all", "DnsZone/*"), "say which hold ends"),
        (("release", "DnsZone/*"), "nothing is held by DnsZone/*"),
    ],
)
def test_a_word_that_means_nothing_leaves_with_9(
    desk: Desk, words: tuple[str, ...], message: str
) -> None:
    said = desk.type("hold", *words)
    assert said.code == 9, said
    assert message in said.told


def test_setting_the_same_hold_again_moves_its_end_and_makes_no_second(desk: Desk) -> None:
    first = desk.type("hold", "set", "DnsZone/*", "--until", "2h")
    assert first.told.startswith("Held, until 2"), first
    again = desk.type("hold", "set", "DnsZone/*")
    assert again.out == first.out
    assert again.told == "Held already, until it is released: DnsZone/*\n"
    (one,) = desk.type("hold", "list", "--json").json["holds"]
    assert one["until"] is None


def test_a_hold_can_be_set_while_the_yaml_cannot_be_read(desk: Desk) -> None:
    (desk.bench.root / "desired" / "staging" / "dns.yaml").write_text("kind: [")
    said = desk.type("hold", "set", "DnsZone/*")
    assert said.code == 0, said
    assert "as far as is known while the YAML cannot be read" in said.told


class TestRollback:
    def test_what_it_took_back_is_not_applied_again_by_a_loop(self, desk: Desk) -> None:
        assert desk.type("apply").code == 0
        assert desk.type("rollback", "--snapshot", "latest").code == 0
        for _ in range(2):
            said = desk.type("apply")
            assert said.code == HELD, said
            assert "rollback to 01" in flat(said.err)
            assert desk.bench.state() == desk.before
        desk.bench.advance(24 * 3600 + 1)
        assert desk.type("apply").code == 0

    def test_taking_it_back_ends_its_hold_and_the_next_one_holds_again(self, desk: Desk) -> None:
        assert desk.type("apply").code == 0
        applied = desk.bench.state()
        for _ in range(2):
            assert desk.type("rollback", "--snapshot", "latest").code == 0
            assert desk.bench.state() == desk.before
            assert planned(desk).code == HELD
            assert desk.type("rollback", "--snapshot", "latest").code == 0
            assert desk.bench.state() == applied
            assert desk.type("hold", "list").out == "Nothing is held.\n"
            assert planned(desk).code == 0

    def test_a_hold_never_stops_it(self, desk: Desk) -> None:
        assert desk.type("apply").code == 0
        desk.type("hold", "set")
        assert desk.type("rollback", "--snapshot", "latest").code == 0
        assert desk.bench.state() == desk.before

    def test_one_that_was_cut_short_holds_already_and_goes_on_with_its_hold(
        self, desk: Desk
    ) -> None:
        assert desk.type("apply").code == 0
        desk.fault("forbidden", "POST *changes*", times=99)
        assert desk.type("rollback", "--snapshot", "latest").code in {7, 10}
        desk.mend()
        assert desk.type("apply").code == HELD
        (before,) = desk.type("hold", "list", "--json").json["holds"]
        assert desk.type("rollback", "--snapshot", "latest").code == 0
        (after,) = desk.type("hold", "list", "--json").json["holds"]
        assert desk.bench.state() == desk.before
        assert {*before["globs"]} == {*after["globs"]}
