"""`apply --on-failure rollback`: what fails half way is taken back by itself, or says why not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from remediate.model.failpoint import watch
from remediate.stores import journal
from remediate.stores.snapshots import Snapshots
from tests.cli.conftest import Desk
from tests.cli.half_way import check
from tests.cli.typed import Said, typed

ALWAYS = 1_000_000
ROLLBACK = ("--on-failure", "rollback")


def fail_at_the_proxy(desk: Desk, *words: str) -> Said:
    """The records and the certificate are there by then."""
    desk.fault("forbidden", "PATCH */targetHttpsProxies/*", ALWAYS)
    return desk.type("apply", *words)


@contextmanager
def changing_a_record_of_ours(desk: Desk) -> Iterator[None]:
    """Somebody else, once the run has made it."""
    zone = "dns/v1/projects/netra-staging/managedZones/netrasystems-staging"
    sent: list[str] = []

    def note(place: str) -> None:
        if place == "ledger.save.after" and not sent:
            sent.append(place)
            sets: Any = desk.bench.send("GET", f"{zone}/rrsets")["rrsets"]
            body = next(each for each in sets if each["type"] == "A")
            desk.bench.send("PATCH", f"{zone}/rrsets/{body['name']}/A", {**body, "ttl": 77})

    end = watch(note)
    try:
        yield
    finally:
        end()


def outcomes(desk: Desk) -> list[tuple[object, str | None]]:
    store = desk.bench.store
    stories = [journal.read(store, run) for run in journal.runs(store)]
    return [(story.begun["verb"], story.outcome) for story in stories]


def test_what_was_done_by_then_is_taken_back_and_both_are_said(desk: Desk) -> None:
    said = fail_at_the_proxy(desk, *ROLLBACK)
    assert said.code == 8, said
    assert desk.bench.state() == desk.before
    assert outcomes(desk) == [("apply", "failed"), ("rollback", "done")]
    first, _own = Snapshots(desk.bench.store).ids()
    assert "was refused" in said.told
    assert f"All that was done was taken back, to snapshot {first}" in said.told
    assert "  SslCertificate/staging-ssl-cert\n" in said.err
    (release,) = re.findall(r"`remediate (hold release [^`]*)`", said.told)
    assert typed(*release.split()).code == 0
    assert "`remediate apply" in said.told


@pytest.mark.parametrize("words", [(), ("--on-failure", "stop")])
def test_nothing_is_taken_back_unless_that_was_said(words: Sequence[str], desk: Desk) -> None:
    said = fail_at_the_proxy(desk, *words)
    assert said.code == 7, said
    assert outcomes(desk) == [("apply", "failed")]
    desk.mend()
    assert desk.type("apply", "--resume", "latest").code == 0


def test_what_fails_before_the_first_write_has_nothing_to_be_taken_back(desk: Desk) -> None:
    desk.fault("forbidden", "POST *", ALWAYS)
    said = desk.type("apply", *ROLLBACK)
    assert said.code == 10, said
    assert desk.bench.state() == desk.before
    assert [verb for verb, _outcome in outcomes(desk)] == ["apply"]


def test_a_way_back_that_is_barred_says_so_and_both_ways_from_there(desk: Desk) -> None:
    """Deletions are refused too, so the certificate that was made stays."""
    desk.fault("401", "DELETE *", ALWAYS)
    said = fail_at_the_proxy(desk, *ROLLBACK)
    assert said.code == 7, said
    assert "This was not taken back" in said.told
    assert "apply --resume" not in said.told  # part of it is back already
    assert "rollback --snapshot" in said.told
    desk.mend()
    assert desk.type("rollback", "--snapshot", "latest").code == 0
    assert desk.bench.state() == desk.before


def test_somebody_elses_change_bars_the_way_back_before_it_begins(desk: Desk) -> None:
    with changing_a_record_of_ours(desk):
        said = fail_at_the_proxy(desk, *ROLLBACK)
    assert said.code == 7, said
    assert "This was not taken back: somebody else has changed this since" in said.told
    assert "apply --resume" in said.told
    assert [verb for verb, _outcome in outcomes(desk)] == ["apply"]


def test_a_run_that_is_gone_on_with_may_take_itself_back_too(desk: Desk) -> None:
    assert fail_at_the_proxy(desk).code == 7
    said = desk.type("apply", "--resume", "latest", *ROLLBACK)
    assert said.code == 8, said
    assert desk.bench.state() == desk.before


@pytest.mark.parametrize("barred", [True, False])
def test_a_way_back_that_could_write_nothing_holds_nothing(
    barred: bool,  # noqa: FBT001 - a case
    desk: Desk,
) -> None:
    desk.bench.reset()
    desk.bench.write(check("two"), check("apart"))
    assert desk.type("apply").code == 0
    assert desk.type("hold", "set", "--reason", "another's", "HealthCheck/apart").code == 0
    then = check("two", checkIntervalSec=9)
    after = {"dependsOn": ["HealthCheck/one"]}
    desk.bench.write(check("one"), check("apart"), {**then, "lifecycle": after})
    desk.fault("forbidden", "PATCH *", ALWAYS)
    if barred:
        desk.fault("401", "DELETE *", ALWAYS)
    said = desk.type("apply", *ROLLBACK)
    assert said.code == (7 if barred else 8), said
    assert ("This was not taken back" in said.told) is barred
    held = [each["reason"] for each in desk.type("hold", "list", "--json").json["holds"]]
    assert held[:1] == ["another's"]
    assert len(held) == (1 if barred else 2)
