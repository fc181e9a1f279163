"""Which certificates a map shows to those who ask for one host name, or for no other's.

Facts: the discovery document's `CertificateMapEntry`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from remediate.gcp.api import Api
from remediate.kinds.facts import Compare, Linked, Readiness, Replacement, Scope, Update, Verdict
from remediate.kinds.fields.domains import is_host, plain_domain
from remediate.kinds.fields.labels import label_faults, with_whole_labels
from remediate.kinds.fields.rules import Fault, at_most, distinct, exactly_one, spelled
from remediate.kinds.fields.spec import Spec, Text, Word
from remediate.kinds.kind import Kind
from remediate.model.json import Body
from remediate.model.plan import Action, Undo
from remediate.model.ref import GLOBAL

CERTIFICATE_LIMIT = 4


class CertificateMapEntry(Spec):
    certificates: list[Text]
    description: Text | None = None
    hostname: Text | None = None
    labels: dict[str, Text] | None = None
    matcher: Annotated[Literal["MATCHER_UNSPECIFIED", "PRIMARY"], Word] | None = None


def check(spec: Mapping[str, object]) -> list[Fault]:
    return [
        *exactly_one(spec, ("hostname", "matcher")),
        *spelled(spec, "/hostname", is_host, "a host name such as a.example.com or *.example.com"),
        *_matcher(spec),
        *_certificates(spec),
        *label_faults(spec),
    ]


def _matcher(spec: Mapping[str, object]) -> Iterator[Fault]:
    if spec.get("matcher") == "MATCHER_UNSPECIFIED":
        yield "/matcher", "the one matcher is PRIMARY, for clients that send no known host name"


def _certificates(spec: Mapping[str, object]) -> Iterator[Fault]:
    if not spec.get("certificates"):
        yield "/certificates", "an entry shows at least one certificate"
    yield from at_most(spec, "/certificates", CERTIFICATE_LIMIT, "certificates in an entry")
    yield from distinct(spec, "/certificates/*", "certificate")


def check_links(_spec: Mapping[str, object], linked: Linked) -> list[Fault]:
    return [
        (where, f"a map shows certificates of location global, and {ref} is not there")
        for where, (ref, _) in linked.items()
        if ref.location != GLOBAL
    ]


def ready(body: Body) -> Readiness:
    """ACTIVE once every front end of Google's shows what it says."""
    state = str(body.get("state") or "PENDING")
    return Readiness(ready=state == "ACTIVE", state=state)


def ready_alone(_body: Mapping[str, object]) -> bool:
    """No proxy is needed for it to become ACTIVE, if its certificates need none."""
    return True


KIND = Kind(
    name="CertificateMapEntry",
    collection="certificateMapEntries",
    schema="CertificateMapEntry",
    spec=CertificateMapEntry,
    api=Api.CERTIFICATE_MANAGER,
    scopes=frozenset({Scope.GLOBAL}),
    parent="CertificateMap",
    links={"/certificates/*": ("Certificate",)},
    overlaps="certificates",
    overlap_limit=CERTIFICATE_LIMIT,
    server_set=frozenset({"/name", "/createTime", "/updateTime", "/state"}),
    immutable=frozenset({"/hostname", "/matcher"}),
    replacement=Replacement.RECREATE,
    unordered=frozenset({"/certificates"}),
    normalise={"/hostname": plain_domain},
    defaults={"/description": ""},
    updates=(Update("patch", compare=Compare.NOTHING, sends=with_whole_labels),),
    outputs=frozenset({"name"}),
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is deleted again"),
        Action.UPDATE: Verdict(Undo.EXACT, "the old certificates are attached again"),
        Action.REPLACE: Verdict(Undo.EXACT, "replaced once more with the old host name"),
        Action.DELETE: Verdict(Undo.EXACT, "it is created again as it was"),
    },
    # Recorded operations took 0.2 to 0.4 s.
    seconds=dict.fromkeys((Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE), 0.4),
    ready=ready,
    ready_alone=ready_alone,
    check=check,
    check_links=check_links,
)
