"""Reads under one deadline."""

from __future__ import annotations

from threading import Event

from remediate.model.errors import NotAuthorised
from remediate.model.observation import Unreadable
from remediate.pipeline.deadline import Deadline


def test_each_read_has_its_own_end() -> None:
    def denied() -> str:
        raise NotAuthorised("dns.managedZones.list is missing")

    deadline = Deadline(5.0)
    found = deadline.read({"zones": denied, "rules": lambda: "read"})
    assert found == {
        "zones": Unreadable("dns.managedZones.list is missing", denied=True),
        "rules": "read",
    }
    assert deadline.late == []


def test_what_is_late_is_unreadable_and_named_and_nobody_waits_for_it() -> None:
    never = Event()
    deadline = Deadline(0.0)
    found = deadline.read({"metrics": never.wait})
    assert isinstance(found["metrics"], Unreadable)
    assert "had not answered" in found["metrics"].why
    assert deadline.late == ["metrics"]
    deadline.close()
    never.set()
