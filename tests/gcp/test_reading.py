"""A client that only looks has no way to write, and would not be let."""

from __future__ import annotations

import pytest

from remediate.gcp.api import Api, Resources
from remediate.gcp.google import Google
from remediate.gcp.reading import Readable, Reader, Reads
from tests.workbench import PROJECT, Workbench

WRITING = {"insert", "call", "change", "rehearse", "ask"}


def test_its_types_know_no_method_that_writes() -> None:
    for seen in (Reader, Reads, Readable):
        assert not WRITING & {*vars(seen)}
    assert {*vars(Resources)} >= {"insert", "call"}  # what others are given


def test_whatever_is_no_get_is_not_sent(workbench: Workbench) -> None:
    reader = workbench.google.reader()
    workbench.forget_calls()
    assert reader.project == PROJECT
    assert reader.api(Api.COMPUTE).list("global", "addresses") == []
    hidden = reader._project
    assert isinstance(hidden, Google)
    for write in (
        lambda: hidden.compute.insert("global", "addresses", {"name": "a"}, "1"),
        lambda: hidden.dns.change("zone", [], [], "1"),
        lambda: hidden.run.call("delete", "locations/x", "services", "a"),
        lambda: hidden.resource_manager.held(["dns.changes.create"]),
    ):
        with pytest.raises(ValueError, match="only reads"):
            write()
    assert {method for method, _ in workbench.calls()} == {"GET"}
    assert workbench.live("Address/a") is None
