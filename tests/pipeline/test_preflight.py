"""Google is asked what it would say to a plan, where it can be asked, and only there."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.model.errors import PlanRefused
from remediate.model.plan import Objection, Plan
from remediate.pipeline.preflight import RULE
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
    """Every request that is no read, since calls were forgotten last."""
    return [call for call in workbench.calls() if call[0] != "GET"]


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
