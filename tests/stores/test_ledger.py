"""What was last applied is remembered, by one writer at a time."""

from __future__ import annotations

import pytest

from remediate.model.errors import Stale, StoreDamaged
from remediate.model.ref import Ref, record_ref
from remediate.stores.folder import Folder
from remediate.stores.ledger import Entry, Ledger

URL_MAP = Ref("UrlMap", "x")
NEG = Ref("NetworkEndpointGroup", "n", "us-central1")


def test_without_a_ledger_it_is_said_so(store: Folder) -> None:
    ledger = Ledger(store, "staging")
    assert not ledger.exists
    ledger.save()
    assert ledger.exists
    assert Ledger(store, "staging").exists
    assert not Ledger(store, "prod").exists


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
    ],
)
def test_a_damaged_ledger_is_not_taken_for_none(store: Folder, content: bytes) -> None:
    store.create("ledger/staging.json", content)
    with pytest.raises(StoreDamaged):
        Ledger(store, "staging")


def test_a_later_format_is_refused_by_name(store: Folder) -> None:
    store.create("ledger/staging.json", b'{"format_version":2}')
    with pytest.raises(StoreDamaged, match="format 2"):
        Ledger(store, "staging")
