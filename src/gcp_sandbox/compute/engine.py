"""The verbs, once for every kind: insert, patch, update, delete, set."""

from __future__ import annotations

import copy
import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from gcp_sandbox.compute import refusals
from gcp_sandbox.compute.checking import check_labels, check_shape, resolve_links
from gcp_sandbox.compute.kind import Draft, Fingerprint, Kind, Setter
from gcp_sandbox.compute.links import Place
from gcp_sandbox.compute.merging import merged, without_nulls
from gcp_sandbox.compute.section import Compute
from gcp_sandbox.request import Body, Json, Request

SERVED = frozenset(
    {"kind", "id", "creationTimestamp", "selfLink", "selfLinkWithId", "region", "zone"}
)
"""What the server sets on every resource, and ignores when it is sent."""
_SEEDED = ("_", "subjectAlternativeNames")
"""What scenarios may set besides; times under `_` are seconds from the moment of loading."""
_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Call:
    """A mutation that is asked for: of which resource, with what, and how it is told again."""

    compute: Compute
    kind: Kind
    place: Place
    request: Request

    @property
    def request_id(self) -> str | None:
        return self.request.query.get("requestId") or None

    def repeated(self) -> Body | None:
        """The operation, if this very request came before. Raises 400 for an id that is none."""
        if self.request_id is not None and not _is_uuid(self.request_id):
            raise refusals.invalid(
                "requestId", self.request_id, "Must be a valid UUID, and not the zero one."
            )
        return self.compute.operations.repeated(self.place.project, self.request_id)

    def existing(self) -> Body:
        """The resource as stored; 404 if it is not there, 400 while it is being changed."""
        body = self.compute.find(self.place)
        if body is None:
            raise refusals.not_found(self.place.path)
        if (operation := self.compute.operations.under_way(self.place.path)) is not None:
            raise refusals.not_ready(self.place.path, operation.ends)
        return body

    def begin(self, method: str, target_id: str) -> Body:
        """Start the operation and answer it."""
        compute, request = self.compute, self.request
        seconds = self.kind.seconds.get(method, _SECONDS) * compute.world.options.operation_time
        if method == "setLabels":
            seconds = 0.0
        if request.fault == "slow-operation":
            seconds = request.fault_seconds
        operation = compute.operations.begin(
            self.place,
            target_id,
            self.kind.operation_type(method, self.place.scope),
            seconds,
            request_id=self.request_id,
            error=_FAILURE if request.fault == "failed-operation" else None,
        )
        compute.world.touch("compute")
        return operation.at(compute.world.clock.time())


_FAILURE: Body = {
    "error": {"errors": [{"code": "INTERNAL_ERROR", "message": "Internal error (injected)."}]},
    "httpErrorStatusCode": 500,
    "httpErrorMessage": "INTERNAL SERVER ERROR",
}


def _is_uuid(text: str) -> bool:
    try:
        return uuid.UUID(text).int != 0
    except ValueError:
        return False


def once(act: Callable[[Call], Body], call: Call) -> Body:
    """One request id, one effect: asked again, the same operation is told as it is now."""
    return call.repeated() or act(call)


def insert(call: Call) -> Body:
    compute = call.compute
    if compute.find(call.place) is not None:
        leaving = compute.operations.under_way(call.place.path, "delete")
        if leaving is not None:
            raise refusals.not_ready(call.place.path, leaving.ends)
        raise refusals.exists(call.place.path)
    body = without_nulls(call.request.body)
    if call.kind.has_labels:
        # Recorded: an insert ignores labels, which only setLabels can put there.
        body.pop("labels", None)
    if call.request.fault == "failed-operation":
        return call.begin("insert", compute.world.chance.number())
    body = _placed(compute, call.kind, call.place, body)
    if call.request.fault == "doomed-certificate" and "managed" in body:
        body["_"] = {"doomed": True}
    return call.begin("insert", body["id"])


def patch(call: Call) -> Body:
    """JSON merge patch; only fields that may change."""
    before = call.existing()
    sent = call.request.body
    if not isinstance(sent, dict):
        raise refusals.required("resource")
    _check_fingerprint(call.kind.on_patch, before, sent)
    after = without_nulls(merged(_writable(call.kind, before), _writable(call.kind, sent)))
    return _replaced(call, before, after, "patch")


def update(call: Call) -> Body:
    """PUT: what is not sent goes back to its default, except what never changes."""
    before = call.existing()
    sent = without_nulls(call.request.body)
    if not isinstance(sent, dict):
        raise refusals.required("resource")
    _check_fingerprint(call.kind.on_update, before, sent)
    kept = {name: before[name] for name in ("name", *call.kind.immutable) if name in before}
    return _replaced(call, before, kept | _writable(call.kind, sent), "update")


def delete(call: Call) -> Body:
    """Refused while in use; the resource is there until the operation is done."""
    body = call.existing()
    for user in call.compute.users_of(call.place.path):
        leaving = call.compute.operations.under_way(user, "delete")
        ends = leaving.ends if leaving else math.inf
        raise refusals.in_use(call.kind.noun, call.place.path, user, ends)
    answer = call.begin("delete", body["id"])
    if answer["status"] == "DONE" and "error" not in answer:
        call.compute.remove(call.place)
    return answer


def set_labels(call: Call) -> Body:
    before = call.existing()
    sent = call.request.body if isinstance(call.request.body, dict) else {}
    if sent.get("labelFingerprint", "") != before["labelFingerprint"]:
        raise refusals.stale_labels()
    after = copy.deepcopy(before)
    after.pop("labels", None)
    if labels := check_labels(sent.get("labels")):
        after["labels"] = labels
    call.compute.put(call.place, after)
    return call.begin("setLabels", after["id"])


def set_field(call: Call, setter: Setter) -> Body:
    """One field, most often without a fingerprint: the last writer wins."""
    before = call.existing()
    sent = call.request.body if isinstance(call.request.body, dict) else {}
    _check_fingerprint("optional" if setter.heeds_fingerprint else "none", before, sent)
    value = sent.get(setter.field)
    after = _writable(call.kind, before)
    after.pop(setter.stored_as, None)
    if value not in (None, ""):
        after[setter.stored_as] = value
    return _replaced(call, before, after, setter.method, free=setter.stored_as)


def place_at_once(compute: Compute, place: Place, body: Body) -> None:
    """Put a scenario's resource there: defaults and links as in an insert, but no operation."""
    own = {name: body.pop(name) for name in _SEEDED if name in body}
    if "_" in own:
        now = compute.world.clock.time()
        own["_"] = {name: now + seconds for name, seconds in own["_"].items()}
    _placed(compute, compute.kinds[place.collection], place, body, own)


def _placed(
    compute: Compute, kind: Kind, place: Place, body: Json, own: Body | None = None
) -> Body:
    body = check_shape(kind, body)
    body = _with_defaults(kind, _writable(kind, body)) | (own or {})
    draft = Draft(compute, place, compute.born(place, body))
    resolve_links(kind, draft)
    kind.prepare(draft)
    compute.put(place, draft.body)
    return draft.body


def _replaced(call: Call, before: Body, after: Body, method: str, *, free: str = "") -> Body:
    """Check what is to stand there and put it; `free` is the field that its setter may change."""
    kind, compute = call.kind, call.compute
    after = _with_defaults(kind, check_shape(kind, copy.deepcopy(after)))
    for name in SERVED | kind.served | {"_"}:
        if name in before and name != free:
            after[name] = copy.deepcopy(before[name])
    if kind.has_labels:
        check_labels(after.get("labels"))
    draft = Draft(compute, call.place, after, before)
    resolve_links(kind, draft)
    kind.prepare(draft)
    for name in {"name", *kind.immutable} - {free}:
        if after.get(name) != before.get(name):
            raise refusals.invalid(
                f"resource.{name}", str(after.get(name, "")), "The field is immutable."
            )
    if call.request.fault != "failed-operation":
        compute.put(call.place, draft.body)
    return call.begin(method, before["id"])


def _writable(kind: Kind, body: Json) -> Body:
    """A copy of what a client may write."""
    if not isinstance(body, dict):
        raise refusals.required("resource")
    fields = kind.fields
    return {name: copy.deepcopy(value) for name, value in body.items() if name in fields}


def _with_defaults(kind: Kind, body: Body) -> Body:
    for name, value in kind.defaults.items():
        if name not in body:
            body[name] = copy.deepcopy(value)
    return body


def _check_fingerprint(demand: Fingerprint, before: Body, sent: Body) -> None:
    given = sent.get("fingerprint")
    if demand == "none" or (demand == "optional" and not given):
        return
    if given != before.get("fingerprint"):
        raise refusals.stale()
