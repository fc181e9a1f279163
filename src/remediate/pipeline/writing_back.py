"""Back from live to the YAML: the files as they would have to be for nothing to differ.

Expressions and links that give what is live stay; those that do not are written out, and told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from functools import partial
from typing import Any

from remediate.kinds.bodies.canonical import rules_of
from remediate.kinds.bodies.compare import writable
from remediate.kinds.bodies.resolve import resolved
from remediate.kinds.documents.envelope import ref_of_document
from remediate.kinds.documents.imported import spec_of
from remediate.kinds.fields.pointers import pointer
from remediate.kinds.registry import kind
from remediate.model.document import Node, read
from remediate.model.json import Body
from remediate.model.plan import Difference
from remediate.model.ref import Ref
from remediate.model.resource import Desired, Zone
from remediate.model.yaml_edit import GONE, Edit, Items, Members, edited, plain
from remediate.model.yaml_written import block
from remediate.pipeline.differences import Differences
from remediate.pipeline.field_edits import CannotBeWritten, Sides, joined
from remediate.pipeline.importing import Target, imported, theme
from remediate.pipeline.inventory import Inventory
from remediate.pipeline.observe import Observed
from remediate.pipeline.record_edits import record_edits
from remediate.pipeline.spelled import (
    Spelling,
    connections,
    escaped,
    external_addresses,
    proofs,
    referring,
)
from remediate.stores.desired_files import DesiredFile


@dataclass(slots=True)
class WrittenBack:
    """The files that change, by name, what to say of that, and what cannot be written back."""

    before: dict[str, bytes]
    after: dict[str, bytes] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    refused: dict[Ref, str] = field(default_factory=dict)

    @property
    def files(self) -> list[DesiredFile]:
        """All of the environment's, as they would be."""
        every = {**self.before, **self.after}
        return [DesiredFile(name, every[name]) for name in sorted(every)]

    def patch(self) -> str:
        """A unified diff from one to the other, as `patch -p1` takes it."""
        return "".join(
            line
            for name, new in sorted(self.after.items())
            for line in _patch_of(name, self.before.get(name, b"").decode(), new.decode())
        )


@dataclass(frozen=True, slots=True)
class _Written:
    """Where a resource is declared, and its document as it stands there."""

    file: str
    number: int
    body: dict[str, Node]


def written_back(
    files: Sequence[DesiredFile],
    desired: Desired,
    observed: Observed,
    verdict: Differences,
    moved: Iterable[Difference],
    returned: Mapping[Ref, Body] | None = None,
) -> WrittenBack:
    """Make the YAML say what is live, in all that these differences are about.

    A difference without `before` takes its document or record set out; `changes` say which fields
    of others. `verdict` is what `diff` found for `desired` (its names are needed). `returned` are
    live resources that no document declares, and that are to have one.
    """
    result = WrittenBack({file.name: file.data for file in files})
    work = _Work(desired, observed, verdict, _places(files, desired.environment.region), result)
    edits: dict[str, dict[int, Edit]] = defaultdict(dict)
    for ref, group in _by_document(moved).items():
        try:
            at, edit = work.document_edit(ref, group)
        except CannotBeWritten as why:
            result.refused[ref] = str(why)
        else:
            edits[at.file][at.number] = edit
    added = work.documents(returned or {})
    folder = f"desired/{desired.environment.name}"
    for name in sorted({*edits, *(f"{folder}/{file}" for file in added)}):
        text = added.get(name.rpartition("/")[2], "")
        was = result.before.get(name, b"")
        new = edited(was, edits[name], text) if was else text.encode()
        if new != was:
            result.after[name] = new
    return result


def _by_document(moved: Iterable[Difference]) -> dict[Ref, list[Difference]]:
    groups: dict[Ref, list[Difference]] = defaultdict(list)
    for each in moved:
        groups[each.ref.zone if each.ref.is_record_set else each.ref].append(each)
    return groups


def _places(files: Sequence[DesiredFile], region: str) -> dict[Ref, _Written]:
    return {
        ref: _Written(file.name, document.number, document.body)
        for file in files
        for document in read(file.data, file.name).documents
        if (ref := ref_of_document(document, region, [])) is not None
    }


@dataclass(slots=True)
class _Work:
    desired: Desired
    observed: Observed
    verdict: Differences
    places: Mapping[Ref, _Written]
    result: WrittenBack

    def document_edit(self, ref: Ref, moved: list[Difference]) -> tuple[_Written, Edit]:
        """All edits of one document; raises CannotBeWritten."""
        at = self.places[ref]
        edit = Members({})
        sets = [each for each in moved if each.ref.is_record_set]
        for each in moved:
            if each.ref == ref and each.before is None:
                return at, GONE
            if each.ref == ref:
                edit = joined(edit, ["spec"], self._spec_edit(each))
        if sets:
            edit = joined(edit, ["spec", "records"], self._records_edit(ref, sets, at))
        self.result.told += [
            f"{ref}: {where} was {text}, and is written out"
            for where, text in _lost_expressions(at.body, edit)
        ]
        return at, edit

    def documents(self, returned: Mapping[Ref, Body]) -> dict[str, str]:
        """New documents as YAML, by the file that they go to."""
        about, known = self.desired.environment, self.desired.resources
        target = Target(about.name, about.project, about.region, about.labels, known.keys())
        found = imported(Inventory(dict(returned), {}), target)
        self.result.told += found.left_out
        files = {theme(ref.kind) for ref in returned}
        return {
            name: "---\n".join(block(draft.document, 0) + "\n" for draft in drafts)
            for name, drafts in found.files.items()
            if name in files
        }

    def _spec_edit(self, moved: Difference) -> Members:
        facts, resource = kind(moved.ref.kind), self.desired.resources[moved.ref]
        live = dict(moved.before or {})
        spec, _ = spec_of(facts, live, self.observed.project)
        plain_spec = escaped(writable(facts, live) if spec is None else spec)
        spelled = self._spelling.linked(moved.ref, facts, plain_spec)
        return Sides(
            resolved(facts, resource, self.verdict.names),
            live,
            referring(spelled, connections(self.observed.live, self._databases)),
            rules_of(facts, self.observed.project),
            {change.pointer for change in moved.changes},
        ).edits(moved.changes)

    def _records_edit(self, ref: Ref, sets: list[Difference], at: _Written) -> Members:
        zone, spec = self.desired.resources[ref], at.body.get("spec")
        assert isinstance(zone, Zone)
        records = spec.get("records") if isinstance(spec, dict) else None
        known, live = self.desired.resources, self.observed.live
        expressions = {**self._spelling.expressions, **proofs(live, known)}
        written: Any = records if isinstance(records, dict) else {}
        return record_edits(zone, written, sets, expressions, partial(self._spelling.linked, ref))

    @property
    def _spelling(self) -> Spelling:
        known, names = self.desired.resources, self.verdict.names
        return Spelling(
            self.observed.project,
            known,
            external_addresses(self.observed.live, known),
            frozenset(ref.kind for ref in known),
            {names.live(ref): ref for ref in known if names.live(ref) != ref},
        )

    @property
    def _databases(self) -> list[Ref]:
        return [ref for ref in self.desired.resources if ref in self.observed.live]


def _lost_expressions(body: Node, edit: Edit, at: str = "") -> Iterator[tuple[str, str]]:
    """Where an edit writes something else in place of text with an expression in it."""
    if isinstance(edit, Members) and isinstance(body, dict | list):
        for name, each in edit.by_name.items():
            below = body.get(name) if isinstance(body, dict) else body[int(name)]
            yield from _lost_expressions(below, each, at + pointer(name))
    elif isinstance(edit, Items) and isinstance(body, list):
        for place, each in edit.each:
            if place is not None:
                yield from _lost_expressions(body[place], each, at + pointer(place))
    elif isinstance(body, str) and "${" in body.replace("$${", "") and not _is_fate(edit):
        yield at, body


def _is_fate(edit: Edit) -> bool:
    try:
        plain(edit)
    except ValueError:
        return True
    return False


def _patch_of(name: str, old: str, new: str) -> Iterator[str]:
    lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for line in unified_diff(*lines, f"a/{name}", f"b/{name}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
