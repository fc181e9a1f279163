"""How a step becomes a call: what is read just before, what is sent, and what Google compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from remediate.gcp.google import Google
from remediate.gcp.operations import Operation
from remediate.kinds.bodies.compare import changeable_fields, fields_digest, masked
from remediate.kinds.bodies.fields import at_field, with_fields
from remediate.kinds.bodies.links import scope_of, scope_path
from remediate.kinds.bodies.moved import moves
from remediate.kinds.facts import Compare, Update
from remediate.kinds.kind import Kind
from remediate.kinds.registry import kind
from remediate.model.errors import ApiRefused, CheckFailed, Stale
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
    facts = kind(ref.kind)
    body = google.api(facts.api).get(scope_path(ref), facts.collection, _own_name(ref))
    return None if body is None else facts.seen(body)


def call_for(
    step: Step, after: Mapping[str, object] | None, live: Body | None, request_id: str
) -> Call:
    """The request of a step. `after` has no unknowns left; `live` was read just now.

    Raises Stale if live is not what the plan was made from.
    """
    facts = kind(step.live.kind)
    if step.verb is Action.DELETE:
        asks: Body = dict(facts.delete_asks)
        if facts.delete_compares and live:
            asks = with_fields(asks, live, (facts.delete_compares,))
        return Call("delete", step.live, asks or None, request_id)
    assert after is not None
    if step.verb is not Action.UPDATE:
        return Call("insert", step.live, _inserted(facts, after), request_id)
    assert live is not None
    how = _update(facts, step)
    body = with_fields({}, after, step.fields)
    body = how.sends(body) if how.sends else body
    if how.compare is not Compare.NOTHING and at_field(live, how.compare):
        body = with_fields(body, live, (how.compare,))
    return Call(step.method, step.live, body, request_id)


def effect(step: Step, after: Mapping[str, object] | None, live: Body | None) -> Body | None:
    """What the resource is to be once this one step has taken effect; others may follow it."""
    facts = kind(step.live.kind)
    if after is None or step.verb is Action.DELETE:
        return None
    if step.verb is not Action.UPDATE:
        return masked(facts, _inserted(facts, after))
    return masked(facts, with_fields(live or {}, after, step.fields))


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
    moved = moves(facts, step.before or {}, live, compared, project)
    raise Stale(f"{step.live} has changed since this was planned: {moved}")


def send(google: Google, call: Call) -> Operation:
    facts, scope = kind(call.ref.kind), scope_path(call.ref)
    api, name = google.api(facts.api), _own_name(call.ref)
    if call.method == "insert":
        return api.insert(scope, facts.collection, call.body or {}, call.request_id)
    return api.call(call.method, scope, facts.collection, name, call.body, call.request_id)


def await_effect(
    google: Google, operation: Operation, step: Step, after: Mapping[str, object] | None
) -> None:
    """Until the operation has ended well, or what it was to write is in force all the same.

    Raises what it ended in; CheckFailed, with where the resource is left, if it is changed now.
    """
    try:
        google.wait(operation)
    except ApiRefused as error:
        facts, body = kind(step.live.kind), read(google, step.live)
        if body is None:
            raise
        if facts.holds and facts.holds(body, step.fields, after or {}):
            return
        if facts.aftermath and (told := facts.aftermath(body)):
            why = str(error).rpartition("): ")[2]  # Google's own words, if not told already
            more = "" if why in told else f" ({error})"
            raise CheckFailed(f"{step.live} was written, but {told}{more}") from error
        raise


def _own_name(ref: Ref) -> str:
    """Without the parent's, which is in the path already."""
    return ref.name.rpartition("/")[2]


def _inserted(facts: Kind, after: Mapping[str, Any]) -> Body:
    return {name: value for name, value in after.items() if name not in facts.ignored_by_insert}


def _update(facts: Kind, step: Step) -> Update:
    scope, field = scope_of(step.live), step.fields[0]
    able = [u for u in facts.updates if u.method == step.method and scope in u.scopes]
    return next((u for u in able if u.writes(field)), able[-1])
