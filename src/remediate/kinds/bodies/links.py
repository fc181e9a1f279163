"""Links between resources: every spelling that Google takes, and the one that Google answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from ipaddress import ip_address

from remediate.gcp.api import Api
from remediate.kinds.facts import Scope
from remediate.kinds.fields.pointers import Patterns, leaves
from remediate.kinds.kind import Kind
from remediate.kinds.registry import NAMES, kind
from remediate.model.ref import GLOBAL, Ref, parse_ref
from remediate.model.values import Unknown

COMPUTE = "https://www.googleapis.com/compute/v1/"
CERTIFICATE_MANAGER = "//certificatemanager.googleapis.com/"

_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_FOREIGN = ("http://", "https://", "/", "projects/", "global/", "regions/", "zones/", "locations/")
_CERTIFIED = re.compile(r"(^|/)locations/[^/]+/certificate(s|Maps)/")  # by Certificate Manager
_HOST = re.compile(r"^(?:https?:)?//[^/]+/")
_API = re.compile(r"^(?:compute/(?:v1|beta|alpha)/|(?:sql/)?v[12][a-z0-9]*/)")
# Targets of Private Service Connect that are words, not links.
_WORDS = frozenset({"all-apis", "vpc-sc"})
_WHOLE_LINKS = frozenset({Api.COMPUTE, Api.DNS})  # whose bodies name networks by their URLs
# Collections that are not ours, and where they are: in a location of Certificate Manager's, or in
# Compute's one place; others are beside the resource that links to them.
_CERTIFICATE_MANAGERS = frozenset({"certificateIssuanceConfigs"})
_GLOBAL_COLLECTIONS = frozenset({"networks", "backendBuckets"})


def link_target(
    of: Kind, allowed: tuple[str, ...], text: str, at: Ref, declared: Collection[Ref]
) -> Ref | None:
    """The declared resource that a link means, or None where it is somebody else's.

    A bare name means the same region first, then global. Raises ValueError with the sentence to
    show when nothing, or more than one thing, fits. By a bare name somebody else's is meant only
    where none of ours can be, or where names are all that travels.
    """
    if text.startswith(_FOREIGN) or _is_literal(text) or text in _WORDS:
        return None
    ours = [name for name in allowed if name in NAMES]
    if not text and len(ours) < len(allowed):  # nothing of somebody else's: detached
        return None
    if not re.fullmatch(r"([A-Z][A-Za-z]+/)?([a-z0-9-]+/)?" + _NAME.pattern, text):
        raise ValueError(f"{text!r} is not a name, `Kind/name` or a link")
    if "/" in text:
        ref = parse_ref(text)
        if ref.kind not in ours:
            raise ValueError(f"{of.name} links to {_either(allowed)} here, not to {ref.kind}")
        return _whole(text, ref, at, declared)
    found = [_nearest(name, text, at, declared) for name in ours]
    known = [ref for ref in found if ref is not None]
    if len(known) > 1:
        raise ValueError(f"{text!r} could be {' or '.join(map(str, known))}; write which")
    if not known and (not ours or allowed in of.links_by_name.values()):
        return None
    if not known:
        raise ValueError(f"no {_either(tuple(ours))} named {text!r} is declared")
    return known[0]


def _whole(text: str, ref: Ref, at: Ref, declared: Collection[Ref]) -> Ref:
    """What `Kind/name` or `Kind/location/name` means; raises ValueError where nothing is."""
    exact = text.count("/") > 1
    target = ref if exact and ref in declared else _nearest(ref.kind, ref.name, at, declared)
    if target is None or (exact and target != ref):
        raise ValueError(f"{text} is not declared")
    return target


def somebody_elses(allowed: tuple[str, ...], name: str, at: Ref) -> str:
    """How a link to what is not declared here is written, as an example; empty for no bare name."""
    ours = [each for each in allowed if each in NAMES]
    if not ours or not _NAME.fullmatch(name):
        return ""
    facts = kind(ours[0])
    where = at.location if scope_of(at) in facts.scopes else GLOBAL
    return f"{scope_path(Ref(ours[0], name, where))}/{facts.collection}/{name}"


def declared_target(
    of: Kind, allowed: tuple[str, ...], text: str, at: Ref, declared: Collection[Ref], project: str
) -> Ref | None:
    """As `link_target`, and what is declared is meant by its whole link in this project too."""
    target = link_target(of, allowed, text, at, declared)
    if target is None and "/" in text:
        target = ref_of(text, project)
    return target if target in declared else None


def link(of: Kind, project: str, ref: Ref) -> str:
    """The link to a resource of ours as the API of its holder wants it."""
    match kind(ref.kind).api:
        case Api.COMPUTE:
            return COMPUTE + path(project, ref)
        case Api.CERTIFICATE_MANAGER if of.api is Api.COMPUTE:
            return CERTIFICATE_MANAGER + path(project, ref)
        case _:
            return path(project, ref)


def path(project: str, ref: Ref) -> str:
    """`projects/P/global/urlMaps/NAME`: how links are compared."""
    around = f"projects/{project}/{scope_path(ref)}".rstrip("/")
    return f"{around}/{kind(ref.kind).collection}/{ref.name.rpartition('/')[2]}"


def scope_path(ref: Ref) -> str:
    """What stands before the collection: `global`, `regions/R`, `locations/L`, or nothing."""
    facts = kind(ref.kind)
    match facts.api:
        case Api.COMPUTE:
            return _compute_scope(ref)
        case Api.DNS | Api.SQL:
            return ""
        case _ if facts.parent:
            above = kind(facts.parent).collection
            return f"locations/{ref.location}/{above}/{ref.name.partition('/')[0]}"
        case _:
            return f"locations/{ref.location}"


def _compute_scope(ref: Ref) -> str:
    """Where Compute Engine has what is in the same place."""
    if ref.location == GLOBAL:
        return "global"
    return f"{'zones' if scope_of(ref) is Scope.ZONE else 'regions'}/{ref.location}"


def own_name(parent: str, body: Mapping[str, object]) -> str:
    """What a live resource is called in a Ref; newer APIs answer its whole path as its name."""
    name = str(body["name"]).rpartition("/")[2]
    return f"{parent}/{name}" if parent else name


def parent_of(ref: Ref) -> Ref | None:
    """The resource that this one stands in, and cannot be without."""
    above = kind(ref.kind).parent
    return Ref(above, ref.name.partition("/")[0], ref.location) if above else None


def scope_of(ref: Ref) -> Scope:
    if ref.location == GLOBAL:
        return Scope.GLOBAL
    return Scope.ZONE if re.fullmatch(r".+-[a-z]", ref.location) else Scope.REGION


def foreign_link(project: str, allowed: tuple[str, ...], text: str, at: Ref) -> str:
    """A link to what is not ours, spelled as Google answers it."""
    if not text:
        return text
    of_compute = COMPUTE if kind(at.kind).api in _WHOLE_LINKS else ""
    if kind(at.kind).api is Api.COMPUTE and _CERTIFIED.search(text):
        return CERTIFICATE_MANAGER + project_relative(text, project)
    if _is_literal(text) or text in _WORDS:
        return text
    if _NAME.fullmatch(text):
        collection = allowed[0]
        beside = scope_path(at) if collection in _CERTIFICATE_MANAGERS else _compute_scope(at)
        where = "global" if collection in _GLOBAL_COLLECTIONS else beside
        return f"{of_compute}projects/{project}/{where}/{collection}/{text}"
    return of_compute + project_relative(text, project)


def project_relative(text: str, project: str) -> str:
    """Any spelling of a link as `projects/P/…`; a project's number counts as its id.

    Certificate Manager answers numbers where everybody else answers ids.
    """
    bare = _API.sub("", _HOST.sub("", text).removeprefix("/"))
    if not bare.startswith("projects/"):
        bare = f"projects/{project}/{bare}"
    return re.sub(r"^projects/[0-9]+/", f"projects/{project}/", bare)


def ref_of(link: str, project: str) -> Ref | None:
    """The Ref that a self link in one of our collections stands for."""
    owner, *way = project_relative(link, project).split("/")[1:]
    if owner != project:
        return None
    match way:
        case ["global", collection, name]:
            location = GLOBAL
        case ["regions" | "zones" | "locations", location, collection, name]:
            pass
        case ["locations", location, _above, parent, collection, below]:
            name = f"{parent}/{below}"
        case [collection, name]:
            location = GLOBAL
        case _:
            return None
    found = _kind_by_collection().get(collection)
    return Ref(found, name, location) if found else None


def linked(
    at: Ref,
    body: Mapping[str, object] | None,
    project: str,
    holders: Mapping[str, Ref] | None = None,
) -> Iterator[Ref]:
    """The resources of ours that the body of one links to, by their live names.

    `holders` tells whose value stands where Google answers a link by value.
    """
    if body is None or at.kind == "DnsZone":  # a zone's own links are to networks, not to ours
        return
    facts = kind(at.kind)
    if (parent := parent_of(at)) is not None:
        yield parent
    for _at, _allowed, link in leaves(body, Patterns(facts.links)):
        for one in link if isinstance(link, list) else [link]:
            if isinstance(one, Unknown):
                yield one.ref
            elif isinstance(one, str) and "/" in one and (ref := ref_of(one, project)):
                yield ref
    for _at, allowed, name in leaves(body, Patterns(facts.links_by_name)):
        plain = str(name).rpartition(":")[2]  # Cloud SQL answers `project:name`
        yield from (Ref(of, plain, at.location) for of in allowed if of in NAMES)
    for _at, _field, value in leaves(body, Patterns(facts.links_by_value)):
        if holders and value in holders:
            yield holders[value]


def holders_of(live: Mapping[Ref, Mapping[str, object]]) -> dict[str, Ref]:
    """Whose each address is."""
    return {str(body["address"]): ref for ref, body in live.items() if body.get("address")}


def _kind_by_collection() -> dict[str, str]:
    if not _COLLECTIONS:
        _COLLECTIONS.update({kind(name).collection: name for name in NAMES})
    return _COLLECTIONS


_COLLECTIONS: dict[str, str] = {}


def _nearest(name_of_kind: str, name: str, at: Ref, declared: Collection[Ref]) -> Ref | None:
    """The declared one of that name in the same place, else in the region around it, else global.

    Failing these, the only one anywhere: a global backend service reaches endpoint groups of
    every region. Raises ValueError where several regions have one.
    """
    region = re.sub(r"-[a-z]$", "", at.location)
    for where in (at.location, region, GLOBAL):
        if (ref := Ref(name_of_kind, name, where)) in declared:
            return ref
    elsewhere = sorted(ref for ref in declared if (ref.kind, ref.name) == (name_of_kind, name))
    if len(elsewhere) > 1:
        raise ValueError(f"{name!r} could be {' or '.join(map(str, elsewhere))}; write which")
    return elsewhere[0] if elsewhere else None


def _is_literal(text: str) -> bool:
    """An address, where a link to one might stand."""
    try:
        ip_address(text.partition("/")[0])
    except ValueError:
        return False
    return True


def _either(names: tuple[str, ...]) -> str:
    return " or ".join(names)
