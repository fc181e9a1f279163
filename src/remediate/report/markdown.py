"""A result as a comment on a pull request: the verdict first, and every deletion by name.

GitHub takes 65,536 characters, GitLab more; ours are `LIMIT` at most. What does not fit is cut from
the end of what matters least, and counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from remediate.model.errors import InvalidInput
from remediate.model.plan import Action, Cause, Difference, Objection, Plan
from remediate.report.differences import Drawing, sign
from remediate.report.human import DONE, aim, allow_words, difference_blocks, reached
from remediate.report.markdown_text import code, fence, prose, row, within
from remediate.report.result import Remark, Result, remarks
from remediate.report.summary import count_words, sentences
from remediate.report.text import Palette, counted, cut
from remediate.report.wording import change_for_eyes, main_fields

LIMIT = 60_000
_WIDE = 100  # columns of the folded part
_SENTENCE, _MESSAGE, _CELL = 700, 1500, 90  # characters
_GOES = frozenset({Action.DELETE, Action.SET_ASIDE, Action.REPLACE})
_LEVELS = {"deny": "denied", "approve": "needs approval", "warn": "warning"}
_MORE = "They do not fit into a comment; `--json-out FILE` names them all."


def marker(environment: str, verb: str) -> str:
    """The hidden first line, by which a later comment of the same kind takes this one's place."""
    return f"<!-- remediate:{environment}:{verb} -->"


def markdown(result: Result, limit: int = LIMIT) -> str:
    """The whole of it; never longer than `limit`, which is a few thousand at least."""
    head = [marker(result.environment, result.verb), f"### {_verdict(result)}"]
    blocks = [*head, *_said(result)]
    following = _following(result)
    room = limit - sum(len(block) + 2 for block in (*blocks, *following)) - _SENTENCE
    blocks += _body(result, room)
    return "\n\n".join([*blocks, *following]) + "\n"


def _verdict(result: Result) -> str:
    plan, where = result.plan, code(result.environment or "the environment")
    if result.error is not None:
        return f"{result.verb} of {where} ended with {result.error.exit_code}: {_why(result)}"
    if plan is None:
        return within(_SENTENCE, result.headline)
    if result.outcome is not None:
        return f"{DONE[result.verb]} {where}: {prose(count_words(plan, past=True))}"
    if stands := result.open_objections:
        return f"Denied: {counted(len(stands), 'objection')} to the plan for {where}{_gone(plan)}"
    if plan.is_empty:
        return f"Nothing to do for {where}: {prose(reached(plan))}"
    return f"Plan for {where}: {prose(count_words(plan))}"


def _gone(plan: Plan) -> str:
    return f": {prose(count_words(plan))}" if plan.differences else ""


def _why(result: Result) -> str:
    error = result.error
    if isinstance(error, InvalidInput) and error.faults:
        return f"{counted(len(error.faults), 'fault')} in the YAML; nothing was sent"
    assert error is not None, "only asked where there is one"
    first = (error.brief or str(error) or type(error).__name__).split("\n", 1)[0]
    return within(_SENTENCE, first)


def _said(result: Result) -> Iterator[str]:
    """What the error says beyond its first line, and what a reviewer asks of a plan."""
    error, plan = result.error, result.plan
    if error is not None:
        told = error.brief or (isinstance(error, InvalidInput) and error.faults)
        more = "" if told else _rest(str(error))
        yield from (within(_MESSAGE, text) for text in (more, error.hint) if text)
    if result.table:
        lines = [row(("what", "", "passes")), "|---|---|---|"]
        yield "\n".join([*lines, *(row(map(prose, each)) for each in result.table)])
    if plan is None:
        return
    yield f"Project {code(plan.project)}, {prose(aim(plan))}."
    rows = [f"- **{label}** {within(_SENTENCE, text)}" for label, text in sentences(plan)]
    if rows:
        yield "\n".join(rows)


def _rest(message: str) -> str:
    return message.partition("\n")[2].strip()


def _body(result: Result, room: int) -> Iterator[str]:
    """What may have to be cut, in the order of what matters most."""
    for blocks, share in (
        (_deletions, 1.0),
        (_objections, 0.5),
        (_changes, 0.5),
        (_notes, 0.3),
        (_fields, 1.0),
    ):
        made = "\n\n".join(blocks(result, int(room * share)))
        if made and len(made) + 2 <= room:
            room -= len(made) + 2
            yield made


def _deletions(result: Result, room: int) -> Iterator[str]:
    """Every resource that goes, by name: with what it held, if there is room for that."""
    going = [d for d in result.plan.differences if d.action in _GOES] if result.plan else []
    if not going or result.plan is None:
        return
    title = f"**Goes: {counted(len(going), 'resource')}**"
    rows = [_row(each, result.plan.project) for each in going]
    if len(title) + 2 + _length(_table(rows)) <= room:
        yield title
        yield "\n".join(_table(rows))
        return
    listed, unnamed = _by_zone(going, room - 300)
    if unnamed:
        yield f"{title}, **and {unnamed:,} of them are not named here.** {_MORE}"
    else:
        yield title
    yield listed


def _by_zone(going: Sequence[Difference], room: int) -> tuple[str, int]:
    """Names alone, record sets by their zone; and how many have found no room."""
    zones: dict[str, list[str]] = defaultdict(list)
    for each in going:
        ref = each.ref
        where = str(ref.zone) if ref.is_record_set else ref.kind
        zones[where].append(" ".join(ref.record) if ref.is_record_set else str(ref))
    lines, unnamed = [], 0
    for where, names in sorted(zones.items()):
        line = f"- {code(where)} ({len(names):,}): "
        told = [code(name) for name in names]
        kept = _fitting(told, room - len(line), 2)
        room -= len(line) + sum(len(name) + 2 for name in told[:kept]) + 1
        unnamed += len(names) - kept
        lines += [line + ", ".join(told[:kept])] if kept else []
    return "\n".join(lines), unnamed


def _fitting(pieces: Sequence[str], room: int, gap: int) -> int:
    """How many of them there is room for, from the first on."""
    for at, piece in enumerate(pieces):
        room -= len(piece) + gap
        if room < 0:
            return at
    return len(pieces)


def _table(rows: Sequence[str]) -> list[str]:
    return [row(("", "resource", "what")), "|---|---|---|", *rows]


def _length(lines: Iterable[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _row(difference: Difference, project: str) -> str:
    moved = "" if difference.cause is Cause.PENDING else f" ({difference.cause.value})"
    word = f"{code(sign(difference))} {difference.action.words}{moved}"
    return row((word, code(str(difference.ref)), code(cut(_what(difference, project), _CELL))))


def _what(difference: Difference, project: str) -> str:
    shown = [change_for_eyes(difference.ref, change).pointer for change in difference.changes]
    if named := [pointer for pointer in shown if pointer]:
        return ", ".join(named)
    return ", ".join(main_fields(difference.ref, difference.after or difference.before, project))


def _changes(result: Result, room: int) -> Iterator[str]:
    plan = result.plan
    staying = [d for d in plan.differences if d.action not in _GOES] if plan else []
    if not staying or plan is None:
        return
    rows = [_row(each, plan.project) for each in staying]
    kept = _fitting(rows, room - 200, 1)
    if kept:
        yield "\n".join(_table(rows[:kept]))
    if kept < len(rows):
        yield f"… and {counted(len(rows) - kept, 'more resource')} to create or change. {_MORE}"


def _objections(result: Result, room: int) -> Iterator[str]:
    """Of a plan: each, and what to type. Else each fault or drift, and where it is."""
    plan = result.plan
    if plan is not None:
        ordered = sorted(plan.objections, key=lambda o: bool(o.allowed) or o.level == "warn")
        lines = [_objection(each) for each in ordered]
    else:
        told = result.brief or remarks(result)
        lines = [_fault(each) for each in told if each.place or each.about]
    kept = _fitting(lines, room - 100, 1)
    if kept:
        yield "\n".join(lines[:kept])
    if kept < len(lines):
        yield f"… and {counted(len(lines) - kept, 'more objection' if plan else _noun(result))}."


def _noun(result: Result) -> str:
    return "more resource" if result.said else "more fault"


def _objection(objection: Objection) -> str:
    word = "acknowledged" if objection.allowed else _LEVELS.get(objection.level, objection.level)
    at = f" at {code(str(objection.place))}" if objection.place else ""
    line = f"- **{word}** {code(objection.rule)}{at}: {within(_MESSAGE, objection.message)}"
    if objection.allowed:
        return f"{line}; because: {within(_SENTENCE, objection.allowed)}"
    if objection.allow and objection.level != "warn":
        return f"{line}; to go on: {code(allow_words(objection))}"
    return line


def _fault(remark: Remark) -> str:
    advice = f" ({within(_SENTENCE, remark.advice)})" if remark.advice else ""
    where = " at ".join(code(text) for text in (remark.about, str(remark.place or "")) if text)
    return f"- {where}: {within(_MESSAGE, remark.message)}{advice}"


def _notes(result: Result, room: int) -> Iterator[str]:
    notes = [f"- {within(_SENTENCE, note)}" for note in result.plan.notes] if result.plan else []
    kept = _fitting(notes, room - 200, 1)
    if not notes or not kept:
        return
    more = [f"- … and {len(notes) - kept:,} more"] if kept < len(notes) else []
    yield _folded(counted(len(notes), "note"), [*notes[:kept], *more])


def _fields(result: Result, room: int) -> Iterator[str]:
    """The changed fields as the terminal shows them, folded."""
    if result.plan is None or result.plan.is_empty:
        return
    drawing = Drawing(_WIDE, Palette(colour=False), result.plan.project, result.plan.retention)
    blocks = [[*block] for block in difference_blocks(result.plan, drawing)]
    lines = [*chain.from_iterable([*block, ""] for block in blocks if block)][:-1]
    kept = _fitting(lines, room - 300, 1)
    more = [f"… and {len(lines) - kept:,} more lines"] if kept < len(lines) else []
    if kept:
        yield _folded("Every changed field", fence([*lines[:kept], *more]))


def _folded(title: str, lines: Iterable[str]) -> str:
    """Markdown inside of `<details>` begins after an empty line (CommonMark §4.6)."""
    text = "\n".join(lines)
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def _following(result: Result) -> list[str]:
    if not result.following or (result.outcome is None and result.open_objections):
        return []
    label = "To take it back:" if result.outcome is not None else "Next:"
    return ["\n".join([label, "", *fence([cut(result.following, _MESSAGE)])])]
