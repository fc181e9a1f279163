"""The record sets of a zone that is deleted and made again: all of them go, and come anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from remediate.kinds.records.essence import WORDS
from remediate.kinds.records.names import unescaped
from remediate.model.json import Body
from remediate.model.plan import Action, Difference, FieldChange
from remediate.model.ref import Ref, record_ref

_OF_THE_ZONE = frozenset({"NS", "SOA"})  # at the apex they come and go with it


def own_sets(zone: Ref, apex: str, pages: Iterable[list[Body]]) -> dict[Ref, Body]:
    """Every live set of a zone but those that Cloud DNS made together with it."""
    found: dict[Ref, Body] = {}
    for page in pages:
        for body in page:
            name, rrtype = unescaped(str(body["name"])), str(body["type"])
            if name != apex or rrtype not in _OF_THE_ZONE:
                found[record_ref(zone.name, name, rrtype)] = body
    return found


def remade(live: Mapping[Ref, Body], wanted: Mapping[Ref, Difference]) -> list[Difference]:
    """What becomes of each set, given what is to be created in the zone once it is there again.

    A set on both sides is one difference: it is deleted with the old zone and added to the new.
    """
    found: list[Difference] = []
    for ref in sorted({*live, *wanted}):
        before, creation = live.get(ref), wanted.get(ref)
        if before is None and creation is not None:
            found.append(creation)
        elif creation is None:
            change = FieldChange("", before, None)
            found.append(Difference(ref, Action.DELETE, ref, before, None, (change,)))
        else:
            after: Mapping[str, object] = creation.after or {}
            changes = tuple(_changes(before or {}, after))
            place, cause = creation.place, creation.cause
            found.append(
                Difference(ref, Action.REPLACE, ref, before, after, changes, cause, ref, place)
            )
    return found


def _changes(before: Mapping[str, object], after: Mapping[str, object]) -> Iterable[FieldChange]:
    for name in WORDS:
        if before.get(name) != after.get(name):
            yield FieldChange(f"/{name}", before.get(name), after.get(name))


def put_back(
    zone: Ref,
    snapshot: Mapping[Ref, Body | None],
    pages: Iterable[list[Body]],
    apex_before: str,
    apex_now: str,
) -> list[Difference]:
    """The sets of a zone that is to be again what a snapshot holds; those of others are left."""
    live = {ref: body for ref, body in own_sets(zone, apex_now, pages).items() if ref in snapshot}
    bodies = [body for body in snapshot.values() if body is not None]
    wanted = {
        ref: Difference(ref, Action.CREATE, ref, None, body, (FieldChange("", None, body),))
        for ref, body in own_sets(zone, apex_before, [bodies]).items()
    }
    return remade(live, wanted)
