"""TLS versions and ciphers that a proxy offers. Facts: the discovery document's `SslPolicy`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from remediate.kinds.facts import Removal, Replacement, Scope, Verdict
from remediate.kinds.fields.rules import Fault
from remediate.kinds.fields.spec import Spec, Text, Word
from remediate.kinds.kind import Kind
from remediate.model.plan import Action, Undo


class SslPolicy(Spec):
    customFeatures: list[Text] | None = None
    description: Text | None = None
    minTlsVersion: Annotated[Literal["TLS_1_0", "TLS_1_1", "TLS_1_2", "TLS_1_3"], Word] | None = (
        None
    )
    postQuantumKeyExchange: Annotated[Literal["DEFAULT", "DEFERRED", "ENABLED"], Word] | None = None
    profile: (
        Annotated[Literal["COMPATIBLE", "CUSTOM", "FIPS_202205", "MODERN", "RESTRICTED"], Word]
        | None
    ) = None


def check(spec: Mapping[str, object]) -> list[Fault]:
    return [*_features(spec), *_version(spec)]


def _features(spec: Mapping[str, object]) -> Iterator[Fault]:
    is_custom, features = spec.get("profile") == "CUSTOM", spec.get("customFeatures")
    if features and not is_custom:
        yield "/customFeatures", "customFeatures go with profile CUSTOM only"
    if is_custom and not features:
        yield "/profile", "profile CUSTOM needs customFeatures"


def _version(spec: Mapping[str, object]) -> Iterator[Fault]:
    profile, version = spec.get("profile", "COMPATIBLE"), spec.get("minTlsVersion", "TLS_1_0")
    if version == "TLS_1_3" and profile != "RESTRICTED":
        yield "/minTlsVersion", "TLS_1_3 needs profile RESTRICTED"
    if profile == "FIPS_202205" and version != "TLS_1_2":
        yield "/profile", "profile FIPS_202205 needs minTlsVersion TLS_1_2"


KIND = Kind(
    name="SslPolicy",
    collection="sslPolicies",
    schema="SslPolicy",
    spec=SslPolicy,
    scopes=frozenset({Scope.GLOBAL, Scope.REGION}),
    server_set=frozenset(
        {
            *("/kind", "/id", "/name", "/selfLink", "/creationTimestamp", "/region"),
            *("/fingerprint", "/enabledFeatures", "/warnings"),
        }
    ),
    immutable=frozenset({"/description"}),
    replacement=Replacement.RECREATE,
    unordered=frozenset({"/customFeatures"}),
    defaults={"/profile": "COMPATIBLE", "/minTlsVersion": "TLS_1_0", "/customFeatures": []},
    outputs=frozenset({"selfLink", "id"}),
    removal=Removal.LATER,
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is deleted again"),
        Action.UPDATE: Verdict(Undo.EXACT, "the old values are patched back"),
        Action.REPLACE: Verdict(Undo.EXACT, "replaced once more with the old values"),
        Action.DELETE: Verdict(Undo.EXACT, "it is inserted again as it was"),
    },
    check=check,
)
