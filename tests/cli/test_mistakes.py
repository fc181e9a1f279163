"""Ordinary mistakes: one clear sentence each, what to do about it, and nothing is broken."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from remediate.stores.snapshots import Snapshots
from tests.cli.conftest import Desk
from tests.cli.test_streams import as_nobody, at_a_terminal
from tests.cli.typed import Said, typed


def insist_on_a_sentence(said: Said, *told: str) -> None:
    """One error, in words that the person can do something with; `typed` looks for bugs."""
    assert said.err.count("error: ") == 1, said
    for words in told:
        assert words in " ".join(said.err.split()), said


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that whoever types may read, and nothing else, with all that is above it."""
    above = [path for path in (folder, *folder.parents) if path.stat().st_uid == os.geteuid()]
    modes = {path: path.stat().st_mode for path in above}
    for path, mode in modes.items():
        path.chmod(mode | 0o055)
    folder.chmod(0o555)
    try:
        with as_nobody():
            yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


class TestDamagedFiles:
    def test_a_ledger_may_be_moved_away(self, desk: Desk) -> None:
        assert desk.type("apply").code == 0
        ledger = desk.bench.root / ".remediate" / "ledger" / "staging.json"
        ledger.write_text("{")
        for words in (("plan",), ("apply",), ("rollback", "--snapshot", "latest")):
            said = desk.type(*words)
            assert said.code == 1
            insist_on_a_sentence(said, "ledger/staging.json", "Move that file away", "memory")
        ledger.rename(ledger.with_suffix(".away"))
        assert desk.type("plan").code == 0
        assert desk.type("apply").code == 0
        back = desk.type("rollback", "--snapshot", "latest")
        assert back.code == 0, back
        assert desk.bench.state() == desk.before

    def test_of_several_snapshots_the_others_are_listed(self, desk: Desk) -> None:
        for _ in range(3):
            assert desk.type("snapshot", "take").code == 0
        first, torn, last = Snapshots(desk.bench.store).ids()
        (desk.bench.root / ".remediate" / "snapshots" / f"{torn}.json").write_text("{")
        said = desk.type("snapshot", "list")
        assert said.code == 1
        assert first in said.out
        assert last in said.out
        assert torn not in said.out
        assert f"damaged: snapshots/{torn}.json" in said.err
        listed = desk.type("snapshot", "list", "--json").json["snapshots"]
        assert [one["id"] for one in listed] == [last, first]

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", "{}", '{"clock":1e300}', '{"clock":0,"compute":7}']
    )
    def test_a_sandboxs_state_is_told_and_reset_begins_anew(self, text: str, desk: Desk) -> None:
        state = desk.bench.root / ".remediate" / "sandbox" / "state.json"
        state.parent.mkdir(parents=True)
        state.write_text(text)
        said = typed("plan", "-C", desk.bench.root, "--sandbox")
        assert said.code == 1
        reset = f"`remediate sandbox reset -C {desk.bench.root}` begins anew"
        insist_on_a_sentence(said, "state.json", reset)
        served = typed("sandbox", "serve", "--port", "0", "--state", state)
        assert served.code == 1
        insist_on_a_sentence(served, "state.json")
        assert typed("sandbox", "reset", "-C", desk.bench.root, "--scenario", "staging").code == 0
        again = typed("plan", "-C", desk.bench.root, "--sandbox", "--detailed-exitcode")
        assert again.code == 0, again


class TestTime:
    @pytest.mark.parametrize("duration", ["99999999d", "999999999999d", "7301d"])
    def test_an_absurd_duration_is_refused_and_the_clock_stays(
        self, duration: str, desk: Desk
    ) -> None:
        root = desk.bench.root
        assert typed("sandbox", "reset", "-C", root, "--scenario", "staging").code == 0
        state = root / ".remediate" / "sandbox" / "state.json"
        before = json.loads(state.read_text())["clock"]
        said = typed("sandbox", "advance", duration, "-C", root)
        assert said.code == 9
        insist_on_a_sentence(said, "at most 20 years", "Let less time pass")
        assert json.loads(state.read_text())["clock"] == before
        assert typed("sandbox", "advance", "90d", "-C", root).code == 0

    @pytest.mark.parametrize("duration", ["soon", "1", "-1d", "1.5h", "9" * 5000 + "s"])
    def test_what_is_no_duration_is_told(self, duration: str, desk: Desk) -> None:
        said = typed("sandbox", "advance", "-C", desk.bench.root, "--", duration)
        assert said.code == 9
        insist_on_a_sentence(said, "is no duration", "Write 90s, 30m, 2h or 1d")


class TestFolders:
    @pytest.mark.parametrize(
        "words",
        [
            ("plan", "--sandbox"),
            ("sandbox", "reset"),
            ("sandbox", "env"),
            ("sandbox", "advance", "1h"),
        ],
        ids=" ".join,
    )
    def test_one_that_is_read_only_is_named_with_the_reason(
        self, words: tuple[str, ...], desk: Desk
    ) -> None:
        with read_only(desk.bench.root):
            said = typed(*words, "-C", desk.bench.root)
        assert said.code == 1
        insist_on_a_sentence(said, str(desk.bench.root), "Permission denied")

    def test_a_sandbox_that_can_no_longer_be_kept_is_told_before_anything_begins(
        self, desk: Desk
    ) -> None:
        root = desk.bench.root
        assert typed("sandbox", "reset", "-C", root, "--scenario", "staging").code == 0
        folder = root / ".remediate" / "sandbox"
        for path in (folder.parent, folder, folder / "state.json"):
            path.chmod(path.stat().st_mode | 0o055)
        with read_only(folder):
            said = typed("plan", "-C", root, "--sandbox")
        assert said.code == 1
        insist_on_a_sentence(said, str(folder), "Permission denied")

    def test_json_out_is_refused_before_anything_begins(self, desk: Desk) -> None:
        desk.bench.forget_calls()
        root = desk.bench.root
        with read_only(root):
            denied = desk.type("plan", "--json-out", str(root / "p.json"))
        nowhere = desk.type("plan", "--json-out", str(root / "not" / "there" / "p.json"))
        assert (denied.code, nowhere.code) == (9, 9)
        insist_on_a_sentence(denied, "p.json cannot be written: permission denied")
        insist_on_a_sentence(nowhere, f"there is no folder {root / 'not' / 'there'}")
        assert desk.bench.calls() == []

    def test_one_without_desired_is_named_whole(self, tmp_path: Path) -> None:
        said = typed("plan", "-C", tmp_path, "--sandbox")
        assert said.code == 9
        insist_on_a_sentence(said, f"{tmp_path / 'desired'} cannot be read", "-C DIR")


class TestServing:
    @pytest.mark.parametrize(
        "words",
        [("--port", "80808"), ("--port", "-1"), ("--latency", "-1"), ("--operation-time", "-1")],
        ids=" ".join,
    )
    def test_a_number_out_of_range_is_usage(self, words: tuple[str, ...]) -> None:
        said = typed("sandbox", "serve", *words)
        assert said.code == 64
        assert "is not in the range" in said.err

    @pytest.mark.parametrize("verb", ["serve", "reset"])
    def test_of_an_unknown_scenario_the_known_ones_are_listed(self, verb: str, desk: Desk) -> None:
        said = typed("sandbox", verb, "--scenario", "nope", "-C", desk.bench.root)
        assert said.code == 9
        insist_on_a_sentence(said, "there is no scenario 'nope'", "dns-outage, empty, staging")

    def test_a_state_that_cannot_be_kept_names_its_file(self, desk: Desk) -> None:
        state = desk.bench.root / "below" / "state.json"
        with read_only(desk.bench.root):
            said = typed("sandbox", "serve", "--port", "0", "--state", state)
        assert said.code == 1
        insist_on_a_sentence(said, str(state.parent), "Permission denied")

    def test_a_port_that_is_taken_is_told_with_a_way_on(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            said = typed("sandbox", "serve", "--port", str(port))
        assert said.code == 9
        insist_on_a_sentence(said, f"port {port} cannot be used", "in use", "--port 0")

    def test_exports_for_a_sandbox_that_does_not_run_come_with_a_warning(self, desk: Desk) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            url = f"http://127.0.0.1:{free.getsockname()[1]}"
        root = str(desk.bench.root)
        said = typed("sandbox", "env", "-C", root, "--sandbox", url)
        assert said.code == 0
        assert "export CLOUDSDK_PROXY_PORT=" in said.out
        assert f"warning: there is no sandbox at {url}" in said.err
        assert typed("sandbox", "env", "-C", root, "--sandbox", desk.bench.url).err == ""


class TestWords:
    def test_a_sandbox_may_be_named_by_host_and_port(self, desk: Desk) -> None:
        where = desk.bench.url.removeprefix("http://")
        for words in (("--sandbox", where, "plan"), ("plan", f"--sandbox={where}")):
            said = typed(*words, "-C", desk.bench.root)
            assert said.code == 0, said
            assert f" {desk.bench.url}\n" in said.out

    @pytest.mark.parametrize(
        "url", ["192.0.2.1:80", "https://127.0.0.1:1", "http://127.0.0.1", "http://127.0.0.1:99999"]
    )
    @pytest.mark.parametrize("verb", ["plan", "sandbox env", "sandbox reset", "sandbox advance 1h"])
    def test_what_can_be_no_sandbox_is_told(self, verb: str, url: str, desk: Desk) -> None:
        said = typed(*verb.split(), "-C", desk.bench.root, "--sandbox", url)
        assert said.code == 9
        insist_on_a_sentence(said, "only http on loopback", "`remediate sandbox serve`")

    @pytest.mark.parametrize("option", ["--target", "--exclude"])
    def test_half_a_name_is_completed(self, option: str, desk: Desk) -> None:
        said = desk.type("plan", option, "staging-lb")
        assert said.code == 9
        insist_on_a_sentence(said, f"{option} staging-lb", "did you mean `Address/staging-lb`?")

    @pytest.mark.parametrize(
        "words",
        [
            ("plan", "--target", "Address/nowhere"),
            ("plan", "--allow", "what=for"),
            ("plan", "--allow", "delete"),
            ("plan", "-e", "nowhere"),
            ("graph", "--impact", "nowhere"),
            ("sandbox", "advance", "soon"),
        ],
        ids=" ".join,
    )
    def test_advice_is_about_places_only_where_places_are_named(
        self, words: tuple[str, ...], desk: Desk
    ) -> None:
        said = desk.type(*words)
        assert said.code == 9
        insist_on_a_sentence(said, "what to do: ")
        assert "places named above" not in said.err
        assert "Say it otherwise" not in said.err

    def test_one_is_one_and_nothing_is_said_plainly(self, desk: Desk) -> None:
        address = {
            "apiVersion": "remediate/v1",
            "kind": "Address",
            "metadata": {"name": "edge"},
            "spec": {"addressType": "EXTERNAL"},
        }
        desk.bench.write(address)
        assert desk.type("validate").out == "staging is valid: 1 resource, 0 record sets\n"
        desk.bench.write()
        assert "declares no resource" in desk.type("validate").out


class TestAnswers:
    def test_a_no_is_not_an_interruption(self, desk: Desk) -> None:
        code, seen = at_a_terminal(desk.words("apply"), "n")
        assert code == 1, seen
        assert "not applied" in seen
        assert "interrupted" not in seen
        assert desk.bench.state() == desk.before
        assert desk.type("apply").code == 0
        after = desk.bench.state()
        code, seen = at_a_terminal(desk.words("rollback", "--snapshot", "latest"), "n")
        assert code == 1, seen
        assert "not rolled back" in seen
        assert desk.bench.state() == after
        code, seen = at_a_terminal(desk.words("apply", "--prune"), "\x03")
        assert code in {0, 130}, seen


class TestRollbackFromTheStoreAlone:
    @pytest.mark.parametrize("named", [(), ("-e", "staging")], ids=["the-only-one", "named"])
    def test_the_yaml_is_not_needed(self, named: tuple[str, ...], desk: Desk) -> None:
        assert desk.type("apply").code == 0
        (desk.bench.root / "desired").rename(desk.bench.root / "gone")
        said = desk.type("rollback", "--snapshot", "latest", *named)
        assert said.code == 0, said
        assert desk.bench.state() == desk.before


class TestPlainTerminals:
    @pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
    def test_there_are_lines_and_no_escape_sequence(
        self, environ: dict[str, str], desk: Desk
    ) -> None:
        code, seen = at_a_terminal(desk.words("apply", "--yes"), **environ)
        assert code == 0
        assert "\x1b" not in seen
        assert "done in" in seen


def test_a_narrow_terminal_breaks_lines_between_words(desk: Desk) -> None:
    code, seen = at_a_terminal(desk.words("apply", "--yes"), COLUMNS="60")
    assert code == 0
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen).replace("\r", "\n").splitlines()
    done = shown[next(at for at, line in enumerate(shown) if line.startswith("snapshot")) :]
    assert max(map(len, done)) <= 60
    name = "DnsZone/netrasystems-staging/staging.netrasystems.ai./A"
    assert any(name in line for line in done), seen
