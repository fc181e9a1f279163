"""Proof by a CNAME record that a domain is ours, before anything is served for it.

What a new one asks to be put into the DNS is known after apply, and is written as the value of a
CNAME: `${DnsAuthorization/NAME.dnsResourceRecord.data}`. Of a FIXED_RECORD its owner name is
`_acme-challenge` before the domain.

Facts: the discovery document's `DnsAuthorization` and `DnsResourceRecord`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from remediate.gcp.api import Api
from remediate.kinds.certificate import TAGS
from remediate.kinds.facts import Compare, Removal, Replacement, Scope, Update, Verdict
from remediate.kinds.fields.domains import is_host, plain_domain
from remediate.kinds.fields.labels import label_faults, with_whole_labels
from remediate.kinds.fields.rules import Fault, values
from remediate.kinds.fields.spec import Spec, Text, Word
from remediate.kinds.kind import Kind
from remediate.model.plan import Action, Risk, Undo


class DnsAuthorization(Spec):
    description: Text | None = None
    domain: Text
    labels: dict[str, Text] | None = None
    type: (
        Annotated[Literal["TYPE_UNSPECIFIED", "FIXED_RECORD", "PER_PROJECT_RECORD"], Word] | None
    ) = None


def check(spec: Mapping[str, object]) -> list[Fault]:
    return [*_domain(spec), *_type(spec), *label_faults(spec)]


def _domain(spec: Mapping[str, object]) -> Iterator[Fault]:
    for at, name in values(spec, "/domain"):
        if name.startswith("*."):
            yield at, f"{name[2:]} is authorized with all that is directly below it; write that"
        elif not is_host(name):
            yield at, f"{name!r} is not a domain name"


def _type(spec: Mapping[str, object]) -> Iterator[Fault]:
    if spec.get("type") == "TYPE_UNSPECIFIED":
        yield "/type", "FIXED_RECORD or PER_PROJECT_RECORD; left out, Google takes the usual one"


KIND = Kind(
    name="DnsAuthorization",
    collection="dnsAuthorizations",
    schema="DnsAuthorization",
    spec=DnsAuthorization,
    api=Api.CERTIFICATE_MANAGER,
    scopes=frozenset({Scope.GLOBAL, Scope.REGION}),
    server_set=frozenset({"/name", "/createTime", "/updateTime", "/dnsResourceRecord"}),
    unsupported={"/tags": TAGS},
    immutable=frozenset({"/domain", "/type"}),
    # The old one stays: the certificate that it authorized is renewed by it as long as it serves.
    replacement=Replacement.BESIDE,
    normalise={"/domain": plain_domain},
    defaults={"/description": ""},
    updates=(Update("patch", compare=Compare.NOTHING, sends=with_whole_labels),),
    outputs=frozenset(
        {"name", *(f"dnsResourceRecord.{field}" for field in ("data", "name", "type"))}
    ),
    base_risk=Risk.LOW,
    removal=Removal.LATER,
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is deleted again"),
        Action.UPDATE: Verdict(Undo.EXACT, "the old words are patched back"),
        Action.REPLACE: Verdict(Undo.EXACT, "the old authorization stays, and so does its record"),
        Action.DELETE: Verdict(Undo.APPROXIMATE, "a new one may ask for another DNS record"),
    },
    # Recorded operations took 0.2 to 0.4 s.
    seconds=dict.fromkeys((Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE), 0.4),
    check=check,
)
