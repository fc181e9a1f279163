"""What a later version has written is refused, and never misread; every format says its version."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from remediate.model.errors import RemediateError
from remediate.model.values import Secret
from remediate.stores import journal
from remediate.stores.claim import Claim, claim_in
from remediate.stores.folder import Folder
from remediate.stores.holds import Hold, Holds
from remediate.stores.journal import Journal, Kind
from remediate.stores.ledger import Ledger
from remediate.stores.plans import opened, plan_file
from remediate.stores.snapshots import Snapshot, Snapshots
from remediate.stores.store import sealed
from remediate.stores.veil import KEY, Veil
from remediate.stores.whereabouts import remember, remembered
from tests.clocks import FakeClock
from tests.stores.conftest import ACTOR

TIME = "2026-11-23T03:00:00Z"
HOLD = Hold("01K", "google", ("*",), "why", "ada", TIME)


@dataclass(frozen=True)
class Format:
    """How one is written, where, and how it is read."""

    write: Callable[[Folder], object]
    key: str
    read: Callable[[Folder], object]
    is_sealed: bool = True


def data(store: Folder, key: str) -> bytes:
    stored = store.get(key)
    assert stored
    return stored.data


FORMATS = {
    "snapshot": Format(
        lambda store: Snapshots(store).save(Snapshot("A", "e", "p", "R", TIME, "", {})),
        "snapshots/A.json",
        lambda store: Snapshots(store).load("A"),
    ),
    "journal": Format(
        lambda store: Journal(store, "R", FakeClock()).note(Kind.NOTED),
        "runs/R/000001.json",
        lambda store: journal.read(store, "R"),
    ),
    "ledger": Format(
        lambda store: Ledger(store, "e").save(),
        "ledger/e.json",
        lambda store: Ledger(store, "e"),
        is_sealed=False,
    ),
    "lock": Format(
        lambda store: store.create("locks/e.json", Claim("e", "R", ACTOR, TIME, TIME).to_bytes()),
        "locks/e.json",
        lambda store: claim_in(store.get("locks/e.json")),
        is_sealed=False,
    ),
    "hold": Format(
        lambda store: Holds(store, "e", "google").change(FakeClock().now(), lambda _: [HOLD]),
        "holds/e.json",
        lambda store: Holds(store, "e", "google").active(FakeClock().now()),
    ),
    "masking key": Format(
        lambda store: Veil(store).veiled(Secret("s")),
        KEY,
        lambda store: Veil(store).veiled(Secret("s")),
    ),
    "whereabouts": Format(
        lambda store: remember(store.root.parent, "e", "gs://b/p"),
        "store.json",
        lambda store: remembered(store.root.parent),
    ),
    "plan file": Format(
        lambda store: store.create("plan.json", plan_file({"resource_changes": []}, {})),
        "plan.json",
        lambda store: opened("plan.json", data(store, "plan.json")),
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_written_says_its_version_and_is_read(name: str, store: Folder) -> None:
    each = FORMATS[name]
    each.write(store)
    assert versions(json.loads(data(store, each.key)))
    each.read(store)


@pytest.mark.parametrize("name", FORMATS)
def test_a_later_version_is_refused_by_its_number(name: str, store: Folder) -> None:
    each = FORMATS[name]
    each.write(store)
    content = with_version(json.loads(data(store, each.key)), 99)
    content.pop("sha256", None)
    later = sealed(content) if each.is_sealed else json.dumps(content).encode()
    (store.root / each.key).write_bytes(later)
    with pytest.raises(RemediateError, match="format 99") as raised:
        each.read(store)
    assert raised.value.hint
    assert data(store, each.key) == later


def versions(content: dict[str, Any]) -> list[int]:
    inner = content.get("plan_file", content)
    return [it["format_version"] for it in (content, inner) if "format_version" in it]


def with_version(content: dict[str, Any], version: int) -> dict[str, Any]:
    if "plan_file" in content:
        return {**content, "plan_file": {**content["plan_file"], "format_version": version}}
    return {**content, "format_version": version}
