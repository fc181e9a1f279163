"""The YAML as it would have to be for the next apply to leave alone what a rollback restored."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from remediate.gcp.reading import Reads
from remediate.model.errors import InvalidInput
from remediate.model.json import Body
from remediate.model.plan import Difference, Plan
from remediate.model.progress import Watcher
from remediate.model.ref import Ref
from remediate.model.resource import Desired
from remediate.pipeline.accepting import NotWrittenBack
from remediate.pipeline.choices import Choices
from remediate.pipeline.differences import Differences
from remediate.pipeline.drift import Sight, look
from remediate.pipeline.load import load_files
from remediate.pipeline.way_back import Way, scope
from remediate.pipeline.writing_back import WrittenBack, written_back
from remediate.stores.desired_files import DesiredFile
from remediate.stores.ledger import Ledger


def restored(way: Way, plan: Plan) -> frozenset[Ref]:
    """What a rollback is about, as the YAML calls it, whether it had to be changed or not."""
    lives = scope(way.snapshot, way.written, whole=way.whole)
    named = {way.written[live].ref if live in way.written else live for live in lives}
    return frozenset(named | {difference.ref for difference in plan.differences})


def taken_back(
    refs: Collection[Ref],
    desired: Desired,
    files: Sequence[DesiredFile],
    ledger: Ledger,
    google: Reads,
    process_env: Mapping[str, str],
    watchers: Sequence[Watcher] = (),
) -> WrittenBack:
    """The files with what is live of these resources; nothing else in them changes.

    Raises NotWrittenBack, with the patch as far as it goes, unless the YAML, read again, leaves
    nothing to be done about them.
    """
    sight = look(google, desired, ledger, Choices(prune=True), watchers, again=True)
    _, verdict = sight.compared()
    found = [*_differences(refs, verdict, desired)]
    returned = _undeclared(refs, desired, ledger, sight.observed().live)
    back = written_back(files, desired, sight.observed(), verdict, found, returned)
    _insist(back, {*refs, *returned}, sight, process_env)
    return back


def _differences(
    refs: Collection[Ref], verdict: Differences, desired: Desired
) -> Iterator[Difference]:
    """Of what is declared; what can only be replaced, or not at all, too."""
    for ref, (difference, _causes) in verdict.moved.items():
        if ref in refs:
            yield difference
    for each in verdict.found:
        document = each.ref.zone if each.ref.is_record_set else each.ref
        told = each.ref in verdict.moved and not each.ref.is_record_set
        if each.ref in refs and document in desired.resources and not told:
            yield each


def _undeclared(
    refs: Collection[Ref], desired: Desired, ledger: Ledger, live: Mapping[Ref, Body]
) -> dict[Ref, Body]:
    """What is back and has no document any more, by its live name."""
    found: dict[Ref, Body] = {}
    for ref in refs:
        if ref.is_record_set or ref in desired.resources:
            continue
        entry = ledger.entry(ref)
        at = ref.named(entry.name) if entry else ref
        if at in live and entry:  # what was never declared stays undeclared
            found[at] = live[at]
    return found


def _insist(
    back: WrittenBack, refs: Collection[Ref], sight: Sight, process_env: Mapping[str, str]
) -> None:
    if back.refused:
        lines = [f"{ref}: {why}" for ref, why in back.refused.items()]
        raise _not_written(back, "this cannot be written into the YAML:", *lines)
    try:
        again = load_files(back.files, sight.desired.environment.name, process_env)
    except InvalidInput as error:
        raise _not_written(back, "this would be no YAML of ours:", str(error)) from None
    _, verdict = sight.compared(again)
    if left := sorted(str(each.ref) for each in verdict.found if each.ref in refs):
        raise _not_written(back, "these would differ all the same: " + ", ".join(left))


def _not_written(back: WrittenBack, *why: str) -> NotWrittenBack:
    error = NotWrittenBack("\n".join([*filter(None, [back.patch()]), *why]))
    error.hint = "The rollback is done. Mend the YAML by hand, as the patch above begins to."
    return error
