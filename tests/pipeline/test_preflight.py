"""Google is asked what it would say to a plan, where it can be asked, and only there."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.model.errors import PlanRefused
from remediate.model.plan import Objection, Plan
from remediate.pipeline.preflight import PERMISSION, RULE
from tests.workbench import PROJECT, REGION, Workbench, document

PATH = f"/v2/projects/{PROJECT}/locations/{REGION}/services"
IMAGE = "us-docker.pkg.dev/cloudrun/container/hello"


def service(name: str = "web", **template: Any) -> dict[str, Any]:
    return document(
        "RunService", name, {"template": {"containers": [{"image": IMAGE}], **template}}
    )


def connector() -> dict[str, Any]:
    spec = {"network": "vpc", "ipCidrRange": "10.8.0.0/28", "minInstances": 2, "maxInstances": 3}
    return document("VpcConnector", "inner", spec)


def asked(workbench: Workbench) -> list[tuple[str, str]]:
    """Every request that is no read, since calls were forgotten last; but for permissions."""
    calls = workbench.calls()
    return [call for call in calls if call[0] != "GET" and "testIam" not in call[1]]


def planned(workbench: Workbench, *documents: dict[str, Any]) -> Plan:
    workbench.write(*documents)
    workbench.forget_calls()
    return workbench.plan()


def refusals(made: Plan) -> list[Objection]:
    return [objection for objection in made.objections if objection.rule == RULE]


def test_a_creation_and_a_change_are_asked_about_once_each_and_write_nothing(
    workbench: Workbench,
) -> None:
    born = workbench.state()
    assert refusals(planned(workbench, service())) == []
    assert asked(workbench) == [("POST", PATH)]
    assert workbench.state() == born
    workbench.apply()
    stands = workbench.state()
    assert refusals(planned(workbench, service(timeout="60s"))) == []
    assert asked(workbench) == [("PATCH", f"{PATH}/web")]
    assert workbench.state() == stands


def test_nothing_is_asked_where_nothing_is_to_be_done(workbench: Workbench) -> None:
    workbench.write(service())
    workbench.apply()
    assert planned(workbench, service()).is_empty
    assert asked(workbench) == []


def test_what_needs_something_of_the_same_plan_is_not_asked_about(workbench: Workbench) -> None:
    access: dict[str, Any] = {"vpcAccess": {"connector": "inner"}}
    made = planned(workbench, connector(), service(**access), service("alone"))
    assert asked(workbench) == [("POST", PATH)]  # the one that stands alone
    assert refusals(made) == []
    workbench.apply()
    assert planned(workbench, connector(), service(**access), service("alone")).is_empty


def test_what_is_known_after_apply_alone_is_not_asked_about(workbench: Workbench) -> None:
    address = document("Address", "edge", {"addressType": "EXTERNAL"})
    env = [{"name": "AT", "value": "${Address/edge.address}"}]
    web = document(
        "RunService", "web", {"template": {"containers": [{"image": IMAGE, "env": env}]}}
    )
    planned(workbench, address, web)
    assert asked(workbench) == []


def test_what_google_refuses_is_told_in_the_plan_at_its_document_and_cannot_be_allowed(
    workbench: Workbench,
) -> None:
    # The name of a revision begins with that of its service, which only Google insists on.
    made = planned(workbench, service(revision="other-one"))
    (objection,) = refusals(made)
    assert (objection.level, objection.allow) == ("deny", "")
    assert "must be prefixed with 'web-'" in objection.message
    assert "\n" not in objection.message
    assert objection.place is not None
    with pytest.raises(PlanRefused, match="must be prefixed"):
        workbench.apply()
    assert workbench.live(f"RunService/{REGION}/web") is None


def test_a_name_of_a_revision_that_is_taken_is_refused_before_anything_is_written(
    workbench: Workbench,
) -> None:
    workbench.write(service(revision="web-one"))
    workbench.apply()
    made = planned(workbench, service(revision="web-one", timeout="60s"))
    (objection,) = refusals(made)
    assert "already exists" in objection.message


def test_who_may_not_write_is_told_that_google_could_not_be_asked(workbench: Workbench) -> None:
    workbench.write(service())
    workbench.fault("forbidden", match="POST *services*")
    unasked = workbench.plan()
    (objection,) = refusals(unasked)
    assert objection.level == "warn"
    assert "could not be asked" in objection.message
    asked = workbench.plan()
    assert refusals(asked) == []
    assert asked.digest == unasked.digest  # who reviews may have fewer permissions than who applies
    workbench.apply()


BACKEND = document("BackendService", "web", {"loadBalancingScheme": "EXTERNAL_MANAGED"})
MAPS = f"/compute/v1/projects/{PROJECT}/global/urlMaps"
IAM = f"/v3/projects/{PROJECT}:testIamPermissions"


def url_map(**spec: Any) -> dict[str, Any]:
    return document("UrlMap", "map", {"defaultService": "web", **spec})


def validations(workbench: Workbench) -> list[str]:
    return [path for _, path in asked(workbench) if path.endswith("/validate")]


def test_a_url_map_is_validated_where_its_services_are_there(workbench: Workbench) -> None:
    planned(workbench, BACKEND, url_map())
    assert validations(workbench) == []  # what it links to is made in the same plan
    workbench.apply()
    before = workbench.state()
    made = planned(workbench, BACKEND, url_map(description="new"))
    assert validations(workbench) == [f"{MAPS}/map/validate"]
    assert refusals(made) == []
    assert workbench.state() == before
    planned(workbench, BACKEND, url_map())
    assert validations(workbench) == []  # nothing is to be done


def test_a_url_map_whose_own_test_fails_is_told_with_where_it_would_go(
    workbench: Workbench,
) -> None:
    workbench.write(BACKEND, document("BackendService", "other", BACKEND["spec"]), url_map())
    workbench.apply()
    tests = [{"host": "example.com", "path": "/a", "service": "other"}]
    other = document("BackendService", "other", BACKEND["spec"])
    made = planned(workbench, BACKEND, other, url_map(tests=tests))
    (objection,) = refusals(made)
    assert (objection.level, objection.allow) == ("deny", "")
    assert "example.com/a fails: service" in objection.message
    assert "\n" not in objection.message


def test_permissions_are_asked_for_once_and_only_where_something_is_to_be_done(
    workbench: Workbench,
) -> None:
    planned(workbench, BACKEND, url_map(), service())
    assert [path for _, path in workbench.calls()].count(IAM) == 1
    workbench.apply()
    planned(workbench, BACKEND, url_map(), service())
    assert [path for _, path in workbench.calls()].count(IAM) == 0


def test_a_missing_permission_is_a_warning_and_no_part_of_the_digest(
    workbench: Workbench,
) -> None:
    workbench.write(BACKEND, service())
    had = workbench.plan()
    denied: Any = ["compute.backendServices.create", "run.services.create", "dns.changes.create"]
    workbench.send("POST", "_sandbox/permissions", {"denied": denied})
    lacks = workbench.plan()
    (objection,) = [each for each in lacks.objections if each.rule == PERMISSION]
    assert (objection.level, objection.allow) == ("warn", "")
    assert "compute.backendServices.create, run.services.create;" in objection.message
    assert lacks.digest == had.digest
    workbench.send("POST", "_sandbox/permissions", {"denied": []})
    workbench.apply()


@pytest.mark.parametrize("fault", ["forbidden", "html"])
def test_where_permissions_cannot_be_asked_for_that_is_told_and_no_more(
    workbench: Workbench, fault: str
) -> None:
    workbench.write(BACKEND)
    workbench.fault(fault, match="POST */v3/projects/*", times=1000)
    made = workbench.plan()
    (objection,) = made.objections
    assert (objection.rule, objection.level) == (PERMISSION, "warn")
    assert "could not be asked" in objection.message
    workbench.apply()


@pytest.mark.parametrize("fault", ["503", "quota", "forbidden"])
def test_a_validation_that_cannot_be_had_is_a_warning(workbench: Workbench, fault: str) -> None:
    workbench.write(BACKEND, url_map())
    workbench.apply()
    workbench.write(BACKEND, url_map(description="new"))
    workbench.fault(fault, match="POST */validate", times=1000)
    (objection,) = refusals(workbench.plan())
    assert objection.level == "warn"
    assert "could not be asked" in objection.message
    workbench.apply()


def test_more_permissions_than_google_takes_at_once_are_asked_for_in_turns(
    workbench: Workbench,
) -> None:
    names = [f"compute.urlMaps.update{number}" for number in range(250)]
    lacking = [names[0], names[120], names[249]]
    workbench.send("POST", "_sandbox/permissions", {"denied": [*lacking]})
    workbench.forget_calls()
    held = workbench.google.resource_manager.held(names)
    assert {*names} - held == {*lacking}
    assert workbench.calls().count(("POST", IAM)) == 3
