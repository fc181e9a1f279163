"""Where checks are run from: sockets, a clock, a folder for commands, and what live says."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from remediate.gcp.google import Google
from remediate.kinds.bodies.calls import read
from remediate.kinds.documents.checks import templates
from remediate.kinds.registry import kind
from remediate.model.check import Check
from remediate.model.errors import NotAuthorised, RemediateError
from remediate.model.json import Body
from remediate.model.ref import Ref
from remediate.model.resource import Desired, Zone
from remediate.model.values import Reference, Template
from remediate.probes.dial import Dial, dial_for
from remediate.stores.ledger import Ledger


class NotKnown(Exception):
    """What a check hangs on cannot be told; the message says of what, and why.

    `denial` is how Google refused to tell, if it did.
    """

    def __init__(self, message: str, denial: NotAuthorised | None = None) -> None:
        super().__init__(message)
        self.denial = denial


@dataclass(frozen=True, slots=True)
class Vantage:
    """`live` is the name that Google knows a declared resource by, where that is another.

    `folder` is where commands are run; without `commands` they are not.
    """

    google: Google
    desired: Desired
    live: Mapping[Ref, Ref] = field(default_factory=dict)
    folder: Path = Path()
    commands: bool = False
    bodies: Mapping[Ref, Body | RemediateError | None] = field(default_factory=dict)

    @property
    def dial(self) -> Dial:
        return dial_for(self.google)

    @property
    def roots(self) -> Sequence[str] | None:
        """What certificates may lead to: a sandbox's own authority, or what browsers trust."""
        sandbox = self.google.sandbox
        return None if sandbox is None else [sandbox.ca()]

    @property
    def zones(self) -> list[Zone]:
        return [each for each in self.desired.resources.values() if isinstance(each, Zone)]

    def looking(self, checks: Sequence[Check]) -> Vantage:
        """The same with all read that the checks name, at once and no more than once."""
        refs = {reference.ref for each in checks for reference in _references(each)}
        refs |= {zone.ref for zone in self.zones if _about(zone, checks)}
        wanted = sorted(refs)
        found = self.google.read_all([partial(self._read, ref) for ref in wanted]) if wanted else []
        return replace(self, bodies=dict(zip(wanted, found, strict=True)))

    def _read(self, ref: Ref) -> Body | RemediateError | None:
        try:
            return read(self.google, self.live.get(ref, ref))
        except RemediateError as error:
            return error

    def body(self, ref: Ref) -> Body:
        """A live resource; raises NotKnown where it is not there, or cannot be read."""
        found = self.bodies.get(ref)
        if isinstance(found, RemediateError):
            denial = found if isinstance(found, NotAuthorised) else None
            raise NotKnown(f"{ref} cannot be read: {found}", denial)
        if found is None:
            raise NotKnown(f"{ref} is not there")
        return found

    def filled(self, check: Check) -> Check:
        """With everything known that waits for live; raises NotKnown where that is not possible."""
        asks, expects = self._known(check.asks), self._known(check.expects)
        return replace(check, asks=asks, expects=expects)

    def _known(self, value: object) -> Any:  # noqa: ANN401 - any part of a check
        if isinstance(value, Template):
            return self._rendered(value)
        if isinstance(value, Mapping):
            return {name: self._known(item) for name, item in value.items()}
        return [self._known(item) for item in value] if isinstance(value, list) else value

    def _rendered(self, text: Template) -> str:
        """An IPv6 address before a port goes into brackets (RFC 3986 §3.2.2)."""
        address, separator, port = text.rpartition("}:")
        if separator and port.isdecimal():
            found = self._rendered(Template(address + "}"))
            return f"[{found}]:{port}" if ":" in found else f"{found}:{port}"
        return str(text.render(self._value))

    def _value(self, reference: Reference) -> str:
        found = kind(reference.ref.kind).output(self.body(reference.ref), reference.field)
        if found in (None, ""):
            raise NotKnown(f"{reference.ref} has no {reference.field} yet")
        return str(found)

    @contextmanager
    def environ(self) -> Iterator[dict[str, str]]:
        """What a command finds in its environment: in a sandbox, also where to dial.

        `python` is the one that runs us, with what is installed beside it.
        """
        found, sandbox = dict(os.environ), self.google.sandbox
        beside = str(Path(sys.executable).parent)
        found["PATH"] = os.pathsep.join([beside, found.get("PATH", os.defpath)])
        if sandbox is None:
            yield found
            return
        with TemporaryDirectory() as folder:
            authority = Path(folder) / "ca.pem"
            authority.write_text(sandbox.ca(), encoding="ascii")
            dialled = json.dumps(sandbox.dial())
            yield {**found, "REMEDIATE_DIAL": dialled, "SSL_CERT_FILE": str(authority)}


def vantage(
    google: Google, desired: Desired, ledger: Ledger, folder: Path, *, commands: bool
) -> Vantage:
    """As this user stands; the ledger tells the live names of what was replaced."""
    live = {ref: ref.named(entry.name) for ref, entry in ledger.resources.items()}
    return Vantage(google, desired, live, folder, commands)


def _references(check: Check) -> Iterator[Reference]:
    for template in templates([check.asks, check.expects]):
        yield from template.references


def _about(zone: Zone, checks: Sequence[Check]) -> bool:
    return any(str(zone.ref) in each.asks.get("zones", ()) for each in checks)
