"""A plan file from the reviewer's desk to production: what it says, who takes it, who does not."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from remediate.model.json import Body
from remediate.stores.plans import plan_file
from tests.cli.conftest import Desk
from tests.cli.half_way import WRITING, killed
from tests.cli.test_stale_plans import is_stale, writes
from tests.cli.typed import Said, process, typed
from tests.pipeline.documents import (
    address,
    health_check,
    http_proxy,
    rule,
    sets,
    url_map,
    zone,
)
from tests.pipeline.somebody import GLOBAL, Hand, patch, post
from tests.workbench import NAME, REPOSITORY, Workbench

DOCS = REPOSITORY / "docs"
DAY = 24 * 3600


@pytest.fixture
def small(workbench: Workbench) -> Desk:
    """Two resources, one of which is to be changed."""
    workbench.reset()
    workbench.write(health_check(), url_map())
    workbench.apply()
    workbench.write(health_check(checkIntervalSec=30), url_map())
    return Desk(workbench, workbench.state())


def file_of(desk: Desk) -> Path:
    return desk.bench.root / "plan.json"


def planned(desk: Desk, *words: str) -> dict[str, Any]:
    """What the file holds that is written now."""
    said = desk.type("plan", "--out", str(file_of(desk)), *words)
    assert said.code == 0, str(said)
    desk.bench.forget_calls()
    return held(desk)


def held(desk: Desk) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file_of(desk).read_bytes())
    return document


def rewritten(desk: Desk, change: Callable[[Any], object]) -> None:
    """By somebody who knows how files are sealed."""
    document = held(desk)
    change(document)
    del document["sha256"]
    ours = document.pop("plan_file")
    ours.pop("format_version")
    file_of(desk).write_bytes(plan_file(document, ours))


def applied(desk: Desk, *words: str) -> Said:
    return desk.type("apply", "--plan", str(file_of(desk)), *words)


def refused(desk: Desk, code: int, *sentences: str, words: tuple[str, ...] = ()) -> Said:
    """Applying it is, with nothing written."""
    said = applied(desk, *words)
    assert said.code == code, str(said)
    for sentence in sentences:
        assert sentence in said.told, str(said)
    assert "Nothing was changed." in said.told, str(said)
    assert not writes(desk.bench)
    return said


def test_a_plan_file_is_readable_by_its_owner_alone_and_by_whatever_reads_plans(
    small: Desk,
) -> None:
    document = planned(small)
    assert file_of(small).stat().st_mode & 0o777 == 0o600
    plain = small.type("plan", "--json").json
    assert {name: document[name] for name in plain} == plain
    promise = document["plan_file"]
    assert promise["format_version"] == 1
    assert promise["endpoint"] == "sandbox"
    assert promise["by"]["who"]
    assert promise["links"] == []
    schema = json.loads((DOCS / "reference/schemas/plan.schema.json").read_text())
    jsonschema.validate(document, schema)
    kept = small.bench.root / f".remediate/plans/{promise['id']}.json"
    assert kept.read_bytes() == file_of(small).read_bytes()


def test_the_plan_says_its_digest_its_file_until_when_and_what_to_type(small: Desk) -> None:
    said = small.type("plan", "--out", str(file_of(small)), "--target", "HealthCheck/*")
    document = held(small)
    out = re.sub(r"\s+", " ", said.out)
    assert document["remediate"]["digest"] in said.out
    assert f"{file_of(small)} holds this plan ({document['plan_file']['id']})" in out
    assert f"until {document['plan_file']['expires']}." in out
    following = out.partition("Next: ")[2].replace("\\ ", "").strip()
    assert following.startswith(f"remediate apply --plan {file_of(small)}")
    assert "--target" not in following
    assert typed(*following.split()[1:]).code == 0


def test_a_plan_file_is_applied_without_a_question_and_only_once(small: Desk) -> None:
    identifier = planned(small)["plan_file"]["id"]
    assert applied(small).code == 0
    assert small.bench.plan().is_empty
    small.bench.forget_calls()
    said = refused(small, 5, f"plan {identifier} was applied already, at ")
    (run,) = re.findall(r"\(run (\w{26})\)", said.told)
    assert typed("-C", small.bench.root, "show", run).code == 0


def test_of_two_that_apply_the_same_file_at_once_one_does(small: Desk) -> None:
    planned(small)
    codes: list[int] = []
    words = small.words("apply", "--plan", str(file_of(small)))

    def one() -> None:
        codes.append(process(*words).code)

    both = [threading.Thread(target=one) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(codes) in ([0, 5], [0, 6])
    assert len(writes(small.bench)) == 1


def test_what_was_chosen_is_in_the_file_and_cannot_be_said_again(small: Desk) -> None:
    planned(small, "--target", "HealthCheck/*", "--prune")
    for words in (["--target", "*"], ["--exclude", "x/*"], ["--prune"], ["--lower-ttl"]):
        said = applied(small, *words)
        assert (said.code, words[0] in said.err) == (64, True), str(said)
    assert applied(small, "--allow", "delete:HealthCheck/alive=meant").code == 64
    assert applied(small, "--yes").code == 0


def test_a_plan_expires(small: Desk) -> None:
    document = planned(small)
    small.bench.advance(DAY - 60)
    assert "valid until" in typed("-C", small.bench.root, "show", file_of(small)).out
    small.bench.advance(120)
    refused(small, 5, f"expired at {document['plan_file']['expires']}")


def test_how_long_a_plan_lasts_is_said_by_the_environment(small: Desk) -> None:
    small.bench.write(health_check(checkIntervalSec=30), apply={"planTtl": "90s"})
    planned(small)
    small.bench.advance(91)
    refused(small, 5, " expired at ")


def test_the_yaml_may_not_be_edited_after_the_review(small: Desk) -> None:
    planned(small)
    small.bench.write(health_check(checkIntervalSec=31), url_map())
    said = refused(small, 5, "the YAML was edited since this was planned: HealthCheck/alive")
    assert "UrlMap/main" not in said.err


def test_a_comment_or_another_order_is_no_edit(small: Desk) -> None:
    planned(small)
    small.bench.write(url_map(), health_check(checkIntervalSec=30))
    assert applied(small).code == 0


def test_a_plan_is_of_one_environment_one_project_and_one_side(small: Desk) -> None:
    planned(small)
    rewritten(small, lambda held: held["plan_file"].update(endpoint="google"))
    refused(small, 9, "this plan is of Google, not of a sandbox")
    planned(small)
    desired = small.bench.root / "desired"
    other = (desired / NAME).rename(desired / "other")
    text = (other / "all.yaml").read_text()
    (other / "all.yaml").write_text(text.replace('"name": "staging"', '"name": "other"'))
    refused(small, 9, "of environment staging, not of environment other")
    other.rename(desired / NAME)
    (desired / NAME / "all.yaml").write_text(text.replace("netra-staging", "netra-other"))
    refused(small, 9, "of project netra-staging, not of project netra-other")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is not whole: it cannot be read as JSON"),
        (b"[1]", "does not hold a plan"),
        (b"[" * 100_000, "is not whole: it cannot be read as JSON"),
        (b'{"resource_changes": []}', "is no plan file"),
        (b'{"resource_changes": [], "plan_file": {}}', "was altered"),
        (b'{"resource_changes": [], "plan_file": {"format_version": true}}', "was altered"),
        (b'{"resource_changes": [], "plan_file": {"format_version": 2}}', "has format 2; this"),
        (b"\xff\xfe", "is not whole: it cannot be read as JSON"),
    ],
)
def test_what_is_no_plan_file_is_told_what_it_is(small: Desk, data: bytes, sentence: str) -> None:
    file_of(small).write_bytes(data)
    said = applied(small)
    assert said.code == 9, str(said)
    assert sentence in said.told, str(said)


def test_no_file_and_a_folder_are_told(small: Desk) -> None:
    assert "No such file" in applied(small).err
    file_of(small).mkdir()
    assert applied(small).code == 9
    said = small.type("plan", "--out", str(file_of(small)))
    assert (said.code, "--out" in said.err) == (9, True)


def test_a_file_in_another_spelling_of_the_same_is_altered(small: Desk) -> None:
    file_of(small).write_text(json.dumps(planned(small), indent=1))
    refused(small, 9, "was altered: it does not agree with its own digest")


def test_a_file_rewritten_consistently_is_refused_by_the_copy_of_the_store(small: Desk) -> None:
    planned(small)
    rewritten(small, lambda held: held["plan_file"].update(expires="2099-01-01T00:00:00Z"))
    refused(small, 9, "was altered: it is not as the store kept it when it was made")


def test_a_file_rewritten_consistently_is_refused_by_the_digest_that_was_reviewed(
    small: Desk,
) -> None:
    digest = planned(small)["remediate"]["digest"]
    small.bench.write(health_check(checkIntervalSec=60), url_map())
    theirs = planned(small)["remediate"]["digest"]
    refused(small, 9, f"the file holds plan {theirs}, not {digest}", words=("--digest", digest))


def test_a_file_rewritten_consistently_where_no_copy_is_kept_is_not_the_plan_made_anew(
    small: Desk,
) -> None:
    def lie(document: Any) -> None:
        ours = document["remediate"]
        ours["digest"] = "sha256:" + "0" * 64
        document["plan_file"]["id"] = "0" * 26

    planned(small)
    rewritten(small, lie)
    assert is_stale(refused(small, 5, "its steps are not the same any more"))


def test_the_digest_alone_applies_the_same_plan_without_a_question(small: Desk) -> None:
    digest = planned(small)["remediate"]["digest"]
    small.bench.write(health_check(checkIntervalSec=31), url_map())
    said = small.type("apply", "--digest", digest)
    assert is_stale(said), str(said)
    assert "the YAML was edited since this was planned: HealthCheck/alive" in said.told
    shutil.rmtree(small.bench.root / ".remediate/plans")
    said = small.type("apply", "--digest", digest)
    assert is_stale(said), str(said)
    now = small.type("plan", "--json").json["remediate"]["digest"]
    assert now in said.told
    small.bench.write(health_check(checkIntervalSec=30), url_map())
    assert small.type("apply", "--digest", digest).code == 0


@pytest.mark.parametrize("word", ["44fe", "sha256:44fe", "md5:" + "0" * 64, "sha256:" + "F" * 64])
def test_what_is_no_digest_is_a_slip_of_the_pen(small: Desk, word: str) -> None:
    assert small.type("apply", "--digest", word).code == 64


def test_file_and_digest_together_are_the_safest_and_both_hold(small: Desk) -> None:
    digest = planned(small)["remediate"]["digest"]
    assert applied(small, "--digest", digest).code == 0


def test_a_plan_that_a_guard_denies_can_be_shown_and_not_applied(small: Desk) -> None:
    small.bench.write(
        zone({"www": sets("A", "192.0.2.1"), "a": sets("A", "192.0.2.2")}), health_check()
    )
    small.bench.apply()
    small.bench.write(zone({"a": sets("A", "192.0.2.2")}), health_check())
    said = small.type("plan", "--prune", "--out", str(file_of(small)))
    assert (said.code, "Next: acknowledge" in said.out) == (4, True), str(said)
    small.bench.forget_calls()
    assert held(small)["applyable"] is False
    assert applied(small).code == 4
    assert not writes(small.bench)


def test_what_is_held_at_the_hour_of_the_apply_is_denied_and_makes_no_other_plan(
    small: Desk,
) -> None:
    digest = planned(small)["remediate"]["digest"]
    assert small.type("hold", "set", "--reason", "the sale").code == 0
    assert small.type("plan", "--json").json["remediate"]["digest"] == digest
    small.bench.forget_calls()
    said = applied(small)
    assert (said.code, "the sale" in said.told) == (4, True), str(said)
    assert not writes(small.bench)
    assert applied(small, "--allow", "delete=meant").code == 64
    assert applied(small, "--allow", "hold=it is agreed").code == 0


def test_a_plan_is_shown_again_before_it_is_applied(small: Desk) -> None:
    digest = planned(small)["remediate"]["digest"]
    assert digest in applied(small).err


@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_moves_while_somebody_reads_the_question(
    small: Desk, monkeypatch: pytest.MonkeyPatch, *, elsewhere: bool
) -> None:
    """A yes is to the plan that was shown; nobody's other edit is in the way of it."""

    def thinks(*_words: Any, **_options: Any) -> bool:
        body: Body = {"description": "theirs"} if elsewhere else {"checkIntervalSec": 77}
        at = "urlMaps/main" if elsewhere else "healthChecks/alive"
        patch(f"{GLOBAL}/{at}", body).act(small.bench)
        small.bench.forget_calls()
        return True

    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign] # the tests have none
    monkeypatch.setattr(sys, "stdin", terminal)
    monkeypatch.setattr("click.confirm", thinks)
    said = small.type("apply")
    if elsewhere:
        assert said.code == 0, str(said)
        assert len(writes(small.bench)) == 1
    else:
        assert is_stale(said), str(said)
        assert "HealthCheck/alive /checkIntervalSec was 5, and is 77" in said.told
        assert not writes(small.bench)


def test_a_run_that_goes_on_has_no_plan_of_its_own(small: Desk) -> None:
    digest = planned(small)["remediate"]["digest"]
    assert applied(small, "--resume", "0" * 26).code == 64
    assert small.type("apply", "--digest", digest, "--resume", "0" * 26).code == 64


def test_where_the_store_cannot_keep_a_copy_the_file_is_written_and_that_is_said(
    small: Desk,
) -> None:
    plans = small.bench.root / ".remediate" / "plans"
    plans.write_text("no folder")
    said = small.type("plan", "--out", str(file_of(small)))
    assert said.code == 0
    assert "warning: the store keeps no copy of this plan" in said.told
    plans.unlink()
    assert applied(small, "--digest", held(small)["remediate"]["digest"]).code == 0


def test_a_linked_resource_that_is_gone_spoils_the_plan_by_its_name(workbench: Workbench) -> None:
    workbench.reset()
    workbench.write(url_map("spare"), url_map(), http_proxy())
    workbench.apply()
    workbench.write(url_map("spare"), url_map(), http_proxy(urlMap="spare"), address(), rule())
    desk = Desk(workbench, workbench.state())
    document = planned(desk, "--target", "TargetHttpProxy/*")
    assert document["plan_file"]["links"] == ["UrlMap/main", "UrlMap/spare"]
    Hand("DELETE", f"{GLOBAL}/urlMaps/spare").act(workbench)
    workbench.forget_calls()
    refused(desk, 5, "UrlMap/spare was there, and is gone")


def test_the_state_of_a_plan_file_is_shown(small: Desk) -> None:
    def shown() -> Said:
        return typed("-C", small.bench.root, "show", file_of(small))

    planned(small)
    assert shown().out.startswith("Plan file valid until ")
    assert "HealthCheck/alive" in shown().out
    data = file_of(small).read_bytes()
    file_of(small).write_bytes(data.replace(b'"update"', b'"delete"', 1))
    altered = shown()
    assert (altered.code, altered.out) == (9, "")
    assert "was altered" in altered.told
    file_of(small).write_bytes(data)
    assert applied(small).code == 0
    assert shown().out.startswith("Plan file used: applied at ")
    told = typed("-C", small.bench.root, "show", file_of(small), "--json").json
    assert told == json.loads(data)


@pytest.mark.parametrize("by", ["file", "digest", "both"])
def test_a_plan_of_which_nothing_was_done_is_not_used_and_is_what_is_tried_again(
    small: Desk, by: str
) -> None:
    digest = planned(small)["remediate"]["digest"]
    words = ["--plan", str(file_of(small))] if by != "digest" else []
    words += ["--digest", digest] if by != "file" else []
    small.fault("forbidden", "PATCH /compute/*", 9)
    said = small.type("apply", *words)
    assert (said.code, "Nothing was changed." in said.told) == (10, True), str(said)
    again = re.sub(r"\\?\s+", " ", said.err).partition("Then `")[2].partition("`")[0]
    assert again.startswith(f"remediate apply {' '.join(words)}"), str(said)
    assert typed("-C", small.bench.root, "show", file_of(small)).out.startswith(
        "Plan file valid until "
    )
    small.mend()
    assert typed(*shlex.split(again)[1:]).code == 0
    refused_as_used(small)


def refused_as_used(desk: Desk) -> None:
    desk.bench.forget_calls()
    refused(desk, 5, "was applied already, at ")


@pytest.mark.parametrize("by", ["file", "digest"])
def test_a_plan_whose_apply_died_before_it_sent_anything_can_be_applied(
    small: Desk, by: str
) -> None:
    digest = planned(small)["remediate"]["digest"]
    words = ["--plan", str(file_of(small))] if by == "file" else ["--digest", digest]
    for number in (1, 2):  # before its first record, and before that of its step
        assert killed(small, "journal.record.before", number, "apply", *words)
    assert small.type("apply", *words).code == 0
    refused_as_used(small)


def test_a_plan_whose_apply_died_after_it_sent_something_is_used(small: Desk) -> None:
    planned(small)
    words = ("apply", "--plan", str(file_of(small)))
    assert killed(small, "request.send.after", 1, *words, since=WRITING)
    refused_as_used(small)


def test_a_digest_expires_with_the_file_that_the_store_has_kept(small: Desk) -> None:
    document = planned(small)
    small.bench.advance(100 * DAY)
    said = small.type("apply", "--digest", document["remediate"]["digest"])
    assert said.code == 5
    assert f"plan {document['plan_file']['id']} expired at " in said.told
    assert not writes(small.bench)


def test_a_digest_is_used_with_the_file_that_the_store_has_kept(small: Desk) -> None:
    document = planned(small)
    digest = document["remediate"]["digest"]
    assert small.type("apply", "--digest", digest).code == 0
    patch(f"{GLOBAL}/healthChecks/alive", {"checkIntervalSec": 5}).act(small.bench)
    small.bench.forget_calls()
    said = small.type("apply", "--digest", digest)
    assert said.code == 5
    assert f"plan {document['plan_file']['id']} was applied already, at " in said.told
    refused_as_used(small)
    assert planned(small)["remediate"]["digest"] == digest  # reviewed once more
    assert small.type("apply", "--digest", digest).code == 0


def test_a_linked_resource_that_was_made_anew_spoils_the_plan_and_a_changed_one_does_not(
    workbench: Workbench,
) -> None:
    workbench.reset()
    workbench.write(url_map("spare"), url_map(), http_proxy())
    workbench.apply()
    workbench.write(url_map("spare"), url_map(), http_proxy(urlMap="spare"))
    desk = Desk(workbench, workbench.state())
    document = planned(desk)
    assert sorted(document["plan_file"]["born"]) == ["UrlMap/main", "UrlMap/spare"]
    before = workbench.live("UrlMap/spare")
    assert before is not None
    Hand("DELETE", f"{GLOBAL}/urlMaps/spare").act(workbench)
    kept = ("name", "defaultUrlRedirect", "defaultService")
    same: Body = {name: before[name] for name in kept if name in before}
    post(f"{GLOBAL}/urlMaps", same).act(workbench)
    workbench.forget_calls()
    refused(desk, 5, "UrlMap/spare was deleted, and made anew by somebody")
    planned(desk)
    patch(f"{GLOBAL}/urlMaps/spare", {"description": "theirs"}).act(workbench)
    assert applied(desk, "--digest", document["remediate"]["digest"]).code == 0
