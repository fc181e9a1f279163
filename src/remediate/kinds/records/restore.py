"""The way back: what takes a zone's live sets to those of a snapshot, word for word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from remediate.kinds.records.compare import Key
from remediate.kinds.records.essence import with_live_serial
from remediate.kinds.records.names import unescaped
from remediate.kinds.records.rdata import same
from remediate.model.json import Body
from remediate.model.plan import Action, Difference, FieldChange
from remediate.model.ref import Ref


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
            after = with_live_serial(before, now)
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


def _body_changes(now: Body, after: Body) -> Iterator[FieldChange]:
    if now.get("ttl") != after.get("ttl"):
        yield FieldChange("/ttl", now.get("ttl"), after.get("ttl"))
    old: Any = now.get("rrdatas") or []
    new: Any = after.get("rrdatas") or []
    if not same(str(after.get("type")), new, old):
        yield FieldChange("/rrdatas", old, new)
    if "routingPolicy" in now or "routingPolicy" in after:
        from remediate.kinds.records.routing import policy_changes  # few sets do

        policies: list[Any] = [body.get("routingPolicy") or {} for body in (after, now)]
        yield from policy_changes(str(after.get("type")), *policies)
