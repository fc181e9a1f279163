"""Windows, approvals and programs that judge: at the command line, over a sandbox's clock."""

from __future__ import annotations

import json
import shlex
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Desk
from tests.cli.typed import Said
from tests.pipeline.documents import address, health_check, sets, zone
from tests.workbench import Workbench, document

DENIED = 4
OFFICE = {"timezone": "UTC", "allow": [{"days": "mon-fri", "hours": "09:00-16:00"}]}


def desk_of(workbench: Workbench, *documents: dict[str, Any], **guards: Any) -> Desk:
    workbench.reset()
    workbench.write(*documents, guards=guards)
    return Desk(workbench, workbench.state())


def flat(said: Said) -> str:
    return " ".join((said.out + said.err).split())


def until(workbench: Workbench, weekday: int, hour: int) -> None:
    """Let the sandbox's time pass until it is this hour of this day of the week."""
    now = workbench.google.clock.now()
    then = now.replace(hour=hour, minute=30, second=0, microsecond=0)
    while then <= now or then.weekday() != weekday:
        then += timedelta(days=1)
    workbench.advance((then - now).total_seconds())


def first_record(workbench: Workbench) -> dict[str, Any]:
    (run,) = sorted((workbench.root / ".remediate" / "runs").iterdir())[-1:]
    stored: dict[str, Any] = json.loads(min(run.iterdir()).read_text())
    return stored


class TestWindow:
    @pytest.fixture
    def desk(self, workbench: Workbench) -> Desk:
        desk = desk_of(workbench, address(), **{"change-window": OFFICE})
        until(workbench, weekday=5, hour=12)  # a Saturday
        return desk

    def test_a_closed_window_denies_an_apply_and_is_shown_by_a_plan(self, desk: Desk) -> None:
        planned = desk.type("plan")
        assert planned.code == 0, planned
        assert "warning: change-window: staging takes no change now: it is Sat" in flat(planned)
        said = desk.type("apply")
        assert said.code == DENIED, said
        assert "--incident TEXT" in said.err
        assert desk.bench.state() == desk.before

    def test_it_opens_by_the_sandboxs_clock_and_the_plan_is_still_the_same(
        self, desk: Desk
    ) -> None:
        closed = desk.type("plan", "--json").json["remediate"]
        until(desk.bench, weekday=0, hour=10)
        opened = desk.type("plan", "--json").json["remediate"]
        assert closed["digest"] == opened["digest"]
        assert [guard["rule"] for guard in closed["guards"]] == ["change-window"]
        assert opened["guards"] == []
        assert desk.type("apply", "--digest", closed["digest"]).code == 0

    def test_an_incident_passes_it_and_is_in_the_journal(self, desk: Desk) -> None:
        said = desk.type("apply", "--incident", "INC-42: the shop is down")
        assert said.code == 0, said
        assert first_record(desk.bench)["incident"] == "INC-42: the shop is down"

    def test_no_allowance_passes_it(self, desk: Desk) -> None:
        said = desk.type("apply", "--allow", "change-window=please")
        assert said.code == 9, said
        assert "change-window is passed by `--incident TEXT`, and by nothing else" in flat(said)

    def test_an_incident_does_not_pass_what_is_protected(self, desk: Desk) -> None:
        bench = desk.bench
        bench.write(address(onRemove="delete", protect=True), guards={"change-window": OFFICE})
        assert desk.type("apply", "--incident", "INC-1").code == 0
        bench.write(guards={"change-window": OFFICE})
        allow = ("--allow", "delete:Address/edge=tried", "--allow", "empty-environment=tried")
        said = desk.type("apply", "--prune", *allow, "--incident", "INC-2")
        assert said.code == DENIED, said
        assert "denied: protected: Address/edge" in flat(said)

    def test_a_rollback_always_may(self, desk: Desk) -> None:
        assert desk.type("apply", "--incident", "INC-42").code == 0
        back = desk.type("rollback", "--snapshot", "latest")
        assert back.code == 0, back
        assert desk.bench.state() == desk.before

    def test_nothing_to_do_needs_no_window(self, desk: Desk) -> None:
        assert desk.type("apply", "--incident", "INC-42").code == 0
        assert desk.type("apply").code == 0

    def test_a_gc_waits_for_it_too(self, desk: Desk) -> None:
        bench, guards = desk.bench, {"change-window": OFFICE}
        bench.write(address(), health_check(lifecycle={"onRemove": "delete"}), guards=guards)
        assert desk.type("apply", "--incident", "INC-42").code == 0
        bench.write(address(), guards=guards)
        assert desk.type("apply", "--prune", "--incident", "INC-42").code == 0
        shown = desk.type("gc", "--retention", "0s", "--dry-run")
        assert shown.code == 0, shown
        assert "warning: change-window: staging takes no change now" in flat(shown)
        detailed = ("gc", "--retention", "0s", "--dry-run", "--detailed-exitcode")
        assert desk.type(*detailed).code == 2
        assert desk.type("gc", "--retention", "0s").code == DENIED
        assert desk.type("gc", "--retention", "0s", "--incident", "INC-42").code == 0


class TestApprovals:
    """Deleting the last address of a name is of high risk."""

    @pytest.fixture
    def desk(self, workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Desk:
        monkeypatch.delenv("REMEDIATE_APPROVED_BY", raising=False)
        names = {f"n{number}": sets("TXT", "x") for number in range(9)}
        guards = {"approvals": {"high": 2}, "dns-last-address": "approve"}
        desk_of(workbench, zone({**names, "www": sets("A", "192.0.2.1")}), **guards)
        workbench.apply()
        workbench.write(zone(names), guards=guards)
        return Desk(workbench, workbench.state())

    def test_a_plan_shows_what_an_apply_will_take_and_does_not_fail(self, desk: Desk) -> None:
        said = desk.type("plan", "--prune")
        assert said.code == 0, said
        assert "a step of high risk takes 2 approvals here, and there are 0" in flat(said)
        assert "needs approval: dns-last-address" in flat(said)
        assert "to go on: --approved-by WHO" in flat(said)

    def test_too_few_names_are_denied_however_often_they_are_said(self, desk: Desk) -> None:
        for names in ((), ("ann",), ("ann", "Ann", " ANN ")):
            words = [word for name in names for word in ("--approved-by", name)]
            said = desk.type("apply", "--prune", *words)
            assert said.code == DENIED, said
            assert desk.bench.state() == desk.before

    def test_an_allowance_is_no_approval(self, desk: Desk) -> None:
        allow = ("--allow", "dns-last-address=I think so")
        assert desk.type("apply", "--prune", *allow).code == DENIED

    def test_enough_names_apply_it_and_are_in_the_journal_with_the_digest(self, desk: Desk) -> None:
        digest = desk.type("plan", "--prune", "--json").json["remediate"]["digest"]
        by = ("--approved-by", "ann", "--approved-by", "ben")
        said = desk.type("apply", "--prune", "--digest", digest, *by)
        assert said.code == 0, said
        begun = first_record(desk.bench)
        assert (begun["approved_by"], begun["digest"]) == (["ann", "ben"], digest)
        shown = desk.type("show", begun["run"])
        assert "\napproved by ann, ben, as asserted\n" in shown.out

    def test_a_protected_environment_of_ci_may_say_them(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REMEDIATE_APPROVED_BY", "Ann Lee, ben,")
        assert desk.type("apply", "--prune").code == 0
        assert first_record(desk.bench)["approved_by"] == ["Ann Lee", "ben"]

    def test_a_name_that_is_none_leaves_with_64(self, desk: Desk) -> None:
        assert desk.type("apply", "--approved-by", " ").code == 64


class TestPolicy:
    PYTHON = (
        "import json, sys; plan = json.load(sys.stdin); "
        "made = [c for c in plan['resource_changes'] if 'create' in c['change']['actions']]; "
        "bad = [c['address'] for c in made]; "
        "print('\\n'.join(f'{a} must not be created' for a in bad)); sys.exit(bool(bad))"
    )

    @pytest.fixture
    def command(self) -> str:
        return shlex.join([sys.executable, "-c", self.PYTHON])

    def test_a_program_that_objects_denies_plan_and_apply(
        self, workbench: Workbench, command: str
    ) -> None:
        desk = desk_of(workbench, address())
        for verb in ("plan", "apply"):
            said = desk.type(verb, "--policy-cmd", command)
            assert said.code == DENIED, said
            assert "Address/edge must not be created" in flat(said)
        assert desk.bench.state() == desk.before

    def test_it_may_be_acknowledged_and_is_asked_about_what_is_applied(
        self, workbench: Workbench, command: str
    ) -> None:
        desk = desk_of(workbench, address())
        assert desk.type("plan", "--policy-cmd", "true").code == 0
        words = ("--policy-cmd", command, "--allow", "policy=agreed")
        assert desk.type("apply", *words).code == 0
        assert desk.type("apply", "--policy-cmd", command).code == 0  # nothing is created

    def test_its_level_is_the_environments(self, workbench: Workbench, command: str) -> None:
        desk = desk_of(workbench, address(), policy="warn")
        said = desk.type("apply", "--policy-cmd", command)
        assert said.code == 0, said
        assert "warning: policy: " in flat(said)

    def test_one_that_cannot_be_started_denies(self, workbench: Workbench) -> None:
        said = desk_of(workbench, address()).type("plan", "--policy-cmd", "/nowhere/conftest -")
        assert said.code == DENIED, said
        assert "conftest could not be started: No such file or directory" in flat(said)

    def test_what_to_type_next_asks_it_again(self, workbench: Workbench) -> None:
        said = desk_of(workbench, address()).type("plan", "--policy-cmd", "true")
        assert "remediate apply --policy-cmd true" in flat(said)

    def test_no_secret_reaches_it(self, workbench: Workbench, tmp_path: Path) -> None:
        env = [{"name": "DB_PASSWORD", "value": "hunter2-Zq9"}]
        template = {"containers": [{"image": "gcr.io/shop/web:1", "env": env}]}
        seen = tmp_path / "seen.json"
        copy = f"import sys; open({str(seen)!r}, 'w').write(sys.stdin.read())"
        desk = desk_of(workbench, document("RunService", "web", {"template": template}))
        command = shlex.join([sys.executable, "-c", copy])
        assert desk.type("plan", "--policy-cmd", command).code == 0
        assert "DB_PASSWORD" in seen.read_text()
        assert "hunter2" not in seen.read_text()


def test_an_empty_policy_command_is_told_what_to_name(desk: Desk) -> None:
    said = desk.type("plan", "--policy-cmd", "")
    assert said.code == 64, said
    assert "name a program" in said.told
