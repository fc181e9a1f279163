"""How a person would write live values: links by name, addresses and proofs by expressions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from remediate.kinds.bodies.fields import at_field
from remediate.kinds.bodies.links import link_target, project_relative, ref_of
from remediate.kinds.fields.pointers import Patterns, transformed
from remediate.kinds.kind import Kind
from remediate.kinds.records.imported import Records
from remediate.kinds.registry import kind
from remediate.model.json import Body, Json
from remediate.model.ref import GLOBAL, Ref
from remediate.model.values import Template


def proofs(live: Mapping[Ref, Body], written: Collection[Ref]) -> dict[str, str]:
    """What to write in a record for what an authorization asks for there."""
    return {
        str(asked): f"${{{ref}.dnsResourceRecord.data}}"
        for ref, body in live.items()
        if ref.kind == "DnsAuthorization" and ref in written
        if (asked := at_field(body, "dnsResourceRecord/data"))
    }


def external_addresses(live: Mapping[Ref, Body], written: Collection[Ref]) -> dict[str, list[Ref]]:
    """External addresses that documents are made of, by what they are."""
    found: dict[str, list[Ref]] = {}
    for ref, body in live.items():
        outside = body.get("addressType", "EXTERNAL") == "EXTERNAL"
        if ref.kind == "Address" and ref in written and outside and body.get("address"):
            found.setdefault(str(body["address"]), []).append(ref)
    return found


@dataclass(frozen=True, slots=True)
class Spelling:
    """How links are written: by name where their target is declared or imported too."""

    project: str
    known: Collection[Ref]
    addresses: Mapping[str, list[Ref]]
    kinds: frozenset[str]  # of what is known
    called: Mapping[Ref, Ref] = field(default_factory=dict)  # by live name, where that is another

    @property
    def expressions(self) -> dict[str, str]:
        """What to write for an address in a record."""
        return {ip: f"${{{refs[0]}.address}}" for ip, refs in self.addresses.items()}

    def linked(self, at: Ref, facts: Kind, spec: Body) -> Body:
        by_value = transformed(
            spec, Patterns(facts.links_by_value), lambda _field, ip: self._by_address(ip, at)
        )
        result: Body = transformed(by_value, Patterns(facts.links), partial(self._link, facts, at))
        return result

    def _by_address(self, value: Json, at: Ref) -> Json:
        refs = self.addresses.get(value) if isinstance(value, str) else None
        if not refs:
            return value
        near = [ref for ref in refs if ref.location == at.location]
        return f"projects/{self.project}/{_path(near[0])}" if near else value

    def _link(self, facts: Kind, at: Ref, allowed: tuple[str, ...], value: Json) -> Json:
        if isinstance(value, list):
            return [self._link(facts, at, allowed, one) for one in value]
        if not isinstance(value, str) or "projects/" not in value:
            return value
        found = ref_of(value, self.project)
        target = self.called.get(found, found) if found else None
        if target is not None and target in self.known:
            for text in _spellings(target, self.kinds & {*allowed}):
                if self._means(facts, allowed, text, at) == target:
                    return text
        return project_relative(value, self.project).removeprefix(f"projects/{self.project}/")

    def _means(self, facts: Kind, allowed: tuple[str, ...], text: str, at: Ref) -> Ref | None:
        try:
            return link_target(facts, allowed, text, at, self.known)
        except ValueError:
            return None


def _path(address: Ref) -> str:
    where = "global" if address.location == GLOBAL else f"regions/{address.location}"
    return f"{where}/addresses/{address.name}"


def _spellings(target: Ref, kinds: Collection[str]) -> Iterator[str]:
    """From short to long; a bare name only where it could be of no other kind that there is."""
    if len(kinds) == 1:
        yield target.name
    yield f"{target.kind}/{target.name}"
    yield f"{target.kind}/{target.location}/{target.name}"


def connections(live: Mapping[Ref, Body], specs: Iterable[Ref]) -> dict[str, str]:
    """What to write for the connection name of each database."""
    return {
        str(live[ref]["connectionName"]): f"${{{ref}.connectionName}}"
        for ref in specs
        if "connectionName" in kind(ref.kind).outputs and live[ref].get("connectionName")
    }


def referring(value: object, expressions: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
    """Text in which a database's connection name stands, with what to write for that."""
    if isinstance(value, str):
        for text, expression in expressions.items():
            value = value.replace(text, expression)
        return value
    if isinstance(value, dict):
        return {name: referring(item, expressions) for name, item in value.items()}
    return [referring(item, expressions) for item in value] if isinstance(value, list) else value


def escaped(body: Body) -> Body:
    """Text that only looks like an expression, so that it is read as what it is."""
    return {name: _plain(value) for name, value in body.items()}


def escaped_records(records: Records) -> Body:
    return {
        name: {rrtype: escaped(each) for rrtype, each in types.items()}
        for name, types in records.items()
    }


def _plain(value: Json) -> Json:
    if isinstance(value, Template):
        return value
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, dict):
        return escaped(value)
    return [_plain(item) for item in value] if isinstance(value, list) else value
