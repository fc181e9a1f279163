"""A connector as tests write it, and what they do to it."""

from __future__ import annotations

from typing import Any

from remediate.model.json import Body
from remediate.model.plan import Action, Plan
from remediate.model.ref import Ref
from tests.workbench import PROJECT, REGION, Workbench, document

REF = Ref("VpcConnector", "inner", REGION)
PATH = f"v1/projects/{PROJECT}/locations/{REGION}/connectors"
SERVICES = f"v2/projects/{PROJECT}/locations/{REGION}/services"
FIRST, SPARE = "10.8.0.0/28", "10.8.0.16/28"


def connector(spare: str | None = SPARE, **changed: Any) -> dict[str, Any]:
    spec = {"network": "vpc", "ipCidrRange": FIRST, "minInstances": 2, "maxInstances": 5, **changed}
    lifecycle = {"replaceCidr": spare} if spare else {}
    return document("VpcConnector", "inner", {k: v for k, v in spec.items() if v}, lifecycle)


def stand(workbench: Workbench, spare: str | None = SPARE, **changed: Any) -> None:
    workbench.write(connector(spare, **changed))
    workbench.apply()


def wish(workbench: Workbench, spare: str | None = SPARE, **changed: Any) -> Plan:
    workbench.write(connector(spare, **changed))
    return workbench.plan()


def refusal(made: Plan) -> str:
    (objection,) = made.objections
    assert (objection.level, objection.ref, objection.allow) == ("deny", REF, "")
    assert made.is_empty
    return objection.message


def live(workbench: Workbench, name: str = "inner") -> Body:
    body = workbench.live(REF.named(name))
    assert body is not None
    return body


def connectors(workbench: Workbench) -> dict[str, Any]:
    """{name: range} of what there is."""
    found: Any = workbench.send("GET", PATH).get("connectors", [])
    return {body["name"].rpartition("/")[2]: body["ipCidrRange"] for body in found}


def replaced(workbench: Workbench, **changed: Any) -> str:
    """Shrink, and give the name of the connector that took over."""
    workbench.write(connector(**{"maxInstances": 4, **changed}))
    made = workbench.apply()
    (difference,) = made.differences
    assert difference.action is Action.REPLACE
    return difference.live.name


def fail_next(workbench: Workbench, method: str = "POST") -> None:
    fault: Body = {"match": f"{method} *connectors*", "times": 1}
    workbench.send("POST", "_sandbox/faults/failed-operation", fault)


def grow(workbench: Workbench, most: int) -> None:
    """Somebody else at work."""
    path = f"{PATH}/inner?updateMask=minInstances,maxInstances"
    workbench.send("PATCH", path, {"minInstances": 2, "maxInstances": most})


def run_service(workbench: Workbench, name: str, connector: str = "inner") -> None:
    """Somebody else's, which sends its traffic through a connector."""
    link = f"projects/{PROJECT}/locations/{REGION}/connectors/{connector}"
    template: Body = {"containers": [{"image": "hello"}], "vpcAccess": {"connector": link}}
    workbench.send("POST", f"{SERVICES}?serviceId={name}", {"template": template})


def service(name: str = "web") -> dict[str, Any]:
    template = {"containers": [{"image": "hello"}], "vpcAccess": {"connector": "inner"}}
    return document("RunService", name, {"template": template})


def way_out(workbench: Workbench, name: str = "web") -> str:
    """The connector that a service sends its traffic through."""
    body: Any = workbench.live(Ref("RunService", name, REGION))
    return str(body["template"]["vpcAccess"]["connector"]).rpartition("/")[2]
