"""What a Cloud Run service may say, where it stands, and by which revisions it goes back."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.kinds.bodies.calls import call_for
from remediate.kinds.bodies.canonical import rules_of
from remediate.kinds.bodies.compare import field_changes, writable
from remediate.kinds.bodies.overlay import merged_changes
from remediate.kinds.bodies.resolve import Names, resolved
from remediate.kinds.facts import Scope
from remediate.kinds.registry import kind
from remediate.kinds.run_service_states import WITNESS, aftermath, holds, ready
from remediate.model.errors import Place
from remediate.model.json import Body
from remediate.model.plan import Action, Difference, FieldChange, Risk, Undo
from remediate.model.ref import Ref
from remediate.model.resource import Lifecycle, Resource
from remediate.model.values import Secret
from remediate.pipeline.steps import drafts
from remediate.pipeline.surroundings import Surroundings
from tests.kinds.checking import faults

IMAGE = "us-docker.pkg.dev/cloudrun/container/hello"
NAME = "projects/p/locations/us-central1/services/web"
LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
ONE = {"image": IMAGE}
PLACE = "projects/p/regions/us-central1"


def template(*containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"template": {"containers": [*(containers or [ONE])], **more}}


def container(**more: Any) -> dict[str, Any]:
    return template({**ONE, **more})


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no container": ({"template": {"containers": []}}, "/template/containers"),
    "no image": (template({"image": ""}), "/template/containers/0/image"),
    "two containers and no port": (
        template({**ONE, "name": "a"}, {**ONE, "name": "b"}),
        "/template/containers",
    ),
    "two containers with ports": (
        template(
            {**ONE, "name": "a", "ports": [{"containerPort": 80}]},
            {**ONE, "name": "b", "ports": [{"containerPort": 81}]},
        ),
        "/template/containers/1/ports",
    ),
    "two ports": (
        container(ports=[{"containerPort": 80}, {"containerPort": 81}]),
        "/template/containers/0/ports",
    ),
    "a port of another protocol": (
        container(ports=[{"name": "tcp"}]),
        "/template/containers/0/ports/0/name",
    ),
    "a value and a pointer": (
        container(
            env=[{"name": "A", "value": "", "valueSource": {"secretKeyRef": {"secret": "s"}}}]
        ),
        "/template/containers/0/env/0/valueSource",
    ),
    "a pointer to nothing": (
        container(env=[{"name": "A", "valueSource": {}}]),
        "/template/containers/0/env/0/valueSource",
    ),
    "a secret by its version": (
        container(
            env=[
                {
                    "name": "A",
                    "valueSource": {"secretKeyRef": {"secret": "projects/p/secrets/s/versions/1"}},
                }
            ]
        ),
        "/template/containers/0/env/0/valueSource/secretKeyRef/secret",
    ),
    "a variable twice": (
        container(env=[{"name": "A"}, {"name": "A"}]),
        "/template/containers/0/env/1/name",
    ),
    "a variable of Cloud Run's": (
        container(env=[{"name": "PORT", "value": "80"}]),
        "/template/containers/0/env/0/name",
    ),
    "memory in words": (
        container(resources={"limits": {"memory": "1 GB"}}),
        "/template/containers/0/resources/limits/memory",
    ),
    "no CPU at all": (
        container(resources={"limits": {"cpu": "0m"}}),
        "/template/containers/0/resources/limits/cpu",
    ),
    "a limit that there is none of": (
        container(resources={"limits": {"disk": "1Gi"}}),
        "/template/containers/0/resources/limits/disk",
    ),
    "two ways to probe": (
        container(livenessProbe={"httpGet": {}, "tcpSocket": {}}),
        "/template/containers/0/livenessProbe/tcpSocket",
    ),
    "a probe that overlaps itself": (
        container(livenessProbe={"periodSeconds": 1, "timeoutSeconds": 2}),
        "/template/containers/0/livenessProbe/timeoutSeconds",
    ),
    "a mount of nothing": (
        container(volumeMounts=[{"name": "v", "mountPath": "/v"}]),
        "/template/containers/0/volumeMounts/0/name",
    ),
    "a volume of two sorts": (
        template(volumes=[{"name": "v", "emptyDir": {}, "gcs": {"bucket": "b"}}]),
        "/template/volumes/0/gcs",
    ),
    "a volume of no sort": (template(volumes=[{"name": "v"}]), "/template/volumes/0"),
    "an instance by its name": (
        template(volumes=[{"name": "v", "cloudSqlInstance": {"instances": ["db"]}}]),
        "/template/volumes/0/cloudSqlInstance/instances/0",
    ),
    "a request without an end": (template(timeout="3601s"), "/template/timeout"),
    "a timeout in minutes": (template(timeout="5m"), "/template/timeout"),
    "a timeout of nothing": (template(timeout="0s"), "/template/timeout"),
    "more at least than at most": (
        template(scaling={"minInstanceCount": 3, "maxInstanceCount": 2}),
        "/template/scaling/minInstanceCount",
    ),
    "manual without a number": (
        {**template(), "scaling": {"scalingMode": "MANUAL"}},
        "/scaling/scalingMode",
    ),
    "too many requests": (
        template(maxInstanceRequestConcurrency=1001),
        "/template/maxInstanceRequestConcurrency",
    ),
    "two ways into the network": (
        template(vpcAccess={"connector": "c", "networkInterfaces": [{"network": "n"}]}),
        "/template/vpcAccess/networkInterfaces",
    ),
    "an interface to nowhere": (
        template(vpcAccess={"networkInterfaces": [{"tags": ["t"]}]}),
        "/template/vpcAccess/networkInterfaces/0",
    ),
    "traffic of ninety percent": (
        {**template(), "traffic": [{"type": LATEST, "percent": 90}]},
        "/traffic",
    ),
    "traffic to a revision of no name": (
        {**template(), "traffic": [{"type": REVISION, "percent": 100}]},
        "/traffic/0",
    ),
    "the latest by its name": (
        {**template(), "traffic": [{"type": LATEST, "revision": "web-1", "percent": 100}]},
        "/traffic/0/revision",
    ),
    "a tag twice": (
        {
            **template(),
            "traffic": [{"type": LATEST, "percent": 100, "tag": "t"}, {"type": LATEST, "tag": "t"}],
        },
        "/traffic/1/tag",
    ),
    "an annotation of Google's": (
        {**template(), "annotations": {"run.googleapis.com/ingress": "all"}},
        "/annotations/run.googleapis.com~1ingress",
    ),
    "a key's end without its word": (
        template(encryptionKeyShutdownDuration="3600s"),
        "/template/encryptionKeyShutdownDuration",
    ),
}


@pytest.mark.parametrize(("spec", "at"), REFUSED.values(), ids=REFUSED)
def test_the_mistake_is_reported_at_its_field(spec: dict[str, Any], at: str) -> None:
    assert list(faults("RunService", spec)) == [at]


@pytest.mark.parametrize("memory", ["512Mi", "2Gi", "0.5Gi", "536870912", "1G"])
@pytest.mark.parametrize("cpu", ["1", "1000m", "0.5", "8"])
def test_amounts_are_written_as_google_takes_them(cpu: str, memory: str) -> None:
    limits = {"cpu": cpu, "memory": memory}
    assert faults("RunService", container(resources={"limits": limits})) == {}


SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a CPU in thousandths": (
        container(resources={"limits": {"cpu": "1"}}),
        container(resources={"limits": {"cpu": "1000m", "memory": "512Mi"}}),
    ),
    "memory by another unit": (
        container(resources={"limits": {"memory": "1Gi"}}),
        container(resources={"limits": {"cpu": "1000m", "memory": "1024Mi"}}),
    ),
    "a duration with zeros": (template(timeout="300s"), template(timeout="300.0s")),
    "what Google fills in": (
        template(),
        container(
            ports=[{"name": "http1", "containerPort": 8080}],
            startupProbe={"tcpSocket": {"port": 8080}, "periodSeconds": 240},
            resources={"limits": {"cpu": "1000m"}, "cpuIdle": True},
        ),
    ),
    "the default account": (template(), template(serviceAccount="1-compute@d.gserviceaccount.com")),
    "the scaling block": (
        template(scaling={"minInstanceCount": 0}),
        template(scaling={"maxInstanceCount": 100}),
    ),
    "the order of variables": (
        container(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]),
        container(env=[{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]),
    ),
    "the order of volumes": (
        template(volumes=[{"name": "a", "emptyDir": {}}, {"name": "b", "gcs": {"bucket": "x"}}]),
        template(volumes=[{"name": "b", "gcs": {"bucket": "x"}}, {"name": "a", "emptyDir": {}}]),
    ),
    "a connector by its number": (
        template(vpcAccess={"connector": "projects/p/locations/us-central1/connectors/c"}),
        template(
            vpcAccess={
                "connector": "projects/12345/locations/us-central1/connectors/c",
                "egress": "PRIVATE_RANGES_ONLY",
            }
        ),
    ),
    "who else was at work": (
        template(),
        {
            **template(client="gcloud", clientVersion="528", labels={"goog-managed": "yes"}),
            "client": "gcloud",
            "annotations": {"client.knative.dev/user-image": "x", "run.googleapis.com/foo": "y"},
            "labels": {"goog-terraform-provisioned": "true"},
        },
    ),
    "traffic that a rollback has pinned": (
        template(),
        {**template(), "traffic": [{"type": REVISION, "revision": "web-1", "percent": 100}]},
    ),
    "a container that the console has named": (template(), container(name="web-1")),
}


@pytest.mark.parametrize(("wanted", "live"), SAME.values(), ids=SAME)
def test_what_means_the_same_is_no_difference(wanted: dict[str, Any], live: dict[str, Any]) -> None:
    facts = kind("RunService")
    assert field_changes(facts, wanted, live, project="p", restore_defaults=True) == ()


@pytest.mark.parametrize(
    ("wanted", "live"),
    [
        (
            container(resources={"limits": {"memory": "1G"}}),
            container(resources={"limits": {"memory": "1Gi"}}),
        ),
        (template(timeout="30s"), template(timeout="300s")),
        (
            container(env=[{"name": "A", "value": "x"}]),
            container(env=[{"name": "A", "value": "X"}]),
        ),
        (
            template(vpcAccess={"connector": "projects/p/locations/us-central1/connectors/c"}),
            template(vpcAccess={"connector": "projects/p/locations/us-east1/connectors/c"}),
        ),
    ],
)
def test_what_only_looks_the_same_is_one(wanted: dict[str, Any], live: dict[str, Any]) -> None:
    assert len(field_changes(kind("RunService"), wanted, live, project="p")) == 1


def sent(wanted: dict[str, Any], live: dict[str, Any]) -> Body:
    """What a patch from one body to the other says."""
    facts = kind("RunService")
    changes = field_changes(facts, wanted, live, project="p")
    after = merged_changes(wanted, live, changes, rules_of(facts, "p"))
    at = Ref("RunService", "web", "us-central1")
    (draft,) = drafts(
        Difference(at, Action.UPDATE, at, live, after, changes), Surroundings("p", {})
    )
    call = call_for(draft.step, after, live, "id")
    assert call.body is not None
    return call.body


def test_a_change_is_sent_with_all_that_stays_and_the_etag_that_was_read() -> None:
    live = {"etag": '"1"', **template({**ONE, "args": ["-v"]}, timeout="300s", revision="web-one")}
    assert sent(template(timeout="60s"), live) == {
        "etag": '"1"',
        **template({**ONE, "args": ["-v"]}, timeout="60s"),
    }


def test_the_name_of_a_revision_is_sent_where_it_is_written_alone() -> None:
    live = template(timeout="300s", revision="web-one")
    body = sent(template(timeout="60s", revision="web-two"), live)
    assert body["template"]["revision"] == "web-two"  # type: ignore[call-overload, index] # it is an object
    assert "revision" not in writable(kind("RunService"), live)["template"]


ALTERNATIVES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a pointer for a value": (
        container(env=[{"name": "A", "valueSource": {"secretKeyRef": {"secret": "s"}}}]),
        container(env=[{"name": "A", "value": "x"}]),
    ),
    "a request for a connection": (
        container(startupProbe={"httpGet": {"path": "/"}}),
        container(startupProbe={"tcpSocket": {"port": 8080}}),
    ),
    "a bucket for a directory": (
        template(volumes=[{"name": "v", "gcs": {"bucket": "b"}}]),
        template(volumes=[{"name": "v", "emptyDir": {}}]),
    ),
    "an interface for a connector": (
        template(vpcAccess={"networkInterfaces": [{"network": "n"}]}),
        template(vpcAccess={"connector": "projects/p/locations/l/connectors/c"}),
    ),
}


@pytest.mark.parametrize(("wanted", "live"), ALTERNATIVES.values(), ids=ALTERNATIVES)
def test_what_excludes_each_other_is_never_sent_together(
    wanted: dict[str, Any], live: dict[str, Any]
) -> None:
    assert sent(wanted, live) == wanted


def test_a_label_that_goes_is_left_out_since_google_takes_no_null_in_a_map() -> None:
    sends = kind("RunService").updates[0].sends
    assert sends is not None
    gone: Body = {"labels": {"a": None, "b": "c"}, "description": None}
    assert sends(gone) == {"labels": {"b": "c"}, "description": None}


def service(state: str = "CONDITION_SUCCEEDED", **more: Any) -> Body:
    condition = {"type": "Ready", "state": state, **more.pop("condition", {})}
    return {
        "name": NAME,
        "generation": "2",
        "observedGeneration": "2",
        "terminalCondition": condition,
        "latestReadyRevision": f"{NAME}/revisions/web-1",
        "latestCreatedRevision": f"{NAME}/revisions/web-1",
        **template(),
        "traffic": [{"type": LATEST, "percent": 100}],
        **more,
    }


WHY = {"revisionReason": "HEALTH_CHECK_CONTAINER_ERROR", "message": "It did not start."}
FAILED = service("CONDITION_FAILED", condition=WHY, latestCreatedRevision=f"{NAME}/revisions/web-2")


def test_it_is_ready_when_all_that_was_asked_for_is_observed_and_succeeded() -> None:
    assert ready(service()).ready
    assert not ready(service(reconciling=True)).ready
    assert not ready(service(observedGeneration="1")).ready
    assert not ready({}).ready
    assert not ready(service("CONDITION_PENDING")).failed
    assert ready(FAILED).failed
    assert not ready({**FAILED, "reconciling": True}).failed


def test_traffic_that_goes_past_the_latest_revision_is_remarked() -> None:
    pinned = service(traffic=[{"type": REVISION, "revision": "web-0", "percent": 100}])
    said = "sends its traffic to web-0, and none to its latest revision web-1"
    assert (ready(pinned).ready, ready(pinned).remark) == (True, said)
    split = [
        {"type": REVISION, "revision": "web-0", "percent": 90},
        {"type": LATEST, "percent": 10},
    ]
    assert ready(service(traffic=split)).remark == ready(service()).remark == ""


def test_a_network_is_the_same_by_its_bare_and_by_its_whole_name() -> None:
    facts = kind("RunService")
    access = {"networkInterfaces": [{"network": "n", "subnetwork": "s"}]}
    (seen,) = facts.seen(service(**template(vpcAccess=access)))["template"]["vpcAccess"].values()  # type: ignore[index, call-overload, union-attr] # objects
    assert seen == [
        {"network": "projects/p/global/networks/n", "subnetwork": f"{PLACE}/subnetworks/s"}
    ]
    at = Ref("RunService", "web", "us-central1")
    written = Resource(at, template(vpcAccess=access), Lifecycle(), Place("a.yaml", 1, 1))
    wanted = resolved(facts, written, Names("p", ()))
    assert wanted["template"]["vpcAccess"]["networkInterfaces"] == seen


def test_where_a_failed_write_leaves_it_is_said_in_one_sentence() -> None:
    assert aftermath(FAILED) == (
        "its new revision web-2 is not ready (HEALTH_CHECK_CONTAINER_ERROR: It did not start.); "
        "it keeps the new template, and traffic stays on web-1"
    )
    assert aftermath({**FAILED, "latestReadyRevision": ""}).endswith(
        "nothing serves its traffic yet"
    )
    assert aftermath(service()) == ""


def test_traffic_that_has_moved_holds_though_the_latest_revision_is_broken() -> None:
    pinned: list[Any] = [{"type": REVISION, "revision": "web-1", "percent": 100}]
    moved: Body = {**FAILED, "trafficStatuses": [{**pinned[0], "uri": "https://web"}]}
    assert holds(moved, ("traffic",), {"traffic": pinned})
    assert not holds(moved, ("template", "traffic"), {"traffic": pinned})
    assert not holds(FAILED, ("traffic",), {"traffic": pinned})


def revision(name: str, image: str = f"{IMAGE}@sha256:1", **more: Any) -> dict[str, Body]:
    return {f"{NAME}/revisions/{name}": {"containerStatuses": [{"imageDigest": image}], **more}}


def test_a_snapshot_has_the_digests_of_the_images_beside_the_body() -> None:
    body = service()
    assert WITNESS.kept(body, {}) == body
    assert WITNESS.kept(body, revision("web-1")) == {
        **body,
        "containerStatuses": [{"imageDigest": f"{IMAGE}@sha256:1"}],
    }


def test_an_image_comes_back_by_digest_unless_live_runs_just_that_one() -> None:
    before = WITNESS.kept(service(), revision("web-1"))
    moved_tag = WITNESS.kept(service(), revision("web-1", f"{IMAGE}@sha256:2"))
    assert WITNESS.back(before, before) == before
    assert (
        WITNESS.back(before, moved_tag)["template"]
        == template({"image": f"{IMAGE}@sha256:1"})["template"]
    )


def test_it_goes_back_by_traffic_first_then_by_template_then_as_it_was() -> None:
    live = service(latestReadyRevision=f"{NAME}/revisions/web-2")
    changed = frozenset({"template"})
    stages = WITNESS.stages(changed, service(), live, revision("web-1"))
    assert [stage.fields for stage in stages] == [
        {"traffic": [{"type": REVISION, "revision": "web-1", "percent": 100}]},
        None,
        {"traffic": [{"type": LATEST, "percent": 100}]},
    ]
    assert all(stage.note for stage in stages)
    assert WITNESS.stages(frozenset({"labels"}), service(), live, revision("web-1")) == ()


def test_traffic_does_not_go_first_to_what_is_gone_or_serves_already() -> None:
    live = service(latestReadyRevision=f"{NAME}/revisions/web-2")
    changed = frozenset({"template"})
    assert WITNESS.stages(changed, service(), live, {}) == ()
    gone = revision("web-1", deleteTime="2026-01-01T00:00:00Z")
    assert WITNESS.stages(changed, service(), live, gone) == ()
    assert WITNESS.stages(changed, service(), FAILED, revision("web-1")) == ()


def test_traffic_that_was_pinned_needs_no_third_step() -> None:
    pinned = [{"type": REVISION, "revision": "web-0", "percent": 100}]
    before = service(traffic=pinned)
    known = {**revision("web-0"), **revision("web-1")}
    stages = WITNESS.stages(frozenset({"template"}), before, service(), known)
    assert [stage.fields for stage in stages] == [{"traffic": pinned}, None]


def test_a_secret_that_only_live_holds_cannot_be_had_back_exactly() -> None:
    facts = kind("RunService")
    assert facts.verdict is not None

    def told(at: str) -> Any:
        change = FieldChange(at, Secret("old"), Secret("new"))
        return facts.verdict and facts.verdict([change])

    assert told("/template/containers/0/env/0/value") is None  # the revision keeps it
    assert told("/buildConfig/environmentVariables/TOKEN").undo is Undo.APPROXIMATE
    assert facts.verdict([FieldChange("/buildConfig/functionTarget", "a", "b")]) is None


def test_its_place_its_risk_and_its_undo() -> None:
    facts = kind("RunService")
    assert (facts.scopes, facts.default_scope) == (frozenset({Scope.REGION}), Scope.REGION)
    assert facts.base_risk is Risk.MEDIUM
    assert facts.undo[Action.UPDATE].undo is Undo.EXACT
    assert facts.undo[Action.DELETE].undo is Undo.APPROXIMATE
