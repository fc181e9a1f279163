"""State in a bucket, and the way back when the bucket is away."""

from __future__ import annotations

import json
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from remediate.model import failpoint
from remediate.stores import journal
from remediate.stores.bucket import Bucket
from remediate.stores.folder import Folder
from remediate.stores.ledger import Ledger
from remediate.stores.mirror import Offline
from tests.cli.conftest import Desk
from tests.cli.typed import Said, process, typed
from tests.get_only import get_only
from tests.stores.buckets import NAME, Cloud

WHERE = f"gs://{NAME}/edge/staging"
PREFIX = "edge/staging/"


@dataclass(frozen=True)
class Shared:
    """A desk whose state is in a bucket."""

    desk: Desk
    cloud: Cloud

    @property
    def root(self) -> Path:
        return self.desk.bench.root

    @property
    def bucket(self) -> Bucket:
        """As somebody else has it."""
        return self.cloud.bucket(PREFIX)

    @property
    def copy(self) -> Path:
        return self.root / ".remediate/sandbox/mirror" / NAME / PREFIX

    def type(self, *words: str) -> Said:
        return self.desk.type(*words)

    def lose_the_bucket(self) -> None:
        for path in ("/storage/*", "/upload/*"):
            self.desk.bench.send(
                "POST",
                f"_sandbox/faults/away{path[1:3]}",
                {"kind": "reset", "match": f"* {path}", "times": 10_000},
            )

    def edge(self) -> object:
        """What users see, without what is in buckets."""
        return {name: it for name, it in self.desk.bench.state().items() if name != "storage"}


@pytest.fixture
def shared(desk: Desk) -> Shared:
    say_store(desk.bench.root, WHERE)
    cloud = Cloud(desk.bench.url)
    return Shared(desk, cloud)


def say_store(root: Path, where: str) -> None:
    file = root / "desired/staging/environment.yaml"
    text = file.read_text()
    assert "store: .remediate" in text
    file.write_text(text.replace("store: .remediate", f"store: {where}"))


def test_snapshots_journals_and_the_ledger_are_in_the_bucket(shared: Shared) -> None:
    assert shared.type("apply").code == 0
    kinds = {key.partition("/")[0] for key in shared.bucket.list("")}
    assert {"ledger", "locks", "runs", "snapshots"} <= kinds
    home = Folder(shared.root / ".remediate")
    assert home.list("runs/") == home.list("snapshots/") == home.list("ledger/") == []
    assert shared.type("plan", "--detailed-exitcode").code == 0
    back = shared.type("rollback", "--snapshot", "latest")
    assert back.code == 0, back
    assert shared.edge() == shared.desk.before


def test_the_copy_has_all_but_the_leases_and_is_the_users_alone(shared: Shared) -> None:
    shared.type("apply")
    copy = Folder(shared.copy)
    there = {key: shared.bucket.get(key) for key in shared.bucket.list("")}
    expected = {key: it.data for key, it in there.items() if it and "locks/" not in key}
    assert {key: (shared.copy / key).read_bytes() for key in copy.list("")} == expected
    modes = {stat.S_IMODE((shared.copy / key).stat().st_mode) for key in copy.list("")}
    assert modes == {0o600}


def test_nothing_is_begun_while_the_bucket_is_away(shared: Shared) -> None:
    assert shared.type("apply").code == 0
    shared.lose_the_bucket()
    before = len(writes(shared))
    for verb in ("apply", "plan", "gc"):
        said = shared.type(verb)
        assert said.code == 1, said
        assert "remediate rollback --snapshot latest" in said.told
        assert WHERE in said.told
    assert len(writes(shared)) == before


def test_no_way_back_is_promised_where_the_copy_has_none(shared: Shared) -> None:
    assert shared.type("apply").code == 0
    shared.lose_the_bucket()
    assert "; newer runs may be in the bucket." in shared.type("apply").told
    shutil.rmtree(shared.copy)
    said = shared.type("apply")
    assert said.code == 1, said
    assert "rollback" not in said.told
    assert "No snapshot is in the copy here" in said.told


def test_what_may_be_a_newer_run_of_ours_is_not_somebody_elses(shared: Shared) -> None:
    assert shared.type("apply").code == 0
    old = shared.root.parent / f"{shared.root.name}-old"
    shutil.copytree(shared.copy, old)
    try:
        for file in (shared.root / "desired").rglob("*.yaml"):
            file.write_text(file.read_text().replace("ttl: 300", "ttl: 301"))
        assert shared.type("apply").code == 0
        shutil.rmtree(shared.copy)
        shutil.copytree(old, shared.copy)
    finally:
        shutil.rmtree(old)
    shared.lose_the_bucket()
    said = shared.type("rollback", "--snapshot", "latest")
    assert said.code == 5, said
    assert "a run that is not known here, or somebody else, has changed this" in said.told


def url_of(shared: Shared) -> str:
    return shared.desk.bench.url


def writes(shared: Shared) -> list[object]:
    calls = shared.cloud.calls()
    return [call for call in calls if call["method"] != "GET" and "storage" not in call["path"]]


def test_a_rollback_works_while_the_bucket_is_away_and_is_told_to_it_later(shared: Shared) -> None:
    assert shared.type("apply").code == 0
    known = set(shared.bucket.list(""))
    shared.lose_the_bucket()
    back = shared.type("rollback", "--snapshot", "latest")
    assert back.code == 0, back
    assert f"the store {WHERE} is away: going on with the copy in" in back.told
    assert "The newest run in the copy is of 2" in back.told
    assert shared.edge() == shared.desk.before
    assert shared.type("snapshot", "list").code == 0
    shared.desk.mend()
    assert set(shared.bucket.list("")) == known
    said = shared.type("apply")
    assert said.code == 4, said  # a rollback sets a hold, and that was brought too
    assert "ledger/staging.json was brought to the bucket" in said.told
    new = set(shared.bucket.list("")) - known
    assert {key.partition("/")[0] for key in new} >= {"runs", "snapshots"}
    runs = journal.runs(shared.bucket)
    assert journal.read(shared.bucket, runs[-1]).outcome == "done"
    assert "was brought" not in shared.type("hold", "list").err
    again = shared.type("rollback", "--snapshot", "latest")  # takes the rollback back
    assert again.code == 0, again
    assert shared.type("plan", "--detailed-exitcode").code == 0


def test_a_ledger_that_has_moved_meanwhile_stays_and_ours_is_kept(shared: Shared) -> None:
    assert shared.type("apply").code == 0
    shared.lose_the_bucket()
    assert shared.type("rollback", "--snapshot", "latest").code == 0
    shared.desk.mend()
    theirs = Ledger(shared.bucket, "staging", "sandbox")
    theirs.resources.clear()
    theirs.save()
    said = shared.type("apply")
    assert "ledger/staging.json was NOT brought to the bucket" in said.told
    (kept,) = (shared.copy / "not-taken").rglob("staging.json")
    assert kept.name == "staging.json"
    assert Ledger(shared.bucket, "staging", "sandbox").resources == {}
    assert "NOT brought" not in shared.type("apply").err


def test_a_run_that_failed_half_way_is_gone_on_with(shared: Shared) -> None:
    shared.desk.fault("forbidden", "PATCH */targetHttpsProxies/*", times=50)
    failed = shared.type("apply")
    assert failed.code == 7, failed
    shared.desk.mend()
    resumed = shared.type("apply", "--resume", "latest")
    assert resumed.code == 0, resumed
    assert shared.type("plan", "--detailed-exitcode").code == 0
    (run,) = journal.runs(shared.bucket)
    assert shared.type("show", run, "--verify").code == 0


def test_nothing_is_brought_while_somebody_still_writes_to_the_copy(shared: Shared) -> None:
    assert shared.type("apply").code == 0
    shared.lose_the_bucket()
    writing = Offline(Folder(shared.copy))
    assert writing.create("runs/R/000001.json", b"x")
    assert shared.type("rollback", "--snapshot", "latest").code == 6
    shared.desk.mend()
    assert "was brought" not in shared.type("apply").err
    writing.close()
    assert "runs/R/000001.json was brought to the bucket" in shared.type("apply").told


def contents(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_who_only_looks_brings_nothing_and_sees_it_all_the_same(shared: Shared) -> None:
    assert shared.type("apply").code == 0
    shared.lose_the_bucket()
    assert shared.type("rollback", "--snapshot", "latest").code == 0
    shared.desk.mend()
    there, here = set(shared.bucket.list("")), contents(shared.root)
    with get_only(shared.desk.bench.url) as (url, refused):
        drifted = typed("-C", str(shared.root), "--sandbox", url, "drift")
    assert (drifted.code, refused) == (0, []), drifted  # the bucket's own ledger is of before
    assert "wait here to be brought to gs://" in drifted.told
    assert contents(shared.root) == here
    planned = shared.type("plan")
    assert planned.code == 4, planned  # by the hold that waits
    assert "wait here to be brought to gs://" in planned.told
    assert set(shared.bucket.list("")) == there


@pytest.mark.parametrize("verb", ["apply", "hold list", "lock status", "plan", "snapshot list"])
def test_nothing_is_brought_while_somebody_else_has_the_lock(shared: Shared, verb: str) -> None:
    assert shared.type("apply").code == 0
    other = shared.root.parent / f"{shared.root.name}-other"
    shutil.copytree(shared.root, other, ignore=shutil.ignore_patterns(".remediate"))
    shared.lose_the_bucket()
    assert shared.type("rollback", "--snapshot", "latest").code == 0
    shared.desk.mend()
    came: list[Said] = []

    def meanwhile(place: str) -> None:
        if place == "ledger.save.before" and not came:
            came.append(process("-C", str(shared.root), "--sandbox", url_of(shared), *verb.split()))

    unwatch = failpoint.watch(meanwhile)
    try:
        said = typed("-C", str(other), "--sandbox", url_of(shared), "apply", "--yes")
    finally:
        unwatch()
        shutil.rmtree(other)
    assert said.code == 0, said
    assert "was brought" not in came[0].told
    assert shared.type("plan").code in {0, 4}


def test_what_waits_and_is_written_over_by_hand_is_brought_by_that(shared: Shared) -> None:
    assert shared.type("apply").code == 0
    shared.lose_the_bucket()
    assert shared.type("rollback", "--snapshot", "latest").code == 0
    shared.desk.mend()
    assert "wait here to be brought to gs://" in shared.type("hold", "release", "--all").told
    assert shared.type("hold", "list").out.strip() == "Nothing is held."
    said = shared.type("apply")
    assert said.code == 0, said
    assert "NOT brought" not in said.told


def test_a_look_for_drift_leaves_even_the_copy_as_it_is(shared: Shared) -> None:
    assert shared.type("apply").code == 0
    shutil.rmtree(shared.root / ".remediate")
    before = contents(shared.root)
    with get_only(shared.desk.bench.url) as (url, refused):
        said = typed("-C", str(shared.root), "--sandbox", url, "drift")
    assert (said.code, refused) == (0, []), said
    assert contents(shared.root) == before


def test_a_plan_whose_copy_the_bucket_refuses_is_warned_of_and_good_by_its_digest(
    shared: Shared, tmp_path: Path
) -> None:
    assert shared.type("plan").code == 0  # makes the bucket, and what masks secrets
    shared.desk.fault("forbidden", "POST /upload/*", 50)
    file = tmp_path / "plan.json"
    said = shared.type("plan", "--out", str(file))
    assert said.code == 0, said
    assert "warning: the store keeps no copy of this plan, so only --digest" in said.told
    assert shared.bucket.list("plans/") == []
    shared.desk.mend()
    digest = json.loads(file.read_bytes())["remediate"]["digest"]
    assert shared.type("apply", "--plan", str(file), "--digest", digest).code == 0


@pytest.mark.parametrize("harm", ["broken", "gone"])
def test_a_rollback_finds_the_store_when_the_yaml_is_of_no_help(shared: Shared, harm: str) -> None:
    assert shared.type("apply").code == 0
    if harm == "gone":
        shutil.rmtree(shared.root / "desired")
    else:
        (shared.root / "desired/staging/environment.yaml").write_text("{")
    back = shared.type("rollback", "--snapshot", "latest")
    assert back.code == 0, back
    assert shared.edge() == shared.desk.before


def test_what_is_said_by_hand_goes_before_the_yaml(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = shared.type("--store", ".elsewhere", "apply")
    assert said.code == 0, said
    assert shared.bucket.list("runs/") == []
    assert Folder(shared.root / ".elsewhere").list("runs/")
    assert "--store .elsewhere" in said.out
    monkeypatch.setenv("REMEDIATE_STORE", ".elsewhere")
    assert shared.type("rollback", "--snapshot", "latest").code == 0
    assert shared.bucket.list("runs/") == []


@pytest.mark.parametrize("where", ["gs://", "gs://Bucket/x", "gs://bucket/../x", "s3://bucket/x"])
def test_validate_knows_what_can_be_a_store(shared: Shared, where: str) -> None:
    file = shared.root / "desired/staging/environment.yaml"
    file.write_text(file.read_text().replace(WHERE, where))
    said = shared.type("validate")
    assert said.code == 9
    assert "a folder or gs://bucket/prefix" in said.err


def test_every_request_to_the_bucket_is_told_to_who_asks(shared: Shared) -> None:
    said = shared.type("plan", "-v")
    assert f"/storage/v1/b/{NAME}/o" in said.err


def test_a_store_that_is_nowhere_is_invalid(shared: Shared) -> None:
    for where in ("gs://", "gs://bucket/../other"):
        assert shared.type("--store", where, "apply").code == 9
    say = shared.root / "desired/staging/environment.yaml"
    say.write_text(say.read_text().replace(WHERE, "gs://${var.bucket}/x"))
    said = shared.type("rollback", "--snapshot", "latest")
    assert said.code == 9
    assert "--store" in said.told


def test_two_environments_in_one_repository_keep_apart(shared: Shared) -> None:
    other = shared.root / "desired/other"
    other.mkdir()
    (other / "all.yaml").write_text(
        "apiVersion: remediate/v1\nkind: Environment\nmetadata: {name: other}\n"
        "spec: {project: netra-other, region: us-central1}\n---\n"
        "apiVersion: remediate/v1\nkind: Address\nmetadata: {name: ip}\nspec: {}\n"
    )
    assert shared.type("-e", "other", "apply").code == 0
    assert shared.bucket.list("runs/") == []
    assert shared.type("-e", "staging", "apply").code == 0
    home = Folder(shared.root / ".remediate")
    assert len(journal.runs(home)) == len(journal.runs(shared.bucket)) == 1
    assert home.list("ledger/") == ["ledger/other.json"]
    assert shared.type("-e", "other", "plan", "--detailed-exitcode").code == 0
    assert shared.type("-e", "staging", "rollback", "--snapshot", "latest").code == 0
    assert shared.type("-e", "other", "plan", "--detailed-exitcode").code == 0
    unsaid = shared.type("snapshot", "list")
    assert unsaid.code == 9
    assert "-e" in unsaid.told


def test_two_environments_share_a_bucket_without_a_word_of_each_other(shared: Shared) -> None:
    assert shared.type("apply").code == 0
    assert Ledger(shared.bucket, "staging", "sandbox").resources
    assert not Ledger(shared.bucket, "prod", "sandbox").exists


def test_a_run_in_the_bucket_is_verified_there_and_not_in_the_copy(shared: Shared) -> None:
    assert shared.type("apply").code == 0
    (run,) = journal.runs(shared.bucket)
    told = shared.type("show", run, "--verify")
    assert told.code == 0, told
    assert "nothing was altered, and nothing is missing" in told.out
    key = f"runs/{run}/000002.json"
    stored = shared.bucket.get(key)
    assert stored
    altered = stored.data.replace(b"step-begun", b"step-Begun")
    shared.bucket.compare_and_swap(key, altered, stored.generation)
    said = shared.type("show", run, "--verify")
    assert said.code == 1
    assert f"ALTERED OR MISSING: {key} was altered" in said.out.replace("\n    ", " ")
    assert shared.type("show", run, "--verify", "--json").json["whole"] is False
