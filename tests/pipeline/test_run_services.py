"""Cloud Run services from the first apply to the last rollback, by which traffic goes first."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.gcp.run import Run
from remediate.kinds.bodies.calls import insist_on_precondition
from remediate.model.errors import CheckFailed, PartlyApplied, PlanRefused, Stale
from remediate.model.json import Body
from remediate.model.plan import Action, Plan, Undo
from remediate.model.ref import Ref
from remediate.pipeline.way_back import live_now
from remediate.report.human import plan_text
from remediate.report.imported import files_text
from remediate.report.machine import json_text, plan_json
from remediate.report.snapshots import differences
from remediate.report.wording import shown
from remediate.stores.snapshots import Snapshots
from remediate.stores.veil import Veil
from tests.pipeline.test_importing import NEW, bring_in, remarks
from tests.workbench import PROJECT, REGION, Workbench, document, moved

REF = Ref("RunService", "web", REGION)
PATH = f"v2/projects/{PROJECT}/locations/{REGION}/services/web"
IMAGE = "us-docker.pkg.dev/cloudrun/container/hello"
LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
BROKEN = {"SANDBOX_FAILS_TO_START": "1"}
CANARY = "canary-of-the-database"


def service(
    env: dict[str, str] | None = None, image: str = IMAGE, lifecycle: Any = None, **more: Any
) -> dict[str, Any]:
    variables = [{"name": name, "value": value} for name, value in (env or {}).items()]
    container = {"image": image, **({"env": variables} if variables else {})}
    template = {"containers": [container], **more.pop("template", {})}
    return document("RunService", "web", {"template": template, **more}, lifecycle)


def stand(workbench: Workbench, *args: Any, **more: Any) -> None:
    workbench.write(service(*args, **more))
    workbench.apply()


def live(workbench: Workbench) -> Any:
    return workbench.live(REF)


def serving(workbench: Workbench) -> str:
    return str(live(workbench)["latestReadyRevision"].rpartition("/")[2])


def revisions(workbench: Workbench) -> list[Body]:
    found: Any = workbench.send("GET", f"{PATH}/revisions")
    return list(found["revisions"])


def notes(made: Plan) -> list[str]:
    return [step.note for step in made.steps]


def test_a_change_of_the_template_goes_back_by_traffic_then_by_template(
    workbench: Workbench,
) -> None:
    stand(workbench, {"MODE": "old"})
    before, first = workbench.state(), serving(workbench)
    stand(workbench, {"MODE": "new"})
    made = workbench.plan_back()
    assert notes(made) == [
        f"traffic goes back to {first} at once",
        "the template, which makes a new revision",
        "traffic as it went then",
    ]
    assert [step.fields for step in made.steps] == [("traffic",), ("template",), ("traffic",)]
    assert {step.undo for step in made.steps} == {Undo.EXACT}
    assert f"1. traffic goes back to {first} at once\n" in plan_text(made)
    assert all(made.steps[at].id in made.steps[at + 1].after_steps for at in (0, 1))
    workbench.roll_back()
    assert moved(before, workbench.state()) == {}
    assert len(revisions(workbench)) == 3
    workbench.write(service({"MODE": "old"}))
    assert workbench.plan().is_empty


def test_a_second_rollback_takes_the_first_one_back(workbench: Workbench) -> None:
    stand(workbench, {"DB_PASSWORD": "old"})
    stand(workbench, {"DB_PASSWORD": "new"})
    after = workbench.state()
    workbench.roll_back()
    made = workbench.roll_back()
    assert len(made.steps) == 3
    assert moved(after, workbench.state()) == {}


def test_traffic_is_on_the_old_revision_before_anything_new_is_made(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand(workbench, {"MODE": "old"})
    before, first = workbench.state(), serving(workbench)
    stand(workbench, {"MODE": "new"})
    snapshot = Snapshots(workbench.store).newest
    call = Run.call

    def forbidden_but_traffic(self: Run, *args: Any, **words: Any) -> Any:
        if "template" in args[4]:
            workbench.fault("forbidden", match="PATCH *services*")
        return call(self, *args, **words)

    monkeypatch.setattr(Run, "call", forbidden_but_traffic)
    with pytest.raises(PartlyApplied, match="1 of 3 steps are done"):
        workbench.roll_back()
    monkeypatch.undo()
    assert [target["revision"] for target in live(workbench)["trafficStatuses"]] == [first]
    assert len(revisions(workbench)) == 2
    made = workbench.roll_back(snapshot)
    assert [step.fields for step in made.steps] == [("template",), ("traffic",)]
    assert moved(before, workbench.state()) == {}


def test_a_revision_that_is_gone_leaves_the_template_alone_to_go_back(workbench: Workbench) -> None:
    stand(workbench, {"MODE": "old"})
    before, first = workbench.state(), serving(workbench)
    stand(workbench, {"MODE": "new"})
    workbench.send("DELETE", f"{PATH}/revisions/{first}")
    made = workbench.roll_back()
    assert [step.fields for step in made.steps] == [("template",)]
    assert moved(before, workbench.state()) == {}


def test_a_revision_that_does_not_start_is_told_with_its_reason_and_the_way_back(
    workbench: Workbench,
) -> None:
    stand(workbench)
    before, first = workbench.state(), serving(workbench)
    workbench.write(service(BROKEN))
    with pytest.raises(CheckFailed) as failed:
        workbench.apply()
    told = str(failed.value)
    assert told.startswith(f"{REF} was written, but its new revision web-00002-")
    assert "HEALTH_CHECK_CONTAINER_ERROR" in told
    assert f"it keeps the new template, and traffic stays on {first}" in told
    assert "`remediate rollback --snapshot" in failed.value.hint
    again = workbench.plan()
    assert again.is_empty
    assert [note for note in again.notes if f"{REF} is not ready: CONDITION_FAILED" in note]
    made = workbench.roll_back()
    assert [step.fields for step in made.steps] == [("template",)]  # traffic never left
    assert moved(before, workbench.state()) == {}


def test_an_image_that_is_not_there_is_told_too(workbench: Workbench) -> None:
    workbench.write(service(image=f"{IMAGE}:sandbox-missing"))
    with pytest.raises(CheckFailed, match=r"CONTAINER_MISSING.*nothing serves its traffic yet"):
        workbench.apply()
    workbench.roll_back()
    assert live(workbench) is None


def test_traffic_goes_back_though_the_latest_revision_is_broken(workbench: Workbench) -> None:
    stand(workbench, {"MODE": "old"})
    first = serving(workbench)
    stand(workbench, {"MODE": "new"})
    workbench.write(service(BROKEN))
    with pytest.raises(CheckFailed):
        workbench.apply()
    pinned = [{"type": REVISION, "revision": first, "percent": 100}]
    workbench.write(service(BROKEN, traffic=pinned))
    workbench.apply()
    assert live(workbench)["trafficStatuses"] == pinned
    assert workbench.plan().is_empty


def test_images_are_kept_by_digest_and_come_back_by_it(workbench: Workbench) -> None:
    stand(workbench, image=f"{IMAGE}:v1")
    digest = revisions(workbench)[0]["containerStatuses"][0]["imageDigest"]  # type: ignore[index, call-overload] # one container
    stand(workbench, image=f"{IMAGE}:v2")
    workbench.roll_back()
    assert live(workbench)["template"]["containers"][0]["image"] == digest
    newest = revisions(workbench)[0]
    assert newest["containerStatuses"][0]["imageDigest"] == digest  # type: ignore[index, call-overload] # one container


def test_an_image_that_others_deploy_is_left_to_them(workbench: Workbench) -> None:
    ignore = {"ignore": ["/template/containers/0/image"], "ownership": "shared"}
    stand(workbench, {"MODE": "old"}, lifecycle=ignore)
    theirs = {**live(workbench)["template"]}
    theirs["containers"] = [
        {**theirs["containers"][0], "image": f"{IMAGE}:theirs", "name": "web-1"}
    ]
    workbench.send("PATCH", f"{PATH}?updateMask=template", {"template": theirs})
    assert workbench.plan().is_empty
    stand(workbench, {"MODE": "new"}, lifecycle=ignore)
    assert live(workbench)["template"]["containers"][0]["image"] == f"{IMAGE}:theirs"


def test_the_name_of_a_revision_is_not_sent_again(workbench: Workbench) -> None:
    stand(workbench, template={"revision": "web-one"})
    first = workbench.state()
    stand(workbench, {"MODE": "new"})
    assert [body["name"].rpartition("/")[2] for body in revisions(workbench)][1] == "web-one"  # type: ignore[union-attr] # a name
    workbench.roll_back()
    left = moved(first, workbench.state())
    assert [at.rpartition("/")[2] for at in left] == ["revision"]


def test_somebody_elses_edit_between_read_and_write_is_never_overwritten(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand(workbench, {"MODE": "old"})
    workbench.write(service({"MODE": "new"}))
    call = Run.call

    def after_somebody(self: Run, method: str, *args: Any, **words: Any) -> Any:
        monkeypatch.undo()
        body: Body = {"description": "theirs"}
        workbench.send("PATCH", f"{PATH}?updateMask=description", body)
        return call(self, method, *args, **words)

    monkeypatch.setattr(Run, "call", after_somebody)
    with pytest.raises(Stale, match="changed by somebody else just now"):
        workbench.apply()
    assert live(workbench)["description"] == "theirs"
    assert live(workbench)["template"]["containers"][0]["env"][0]["value"] == "old"


def test_somebody_elses_later_edit_stops_the_rollback(workbench: Workbench) -> None:
    stand(workbench, {"MODE": "old"})
    stand(workbench, {"MODE": "new", "DB_PASSWORD": CANARY})
    theirs: Body = {"template": {"containers": [{"image": IMAGE}]}}
    workbench.send("PATCH", f"{PATH}?updateMask=template", theirs)
    with pytest.raises(Stale, match="somebody else has changed this since") as stale:
        workbench.roll_back()
    assert CANARY not in str(stale.value)


def test_a_snapshot_and_live_are_told_apart_without_the_secret(workbench: Workbench) -> None:
    stand(workbench, {"DB_PASSWORD": f"{CANARY}-1"})
    one = Snapshots(workbench.store).load(workbench.take_snapshot())
    veil = Veil(workbench.store)
    assert differences(one, live_now(one, workbench.google, veil)).found == []
    stand(workbench, {"DB_PASSWORD": f"{CANARY}-2"})
    (found,) = differences(one, live_now(one, workbench.google, veil)).found
    (change,) = found.changes
    said = shown(REF, change, PROJECT)
    assert (said.pointer, said.before, said.after) == (
        "/template/containers/0/env/0/value",
        '"(secret)"',
        '"(secret)"',
    )


def test_a_deletion_compares_too(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    stand(workbench, lifecycle={"onRemove": "delete"})
    workbench.write()
    call = Run.call

    def after_somebody(self: Run, *args: Any, **words: Any) -> Any:
        monkeypatch.undo()
        workbench.send("PATCH", f"{PATH}?updateMask=description", {"description": "theirs"})
        return call(self, *args, **words)

    monkeypatch.setattr(Run, "call", after_somebody)
    allow = [f"{rule}=tried" for rule in ("delete", "too-many-deletes", "empty-environment")]
    with pytest.raises(Stale, match="changed by somebody else just now"):
        workbench.apply(prune=True, allow=allow)
    assert live(workbench)["description"] == "theirs"


def test_a_service_is_deleted_on_an_explicit_word_alone(workbench: Workbench) -> None:
    stand(workbench, {"DB_PASSWORD": CANARY, "MODE": "kept"}, lifecycle={"onRemove": "delete"})
    digest = revisions(workbench)[0]["containerStatuses"][0]["imageDigest"]  # type: ignore[index, call-overload] # one container
    workbench.write()
    others = [f"{rule}=tried" for rule in ("too-many-deletes", "empty-environment")]
    with pytest.raises(PlanRefused, match=r"loses its images, its revisions and its IAM policy"):
        workbench.apply(prune=True, allow=others)
    made = workbench.apply(prune=True, allow=[*others, f"delete:{REF}=tried"])
    assert [(step.verb, step.undo) for step in made.steps] == [(Action.DELETE, Undo.APPROXIMATE)]
    assert live(workbench) is None
    back = workbench.roll_back()
    assert [note for note in back.notes if "without the old value of DB_PASSWORD" in note]
    (container,) = live(workbench)["template"]["containers"]
    assert (container["image"], container["env"]) == (digest, [{"name": "MODE", "value": "kept"}])


def test_a_service_that_a_group_still_leads_to_by_name_is_in_use(workbench: Workbench) -> None:
    spec = {"networkEndpointType": "SERVERLESS", "cloudRun": {"service": "web"}}
    group = document("NetworkEndpointGroup", "group", spec)
    stays = [document("Address", f"a{at}", {}) for at in range(3)]
    workbench.write(group, service(lifecycle={"onRemove": "delete"}), *stays)
    workbench.apply()
    workbench.write(group, *stays)
    objections = {o.rule: o.message for o in workbench.plan(prune=True).objections}
    assert objections["in-use"] == (
        f"{REF} is in use by NetworkEndpointGroup/{REGION}/group, and Google would delete it anyhow"
    )
    said = [f"delete:{REF}=tried"]
    with pytest.raises(PlanRefused, match="in use by"):
        workbench.apply(prune=True, allow=said)
    workbench.apply(prune=True, allow=[*said, f"in-use:{REF}=the group goes next"])
    assert live(workbench) is None


def test_a_group_follows_the_service_that_it_leads_to_by_name(workbench: Workbench) -> None:
    def group(name: str) -> dict[str, Any]:
        spec = {"networkEndpointType": "SERVERLESS", "cloudRun": {"service": name}}
        return document("NetworkEndpointGroup", "group", spec)

    workbench.write(group("web"), service())
    made = workbench.plan()
    assert [str(step.ref) for step in made.steps] == [
        str(REF),
        f"NetworkEndpointGroup/{REGION}/group",
    ]
    workbench.apply()
    found = workbench.live(f"NetworkEndpointGroup/{REGION}/group")
    assert found is not None
    assert found["cloudRun"] == {"service": "web"}
    workbench.write(group("RunService/web"), service())
    assert workbench.plan().is_empty
    workbench.write(group("nobodys"))  # a service that no document declares is somebody else's
    assert [d.action for d in workbench.plan().differences] == [Action.REPLACE]


def stored(workbench: Workbench) -> dict[str, str]:
    folder = workbench.root / ".remediate"
    return {str(path): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_no_store_and_no_output_holds_a_value_that_looks_like_a_secret(
    workbench: Workbench,
) -> None:
    said = ""
    for number in range(3):
        secret = {"DB_PASSWORD": f"{CANARY}-{number}", "MODE": "shown"}
        workbench.write(service(secret))
        made = workbench.plan()
        said += plan_text(made) + json_text(plan_json(made))
        workbench.apply()
        assert workbench.plan().is_empty
    said += json_text(plan_json(workbench.plan_back()))
    assert "shown" in said
    assert CANARY not in said
    assert [path for path, text in stored(workbench).items() if CANARY in text] == []
    assert any('"$masked":"hmac-sha256:' in text for text in stored(workbench).values())
    assert live(workbench)["template"]["containers"][0]["env"][0]["value"] == f"{CANARY}-2"


def test_a_secret_in_the_open_is_warned_of_at_its_place_and_not_repeated(
    workbench: Workbench,
) -> None:
    workbench.write(service({"MODE": "shown", "DB_PASSWORD": CANARY}))
    (warning,) = workbench.load().warnings
    assert "all.yaml:3:" in warning
    assert "looks like a secret" in warning
    assert CANARY not in warning


def test_what_is_stale_is_told_without_the_secret(workbench: Workbench) -> None:
    stand(workbench, {"DB_PASSWORD": CANARY})
    workbench.write(service({"DB_PASSWORD": CANARY, "MODE": "new"}))
    (step,) = workbench.plan().steps
    theirs = {**live(workbench), "template": {"containers": []}}
    with pytest.raises(Stale, match="has changed since") as stale:
        insist_on_precondition(step, theirs, PROJECT)
    assert "(secret)" in str(stale.value)
    assert CANARY not in str(stale.value)


def test_a_secret_around_what_is_known_after_apply_stays_one(workbench: Workbench) -> None:
    address = document("Address", "edge", {"addressType": "EXTERNAL"})
    url = f"postgres://app:{CANARY}@${{Address/edge.address}}/db"
    workbench.write(address, service({"DATABASE": url}))
    said = plan_text(workbench.plan()) + json_text(plan_json(workbench.plan()))
    workbench.apply()
    assert CANARY not in said
    assert [path for path, text in stored(workbench).items() if CANARY in text] == []
    assert CANARY in live(workbench)["template"]["containers"][0]["env"][0]["value"]
    assert workbench.plan().is_empty


@pytest.mark.parametrize("held_by", ["live", "the revision"])
def test_a_secret_value_comes_back_from_whoever_still_holds_it(
    workbench: Workbench, held_by: str
) -> None:
    stand(workbench, {"DB_PASSWORD": "old", "MODE": "old"})
    before = workbench.state()
    stand(workbench, {"DB_PASSWORD": "old" if held_by == "live" else "new", "MODE": "new"})
    made = workbench.roll_back()
    assert [note for note in made.notes if "DB_PASSWORD" in note] == []
    assert moved(before, workbench.state()) == {}


def test_a_secret_value_that_nobody_holds_any_more_stays_as_it_is_live_and_is_named(
    workbench: Workbench,
) -> None:
    stand(workbench, {"DB_PASSWORD": "old", "MODE": "old"})
    first = serving(workbench)
    stand(workbench, {"DB_PASSWORD": "new", "MODE": "new"})
    workbench.send("DELETE", f"{PATH}/revisions/{first}")
    made = workbench.roll_back()
    assert f"{REF} comes back without the old value of DB_PASSWORD: nobody has it now" in made.notes
    env = {one["name"]: one["value"] for one in live(workbench)["template"]["containers"][0]["env"]}
    assert env == {"DB_PASSWORD": "new", "MODE": "old"}


def test_an_import_leaves_a_secret_value_where_it_is_and_says_so(workbench: Workbench) -> None:
    stand(workbench, {"DB_PASSWORD": CANARY, "MODE": "shown"})
    found = bring_in(workbench)
    text = "".join(files_text(found, NEW).values())
    assert CANARY not in text
    assert "shown" in text
    assert [
        said
        for said in remarks(found)
        if said.startswith("/template/containers/0/env/0/value looks like a secret")
    ]
    assert workbench.plan().is_empty
    assert live(workbench)["template"]["containers"][0]["env"][0]["value"] == CANARY


def test_who_changed_a_secret_value_is_told_apart(workbench: Workbench) -> None:
    stand(workbench, {"DB_PASSWORD": "old"})
    workbench.write(service({"DB_PASSWORD": "new"}))
    (difference,) = workbench.plan().differences
    assert difference.cause.value == "pending"
    theirs: Body = {
        "containers": [{"image": IMAGE, "env": [{"name": "DB_PASSWORD", "value": "theirs"}]}]
    }
    workbench.send("PATCH", f"{PATH}?updateMask=template", {"template": theirs})
    workbench.write(service({"DB_PASSWORD": "old"}))
    (difference,) = workbench.plan().differences
    assert difference.cause.value == "drift"
