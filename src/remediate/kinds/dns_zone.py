"""Managed zones of Cloud DNS. Their record sets have modules of their own.

Facts: the discovery document's `ManagedZone`, and answers of the API to changes that it refuses. A
zone that is made anew gets other name servers, so clients are lost until the registrar follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from remediate.gcp.api import Api
from remediate.kinds.facts import Compare, Fields, Removal, Replacement, Scope, Update, Verdict
from remediate.kinds.fields.labels import label_faults
from remediate.kinds.fields.pointers import pointer
from remediate.kinds.fields.rules import Fault, exactly_one, not_together, spelled
from remediate.kinds.fields.spec import Bool, Int, Spec, Text, Word
from remediate.kinds.kind import Kind
from remediate.kinds.records.names import MAX_NAME, PLAIN_OWNER, relative
from remediate.kinds.records.rdata import TYPES
from remediate.kinds.records.written import MAX_TTL, Records, parse_records
from remediate.model.json import Body, Json
from remediate.model.plan import Action, FieldChange, Undo
from remediate.model.values import Template

__all__ = ["KIND", "OURS", "DnsZone", "parse_records", "type_faults"]

OURS = ("recordOwnership", "records")
"""Fields of the document that are not Google's: the loader makes a `Zone` of them."""


class _RecordsSchema:
    """The JSON Schema of `records`; most runs never ask for it."""

    def __get_pydantic_json_schema__(self, _core: object, _handler: object) -> dict[str, Any]:
        from remediate.kinds.records.routing_spec import RoutingPolicy

        schema = RoutingPolicy.model_json_schema()
        ttl = [
            {"type": "integer", "minimum": 0, "maximum": MAX_TTL},
            {"type": "string", "pattern": "^[0-9]+$"},
        ]
        record_set = {
            "type": "object",
            "required": ["ttl"],
            "minProperties": 2,
            "maxProperties": 2,
            "additionalProperties": False,
            "properties": {
                "ttl": {"anyOf": ttl},
                "values": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                "routingPolicy": _inlined(schema, schema.pop("$defs")),
            },
        }
        return {
            "description": "name → type → record set; `@` is the apex, `*` a wildcard",
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"enum": sorted(TYPES)},
                "additionalProperties": record_set,
            },
        }


def _inlined(schema: object, definitions: Mapping[str, object]) -> Any:  # noqa: ANN401 - any part of a schema
    """With every reference replaced by what it means."""
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
        return {name: _inlined(value, definitions) for name, value in schema.items()}
    return [_inlined(item, definitions) for item in schema] if isinstance(schema, list) else schema


class KeySpec(Spec):
    algorithm: (
        Annotated[
            Literal["ecdsap256sha256", "ecdsap384sha384", "rsasha1", "rsasha256", "rsasha512"], Word
        ]
        | None
    ) = None
    keyLength: Int | None = None
    keyType: Annotated[Literal["keySigning", "zoneSigning"], Word] | None = None


class DnsSecConfig(Spec):
    defaultKeySpecs: list[KeySpec] | None = None
    nonExistence: Annotated[Literal["nsec", "nsec3"], Word] | None = None
    state: Annotated[Literal["off", "on", "transfer"], Word] | None = None


class NameServerTarget(Spec):
    domainName: Text | None = None
    forwardingPath: Annotated[Literal["default", "private"], Word] | None = None
    ipv4Address: Text | None = None
    ipv6Address: Text | None = None


class OutboundEndpoint(Spec):
    name: Text | None = None


class ForwardingConfig(Spec):
    outboundEndpoints: list[OutboundEndpoint] | None = None
    targetNameServers: list[NameServerTarget] | None = None


class TargetNetwork(Spec):
    networkUrl: Text | None = None


class PeeringConfig(Spec):
    targetNetwork: TargetNetwork | None = None


class Network(Spec):
    networkUrl: Text | None = None


class GkeCluster(Spec):
    gkeClusterName: Text | None = None


class PrivateVisibilityConfig(Spec):
    gkeClusters: list[GkeCluster] | None = None
    networks: list[Network] | None = None


class Namespace(Spec):
    namespaceUrl: Text | None = None


class ServiceDirectoryConfig(Spec):
    namespace: Namespace | None = None


class CloudLoggingConfig(Spec):
    enableLogging: Bool | None = None


class ReverseLookupConfig(Spec):
    """Its presence alone means something."""


class DnsZone(Spec):
    cloudLoggingConfig: CloudLoggingConfig | None = None
    description: Text | None = None
    dnsName: Text
    dnssecConfig: DnsSecConfig | None = None
    forwardingConfig: ForwardingConfig | None = None
    labels: dict[str, Text] | None = None
    nameServerSet: Text | None = None
    peeringConfig: PeeringConfig | None = None
    privateVisibilityConfig: PrivateVisibilityConfig | None = None
    reverseLookupConfig: ReverseLookupConfig | None = None
    serviceDirectoryConfig: ServiceDirectoryConfig | None = None
    visibility: Annotated[Literal["private", "public"], Word] | None = None
    # Ours. The loader takes them out first: validating 100,000 sets here would take seconds.
    recordOwnership: Annotated[Literal["exclusive", "listed"], Word] | None = None
    records: Annotated[Any, _RecordsSchema()] = None


def type_faults(spec: Mapping[str, Any], records: Records) -> Iterator[tuple[str, str, str]]:
    """(pointer, what is wrong, what was meant) for types that a zone of this sort cannot hold.

    https://cloud.google.com/dns/docs/records-overview, on ALIAS and DNSKEY.
    """
    apex = spec.get("dnsName")
    if not isinstance(apex, str):
        return  # the spec has faults of its own
    state = (spec.get("dnssecConfig") or {}).get("state") or "off"
    private = spec.get("visibility") == "private"
    for fqdn, rrtype in records:
        if rrtype == "ALIAS" and (private or state != "off"):
            which = "a private zone" if private else "a signed zone"
            message, hint = f"ALIAS cannot stand in {which}", "write the addresses themselves"
        elif rrtype == "DNSKEY" and state != "transfer":
            message = "DNSKEY records are Cloud DNS's own here"
            hint = "`dnssecConfig: {state: transfer}` lets keys of another operator in"
        else:
            continue
        yield pointer("spec", "records", relative(fqdn, apex.lower()), rrtype), message, hint


def lower(value: Json) -> Json:
    return value.lower() if isinstance(value, str) else value


def check(spec: Mapping[str, object]) -> list[Fault]:
    return [
        *spelled(spec, "/dnsName", _is_zone_name, "a full name with its final dot"),
        *spelled(spec, "/description", lambda text: len(text) <= 1024, "1,024 characters or less"),  # noqa: PLR2004 - said in the words beside it
        *label_faults(spec),
        *_private_only(spec),
        *not_together(spec, ("forwardingConfig", "peeringConfig", "serviceDirectoryConfig")),
        *_forwarding(spec),
        *_key_specs(spec),
    ]


def _is_zone_name(text: str) -> bool:
    labels = text.lower().removesuffix(".")
    return (
        text.endswith(".")
        and len(text) <= MAX_NAME
        and not labels.startswith("*")
        and PLAIN_OWNER.fullmatch(labels) is not None
    )


_PRIVATE = (
    *("forwardingConfig", "peeringConfig", "privateVisibilityConfig"),
    *("reverseLookupConfig", "serviceDirectoryConfig"),
)


def _private_only(spec: Mapping[str, Any]) -> Iterator[Fault]:
    visibility = spec.get("visibility") or "public"
    if isinstance(visibility, Template):
        return
    if visibility == "public":
        for name in _PRIVATE:
            if spec.get(name) is not None:
                yield f"/{name}", f"{name} goes with visibility private"
    elif spec.get("dnssecConfig", {}).get("state") in {"on", "transfer"}:
        yield "/dnssecConfig/state", "a private zone is not signed"


def _forwarding(spec: Mapping[str, Any]) -> Iterator[Fault]:
    servers = (spec.get("forwardingConfig") or {}).get("targetNameServers") or []
    for at, server in enumerate(servers):
        where = f"/forwardingConfig/targetNameServers/{at}"
        yield from exactly_one(server, ("domainName", "ipv4Address", "ipv6Address"), where)


def _key_specs(spec: Mapping[str, Any]) -> Iterator[Fault]:
    specs = (spec.get("dnssecConfig") or {}).get("defaultKeySpecs") or []
    found = [each.get("keyType") for each in specs]
    for word in ("keySigning", "zoneSigning"):
        if found.count(word) > 1:
            yield "/dnssecConfig/defaultKeySpecs", f"more than one key of type {word}"


def sealed(live: Body, changes: Sequence[FieldChange]) -> str:
    """The keys of a signed zone are made already (the discovery document's `DnsSecConfig`)."""
    config = live.get("dnssecConfig")
    state = config.get("state") if isinstance(config, dict) else None
    keys = [each.pointer for each in changes if each.pointer.startswith(_KEYS) and state in _SIGNED]
    if not keys:
        return ""
    return (
        f"{', '.join(keys)} can change only while the zone is not signed, and it is {state}: "
        "apply `state: off` first, once the DS at the parent is gone"
    )


def met(wanted: Fields, live: Fields) -> Body:
    """Wanted, without an `off` for a zone that was never signed: it says nothing of the matter."""
    never = {"dnssecConfig"} if not live.get("dnssecConfig") else set[str]()
    return {n: item for n, item in wanted.items() if n not in never or item != {"state": "off"}}


_KEYS = ("/dnssecConfig/defaultKeySpecs", "/dnssecConfig/nonExistence")
_SIGNED = frozenset({"on", "transfer"})


KIND = Kind(
    name="DnsZone",
    api=Api.DNS,
    collection="managedZones",
    schema="ManagedZone",
    spec=DnsZone,
    scopes=frozenset({Scope.GLOBAL}),
    links={
        "/privateVisibilityConfig/networks/*/networkUrl": ("networks",),
        "/peeringConfig/targetNetwork/networkUrl": ("networks",),
    },
    server_set=frozenset(
        {
            *("/kind", "/id", "/name", "/creationTime", "/nameServers"),
            *("/cloudLoggingConfig/kind", "/dnssecConfig/kind"),
            "/dnssecConfig/defaultKeySpecs/*/kind",
            "/forwardingConfig/kind",
            "/forwardingConfig/outboundEndpoints/*/kind",
            "/forwardingConfig/targetNameServers/*/kind",
            "/peeringConfig/kind",
            "/peeringConfig/targetNetwork/kind",
            "/peeringConfig/targetNetwork/deactivateTime",
            "/privateVisibilityConfig/kind",
            "/privateVisibilityConfig/gkeClusters/*/kind",
            "/privateVisibilityConfig/networks/*/kind",
            "/reverseLookupConfig/kind",
            "/serviceDirectoryConfig/kind",
            "/serviceDirectoryConfig/namespace/kind",
            "/serviceDirectoryConfig/namespace/deletionTime",
        }
    ),
    immutable=frozenset({"/dnsName", "/nameServerSet", "/reverseLookupConfig", "/visibility"}),
    replacement=Replacement.ON_WORD,
    sealed=sealed,
    required=("visibility",),
    keyed={
        "/dnssecConfig/defaultKeySpecs": ("keyType",),
        "/forwardingConfig/outboundEndpoints": ("name",),
        "/forwardingConfig/targetNameServers": ("domainName", "ipv4Address", "ipv6Address"),
        "/privateVisibilityConfig/gkeClusters": ("gkeClusterName",),
        "/privateVisibilityConfig/networks": ("networkUrl",),
    },
    unordered=frozenset(
        {
            "/dnssecConfig/defaultKeySpecs",
            "/forwardingConfig/outboundEndpoints",
            "/forwardingConfig/targetNameServers",
            "/privateVisibilityConfig/gkeClusters",
            "/privateVisibilityConfig/networks",
        }
    ),
    normalise={"/dnsName": lower, "/visibility": lower},
    stays=frozenset({"/visibility"}),
    met=met,
    defaults={"/description": "", "/cloudLoggingConfig/enableLogging": False},
    # No fingerprint: a fresh read before and a read back after stand in for it.
    updates=(Update("patch", compare=Compare.NOTHING),),
    outputs=frozenset({"dnsName", "id", "name"}),
    removal=Removal.ON_WORD,
    loses="its name servers",
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is deleted again, with what we wrote into it"),
        Action.UPDATE: Verdict(Undo.EXACT, "the old values are patched back"),
        Action.REPLACE: Verdict(
            Undo.APPROXIMATE, "other name servers: nobody is served until the registrar follows"
        ),
        Action.DELETE: Verdict(
            Undo.APPROXIMATE, "made anew it has other name servers, which the registrar must learn"
        ),
    },
    # Recorded changes are done within 2 s.
    seconds={Action.CREATE: 2.0, Action.UPDATE: 2.0, Action.DELETE: 2.0},
    check=check,
)
