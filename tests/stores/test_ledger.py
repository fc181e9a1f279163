"""What was last applied is remembered, by one writer at a time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from remediate.model.aside import Aside, lasting
from remediate.model.errors import Stale, StoreDamaged
from remediate.model.ref import Ref, record_ref
from remediate.stores.folder import Folder
from remediate.stores.ledger import Entry, Ledger

URL_MAP = Ref("UrlMap", "x")
WITH_AN_ASIDE = (
    '{"format_version":2,"endpoint":"google","elsewhere":{},"records":{},"resources":{"UrlMap/x":'
    '{"name":"x","fields":{},"onRemove":"keep","protect":false,"asides":[%s]}}}'
)
NEG = Ref("NetworkEndpointGroup", "n", "us-central1")


def test_without_a_ledger_it_is_said_so(store: Folder) -> None:
    ledger = Ledger(store, "staging")
    assert not ledger.exists
    ledger.save()
    assert ledger.exists
    assert Ledger(store, "staging").exists
    assert not Ledger(store, "prod").exists


def test_how_long_old_answers_last_is_of_one_endpoint_and_over_one_day(store: Folder) -> None:
    ref, moment = record_ref("zone", "*.example.com.", "A"), datetime(2026, 11, 23, 12, tzinfo=UTC)
    ledger = Ledger(store, "staging")
    ledger.keep_until(ref, moment)
    ledger.save()
    other = Ledger(store, "staging", "sandbox")
    assert other.kept_until(ref) is None
    other.save()
    again = Ledger(store, "staging")
    assert again.kept_until(ref) == moment
    again.drop_kept(moment)
    again.save()
    stored = store.get("ledger/staging.json")
    assert stored is not None
    assert b"kept" not in stored.data


def test_what_was_applied_is_remembered(store: Folder) -> None:
    ledger = Ledger(store, "staging")
    entry = Entry("n-12345678", {"size": 0, "backends": []}, "delete", protect=True)
    ledger.remember(NEG, entry)
    ledger.remember(URL_MAP, Entry("x", {}))
    ledger.save()
    assert Ledger(store, "staging").resources == {NEG: entry, URL_MAP: Entry("x", {})}
    ledger.forget(NEG)
    ledger.forget(NEG)
    ledger.save()
    assert Ledger(store, "staging").resources == {URL_MAP: Entry("x", {})}


@pytest.mark.parametrize("fqdn", ["a.example.", "*.example.", "0/25.2.0.192.in-addr.arpa."])
def test_record_sets_are_remembered_apart(store: Folder, fqdn: str) -> None:
    ledger = Ledger(store, "staging")
    ref = record_ref("z", fqdn, "A")
    ledger.remember(ref, Entry("", {"ttl": 60, "rrdatas": ["192.0.2.1", "192.0.2.2"]}))
    ledger.save()
    again = Ledger(store, "staging")
    assert again.resources == {}
    assert again.record("z", fqdn, "A") == (60, ("192.0.2.1", "192.0.2.2"))
    assert again.record("z", fqdn, "AAAA") is None
    assert again.record("y", fqdn, "A") is None
    assert list(again.records("z")) == [(fqdn, "A")]
    again.forget(ref)
    assert list(again.records("z")) == []


def test_of_two_writers_the_second_is_stale(store: Folder) -> None:
    mine, theirs = Ledger(store, "staging"), Ledger(store, "staging")
    theirs.remember(URL_MAP, Entry("x", {"theirs": True}))
    theirs.save()
    with pytest.raises(Stale, match="ledger of staging"):
        mine.save()
    theirs.save()
    assert Ledger(store, "staging").resources[URL_MAP].fields == {"theirs": True}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"format_version":1}',
        b'{"format_version":1,"resources":[],"records":{}}',
        b'{"format_version":1,"resources":{"x":{}},"records":{}}',
        b'{"format_version":1,"resources":{"UrlMap/x":{}},"records":{}}',
        (WITH_AN_ASIDE % '{"name":"x"}').encode(),
        (WITH_AN_ASIDE % '{"name":"x","since":"soon","born":"","state":""}').encode(),
    ],
)
def test_a_damaged_ledger_is_not_taken_for_none(store: Folder, content: bytes) -> None:
    store.create("ledger/staging.json", content)
    with pytest.raises(StoreDamaged):
        Ledger(store, "staging")


def test_a_later_format_is_refused_by_name(store: Folder) -> None:
    store.create("ledger/staging.json", b'{"format_version":3}')
    with pytest.raises(StoreDamaged, match="format 3"):
        Ledger(store, "staging")


def test_what_is_set_aside_is_remembered_with_its_time(store: Folder) -> None:
    ledger = Ledger(store, "staging")
    old = Aside("x-00000000", "2026-11-23T12:00:00Z", "17", "sha256:aa")
    entry = Entry("x", {}, "delete", asides=(old,))
    ledger.remember(URL_MAP, entry)
    ledger.save()
    assert Ledger(store, "staging").resources == {URL_MAP: entry}
    assert not entry.is_aside
    removed = entry.with_aside(Aside("x", "2026-11-24T12:00:00Z"))
    assert removed.is_aside
    assert removed.without("x") == entry


def test_names_in_a_ledger_of_the_first_format_have_no_time_yet(store: Folder) -> None:
    """Of the side that is at work and of the others alike."""
    entry = {
        "name": "x-11111111",
        "fields": {},
        "onRemove": "delete",
        "protect": False,
        "retired": ["x", "x-00000000"],
    }
    side = {"resources": {"UrlMap/x": entry}, "records": {"z": {"a.example. A": [60, "192.0.2.1"]}}}
    content = {
        "format_version": 1,
        "environment": "staging",
        "endpoint": "google",
        "elsewhere": {"sandbox": side},
        **side,
    }
    store.create("ledger/staging.json", json.dumps(content).encode())
    for endpoint in ("google", "sandbox"):
        ledger = Ledger(store, "staging", endpoint)
        assert ledger.resources[URL_MAP].asides == (Aside("x"), Aside("x-00000000"))
        assert ledger.record("z", "a.example.", "A") == (60, ("192.0.2.1",))
        ledger.save()


def test_each_side_has_its_project_and_an_earlier_ledger_takes_the_one_at_work(
    store: Folder,
) -> None:
    side = {"resources": {}, "records": {}}
    content = {"format_version": 2, "endpoint": "google", "elsewhere": {"sandbox": side}, **side}
    store.create("ledger/staging.json", json.dumps(content).encode())
    for endpoint, project in (("google", "real"), ("sandbox", "tried")):
        ledger = Ledger(store, "staging", endpoint, project)
        assert ledger.project == project
        ledger.save()
    assert Ledger(store, "staging", "google", "another").project == "real"
    assert Ledger(store, "staging", "sandbox", "another").project == "tried"


def test_its_time_is_counted_from_when_it_was_set_aside() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    aside = Aside("x").begun(now)
    assert aside.begun(now + timedelta(days=1)) == aside
    assert aside.due(86_400) == now + timedelta(days=1)
    assert aside.when(86_400) == "from 2026-11-24T12:00:00Z"
    assert Aside("x").due(0) is None
    assert Aside("x").when(604_800) == "7 days after the next apply"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (604_800, "7 days"),
        (86_400, "1 day"),
        (129_600, "36 hours"),
        (5_400, "90 minutes"),
        (1, "1 second"),
        (0, "0 seconds"),
    ],
)
def test_a_retention_is_said_in_the_largest_unit_that_holds_it(seconds: int, words: str) -> None:
    assert lasting(seconds) == words
