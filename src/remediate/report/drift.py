"""What was moved since the last apply, for people, for a line in a log, and for machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby

from remediate.model.json import Body
from remediate.model.plan import Cause, FieldChange
from remediate.pipeline.drift import Drift, Moved
from remediate.pipeline.writing_back import WrittenBack
from remediate.report.machine import FORMAT_VERSION, plain
from remediate.report.result import DRIFT, Remark
from remediate.report.text import WIDTH, Palette, Tone, command, counted, cut, safe, wrapped
from remediate.report.wording import change_for_eyes, in_words

_NOBODY_KNOWS = (
    "Nothing was applied from here yet, or what was is not known here: whether live moved or the "
    "YAML did cannot be told."
)
_INDENT = " " * 6
_LONGEST = 120  # characters of a value
_NAMED = 3  # resources in a line of a log


def drift_text(
    drift: Drift, *, width: int = WIDTH, colour: bool = False, typed: Callable[..., str]
) -> str:
    """Every field that was moved, with what it was, is and is to be, and what to type next."""
    palette = Palette(colour=colour)
    where = f"{safe(drift.environment)} (project {safe(drift.project)})"
    lines = wrapped(f"{_headline(drift)}: {where}", width)
    for _, group in groupby(drift.moved, key=lambda moved: moved.ref):
        lines += ["", *_resource(list(group), drift.project, width, palette)]
    if drift.notes:
        lines += ["", *(line for note in drift.notes for line in _note(note, width))]
    lines += _rest(drift, width)
    if drift.moved:
        gone = {each.ref for each in drift.moved if each.live is None and not each.pointer}
        kept = [ref for ref in drift.refs if ref not in gone]
        names = [word for ref in kept[:1] for word in ("--accept", str(ref))]
        lines += ["", "To put it back as the YAML says, after a look at the plan:"]
        lines += command(typed("plan"), width)
        if names:
            lines += ["To keep what is live, and write it into the YAML, such as:"]
            lines += command(typed("drift", *names), width)
    return "\n".join(lines) + "\n"


def drift_line(drift: Drift) -> str:
    """One line, for cron and logs."""
    names = ", ".join(safe(str(ref)) for ref in drift.refs[:_NAMED])
    more = f" and {len(drift.refs) - _NAMED} more" if len(drift.refs) > _NAMED else ""
    pending = {each.ref for each in drift.pending}
    said = f"{_headline(drift)}" + (f": {names}{more}" if names else "")
    return f"{safe(drift.environment)}: {said}" + (f" ({len(pending)} pending)" if pending else "")


def drift_json(drift: Drift) -> Body:
    """Equal for equal states: no times. What is not there is null; secrets are hidden."""
    return {
        "format_version": FORMAT_VERSION,
        "environment": drift.environment,
        "project": drift.project,
        "known": drift.is_known,
        "drifted": bool(drift.moved),
        "fields": [_field(moved) for moved in drift.moved],
        "pending": [*sorted({str(each.ref) for each in drift.pending})],
        "notes": list(drift.notes),
    }


def drift_remarks(drift: Drift) -> list[Remark]:
    """One for each resource that was moved, at its place in the YAML."""
    return [
        Remark(
            DRIFT,
            "warning",
            "; ".join(_sentence(each, drift.project) for each in drift.moved if each.ref == ref),
            about=str(ref),
            place=drift.differences[ref].place,
        )
        for ref in drift.refs
    ]


def _sentence(moved: Moved, project: str) -> str:
    applied, live, _desired = _for_eyes(moved)
    was, now = (
        "not there" if one is None else cut(in_words(one, project), _LONGEST)
        for one in (applied, live)
    )
    return f"{moved.pointer or 'the whole'} was applied as {was} and is {now}"


def accepted_text(back: WrittenBack, width: int = WIDTH) -> str:
    """What was written into which file, as a patch, and what is to be said of it."""
    files = ", ".join(sorted(back.after))
    said = wrapped(safe(f"Written into the YAML: {files}" if files else "Nothing to write"), width)
    told = [line for sentence in back.told for line in _note(sentence, width)]
    return back.patch() + "\n".join([*said, *told]) + "\n"


def accepted_json(back: WrittenBack) -> Body:
    return {
        "format_version": FORMAT_VERSION,
        "files": [*sorted(back.after)],
        "patch": back.patch(),
        "notes": [*back.told],
    }


def _headline(drift: Drift) -> str:
    if drift.moved:
        count = len(drift.refs)
        return f"{counted(count, 'resource')} {'was' if count == 1 else 'were'} moved since applied"
    if drift.is_known or not drift.pending:
        return "No drift"
    return "Live differs, and it is not known who moved"


def _resource(moved: list[Moved], project: str, width: int, palette: Palette) -> Iterator[str]:
    causes = {each.cause for each in moved}
    cause = Cause.CONFLICT if Cause.CONFLICT in causes else Cause.DRIFT
    ref = safe(str(moved[0].ref))
    yield f"{palette.paint('!', Tone.BAD)} {palette.paint(ref, Tone.STRONG)}  [{cause}]"
    for each in moved:
        yield f"{_INDENT}{safe(each.pointer) or '(the whole)'}"
        applied, live, desired = _for_eyes(each)
        for name, value in (("applied", applied), ("live", live), ("desired", desired)):
            text = "(not there)" if value is None else in_words(value, project)
            yield f"{_INDENT}  {name:<8} {cut(text, width - len(_INDENT) - 11)}"


def _without_secrets(moved: Moved) -> tuple[object, object, object]:
    here = change_for_eyes(moved.ref, FieldChange(moved.pointer, moved.live, moved.desired))
    before = change_for_eyes(moved.ref, FieldChange(moved.pointer, moved.applied, None))
    return before.before, here.before, here.after


def _for_eyes(moved: Moved) -> tuple[object, object, object]:
    """The three values without secrets, and for a record set without what its Ref says."""
    values = _without_secrets(moved)
    if not moved.ref.is_record_set or moved.pointer:
        return values
    applied, live, desired = map(_without_its_name, values)
    return applied, live, desired


def _without_its_name(record_set: object) -> object:
    """The Ref tells name and type already; a line has room for the values then."""
    if not isinstance(record_set, Mapping):
        return record_set
    return {key: value for key, value in record_set.items() if key not in {"kind", "name", "type"}}


def _rest(drift: Drift, width: int) -> Iterator[str]:
    pending = sorted({each.ref for each in drift.pending})
    if not pending:
        return
    yield ""
    names = ", ".join(safe(str(ref)) for ref in pending)
    if not drift.is_known:
        yield from wrapped(_NOBODY_KNOWS, width)
        yield from wrapped(f"These differ: {names}", width, "", "  ")
    else:
        yield from wrapped(f"Pending, for the YAML moved: {names}", width, "", "  ")


def _note(note: str, width: int) -> list[str]:
    return wrapped(safe(note), width, "  * ", "    ")


def _field(moved: Moved) -> Body:
    applied, live, desired = _without_secrets(moved)
    return {
        "address": str(moved.ref),
        "field": moved.pointer,
        "cause": moved.cause.value,
        "applied": plain(applied),
        "live": plain(live),
        "desired": plain(desired),
    }
