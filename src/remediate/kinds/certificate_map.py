"""Maps from host names to certificates, for a proxy to show.

Facts: the discovery document's `CertificateMap`.
"""

from __future__ import annotations

from collections.abc import Mapping

from remediate.gcp.api import Api
from remediate.kinds.certificate import TAGS
from remediate.kinds.facts import Compare, Removal, Replacement, Scope, Update, Verdict
from remediate.kinds.fields.labels import label_faults, with_whole_labels
from remediate.kinds.fields.rules import Fault
from remediate.kinds.fields.spec import Spec, Text
from remediate.kinds.kind import Kind
from remediate.model.plan import Action, Undo


class CertificateMap(Spec):
    description: Text | None = None
    labels: dict[str, Text] | None = None


def check(spec: Mapping[str, object]) -> list[Fault]:
    return [*label_faults(spec)]


KIND = Kind(
    name="CertificateMap",
    collection="certificateMaps",
    schema="CertificateMap",
    spec=CertificateMap,
    api=Api.CERTIFICATE_MANAGER,
    scopes=frozenset({Scope.GLOBAL}),
    server_set=frozenset({"/name", "/createTime", "/updateTime", "/gclbTargets"}),
    unsupported={"/tags": TAGS},
    replacement=Replacement.RECREATE,
    defaults={"/description": ""},
    updates=(Update("patch", compare=Compare.NOTHING, sends=with_whole_labels),),
    outputs=frozenset({"name"}),
    removal=Removal.LATER,
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is detached and deleted again"),
        Action.UPDATE: Verdict(Undo.EXACT, "the old words are patched back"),
        Action.REPLACE: Verdict(Undo.EXACT, "replaced once more with the old values"),
        Action.DELETE: Verdict(Undo.EXACT, "it is created again as it was, and its entries too"),
    },
    # Recorded operations took 0.2 to 0.4 s.
    seconds=dict.fromkeys((Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE), 0.4),
    check=check,
)
