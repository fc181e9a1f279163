"""Who has an environment is told at once, and it can be taken from them."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from remediate.model.clock import SystemClock
from remediate.model.errors import Locked
from remediate.stores import journal
from remediate.stores.actor import Actor, this_actor
from remediate.stores.folder import Folder
from remediate.stores.journal import Journal, Kind
from remediate.stores.lock import lock
from tests.cli.conftest import Desk
from tests.cli.typed import Said

RUN = "01KB00000000000000000000AA"


@contextmanager
def held(desk: Desk, actor: Actor | None = None) -> Iterator[Journal]:
    store = Folder(desk.bench.root / ".remediate")
    clock = SystemClock()
    with lock(store, "staging", RUN, clock, actor or this_actor()):
        log = Journal(store, RUN, clock)
        log.note(Kind.RUN_BEGUN, environment="staging", **this_actor().to_json())
        yield log


def flat(said: Said) -> str:
    """Its lines put together again."""
    return said.out.replace("\n  ", " ")


def test_a_free_environment_is_free(desk: Desk) -> None:
    said = desk.type("lock", "status")
    assert (said.code, said.out) == (0, "staging is free\n")
    assert desk.type("lock", "status", "--json").json["held"] is False


def test_whoever_holds_it_is_told_with_where_from_and_since_when(desk: Desk) -> None:
    with held(desk):
        said = desk.type("lock", "status")
        assert said.code == 6
        assert f"staging is held by run {RUN} by {this_actor()}, since 20" in flat(said)
        assert "it looks alive" in said.out
        assert f"`remediate show {RUN} -C {desk.bench.root}`" in flat(said)
        told = desk.type("lock", "status", "--json")
        assert told.code == 6
        assert told.json["looks"] == "alive"
        assert (told.json["run"], told.json["pid"]) == (RUN, os.getpid())
        assert told.json["silent_seconds"] <= 60
    after = desk.type("lock", "status")
    assert after.code == 0
    assert f"last held by run {RUN}" in after.out


def test_a_holder_whose_process_is_gone_looks_dead(desk: Desk) -> None:
    here = this_actor()
    with held(desk, Actor(here.who, here.host, 2**22 + 1, here.origin)):
        said = desk.type("lock", "status")
        assert said.code == 6
        assert "it looks dead" in said.out


def test_a_holder_elsewhere_that_was_silent_for_long_looks_dead(desk: Desk) -> None:
    file = desk.bench.root / ".remediate/locks/staging.json"
    with held(desk, Actor("ada", "elsewhere", 1, "/")):
        content = json.loads(file.read_text())
        file.write_text(json.dumps(content | {"renewed": "2020-01-01T00:00:00Z"}))
        assert desk.type("lock", "status", "--json").json["looks"] == "dead"


def test_applies_and_rollbacks_are_kept_out_and_told_the_way_on(desk: Desk) -> None:
    with held(desk):
        for words in (["apply"], ["gc"]):
            said = desk.type(*words)
            assert said.code == 6, said
            assert f"staging is locked: run {RUN} by {this_actor()}" in said.told
            assert desk.line("lock", "status") in said.told
            assert desk.line("lock", "break") in said.told
        assert desk.type("plan").code == 0
        assert desk.type("validate").code == 0


def test_a_broken_lock_lets_the_next_in_and_the_last_write_no_more(desk: Desk) -> None:
    with held(desk) as log:
        said = desk.type("lock", "break", "--reason", "it hangs")
        assert said.code == 0, said
        assert said.out.startswith(f"staging was taken away from run {RUN}")
        assert desk.type("apply").code == 0
        with pytest.raises(Locked):
            log.note(Kind.NOTED, what="still here")
    fenced = journal.read(Folder(desk.bench.root / ".remediate"), RUN).records[-1]
    assert (fenced.kind, fenced.facts["by"], fenced.facts["reason"]) == (
        "run-fenced",
        "lock break",
        "it hangs",
    )
    assert "broken (it hangs)" not in desk.type("lock", "status").out  # an apply came after it
    verified = desk.type("show", RUN, "--verify")
    assert verified.code == 0, verified
    assert "fenced off by lock break" in verified.out


def test_nothing_is_broken_where_nobody_holds(desk: Desk) -> None:
    said = desk.type("lock", "break")
    assert (said.code, said.out) == (0, "nobody holds staging\n")


@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("y\n", 0)])
def test_somebody_at_a_terminal_is_asked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    terminal = io.StringIO(answer)
    terminal.isatty = lambda: True  # type: ignore[method-assign] # the tests have none
    monkeypatch.setattr(sys, "stdin", terminal)
    with held(desk):
        said = desk.type("lock", "break")
        assert said.code == code, said
        assert "Take it away?" in said.err
        assert desk.type("lock", "status").code == (0 if code == 0 else 6)


def test_of_several_environments_one_is_named(desk: Desk) -> None:
    (desk.bench.root / "desired/other").mkdir()
    assert desk.type("lock", "status").code == 9
    assert desk.type("lock", "status", "-e", "other").out == "other is free\n"


def test_the_lock_is_the_users_alone(desk: Desk) -> None:
    with held(desk):
        files: list[Path] = [*(desk.bench.root / ".remediate/locks").iterdir()]
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
