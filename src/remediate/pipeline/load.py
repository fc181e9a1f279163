"""From `desired/<env>/*.yaml` to what is desired, or every fault that is in the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from remediate.kinds.documents.checks import check as check_of
from remediate.kinds.documents.complaints import Complaint, validated
from remediate.kinds.documents.declared import lifecycle_complaints, resource
from remediate.kinds.documents.envelope import read_head, ref_of_document
from remediate.kinds.documents.environment import REGION, EnvironmentSpec, environment
from remediate.kinds.documents.environment import check as environment_faults
from remediate.kinds.documents.fingerprint import desired_digest
from remediate.kinds.documents.graph import (
    Edges,
    circles,
    depended,
    link_complaints,
    linked_faults,
    referred,
)
from remediate.kinds.documents.lifecycle import lifecycle
from remediate.kinds.fields.pointers import pointer
from remediate.kinds.fields.secrets import unquoted
from remediate.model.check import Check
from remediate.model.document import Document, Node, read
from remediate.model.errors import Fault, InvalidInput, Place
from remediate.model.expression import ExpressionFault, Scope, expand
from remediate.model.position import Spot, locate
from remediate.model.ref import Ref
from remediate.model.resource import Desired, Environment, Lifecycle, Resource
from remediate.model.values import Reference
from remediate.stores.desired_files import DesiredFile, desired_files, environment_folder

Judge: TypeAlias = Callable[[Resource], Iterable[Complaint]]
"""Somebody else's opinion of a resource; pointers begin at its document."""

_UNNAMED = Environment("", "", "", {}, Lifecycle(), 1, "", {}, Place("", 1, 1))
_ANYWHERE = "somewhere-else1"  # stands in for a region while the Environment cannot tell it
_NAMED = re.compile(rb"""name:[ \t]*["']?([A-Za-z0-9-]+)""")


@dataclass(slots=True)
class _Folder:
    """An environment's folder on its way to Desired, and all that is wrong with it so far."""

    files: list[DesiredFile]
    faults: list[Fault]
    documents: list[Document] = field(default_factory=list)
    complaints: list[tuple[Document, Complaint]] = field(default_factory=list)
    refs: dict[Ref, Document] = field(default_factory=dict)
    edges: Edges = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    checklists: set[str] = field(default_factory=set)  # names of the Checks documents
    # Names in files that could not be read whole: a link to one of them is no fault of the link.
    obscured: set[str] = field(default_factory=set)
    is_whole: bool = True

    def note(self, document: Document, *complaints: Complaint) -> None:
        self.complaints += [(document, one) for one in complaints]


def load(
    root: Path, env: str | None, process_env: Mapping[str, str], judge: Judge | None = None
) -> Desired:
    """Read an environment; raises InvalidInput with every fault, and nothing else.

    `env` may be left out if there is one environment below `root/desired`. What `judge` says
    against a resource that is right otherwise is a fault too.
    """
    where = environment_folder(root, env)
    faults: list[Fault] = []
    files = desired_files(where, root, faults)
    return load_files(files, where.name, process_env, judge, faults)


def load_files(
    files: list[DesiredFile],
    name: str,
    process_env: Mapping[str, str],
    judge: Judge | None = None,
    faults: Iterable[Fault] = (),
) -> Desired:
    """The same from files at hand; `faults` are those of files that could not be read."""
    unread = [*faults]
    folder = _Folder(files, unread, is_whole=not unread)
    _read_documents(folder)
    about = _environment(folder, name, process_env)
    resources = _resources(folder, about.environment, about.scope)
    _connect(folder, resources)
    if judge is not None:
        for ref, each in resources.items():
            folder.note(folder.refs[ref], *judge(each))
    warnings = _placed(folder)
    if folder.faults:
        raise InvalidInput(faults=sorted(set(folder.faults), key=_by_place))
    digest = desired_digest(about.environment.project, resources)
    checks = tuple(folder.checks.values())
    return Desired(about.environment, resources, digest, warnings, checks)


def _read_documents(folder: _Folder) -> None:
    for file in folder.files:
        reading = read(file.data, file.name)
        folder.faults += reading.faults
        folder.documents += reading.documents
        if not reading.complete or not all(document.whole for document in reading.documents):
            folder.obscured |= {name.decode() for name in _NAMED.findall(file.data)}
            folder.is_whole = False


@dataclass(frozen=True, slots=True)
class _About:
    """The Environment, and what expressions may name in it."""

    environment: Environment
    scope: Scope


def _environment(folder: _Folder, name: str, process_env: Mapping[str, str]) -> _About:
    found = [each for each in folder.documents if each.body.get("kind") == "Environment"]
    for extra in found[1:]:
        first = f"the first one is at {found[0].place}"
        folder.note(extra, Complaint("/kind", "there is more than one Environment", first))
    if not found:
        if folder.is_whole:
            folder.faults.append(Fault(None, f"desired/{name} has no document of kind Environment"))
        scope = _scope(folder, None, process_env)
        return _About(_UNNAMED, scope)
    document = found[0]
    scope = _scope(folder, document.body.get("spec"), process_env)
    spec = _environment_spec(folder, document, scope)
    complaints: list[Complaint] = []
    head = read_head(document, complaints)
    folder.note(document, *complaints)
    if head and (called := head["metadata"]["name"]) != name:
        message = f"the Environment {called} is in the folder {name}"
        folder.note(document, Complaint("/metadata/name", message, "they have one name"))
    return _About(environment(name, spec, document.place) if spec else _UNNAMED, scope)


def _environment_spec(folder: _Folder, document: Document, scope: Scope) -> dict[str, Any]:
    raw = document.body.get("spec")
    if not isinstance(raw, dict):
        return {}
    later = _containers(raw.get("notify")) | _containers(raw.get("vars"))
    known = Scope(scope.variables, scope.allowed, scope.process, _no_reference)
    _expand(folder, document, known, later)
    complaints: list[Complaint] = []
    spec = validated(EnvironmentSpec, raw, "/spec", complaints)
    if spec:
        complaints += [Complaint("/spec" + at, said) for at, said in environment_faults(spec)]
    folder.note(document, *complaints)
    return {} if complaints else spec


def _scope(folder: _Folder, spec: Node, process_env: Mapping[str, str]) -> Scope:
    written = spec if isinstance(spec, dict) else {}
    variables, allowed = written.get("vars"), written.get("env")
    if not isinstance(variables, dict):
        variables = {}
    return Scope(
        {name: str(text) for name, text in variables.items() if isinstance(text, str)},
        frozenset(map(str, allowed if isinstance(allowed, list) else ())),
        process_env,
        lambda reference: _refer(folder, reference),
    )


def _refer(folder: _Folder, reference: Reference) -> Reference:
    try:
        return referred(reference, folder.refs)
    except ExpressionFault:
        if reference.ref.name in folder.obscured:
            return reference
        raise


def _no_reference(reference: Reference) -> Reference:
    raise ExpressionFault(f"`{reference}` cannot stand in an Environment")


def _containers(node: Node) -> set[int]:
    """The identities of the mappings and lists of a node."""
    if not isinstance(node, dict | list):
        return set()
    below = node.values() if isinstance(node, dict) else node
    return {id(node)}.union(*map(_containers, below))


def _resources(folder: _Folder, about: Environment, scope: Scope) -> dict[Ref, Resource]:
    """Every resource that can be read; names first, because documents refer to each other."""
    region = about.region if about is not _UNNAMED else _raw_region(folder)
    heads: list[tuple[Document, dict[str, object], Ref | None]] = []
    for document in folder.documents:
        if document.body.get("kind") != "Environment":
            complaints: list[Complaint] = []
            head = read_head(document, complaints)
            ref = ref_of_document(document, region, complaints)
            folder.note(document, *complaints)
            heads.append((document, head, _declare(folder, document, ref)))
    found: dict[Ref, Resource] = {}
    for document, head, ref in heads:
        references = _expand(folder, document, scope, set())
        if document.body.get("kind") == "Checks":
            _note_checks(folder, document, head)
        elif ref is not None:
            for reference in references:
                folder.edges.setdefault(ref, {}).setdefault(reference.ref, "/spec")
            found[ref] = _resource(folder, document, head, ref, about)
    return found


def _raw_region(folder: _Folder) -> str:
    """The region that a faulty Environment names all the same."""
    for document in folder.documents:
        spec = document.body.get("spec")
        if document.body.get("kind") == "Environment" and isinstance(spec, dict):
            region = spec.get("region")
            if isinstance(region, str) and REGION.fullmatch(region):
                return str(region)
    return _ANYWHERE


def _declare(folder: _Folder, document: Document, ref: Ref | None) -> Ref | None:
    if ref is not None and ref in folder.refs:
        first = f"the first one is at {folder.refs[ref].place}"
        folder.note(document, Complaint("/metadata/name", f"{ref} is declared twice", first))
        return None
    if ref is not None:
        folder.refs[ref] = document
    return ref


def _expand(folder: _Folder, document: Document, scope: Scope, later: set[int]) -> list[Reference]:
    """Fill in a document's expressions, but for containers that wait; gives its references."""
    references: list[Reference] = []
    for written in document.written:
        container: Any = written.container
        if id(container) in later:
            continue
        expanded = expand(container[written.key], scope)
        container[written.key] = expanded.text
        place = Place(document.place.file, written.line, written.column)
        folder.faults += [Fault(place, str(fault), fault.hint) for fault in expanded.faults]
        references += getattr(expanded.text, "references", ())
    return references


def _resource(
    folder: _Folder, document: Document, head: dict[str, Any], ref: Ref, about: Environment
) -> Resource:
    complaints: list[Complaint] = []
    written = head.get("lifecycle") or {}
    wrong = [*lifecycle_complaints(written)]
    complaints += wrong
    depends: list[Ref] = []
    for at, text in enumerate(written.get("dependsOn", ()) if not wrong else ()):
        try:
            depends.append(depended(text, ref, folder.refs))
        except ValueError as error:
            if text.rpartition("/")[2] not in folder.obscured:
                complaints.append(Complaint(pointer("lifecycle", "dependsOn", at), str(error)))
        else:
            where = pointer("lifecycle", "dependsOn", at)
            folder.edges.setdefault(ref, {}).setdefault(depends[-1], where)
    asked = lifecycle({} if wrong else written, about.defaults, tuple(depends))
    raw = document.body.get("spec")
    spec = raw if isinstance(raw, dict) else None
    found = Resource(ref, {}, asked, document.place)
    if spec is not None:
        found = resource(ref, spec, asked, about.labels, document.place, complaints)
    folder.note(document, *complaints)
    return found


def _note_checks(folder: _Folder, document: Document, head: Mapping[str, Any]) -> None:
    """The checks of a document, each by a name of its own among all of the environment."""
    named = str(head.get("metadata", {}).get("name", ""))
    if named in folder.checklists:
        folder.note(document, Complaint("/metadata/name", f"Checks/{named} is declared twice"))
    folder.checklists |= {named} - {""}
    complaints: list[Complaint] = []
    declared = folder.refs if folder.is_whole else None
    spec = document.body.get("spec")
    for name, written in spec.items() if isinstance(spec, dict) else ():
        found = check_of(name, written, document.place, declared, complaints)
        if found is None:
            continue
        if name in folder.checks:
            first = f"the first one is in the Checks at {folder.checks[name].place}"
            said = f"the check {name} is declared twice"
            complaints.append(Complaint(pointer("spec", name), said, first, on_key=True))
        folder.checks.setdefault(name, found)
    folder.note(document, *complaints)


def _connect(folder: _Folder, resources: Mapping[Ref, Resource]) -> None:
    for ref, each in resources.items():
        for missing, complaint in link_complaints(each, folder.refs, folder.edges):
            if missing not in folder.obscured:
                folder.note(folder.refs[ref], complaint)
        folder.note(folder.refs[ref], *linked_faults(each, resources))
    for ref, complaint in circles(folder.edges):
        folder.note(folder.refs[ref], complaint)


def _placed(folder: _Folder) -> tuple[str, ...]:
    """Complaints as faults at their places in the files; warnings are handed back."""
    warnings: list[Fault] = []
    # What the form or an expression has spoiled need not be complained of again.
    spoiled = {fault.place for fault in folder.faults}
    for file in folder.files:
        here = [pair for pair in folder.complaints if pair[0].place.file == file.name]
        wanted: dict[int, set[Spot]] = {}
        for document, one in here:
            wanted.setdefault(document.number, set()).add(Spot(one.pointer, one.on_key))
        found = locate(file.data, wanted) if wanted else {}
        for document, one in here:
            start = (document.place.line, document.place.column)
            spot = found.get((document.number, Spot(one.pointer, one.on_key)), start)
            said = unquoted(one.message, one.pointer)
            fault = Fault(Place(file.name, *spot), said, one.hint)
            if fault.place not in spoiled:
                (warnings if one.warning else folder.faults).append(fault)
    return tuple(map(str, sorted(set(warnings), key=_by_place)))


def _by_place(fault: Fault) -> tuple[str, int, int, str]:
    place = fault.place or Place("", 0, 0)
    return place.file, place.line, place.column, fault.message
