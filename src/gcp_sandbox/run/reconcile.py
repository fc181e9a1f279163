"""From what is wanted to what is: operations on services, begun and ended."""

from __future__ import annotations

from typing import Final

from gcp_sandbox.clock import rfc3339
from gcp_sandbox.longrunning import Operation
from gcp_sandbox.request import Body, Json, Request
from gcp_sandbox.run import failure, revision, secrets, traffic
from gcp_sandbox.run.failure import Failure
from gcp_sandbox.run.section import API, NAME, Run, addresses, missing, pending
from gcp_sandbox.status import StatusError

SERVICE_TYPE: Final = "type.googleapis.com/google.cloud.run.v2.Service"
REVISION_TYPE: Final = "type.googleapis.com/google.cloud.run.v2.Revision"
_SECONDS: Final = {"create": 5.5, "update": 5.0, "delete": 0.8}
"""As recorded, with an image that was pulled before; a new one takes 51 to 53 s."""


def begin(run: Run, request: Request, verb: str, service: Body, stamped: str | None) -> Body:
    """Note an operation on a stored service; `stamped` is the revision that it made, if any."""
    name = service["name"]
    if stamped is not None:
        service["latestCreatedRevision"] = f"{name}/revisions/{stamped}"
    return run.operations.begin(
        API,
        verb,
        name,
        seconds=_SECONDS[verb],
        metadata={"@type": SERVICE_TYPE, **service},
        request=request,
        note={"generation": service["generation"], "revision": stamped},
    )


def delete(run: Run, request: Request, service: Body) -> Body:
    now = rfc3339(run.world.clock.time())
    gone = {"deleteTime": now, "expireTime": run.expire(), "updateTime": now}
    generation = str(int(service["generation"]) + 1)
    return begin(
        run,
        request,
        "delete",
        run.put(pending({**service, **gone, "generation": generation})),
        None,
    )


def delete_revision(run: Run, request: Request, body: Body) -> Body:
    """Delete a revision that nobody is sent to; raises 400 for one that serves or is the latest."""
    name = body["name"]
    service = run.get(name.partition("/revisions/")[0])
    identity = name.rpartition("/")[2]
    if name == service.get("latestCreatedRevision") or identity in traffic.named(
        service["traffic"]
    ):
        raise StatusError(
            "FAILED_PRECONDITION",
            f"Revision '{identity}' cannot be deleted: it is the latest, or receives traffic.",
        )
    now = rfc3339(run.world.clock.time())
    run.revisions[name] = {**body, "deleteTime": now, "expireTime": run.expire()}
    run.world.touch(NAME)
    return run.operations.begin(
        API,
        "delete",
        name,
        seconds=_SECONDS["delete"],
        metadata={"@type": REVISION_TYPE, **run.revisions[name]},
        request=request,
    )


def finish(run: Run, operation: Operation) -> Json:
    """What the clock brings about; see `longrunning.Finish`."""
    if "/revisions/" in operation.target:
        return _revision_gone(run, operation)
    service = run.services.get(operation.target)
    if service is None:
        raise missing("SERVICE", operation.target)
    when = rfc3339(operation.ends)
    if operation.verb == "delete":
        return _gone(run, operation, service, when)
    failed = _settle_revision(run, operation, service, when)
    if service["generation"] == operation.note["generation"]:
        failed = _settle_service(run, service, failed, when)
    operation.metadata = {"@type": SERVICE_TYPE, **service}
    run.world.touch(NAME)
    if failed is not None:
        raise failed.error
    return operation.metadata


def settle_at_once(run: Run, service: Body) -> None:
    """Bring a scenario's service to where it would be by now."""
    when = rfc3339(run.world.clock.time())
    run.put(service)
    full = f"{service['name']}/revisions/{run.stamp(service)}"
    service["latestCreatedRevision"] = full
    failed = failure.of_revision(
        full.rpartition("/")[2],
        service["template"],
        secrets.unread(run.world, service["name"], service["template"]),
    )
    run.revisions[full] = revision.settled(run.revisions[full], failed, when)
    _settle_service(run, service, failed, when)


def _settle_revision(run: Run, operation: Operation, service: Body, when: str) -> Failure | None:
    identity = operation.note["revision"]
    full = f"{service['name']}/revisions/{identity}"
    if identity is None or full not in run.revisions:
        latest = service.get("latestCreatedRevision", "")
        if operation.doomed:
            return failure.does_not_start(latest.rpartition("/")[2], service["template"])
        return _still_wrong(run.revisions.get(latest))
    body = run.revisions[full]
    unread = secrets.unread(run.world, service["name"], body)
    failed = failure.of_revision(identity, body, unread)
    if operation.doomed:
        failed = failed or failure.does_not_start(identity, body)
    run.revisions[full] = revision.settled(body, failed, when)
    return failed


def _still_wrong(latest: Body | None) -> Failure | None:
    """A revision that has failed stays so, and the service with it, whatever else changes."""
    if latest is None or latest["conditions"][0]["state"] != "CONDITION_FAILED":
        return None
    return failure.of_condition(latest["conditions"][0])


def _settle_service(run: Run, service: Body, failed: Failure | None, when: str) -> Failure | None:
    """The service's conditions, routes and addresses, as its revision turned out."""
    name = service["name"]
    configured = _condition("ConfigurationsReady", failed, when)
    unrouted = _unrouted(run, service) or (failed if "latestReadyRevision" not in service else None)
    service.pop("reconciling", None)
    if failed is None:
        service["latestReadyRevision"] = service["latestCreatedRevision"]
    if failed is None and unrouted is None:  # else it is that of what serves
        service["observedGeneration"] = service["generation"]
    service |= {
        "terminalCondition": _condition("Ready", failed or unrouted, when),
        "conditions": [_condition("RoutesReady", unrouted, when), configured],
        **addresses(name),
    }
    if unrouted is None:
        service["trafficStatuses"] = traffic.statuses(service["traffic"], service["uri"])
    run.services[name] = service
    return failed or unrouted


def _unrouted(run: Run, service: Body) -> Failure | None:
    for identity in sorted(traffic.named(service["traffic"])):
        target = run.revisions.get(f"{service['name']}/revisions/{identity}")
        if target is None or not revision.is_ready(target):
            return failure.of_traffic(identity)
    return None


def _condition(kind: str, failed: Failure | None, when: str) -> Body:
    if failed is not None:
        return failed.condition(kind, when)
    return {"type": kind, "state": "CONDITION_SUCCEEDED", "lastTransitionTime": when}


def _gone(run: Run, operation: Operation, service: Body, when: str) -> Json:
    gone = {"deleteTime", "expireTime", "reconciling"} if operation.doomed else {"reconciling"}
    service = {name: value for name, value in service.items() if name not in gone}
    service |= {
        "updateTime": when,
        "observedGeneration": service["generation"],
        "terminalCondition": _condition("Ready", None, when),
    }
    run.put(service)
    operation.metadata = {"@type": SERVICE_TYPE, **service}
    if not operation.doomed:
        run.forget(operation.target)
    return operation.metadata


def _revision_gone(run: Run, operation: Operation) -> Json:
    body = run.revisions.get(operation.target)
    if body is None:
        raise missing("REVISION", operation.target)
    gone = {"deleteTime", "expireTime"}
    if operation.doomed:
        kept = {name: value for name, value in body.items() if name not in gone}
        run.revisions[operation.target] = kept
    else:
        del run.revisions[operation.target]
    operation.metadata = {"@type": REVISION_TYPE, **body}
    run.world.touch(NAME)
    return operation.metadata
