"""Drift that is meant: what is live goes into the YAML, so that nothing differs there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from remediate.model.errors import InvalidInput, RemediateError
from remediate.model.plan import Difference
from remediate.model.ref import Ref, parse_ref
from remediate.pipeline.choosing import unmatched
from remediate.pipeline.drift import Drift, Sight
from remediate.pipeline.load import load_files
from remediate.pipeline.writing_back import WrittenBack, written_back
from remediate.stores.desired_files import DesiredFile


class NotWrittenBack(RemediateError):
    """What is live cannot be said in the YAML by an edit of what is there; nothing was written."""

    hint = "Write it by hand as the patch above begins to, or put live back with `remediate apply`."


def accepted(
    names: Sequence[str],
    sight: Sight,
    files: list[DesiredFile],
    process_env: Mapping[str, str],
    confirmed: Callable[[str], bool],
) -> WrittenBack:
    """The files with what is live of these resources, of a zone all its record sets too.

    Raises InvalidInput for a name of which nothing was moved, and NotWrittenBack unless the YAML,
    read again, leaves nothing to be done about them but what was pending before.
    """
    found, verdict = sight.compared()
    chosen = [each for name in names for each in _named(name, found)]
    gone = [each.ref for each in chosen if each.before is None]
    _insist_on_removal(gone, names, sight, confirmed)
    back = written_back(files, sight.desired, sight.observed(), verdict, chosen)
    if back.refused:
        lines = [f"{ref}: {why}" for ref, why in back.refused.items()]
        raise NotWrittenBack("\n".join(["this cannot be written into the YAML:", *lines]))
    _insist(back, sight, {each.ref for each in chosen}, found, process_env)
    return back


def _insist_on_removal(
    gone: Sequence[Ref], names: Sequence[str], sight: Sight, confirmed: Callable[[str], bool]
) -> None:
    """What is gone leaves the YAML only by its own name and if somebody says so, if at all."""
    for ref in gone:
        resource = sight.desired.resources.get(ref)
        if resource and resource.lifecycle.protect:
            raise InvalidInput(
                f"{ref} is gone live, and is protected from leaving the YAML", hint=_OUT
            )
    unnamed = [str(ref) for ref in gone if str(ref) not in names]
    if unnamed:
        raise InvalidInput(
            f"gone live: {', '.join(unnamed)}; to take that out of the YAML, name it itself",
            hint=f"Add `--accept {unnamed[0]} --yes`, or put it back with `remediate apply`.",
        )
    told = ", ".join(map(str, gone))
    if gone and not confirmed(f"Gone live: {told}. Take it out of the YAML?"):
        raise InvalidInput(
            f"{told} is gone live, and would leave the YAML; nothing was written",
            hint="Say --yes if it is to leave, or put it back with `remediate apply`.",
        )


_OUT = "Put it back with `remediate apply`, or take `lifecycle.protect` out of its YAML first."


def _named(name: str, found: Drift) -> list[Difference]:
    ref = parse_ref(name)
    there = dict(found.differences)
    if not found.is_known:  # then everything that differs may be meant
        there |= {each.ref: each for each in found.pending}
    own = [d for at, d in there.items() if ref in {at, at.zone if at.is_record_set else at}]
    if not own:
        where = "among what was moved" if there else "for nothing was moved"
        raise unmatched("--accept", name, there, where)
    return own


def _insist(
    back: WrittenBack,
    sight: Sight,
    refs: Collection[Ref],
    before: Drift,
    process_env: Mapping[str, str],
) -> None:
    """Nothing may differ of these but what was pending before."""
    try:
        again = load_files(back.files, sight.desired.environment.name, process_env)
    except InvalidInput as error:
        raise NotWrittenBack(f"{back.patch()}\nthis would be no YAML of ours:\n{error}") from None
    now, _ = sight.compared(again)
    waiting = {
        (each.ref, change.pointer)
        for each in before.pending
        for change in each.changes
        if before.is_known
    }
    left = [
        f"{each.ref}{change.pointer}"
        for each in (*now.differences.values(), *now.pending)
        for change in each.changes
        if each.ref in refs and (each.ref, change.pointer) not in waiting
    ]
    if left:
        text = "these would differ all the same: " + ", ".join(sorted(left))
        raise NotWrittenBack(f"{back.patch()}\n{text}")
