"""Faults of Cloud Run, of the way into the network and of the database that nobody listed.

Each is made by a plain call of Google's APIs, or, for what happens inside an application or a
database, at the sandbox itself.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from remediate.diagnosis.diagnose import diagnose
from remediate.diagnosis.node import Diagnosis
from remediate.pipeline.survey import survey
from tests.diagnosis.breaking import (
    CONNECTORS,
    RUN,
    SQL,
    WORLD,
    Fault,
    Step,
    break_it,
    comes_out,
    fault,
)
from tests.diagnosis.conftest import Edge
from tests.diagnosis.expected import EXPECTED
from tests.workbench import PROJECT

NAME, CONNECTOR = "netra-backend", "staging-connector"
SECRETS = "/v1/projects/PROJECT/secrets"
IMAGE = "us-docker.pkg.dev/netra-staging/backend/netra-backend:2026-11-20"
REACHES = f"/cloudsql/{PROJECT}:us-central1:staging-shared-postgres"
BY_NOW = "http.by_ip http.by_name websocket"
ERRS = "http.by_ip http.by_name"


# Calls


def variables(**changed: Any) -> list[dict[str, Any]]:
    """The service's, with others in the place of some; None takes one away."""
    secret = {"secretKeyRef": {"secret": "jwt-staging", "version": "latest"}}
    told: dict[str, Any] = {
        "ENVIRONMENT": {"value": "staging"},
        "POSTGRES_HOST": {"value": REACHES},
        "JWT_SECRET": {"valueSource": secret},
    }
    told |= {name: {"value": v} if isinstance(v, str) else v for name, v in changed.items()}
    return [{"name": name, **value} for name, value in told.items() if value is not None]


def secret(name: str, version: str = "latest") -> dict[str, Any]:
    return {"valueSource": {"secretKeyRef": {"secret": name, "version": version}}}


def through(connector: str, **more: Any) -> dict[str, Any]:
    name = f"projects/{PROJECT}/locations/us-central1/connectors/{connector}"
    return {"connector": name, "egress": "PRIVATE_RANGES_ONLY", **more}


def straight(network: str) -> dict[str, Any]:
    return {"networkInterfaces": [{"network": network, "subnetwork": network}]}


def template(**fields: Any) -> dict[str, Any]:
    containers = [{"image": IMAGE, "env": variables()}]
    whole = {"timeout": "3600s", "vpcAccess": through(CONNECTOR), "containers": containers}
    return {**whole, **fields}


def run(mask: str, **body: Any) -> Step:
    return Step(f"PATCH {RUN}?updateMask={mask}", body)


def run_template(**fields: Any) -> Step:
    return run(",".join(f"template.{name}" for name in fields), template=fields)


def container(env: list[dict[str, Any]] | None = None, **more: Any) -> Step:
    return run_template(containers=[{"image": IMAGE, "env": env or variables(), **more}])


def invokers(*members: str) -> Step:
    bindings = [{"role": "roles/run.invoker", "members": [*members]}]
    return Step(f"POST {RUN}:setIamPolicy", {"policy": {"bindings": bindings}})


def made_again(*, everybody: bool = True, **fields: Any) -> tuple[Step, ...]:
    """The service, deleted, and created by somebody's hands."""
    parent = RUN.rpartition("/")[0]
    ingress = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
    body = {"ingress": ingress, "template": template(**fields)}
    deleted, created = Step(f"DELETE {RUN}"), Step(f"POST {parent}?serviceId={NAME}", body)
    return (deleted, created, *([invokers("allUsers")] if everybody else []))


def unstartable(env: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    return [{"image": IMAGE, "env": env or variables(SANDBOX_FAILS_TO_START="1")}]


def connector(name: str = CONNECTOR, network: str = "staging-vpc", **fields: Any) -> Step:
    body = {"network": network, "ipCidrRange": "10.9.0.0/28", "minInstances": 2, "maxInstances": 10}
    return Step(f"POST {CONNECTORS}?connectorId={name}", {**body, **fields})


GONE = Step(f"DELETE {CONNECTORS}/{CONNECTOR}")


def sql(**settings: Any) -> Step:
    return Step(f"PATCH {SQL}", {"settings": settings})


def flags(**told: str) -> Step:
    return sql(databaseFlags=[{"name": name, "value": value} for name, value in told.items()])


def ip(**fields: Any) -> Step:
    return sql(ipConfiguration=fields)


def backend(**told: Any) -> Step:
    return Step(WORLD, {"backends": {NAME: told}})


def database(**told: Any) -> Step:
    return Step(WORLD, {"backends": {"database": told}})


def shut(verb: str, name: str = "jwt-staging") -> Step:
    return Step(f"POST {SECRETS}/{name}/versions/1:{verb}", {})


def revisions(edge: Edge) -> list[str]:
    """Newest first."""
    found = edge.call("GET", f"{RUN}/revisions")["revisions"]
    return [body["name"].rpartition("/")[2] for body in found]


def to(edge: Edge, **shares: int) -> Step:
    """All traffic, by revision: `newest` and `oldest`."""
    kind = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
    names = {"newest": revisions(edge)[0], "oldest": revisions(edge)[-1]}
    targets = [{"type": kind, "revision": names[at], "percent": n} for at, n in shares.items()]
    return run("traffic", traffic=targets)


def errs(revision: str) -> Step:
    return backend(revisions={revision: {"answers": 500}})


# Faults, each with its root

FAULTS = {
    "ingress from inside only": fault(
        run("ingress", ingress="INGRESS_TRAFFIC_INTERNAL_ONLY"),
        roots="run.ingress",
        explains=BY_NOW,
        told="takes INGRESS_TRAFFIC_INTERNAL_ONLY only",
    ),
    "one account alone may call it": fault(
        invokers("serviceAccount:caller@netra-staging.iam.gserviceaccount.com"),
        roots="run.iam",
        explains=BY_NOW,
        told="allUsers lacks roles/run.invoker",
    ),
    "only who has signed in may call it": fault(
        invokers("allAuthenticatedUsers"), roots="run.iam", explains=BY_NOW, told="allUsers lacks"
    ),
    "the database's name is another": fault(
        container(variables(POSTGRES_HOST="/cloudsql/netra-staging:us-central1:elsewhere")),
        roots="run.env",
        explains=BY_NOW,
        told="another value of POSTGRES_HOST",
    ),
    "the database's address is another": fault(
        container(variables(POSTGRES_HOST="10.99.0.3")), roots="run.env", explains=ERRS
    ),
    "no variables at all": fault(
        container([{"name": "ENVIRONMENT", "value": "staging"}]),
        roots="run.env",
        explains=BY_NOW,
        told="lacks the variable POSTGRES_HOST",
    ),
    "another connector, into another network": fault(
        connector("other", "default"),
        run_template(vpcAccess=through("other")),
        roots="run.vpc_access",
        explains=BY_NOW,
        told="into the network default",
    ),
    "an interface in another network": fault(
        run_template(vpcAccess=straight("default")),
        roots="run.vpc_access",
        explains=BY_NOW,
        told="goes through a network interface into the network default",
    ),
    "made again, and does not start": fault(
        *made_again(containers=unstartable()),
        roots="run.revision",
        explains=BY_NOW,
        told="has never become ready",
    ),
    "made again from an image that is not there": fault(
        *made_again(containers=[{"image": f"{IMAGE}:sandbox-missing", "env": variables()}]),
        roots="run.revision",
        explains=BY_NOW,
        told="CONTAINER_MISSING",
    ),
    "made again with a secret destroyed": fault(
        shut("destroy"), *made_again(), roots="run.env", explains=BY_NOW, told="is DESTROYED"
    ),
    "made again with a secret disabled": fault(
        shut("disable"), *made_again(), roots="run.env", explains=BY_NOW, told="is DISABLED"
    ),
    "made again with a version that there is not": fault(
        *made_again(containers=unstartable(variables(JWT_SECRET=secret("jwt-staging", "77")))),
        roots="run.env",
        explains=BY_NOW,
        told="has no version 77",
    ),
    "made again, and nobody may call it": fault(
        *made_again(everybody=False), roots="run.iam", explains=BY_NOW
    ),
    "made again without a way into the network": fault(
        *made_again(vpcAccess={}), roots="run.vpc_access", explains=BY_NOW, told="has no way into"
    ),
    "one instance where three are needed": fault(
        run_template(scaling={"maxInstanceCount": 1}),
        backend(instancesNeeded=3),
        roots="run.scaling",
        explains=BY_NOW,
        told="it may have 1, and had 3 instances",
    ),
    "one instance, by the whole service's ceiling": fault(
        run("scaling", scaling={"maxInstanceCount": 1}),
        backend(instancesNeeded=3),
        roots="run.scaling",
        explains=BY_NOW,
    ),
    "one instance, by hand": fault(
        run("scaling", scaling={"scalingMode": "MANUAL", "manualInstanceCount": 1}),
        backend(instancesNeeded=3),
        roots="run.scaling",
        explains=BY_NOW,
    ),
    "switched off, by no instance": fault(
        run("scaling", scaling={"scalingMode": "MANUAL", "manualInstanceCount": 0}),
        roots="run.scaling",
        explains=BY_NOW,
        told="it may have 0",
    ),
    "made again with a secret deleted": fault(
        Step(f"DELETE {SECRETS}/jwt-staging"),
        *made_again(),
        roots="run.env",
        explains=f"run.revision {BY_NOW}",
        told="jwt-staging/versions/latest was not found",
    ),
    "requests that end after a second": fault(
        run_template(timeout="1s"),
        roots="run.revision",
        explains="websocket.long",
        told="ends requests after 1 s, not 3600 s, WebSockets too",
    ),
    "requests that end after five minutes": fault(
        run_template(timeout="300s"), roots="run.revision", told="ends requests after 300 s"
    ),
    "a slow application": fault(
        backend(delay=1.2), roots="run.revision", explains="latency", told="to begin an answer"
    ),
    "a connector made again in another network": fault(
        GONE,
        connector(network="default"),
        roots="vpc.connector",
        explains=BY_NOW,
        told="is in the network default, not staging-vpc",
    ),
    "a connector made again, and too small": fault(
        GONE,
        connector(maxInstances=3),
        backend(connectorInstancesNeeded=5),
        roots="vpc.connector",
        explains="latency",
        told="of 3 instances",
    ),
    "the database deleted": fault(
        sql(deletionProtectionEnabled=False),
        Step(f"DELETE {SQL}"),
        roots="sql.instance",
        explains=BY_NOW,
        told="does not exist",
    ),
    "the database stopped": fault(
        sql(activationPolicy="NEVER"),
        roots="sql.instance",
        explains=f"{BY_NOW} sql.reachability",
        told="activationPolicy NEVER",
    ),
    "the database in another network": fault(
        ip(privateNetwork="projects/netra-staging/global/networks/default"),
        roots="sql.network",
        explains=BY_NOW,
        told="is in the network default",
    ),
    "fewer connections than are open": fault(
        flags(max_connections="20"),
        database(connections=40),
        roots="sql.connections",
        explains=f"{ERRS} sql.reachability",
        told="of 20 connections",
    ),
    "no ceiling of connections but the tier's": fault(
        flags(),
        database(connections=60),
        roots="sql.connections",
        explains=ERRS,
        told="60 connections; the YAML means max_connections 200",
    ),
    "a smaller tier, with the connections of that": fault(
        flags(),
        sql(tier="db-f1-micro"),
        database(connections=30),
        roots="sql.connections",
        explains=ERRS,
    ),
    "a database that starts": fault(
        database(sqlstate="57P03"),
        roots="sql.instance",
        explains=f"{ERRS} sql.reachability",
        told="is starting up",
    ),
    "a disk that is full": fault(
        database(sqlstate="53100"),
        roots="sql.instance",
        explains=f"{ERRS} sql.reachability",
        told="No space left on device",
    ),
    "a database dropped": fault(
        database(sqlstate="3D000"), roots="sql.instance", explains=ERRS, told="does not exist"
    ),
    "a user deleted": fault(
        database(sqlstate="28000"),
        roots="sql.auth",
        explains=f"{ERRS} sql.reachability",
        told="no pg_hba.conf entry",
    ),
    "a user's password changed": fault(
        database(sqlstate="28P01"),
        roots="sql.auth",
        explains=ERRS,
        told="password authentication failed",
    ),
    "a database dropped, where the application alone can tell": fault(
        run_template(vpcAccess=straight("staging-vpc")),
        GONE,
        database(sqlstate="3D000"),
        roots="sql.instance",
        explains=ERRS,
        told="the application says: database: 10.20.0.3:5432: FATAL 3D000",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_comes_out_with_its_root(edge: Edge, name: str) -> None:
    break_it(edge, FAULTS[name].steps)
    comes_out(edge.diagnose(), FAULTS[name])


TYPED = {
    "a user deleted": "gcloud sql users list --instance=staging-shared-postgres",
    "a user's password changed": "gcloud run services update netra-backend",
    "a disk that is full": "--storage-size=40GB",
    "made again, and does not start": "gcloud logging read resource.labels.revision_name=",
    "made again with a secret disabled": "versions enable 1 --secret=jwt-staging",
    "made again with a secret destroyed": "versions add jwt-staging",
    "one instance, by the whole service's ceiling": " --max=3 ",
    "one instance where three are needed": " --max-instances=3 ",
    "one instance, by hand": " --scaling=3 ",
}


@pytest.mark.parametrize("name", TYPED)
def test_what_to_type_is_about_what_is_wrong(edge: Edge, name: str) -> None:
    break_it(edge, FAULTS[name].steps)
    (root,) = edge.diagnose().roots
    assert TYPED[name] in root.fix.program
    assert not root.auto.allowed


# Revisions and the shares of traffic, which have names of their own in every run


def of_revision(edge: Edge, *, bad: str = "", **shares: int) -> Diagnosis:
    """A second revision, some traffic, and one of the two that errs."""
    break_it(edge, (container(variables(DEBUG="1")),))
    if shares:
        break_it(edge, (to(edge, **shares),))
    if bad:
        break_it(edge, (errs(revisions(edge)[0 if bad == "newest" else -1]),))
    return edge.diagnose()


REVISIONS: dict[str, tuple[dict[str, Any], Fault]] = {
    "the newest errs": (
        {"bad": "newest"},
        fault(roots="run.revision", explains=BY_NOW, told="began to serve"),
    ),
    "most of the traffic goes to one that errs": (
        {"newest": 90, "oldest": 10, "bad": "newest"},
        fault(roots="run.revision", told="answers 500"),
    ),
    "traffic stays on an old one that errs": (
        {"oldest": 100, "bad": "oldest"},
        fault(roots="run.revision", explains=BY_NOW, told="traffic stays on"),
    ),
}


def test_a_refusal_of_who_comes_without_tls_is_no_root_beside_an_application_that_errs(
    edge: Edge,
) -> None:
    break_it(edge, (ip(sslMode="ENCRYPTED_ONLY"),))
    assert {root.layer for root in of_revision(edge, bad="newest").roots} == {"run.revision"}


@pytest.mark.parametrize("name", REVISIONS)
def test_a_revision_that_errs_comes_out(edge: Edge, name: str) -> None:
    how, expected = REVISIONS[name]
    comes_out(of_revision(edge, **how), expected)


# What differs and hurts nobody


class Drift(NamedTuple):
    """What is told of it, if anything: by which layer, in which words."""

    steps: tuple[Step, ...]
    layer: str = ""
    told: str = ""
    hidden: frozenset[str] = frozenset()  # layers that cannot be seen then


DRIFTS = {
    "anybody may come, not only the load balancer": Drift(
        (run("ingress", ingress="INGRESS_TRAFFIC_ALL"),), "run.ingress", "INGRESS_TRAFFIC_ALL"
    ),
    "it asks nobody who they are": Drift(
        (run("invokerIamDisabled", invokerIamDisabled=True), invokers()), "run.iam", "asks nobody"
    ),
    "a variable more": Drift((container(variables(DEBUG="1")),)),
    "everything goes through the network": Drift(
        (run_template(vpcAccess=through(CONNECTOR, egress="ALL_TRAFFIC")),),
        "run.vpc_access",
        "sends ALL_TRAFFIC that way",
    ),
    "another connector into the same network": Drift(
        (connector("other"), run_template(vpcAccess=through("other"))),
        "run.vpc_access",
        "that leads there too",
    ),
    "an interface in the same network": Drift(
        (run_template(vpcAccess=straight("staging-vpc")),), "run.vpc_access", "leads there too"
    ),
    "an interface, and no connector any more": Drift(
        (run_template(vpcAccess=straight("staging-vpc")), GONE),
        "vpc.connector",
        "all the same",
        frozenset({"sql.reachability", "sql.auth"}),
    ),
    "a newer revision that does not start": Drift(
        (container(variables(SANDBOX_FAILS_TO_START="1")),), "run.revision", "never became ready"
    ),
    "a newer revision of no image": Drift(
        (container(image=f"{IMAGE}:sandbox-missing"),), "run.revision", "never became ready"
    ),
    "a newer revision of another secret": Drift(
        (container(variables(JWT_SECRET=secret("other"))),), "run.revision", "never became ready"
    ),
    "a newer revision of a version that there is not": Drift(
        (container(variables(JWT_SECRET=secret("jwt-staging", "77"))),), "run.env", "no version 77"
    ),
    "a secret disabled under what runs": Drift(
        (shut("disable"),), "run.env", "is DISABLED: no new instance"
    ),
    "one instance, where one is enough": Drift((run_template(scaling={"maxInstanceCount": 1}),)),
    "one request at a time": Drift((run_template(maxInstanceRequestConcurrency=1),)),
    "less memory": Drift((container(resources={"limits": {"cpu": "1", "memory": "256Mi"}}),)),
    "another port and command": Drift(
        (container(ports=[{"containerPort": 9000}], command=["/serve"]),)
    ),
    "a connector in another range": Drift((GONE, connector(ipCidrRange="10.7.0.0/28"))),
    "a smaller connector, and large enough": Drift((GONE, connector(maxInstances=3))),
    "another tier": Drift((sql(tier="db-custom-1-3840"),)),
    "no backups": Drift((sql(backupConfiguration={"enabled": False}),)),
    "TLS alone, which the application has": Drift(
        (ip(sslMode="ENCRYPTED_ONLY"),), "sql.auth", "about us, who come without TLS"
    ),
    "a network that may come from outside": Drift(
        (ip(authorizedNetworks=[{"value": "198.51.100.0/24"}]),)
    ),
    "fewer connections, and more than are open": Drift((flags(max_connections="100"),)),
    "another hour of maintenance": Drift((sql(maintenanceWindow={"day": 7, "hour": 4}),)),
}


def unknown(found: Diagnosis) -> set[str]:
    return {node.layer for node in found.nodes if node.state == "unknown"}


@pytest.mark.parametrize("name", DRIFTS)
def test_what_hurts_nobody_is_no_root(edge: Edge, name: str) -> None:
    drift = DRIFTS[name]
    break_it(edge, drift.steps)
    found = edge.diagnose()
    assert found.roots == ()
    assert {node.state for node in found.nodes} <= {"ok", "unknown"}
    assert unknown(found) <= drift.hidden
    assert found.verdict == "well"
    told = [line for n in found.nodes if n.layer == drift.layer for line in n.evidence]
    assert not drift.layer or any(drift.told in line for line in told)


def test_traffic_that_stays_on_an_old_revision_that_serves_is_told_and_no_root(edge: Edge) -> None:
    found = of_revision(edge, oldest=100)
    assert found.roots == ()
    (node,) = [node for node in found.nodes if node.layer == "run.revision"]
    assert node.evidence[0].startswith("traffic stays on netra-backend-00001-")


# Beside faults of other layers

BESIDE = {
    "ingress from inside only": "dns-record-wrong-ip",
    "only who has signed in may call it": "dns-zone-private",
    "the database's name is another": "cert-expired-self-managed",
    "an interface in another network": "dns-record-missing",
    "made again, and does not start": "dns-delegation-removed",
    "made again with a secret destroyed": "dns-dnssec-ds-stale",
    "requests that end after a second": "dns-record-missing",
    "a connector made again in another network": "cert-expired-self-managed",
    "a database dropped": "dns-dnssec-ds-stale",
    "a user deleted": "dns-record-wrong-ip",
    "fewer connections than are open": "run-invoker-missing",
    "a disk that is full": "lb-forwarding-rule-missing",
}


@pytest.mark.parametrize("name", BESIDE)
def test_a_listed_fault_beside_it_comes_out_too(edge: Edge, name: str) -> None:
    mine, listed = FAULTS[name], BESIDE[name]
    break_it(edge, mine.steps)
    assert edge.inject(listed)
    found = edge.diagnose()
    assert {root.layer for root in found.roots} == {*mine.roots, EXPECTED[listed].layer}
    acting = [root for root in found.roots if root.auto.allowed and root.fix.action != "wait"]
    assert not {root.layer for root in acting} & mine.roots


# With one of Google's APIs hidden, or not to be had

HIDDEN = {
    "run.*": ("run.service", "run.env", "run.iam", "run.revision"),
    "cloudsql.*": ("sql.instance", "sql.network"),
    "vpcaccess.*": ("vpc.connector",),
    "monitoring.*": ("vpc.connector",),
    "servicenetworking.*": ("sql.network",),
}
CUT = FAULTS["a database dropped"]


@pytest.mark.parametrize("denied", [*HIDDEN, "secretmanager.*"])
def test_what_one_api_hides_is_unknown_and_nothing_is_invented(edge: Edge, denied: str) -> None:
    edge.ask("POST", "/_sandbox/permissions", {"denied": [denied]})
    well = edge.diagnose()
    assert {root.layer for root in well.roots} <= {"observer"}
    assert not well.is_broken
    assert {*HIDDEN.get(denied, ())} <= unknown(well)
    break_it(edge, CUT.steps)
    ill = edge.diagnose()
    assert {root.layer for root in ill.roots} <= {*CUT.roots, "observer"}
    assert ill.roots


def test_clients_that_fail_are_an_outage_though_what_would_tell_why_is_hidden(edge: Edge) -> None:
    """What they see needs no permission: only the reason is unknown, and exit 3 stays true."""
    edge.call("DELETE", RUN)
    edge.ask("POST", "/_sandbox/permissions", {"denied": ["run.*"]})
    found = edge.diagnose()
    assert {root.layer for root in found.roots} == {"observer"}
    assert found.verdict == "broken"
    assert "run.service" in unknown(found)


@pytest.mark.parametrize("kind", ["429", "503", "slow"])
def test_an_api_that_does_not_answer_in_time_is_unknown(edge: Edge, kind: str) -> None:
    match = "GET /v2/projects/*/services*"
    break_it(edge, CUT.steps)
    body = {"match": match, "times": 99, "seconds": 30}
    assert edge.ask("POST", f"/_sandbox/faults/{kind}", body).ok
    found = diagnose(survey(edge.google, edge.desired, within=3))
    assert {root.layer for root in found.roots} <= {*CUT.roots, "observer"}
    assert "run.service" in unknown(found)
    assert found.is_broken
