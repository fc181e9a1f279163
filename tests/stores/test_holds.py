"""Holds: who holds what until when, kept for one environment and one endpoint."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from remediate.model.errors import StoreDamaged
from remediate.model.ref import Ref, record_ref
from remediate.stores.folder import Folder
from remediate.stores.holds import Hold, Holds, literally

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HELD = Hold(
    "01M84VAQ35T8RX3HR7A219VM3P", "google", ("DnsZone/*", "Address/a"), "why", "ann", str(NOW)
)
ENDING = replace(HELD, until=(NOW + timedelta(hours=2)).isoformat())


def add(holds: Holds, *more: Hold) -> None:
    holds.change(NOW, lambda before: [*before, *more])


def test_a_hold_covers_what_its_globs_match() -> None:
    assert HELD.covers(record_ref("z", "www.example.com.", "A"))
    assert HELD.covers(Ref("Address", "a"))
    assert not HELD.covers(Ref("Address", "ab"))
    wild = record_ref("z", "*.example.com.", "A")
    exact = replace(HELD, globs=(literally(wild),))
    assert exact.covers(wild)
    assert not exact.covers(record_ref("z", "www.example.com.", "A"))


def test_a_hold_lasts_until_its_time_and_is_then_forgotten(tmp_path: Path) -> None:
    holds = Holds(Folder(tmp_path), "staging", "google")
    add(holds, ENDING)
    assert holds.active(NOW + timedelta(hours=1, minutes=59)) == [ENDING]
    assert holds.active(NOW + timedelta(hours=2)) == []
    holds.change(NOW + timedelta(hours=3), lambda before: [*before, HELD])
    assert holds.active(NOW) == [HELD]


def test_a_sandboxs_hold_says_nothing_of_google(tmp_path: Path) -> None:
    google, sandbox = (Holds(Folder(tmp_path), "staging", side) for side in ("google", "sandbox"))
    add(google, HELD)
    assert sandbox.active(NOW) == []
    add(sandbox, replace(HELD, endpoint="sandbox"))
    sandbox.change(NOW, lambda _before: [])
    assert google.active(NOW) == [HELD]
    assert Holds(Folder(tmp_path), "production", "google").active(NOW) == []


RELEASES = {
    HELD.id: None,
    HELD.id[:8].lower(): None,
    "*": None,
    "DnsZone/*": ("Address/a",),
    "Address/*": ("DnsZone/*",),
    "DnsZone/z": ("DnsZone/*", "Address/a"),
    "01M": ("DnsZone/*", "Address/a"),
}


@pytest.mark.parametrize("word", RELEASES)
def test_a_hold_is_released_by_its_id_or_by_what_it_holds(word: str) -> None:
    left = HELD.without(word)
    assert (left and left.globs) == RELEASES[word]


def test_who_is_second_does_not_undo_the_first(tmp_path: Path) -> None:
    holds, other = (Holds(Folder(tmp_path), "staging", "google") for _ in range(2))
    others = [replace(HELD, id="01M84VAQ35T8RX3HR7A219VM3Q")]

    def become(before: list[Hold]) -> list[Hold]:
        if others:
            add(other, others.pop())
        return [*before, HELD]

    holds.change(NOW, become)
    assert [hold.id[-1] for hold in holds.active(NOW)] == ["Q", "P"]


def test_holds_that_were_altered_are_not_believed(tmp_path: Path) -> None:
    holds = Holds(Folder(tmp_path), "staging", "google")
    add(holds, HELD)
    file = tmp_path / "holds" / "staging.json"
    file.write_text(file.read_text().replace("ann", "ben"))
    with pytest.raises(StoreDamaged, match="altered"):
        holds.active(NOW)


def test_holds_of_a_later_version_are_refused(tmp_path: Path) -> None:
    holds = Holds(Folder(tmp_path), "staging", "google")
    add(holds, HELD)
    file = tmp_path / "holds" / "staging.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format_version": 99}))
    with pytest.raises(StoreDamaged, match="format 99"):
        holds.active(NOW)
