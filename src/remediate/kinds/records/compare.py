"""One zone's record sets, wanted against live: what differs, what stays, what cannot be.

Everything here is pure. Live sets come page by page, as Cloud DNS lists them, and none is kept
that needs no word. Texts are compared first; only what differs in text is read for its meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from remediate.kinds.records.essence import negative_ttl, with_serial_of
from remediate.kinds.records.ignored import Ignored
from remediate.kinds.records.names import is_plain, unescaped
from remediate.kinds.records.rdata import TYPES, canonical, same
from remediate.kinds.records.rules import ADDRESSES, clashes, judged
from remediate.kinds.records.verdict import Conflict, LeftAlone, RecordsVerdict
from remediate.kinds.records.wildcards import covered
from remediate.model.errors import InvalidInput, Unreachable
from remediate.model.json import Body
from remediate.model.plan import Action, Difference, FieldChange
from remediate.model.ref import Ref, record_ref
from remediate.model.resource import RecordSet, RoutedSet, Zone
from remediate.model.values import Reference, Template, Unknown

if TYPE_CHECKING:
    from remediate.kinds.records.routing import Routing

Key: TypeAlias = tuple[str, str]  # owner name in lower case, and type

APEX_TYPES = frozenset({"NS", "SOA"})  # every zone has them, and they cannot be removed
_ANSWERING = ADDRESSES | {"ALIAS", "CNAME"}  # the types through which a name has an address


def compare(
    zone: Zone,
    pages: Iterable[list[Body]],
    *,
    ours: Callable[[Ref], bool],
    known: Callable[[Reference], str | Unknown],
    routing: Routing | None = None,
    removing: bool = True,
    addresses: Collection[str] = (),
) -> RecordsVerdict:
    """Hold a zone's written sets against its live ones.

    `ours` says of a live set that is not written whether it was once applied from here; in an
    exclusive zone nobody asks. `known` fills in references, `routing` those of routing policies,
    and is needed where the zone has any. Without `removing`, an unwanted set
    goes only if it stands in the way of a written one of its owner, and so does another's address
    or CNAME: to write a name's address is to say that the name is ours. An apex NS or SOA is left
    alone unless it is written, and a SOA is compared without its serial. Raises Unreachable on a
    broken page.
    """
    walk = _Walk(zone, ours, known, routing, removing=removing)
    walk.addresses = addresses
    for page in pages:
        walk.read(page)
    return walk.verdict()


class _Walk:
    """The comparison of one zone as its pages come."""

    def __init__(
        self,
        zone: Zone,
        ours: Callable[[Ref], bool],
        known: Callable[[Reference], str | Unknown],
        routing: Routing | None,
        *,
        removing: bool,
    ) -> None:
        self.zone = zone
        self.ours = ours
        self.known = known
        self.routing = routing
        self.removing = removing
        self.ignored = Ignored.of(zone.dns_name, zone.lifecycle.ignore)
        self.missing = dict(zone.records)
        self.standing: set[Key] = set()  # live, not written, and not going to be deleted
        self.making_room: dict[Ref, bool] = {}  # would stay but for a written set; is it ours?
        self.found = RecordsVerdict(zone.ref)
        self.wildcards: dict[Key, int] = {}  # live -> TTL
        self.addresses: Collection[str] = ()

    def read(self, page: list[Body]) -> None:
        records, missing = self.zone.records, self.missing
        shielded = bool(self.ignored)
        self.found.live += len(page)
        try:
            for body in page:
                key: Any = (body["name"], body["type"])
                want = records.get(key)
                if want is None or shielded:
                    self._look_closer(body)
                    continue
                missing.pop(key, None)
                if key[0][0] == "*":
                    self.wildcards[key] = want.ttl
                if (
                    want.ttl != body.get("ttl")
                    or list(want.rrdatas) != body.get("rrdatas")
                    or "routingPolicy" in body
                ):
                    self._compare_set(want, body)
        except (KeyError, TypeError, AttributeError) as error:
            message = f"a record set of {self.zone.ref} came without what makes one: {error}"
            raise Unreachable(message) from error

    def _look_closer(self, body: Body) -> None:
        key = (unescaped(str(body["name"])), str(body["type"]))
        self._note_soa(body)
        if key[0].startswith("*."):
            self.wildcards[key] = int(str(body.get("ttl") or 0))
        if self.ignored.covers(*key):
            self.missing.pop(key, None)
            self.standing.add(key)
            self.found.ignored += 1
            self._note_lead(key, body)
        elif (want := self.zone.records.get(key)) is not None:
            self.missing.pop(key, None)
            self._compare_set(want, body)
        else:
            self._unwritten(key, body)

    def _unwritten(self, key: Key, body: Body) -> None:
        fqdn, rrtype = key
        if fqdn == self.zone.dns_name and rrtype in APEX_TYPES:
            self.standing.add(key)
            return
        ref = record_ref(self.zone.ref.name, fqdn, rrtype)
        if why := disliked(fqdn, rrtype, body, self.zone.dns_name):
            self.found.left_alone.append(LeftAlone(fqdn, rrtype, why))
        else:
            ours = self.zone.exclusive or self.ours(ref)
            unwanted = ours and self.removing
            if unwanted or self._gives_way(key, ours=ours):
                if not unwanted:
                    self.making_room[ref] = ours
                change = FieldChange("", body, None)
                self._differs(Difference(ref, Action.DELETE, ref, body, None, (change,)))
                return
            self._stays(ref, ours=ours)
            self._note_lead(key, body)
        self.standing.add(key)

    def _note_soa(self, body: Body) -> None:
        if body["type"] == "SOA" and body["name"] == self.zone.dns_name:
            self.found.negative_ttl = negative_ttl(body)

    def _note_lead(self, key: Key, body: Body) -> None:
        fqdn, rrtype = key
        values: Any = body.get("rrdatas") or ()
        if rrtype in _ANSWERING and any(value in self.addresses for value in values):
            self.found.led_here.append((fqdn, rrtype, list(values)))

    def _gives_way(self, key: Key, *, ours: bool) -> bool:
        """Whether it stands in the way of a written one; another's, only of one in its own role."""
        fqdn, rrtype = key
        others = clashes(rrtype) if ours else clashes(rrtype) & _ANSWERING
        may = ours or rrtype in _ANSWERING
        return may and any((fqdn, other) in self.zone.records for other in others)

    def _stays(self, ref: Ref, *, ours: bool) -> None:
        if ours:
            self.found.unwanted.append(ref)
        else:
            self.found.unmanaged += 1

    def _compare_set(self, want: RecordSet, body: Body) -> None:
        ref = record_ref(self.zone.ref.name, want.fqdn, want.type)
        after = self._body(ref, want)
        if after is None:
            return
        changes = []
        if body.get("ttl") != want.ttl:
            changes.append(FieldChange("/ttl", body.get("ttl"), want.ttl))
        if "routingPolicy" in after or body.get("routingPolicy"):
            changes += self._policy_changes(want.type, after, body)
        else:
            live: Any = body.get("rrdatas") or []
            values: list[Any] = after["rrdatas"]
            if want.type == "SOA":
                self._note_soa(body)
                values = with_serial_of(live, values)
            if _all_known(values) and same(want.type, values, live):
                values = list(live)
            else:
                changes.append(FieldChange("/rrdatas", live, values))
            after["rrdatas"] = values
        if changes:
            after["name"] = body["name"]
            place = self.zone.place
            self._differs(
                Difference(ref, Action.UPDATE, ref, body, after, tuple(changes), place=place)
            )

    def _policy_changes(
        self, rrtype: str, after: dict[str, Any], body: Body
    ) -> Iterable[FieldChange]:
        """From one policy to another, or between a policy and plain data."""
        want, live = after.get("routingPolicy"), body.get("routingPolicy")
        if want and isinstance(live, dict) and live:
            assert self.routing is not None
            return self.routing.changes(rrtype, want, live)
        rrdatas = FieldChange("/rrdatas", body.get("rrdatas") or None, after.get("rrdatas"))
        return rrdatas, FieldChange("/routingPolicy", live or None, want)

    def _body(self, ref: Ref, want: RecordSet) -> dict[str, Any] | None:
        """The set as Cloud DNS is to hold it; None if what it refers to makes no valid set."""
        body: dict[str, object] = {"name": want.fqdn, "type": want.type, "ttl": want.ttl}
        if isinstance(want, RoutedSet):
            policy = self._policy(ref, want)
            return None if policy is None else {**body, "routingPolicy": policy}
        values = self._values(ref, want)
        return None if values is None else {**body, "rrdatas": values}

    def _policy(self, ref: Ref, want: RoutedSet) -> Body | None:
        assert self.routing is not None
        try:
            return self.routing.body(want)
        except InvalidInput as error:
            message = f"{want.fqdn} {want.type}: its routing policy cannot be had: {error}"
            self.found.conflicts.append(Conflict(ref, message))
            return None

    def _values(self, ref: Ref, want: RecordSet) -> list[Any] | None:
        """The wanted data with its references filled in; None if that makes no valid set."""
        if not any(isinstance(value, Template) for value in want.rrdatas):
            return list(want.rrdatas)
        values: list[object] = []
        for written in want.rrdatas:
            value: str | Unknown = written
            if isinstance(written, Template):
                value = written.render(self.known)
                if isinstance(value, str):
                    try:
                        value = judged(want.type, value, want.fqdn, self.zone.dns_name)
                    except InvalidInput as error:
                        message = f"{want.fqdn} {want.type}: {written} gives {value!r}: {error}"
                        self.found.conflicts.append(Conflict(ref, message))
                        return None
            if value not in values:
                values.append(value)
        return values

    def _differs(self, difference: Difference) -> None:
        self.found.differences.append(difference)

    def verdict(self) -> RecordsVerdict:
        for key, want in self.missing.items():
            if not self.ignored.covers(*key):
                self._create(want)
        found = self.found
        found.differences.sort(key=lambda difference: difference.ref.name)
        found.left_alone.sort(key=lambda left: (left.name, left.type))
        self._note_removals()
        if self.wildcards:
            found.covered = covered(self.zone, self.missing, self.wildcards, self.standing)
        return found

    def _create(self, want: RecordSet) -> None:
        ref = record_ref(self.zone.ref.name, want.fqdn, want.type)
        if want.fqdn == self.zone.dns_name and want.type in APEX_TYPES:
            why = "Cloud DNS makes it together with the zone; apply again to have it as written"
            self.found.left_alone.append(LeftAlone(want.fqdn, want.type, why))
            return
        beside = [other for other in clashes(want.type) if (want.fqdn, other) in self.standing]
        if beside:
            message = (
                f"{want.fqdn} {want.type} cannot stand beside the live {', '.join(beside)}, which "
                f"is not ours to delete: write that set too and apply, or delete it by hand"
            )
            self.found.conflicts.append(Conflict(ref, message))
            return
        body = self._body(ref, want)
        if body is not None:
            change = FieldChange("", None, body)
            place = self.zone.place
            self._differs(Difference(ref, Action.CREATE, ref, None, body, (change,), place=place))

    def _note_removals(self) -> None:
        found, apex = self.found, self.zone.dns_name
        deleted = [each.ref for each in found.differences if each.action is Action.DELETE]
        if not deleted:
            return
        created = {each.ref.record for each in found.differences if each.action is Action.CREATE}
        swapped = {ref for ref in deleted if _is_swapped(ref, created)}
        # What was to make room for a set that cannot be had stays.
        in_vain = self.making_room.keys() - swapped
        for ref in in_vain:
            self._stays(ref, ours=self.making_room[ref])
        found.differences = [each for each in found.differences if each.ref not in in_vain]
        going = [(ref, ref.record) for ref in deleted if ref not in in_vain]
        removed = [(ref, fqdn) for ref, (fqdn, _) in going if ref not in swapped]
        found.swapped = tuple(sorted(swapped))
        found.removed_apex = tuple(ref for ref, fqdn in removed if fqdn == apex)
        found.removed_wildcards = tuple(ref for ref, fqdn in removed if fqdn.startswith("*."))
        found.last_addresses = tuple(ref for ref, key in going if self._loses_its_address(key))

    def _loses_its_address(self, key: Key) -> bool:
        fqdn, rrtype = key
        if rrtype not in _ANSWERING or (rrtype == "CNAME" and fqdn.startswith("_")):
            return False  # a CNAME such as `_acme-challenge` names no host
        return not any(
            (fqdn, other) in self.zone.records or (fqdn, other) in self.standing
            for other in _ANSWERING
        )


def _is_swapped(ref: Ref, created: set[Key]) -> bool:
    fqdn, rrtype = ref.record
    return any((fqdn, other) in created for other in clashes(rrtype))


def disliked(fqdn: str, rrtype: str, body: Mapping[str, object], dns_name: str) -> str:
    """Why a live set could not be written in `records`; empty if it could."""
    if rrtype not in TYPES:
        return f"{rrtype} is a type that we do not know"
    if not is_plain(fqdn, dns_name):
        return "its name is none that can be written here"
    if policy := body.get("routingPolicy"):
        from remediate.kinds.records.routing_rules import read_policy  # few do

        _policy, wrong = read_policy(policy, rrtype, fqdn, dns_name)
        return f"its routing policy cannot be written: {wrong[0][1]}" if wrong else ""
    values = body.get("rrdatas")
    if not isinstance(values, list) or not values:
        return "it holds no data"
    for value in values:
        try:
            canonical(rrtype, value)
        except InvalidInput as error:
            return str(error)
    return ""


def _all_known(values: Iterable[object]) -> bool:
    return not any(isinstance(value, Unknown) for value in values)
