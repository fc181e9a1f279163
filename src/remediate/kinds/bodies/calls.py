"""How a step becomes a call: what is read just before, what is sent, and what Google compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from remediate.gcp.google import Google
from remediate.gcp.operations import Operation
from remediate.kinds.bodies.compare import changeable_fields, fields_digest, masked
from remediate.kinds.bodies.links import scope_of, scope_path
from remediate.kinds.kind import Compare, Kind, Update
from remediate.kinds.registry import kind
from remediate.model.errors import Stale
from remediate.model.json import Body
from remediate.model.plan import Action, Step
from remediate.model.ref import Ref


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as it goes into the journal before it is sent."""

    method: str
    ref: Ref  # Google's name for it
    body: Body | None
    request_id: str

    def to_json(self) -> Body:
        return {
            "method": self.method,
            "live": str(self.ref),
            "body": None if self.body is None else masked(kind(self.ref.kind), self.body),
            "requestId": self.request_id,
        }


def read(google: Google, ref: Ref) -> Body | None:
    """The resource as it is now; None where Google says that there is none."""
    if ref.is_record_set:
        return google.dns.record_set(ref.zone.name, *ref.record)
    if ref.kind == "DnsZone":
        return google.dns.zone(ref.name)
    return google.compute.get(scope_path(ref), kind(ref.kind).collection, ref.name)


def call_for(
    step: Step, after: Mapping[str, Any] | None, live: Body | None, request_id: str
) -> Call:
    """The request of a step. `after` has no unknowns left; `live` was read just now.

    Raises Stale if live is not what the plan was made from.
    """
    facts = kind(step.live.kind)
    if step.verb is Action.DELETE:
        return Call("delete", step.live, None, request_id)
    assert after is not None
    if step.verb is not Action.UPDATE:
        return Call("insert", step.live, _inserted(facts, after), request_id)
    assert live is not None
    how = _update(facts, step)
    body: Body = {name: after.get(name) for name in step.fields}
    body = how.sends(body) if how.sends else body
    if how.compare is not Compare.NOTHING and live.get(how.compare.value):
        body[how.compare.value] = live[how.compare.value]
    return Call(step.method, step.live, body, request_id)


def effect(step: Step, after: Mapping[str, Any] | None, live: Body | None) -> Body | None:
    """What the resource is to be once this one step has taken effect; others may follow it."""
    facts = kind(step.live.kind)
    if after is None or step.verb is Action.DELETE:
        return None
    if step.verb is not Action.UPDATE:
        return masked(facts, _inserted(facts, after))
    written = {name: after.get(name) for name in step.fields}
    return masked(facts, {**(live or {}), **written})


def insist_on_precondition(step: Step, live: Body | None, project: str) -> None:
    """Raise Stale, naming the fields, unless live is what the step was planned from."""
    facts = kind(step.live.kind)
    compared = step.fields or changeable_fields(facts, step.before)
    if fields_digest(facts, live, compared, project) == step.precondition:
        return
    if step.before is None and step.verb is not Action.UPDATE:
        raise Stale(f"{step.live} was not there when this was planned, and now it is")
    if live is None:
        raise Stale(f"{step.live} was there when this was planned, and now it is gone")
    before = step.before or {}
    moved = [n for n in compared if live.get(n) != before.get(n)]
    was = {name: before.get(name) for name in moved}
    now = {name: live.get(name) for name in moved}
    raise Stale(f"{step.live} has changed since: planned from {was}, live is {now}")


def send(google: Google, call: Call) -> Operation:
    if call.ref.kind == "DnsZone":
        return _send_zone(google, call)
    facts = kind(call.ref.kind)
    scope = scope_path(call.ref)
    if call.method == "insert":
        return google.compute.insert(scope, facts.collection, call.body or {}, call.request_id)
    return google.compute.call(
        call.method, scope, facts.collection, call.ref.name, call.body, call.request_id
    )


def _send_zone(google: Google, call: Call) -> Operation:
    match call.method:
        case "insert":
            return google.dns.create_zone(call.body or {}, call.request_id)
        case "delete":
            return google.dns.delete_zone(call.ref.name, call.request_id)
        case _:
            return google.dns.patch_zone(call.ref.name, call.body or {}, call.request_id)


def _inserted(facts: Kind, after: Mapping[str, Any]) -> Body:
    return {name: value for name, value in after.items() if name not in facts.ignored_by_insert}


def _update(facts: Kind, step: Step) -> Update:
    scope = scope_of(step.live)
    return next(u for u in facts.updates if u.method == step.method and scope in u.scopes)
