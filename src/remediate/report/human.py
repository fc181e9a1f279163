"""A plan for people: on 80 columns, without colour, in a pipe or at three in the morning."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator, Sequence

from remediate.model.aside import lasting
from remediate.model.plan import Difference, Objection, Plan, Step
from remediate.pipeline.apply import Outcome
from remediate.pipeline.guard import denied
from remediate.pipeline.this_hour import is_closed
from remediate.pipeline.undoing import answers_to_undo
from remediate.report.differences import SIGNS, Drawing, resource_lines, rotation_lines, sign
from remediate.report.rotation import rotations
from remediate.report.summary import count_words, sentences
from remediate.report.text import (
    WIDTH,
    Palette,
    Tone,
    Typed,
    bare,
    command,
    counted,
    duration,
    safe,
    wrapped,
)

_FROM_SNAPSHOT, _OF_GC = "snapshot:", "gc:"  # how the digest of what is desired begins
DONE = {"apply": "Applied", "rollback": "Rolled back", "gc": "Cleared away"}
_TYPED_APART = 2  # acknowledgements; more are worth a command to paste
_LEVELS = {"deny": "denied", "approve": "needs approval", "warn": "warning"}


def plan_text(
    plan: Plan, *, width: int = WIDTH, colour: bool = False, next_command: str = "", kept: str = ""
) -> str:
    """The whole plan as text, ending in a line break.

    `kept` says which file holds it, where one was written.

    `next_command` is what to type to go on. It is left out where nothing is to be done or where
    an objection stands in the way. No line is longer than `width`, but for names that cannot be
    broken. Without `colour` there is no escape sequence in it, whatever Google's bodies hold.
    """
    drawing = Drawing(width, Palette(colour=colour), plan.project, plan.retention)
    blocks = [
        list(block)
        for block in (
            _title(plan, drawing),
            *difference_blocks(plan, drawing),
            _objections(plan.objections, drawing),
            _notes(plan.notes, drawing),
            _summary(plan, drawing),
            wrapped(safe(kept), width) if kept else (),
            _next(plan, next_command, drawing),
        )
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _title(plan: Plan, drawing: Drawing) -> Iterator[str]:
    if not plan.is_empty:
        where = f"{safe(plan.environment)} (project {safe(plan.project)})"
        yield from wrapped(f"Plan for {where}: {aim(plan)}", drawing.width)
        used = {sign(difference) for difference in plan.differences}
        legend = ", ".join(f"{mark} {word}" for mark, word in SIGNS.items() if mark in used)
        yield from wrapped(legend, drawing.width)
    elif plan.left_out:
        rest = counted(plan.left_out, "difference")
        text = f"Nothing to do in what was chosen; {rest} left out by --target or --exclude."
        yield from wrapped(text, drawing.width)
    elif plan.objections:
        text = f"Nothing can be planned for {safe(plan.environment)}; see what stands in the way."
        yield from wrapped(text, drawing.width)
    else:
        looked = f", {counted(len(plan.written), 'resource')} compared" if plan.written else ""
        text = f"Nothing to do: {reached(plan)} ({safe(plan.environment)}{looked})."
        yield from wrapped(text, drawing.width)


def aim(plan: Plan) -> str:
    if plan.desired_digest.startswith(_OF_GC):
        return f"to delete {_old(plan)}"
    return f"to make live as {_wish(plan)}"


def reached(plan: Plan) -> str:
    if plan.desired_digest.startswith(_OF_GC):
        return f"nothing can go of {_old(plan)}"
    if plan.stays:
        return f"what is not as {_wish(plan)} stays, see the notes"
    return f"live is as {_wish(plan)}"


def _old(plan: Plan) -> str:
    when = f"{lasting(plan.retention)} ago or earlier" if plan.retention else "until now"
    return f"what was set aside {when}"


def _wish(plan: Plan) -> str:
    if plan.desired_digest.startswith(_FROM_SNAPSHOT):
        return f"snapshot {safe(plan.desired_digest.removeprefix(_FROM_SNAPSHOT))} holds it"
    return "the YAML says"


def difference_blocks(plan: Plan, drawing: Drawing) -> Iterator[list[str]]:
    """In the order in which they are carried out; rotations after the rest, each a block."""
    turning = rotations(plan)
    inside = {id(d) for rotation in turning for d in rotation.differences}
    rest = [difference for difference in _in_order(plan) if id(difference) not in inside]
    steps: dict[object, list[Step]] = defaultdict(list)
    for step in plan.steps:
        steps[step.live].append(step)
    yield [line for each in rest for line in resource_lines(each, drawing, steps[each.live])]
    going = {d.live for d in plan.differences if d.action.removes}
    for rotation in turning:
        yield list(rotation_lines(rotation, going, plan.foreign, drawing))


def _in_order(plan: Plan) -> list[Difference]:
    place: dict[object, int] = {}
    for number, step in enumerate(plan.steps):
        place.setdefault((step.ref, step.live), number)
    last = len(plan.steps)
    return sorted(plan.differences, key=lambda d: place.get((d.ref, d.live), last))


def _objections(objections: Sequence[Objection], drawing: Drawing) -> Iterator[str]:
    if not objections:
        return
    open_ones = len(denied(objections))
    standing = f", {open_ones} in the way" if open_ones else ", none in the way"
    yield drawing.palette.paint(counted(len(objections), "objection") + standing, Tone.STRONG)
    for objection in sorted(objections, key=lambda o: bool(o.allowed) or o.level == "warn"):
        yield from _objection(objection, drawing)


def _objection(objection: Objection, drawing: Drawing) -> Iterator[str]:
    word = "acknowledged" if objection.allowed else _LEVELS.get(objection.level, objection.level)
    stands = not objection.allowed and objection.level != "warn"
    mark = drawing.palette.paint("!" if stands else " ", Tone.BAD)
    first = f"{word}: {objection.rule}: "
    lines = wrapped(first + safe(objection.message), drawing.width - 2, "", "    ")
    yield f"{mark} {lines[0]}"
    yield from (f"  {line}" for line in lines[1:])
    if objection.place:
        yield f"      at {safe(str(objection.place))}"
    if objection.allowed:
        yield from wrapped(f"because: {safe(objection.allowed)}", drawing.width, "      ")
    elif stands and objection.allow:
        yield from command(f"to go on: {allow_words(objection)}", drawing.width, "      ")


def allow_words(objection: Objection) -> str:
    """What to type to acknowledge it, quoted for a shell where it must be."""
    flag, _, value = objection.allow.partition(" ")
    if not flag:
        return ""
    return f"{flag} {shlex.quote(safe(value))}"


def _notes(notes: Sequence[str], drawing: Drawing) -> Iterator[str]:
    if notes:
        yield drawing.palette.paint(counted(len(notes), "note"), Tone.STRONG)
    for note in notes:
        yield from wrapped(safe(note), drawing.width, "  * ", "    ")


def _summary(plan: Plan, drawing: Drawing) -> Iterator[str]:
    if plan.is_idle:
        return
    told: set[str] = set()
    for label, sentence in sentences(plan):
        first = "" if label in told else label
        told.add(label)
        yield from wrapped(safe(sentence), drawing.width, f"{first:<9}")


def _next(plan: Plan, next_command: str, drawing: Drawing) -> Iterator[str]:
    if in_the_way := denied(plan.objections):
        allows = [allow_words(objection) for objection in in_the_way if objection.allow]
        together = next_command and len(in_the_way) == len(allows) > _TYPED_APART
        allows = [*dict.fromkeys(allows)]  # one approval is for all that take one
        end = ". All of them at once:" if together else "."
        yield from wrapped(f"Next: {_way_on(plan, in_the_way)}{end}", drawing.width)
        if together:
            yield from command(" ".join([next_command, *allows]), drawing.width)
    elif next_command and not plan.is_idle:
        label = "Next:"
        if is_closed(plan):
            text = "Next: wait until the window opens, as told above, and leave out --incident; "
            yield from wrapped(f"{text}or say why it cannot wait:", drawing.width)
            label = ""
        line = f"{label} {next_command}"
        if label and len(line) <= drawing.width:
            yield line
        else:
            yield from filter(None, [label])
            yield from command(next_command, drawing.width)


def _way_on(plan: Plan, in_the_way: Sequence[Objection]) -> str:
    """Of objections: the words that acknowledge them, or what else there is to do."""
    otherwise = "change the YAML"
    if plan.desired_digest.startswith(_FROM_SNAPSHOT):
        otherwise = "roll back to another snapshot"
    elif plan.desired_digest.startswith(_OF_GC):
        otherwise = "leave those out with --exclude"
    if all(objection.allow for objection in in_the_way):
        acknowledged = all(objection.allow.startswith("--allow") for objection in in_the_way)
        how = "acknowledge each objection above with its --allow"
        if not acknowledged:
            how = "answer each objection above with what it says"
        return f"{how}, or {otherwise}"
    return f"{otherwise}, since not every objection above has an --allow"


def outcome_text(
    outcome: Outcome | None,
    plan: Plan,
    *,
    verb: str = "apply",
    width: int = WIDTH,
    typed: Typed = bare,
) -> str:
    """What came of an apply, a rollback or a gc that has succeeded, and the way back."""
    if outcome is None and plan.is_idle:
        return plan_text(plan, width=width)
    if outcome is None:
        names = ", ".join(safe(ref.name) for ref in plan.settles)
        are = "is" if len(plan.settles) == 1 else "are"
        waited = f", and {names} {are} ready" if names else ""
        text = f"Nothing was done: {reached(plan)}{waited} ({safe(plan.environment)})."
        return "\n".join(wrapped(text, width)) + "\n"
    done = DONE[verb]
    steps = f"{counted(outcome.done, 'step')}, run {safe(outcome.run)}"
    what = count_words(plan, past=True) or "nothing more was left to change"
    lines = wrapped(f"{done}: {what} ({steps}).", width)
    if plan.then_wait:
        wait = f"{plan.then_wait} s ({duration(plan.then_wait)})"
        lines += wrapped(f"Wait {wait}, then apply again for the change itself.", width)
    answers, more = answers_to_undo(plan.steps)
    back = typed("rollback", "--snapshot", safe(outcome.snapshot), *map(safe, answers))
    lines += ["To take it back:", *command(back, width)]
    if more:
        lines += wrapped(f"It asks for {counted(more, 'more --allow')}, and names each.", width)
    return "\n".join(lines) + "\n"
