"""The way back: what takes a zone's live sets to those of a snapshot, word for word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from remediate.kinds.records.compare import Key, with_serial_of
from remediate.kinds.records.names import unescaped
from remediate.kinds.records.rdata import same
from remediate.model.json import Body
from remediate.model.plan import Action, Difference, FieldChange
from remediate.model.ref import Ref

_SERVER_ADDS = frozenset({"kind", "signatureRrdatas"})


def restore(
    zone: Ref, snapshot: Mapping[Ref, Body | None], pages: Iterable[list[Body]]
) -> list[Difference]:
    """What takes the live sets back to those of a snapshot, word for word; None means absent.

    Sets that the snapshot does not name are left alone. A SOA keeps its live serial.
    """
    remembered = {ref.record: (ref, body) for ref, body in snapshot.items() if ref.zone == zone}
    live = dict(_live_of(remembered, pages))
    found = []
    for key, (ref, before) in remembered.items():
        now = live.get(key)
        if before is None and now is not None:
            change = FieldChange("", now, None)
            found.append(Difference(ref, Action.DELETE, ref, now, None, (change,)))
        elif before is not None and now is None:
            change = FieldChange("", None, before)
            found.append(Difference(ref, Action.CREATE, ref, None, before, (change,)))
        elif before is not None and now is not None:
            after = _serial_kept(before, now)
            if changes := tuple(_body_changes(now, after)):
                found.append(Difference(ref, Action.UPDATE, ref, now, after, changes))
    return sorted(found, key=lambda difference: difference.ref.name)


def _live_of(
    wanted: Mapping[Key, object], pages: Iterable[list[Body]]
) -> Iterator[tuple[Key, Body]]:
    for page in pages:
        for body in page:
            key = (unescaped(str(body.get("name"))), str(body.get("type")))
            if key in wanted:
                yield key, body


def _serial_kept(before: Body, now: Body) -> Body:
    values: Any = before.get("rrdatas") or []
    live: Any = now.get("rrdatas") or []
    if before.get("type") != "SOA" or not values:
        return before
    return {**before, "rrdatas": with_serial_of(live, values)}


def _body_changes(now: Body, after: Body) -> Iterator[FieldChange]:
    if now.get("ttl") != after.get("ttl"):
        yield FieldChange("/ttl", now.get("ttl"), after.get("ttl"))
    old: Any = now.get("rrdatas") or []
    new: Any = after.get("rrdatas") or []
    if not same(str(after.get("type")), new, old):
        yield FieldChange("/rrdatas", old, new)
    policies = [_bare(body.get("routingPolicy")) for body in (now, after)]
    if policies[0] != policies[1]:
        yield FieldChange("/routingPolicy", now.get("routingPolicy"), after.get("routingPolicy"))


def _bare(value: object) -> object:
    """A routing policy without what the server adds to it."""
    if isinstance(value, dict):
        kept = value.items()
        return {name: _bare(item) for name, item in kept if name not in _SERVER_ADDS and item}
    return [_bare(item) for item in value] if isinstance(value, list) else value
