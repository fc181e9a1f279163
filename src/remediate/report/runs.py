"""One run as a story: who began it, each step and what came of it, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from remediate.model.json import Body, Json
from remediate.report.machine import FORMAT_VERSION
from remediate.report.text import WIDTH, Palette, Tone, Typed, bare, command, safe, wrapped
from remediate.stores.journal import Kind, Record, Story

_OPEN = "BEGUN, and no end is written: it may or may not have taken effect"


@dataclass(slots=True)
class _Told:
    """One step of the run, as far as its records go."""

    begun: Record
    state: str = _OPEN
    tone: Tone = Tone.BAD

    @property
    def is_open(self) -> bool:
        return self.state is _OPEN


def run_text(story: Story, *, width: int = WIDTH, colour: bool = False, typed: Typed = bare) -> str:
    steps, ending = _steps(story, width, Palette(colour=colour)), _ending(story, width, typed)
    blocks = [[*block] for block in (_heading(story, width), steps, ending)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def run_json(story: Story) -> Body:
    records: list[Json] = [
        {"seq": record.seq, "kind": record.kind, "time": record.time, **record.facts}
        for record in story.records
    ]
    return {
        "format_version": FORMAT_VERSION,
        "run": story.run,
        "outcome": story.outcome,
        "torn": story.torn,
        "records": records,
    }


def _heading(story: Story, width: int) -> Iterator[str]:
    facts = story.begun
    verb, environment, project = (_said(facts, n) for n in ("verb", "environment", "project"))
    yield from wrapped(f"Run {safe(story.run)}: {verb} of {environment} (project {project})", width)
    if story.records:
        who = f"begun {story.records[0].time} by {_said(facts, 'who')} on {_said(facts, 'host')}"
        yield from wrapped(f"{who}, remediate {_said(facts, 'version')}", width)
        yield f"plan {_said(facts, 'digest')}"
        for record in story.records:
            if record.kind == Kind.RUN_RESUMED:
                who = f"{_said(record.facts, 'who')} on {_said(record.facts, 'host')}"
                yield from wrapped(f"gone on with {record.time} by {who}", width)
        yield f"snapshot {_said(facts, 'snapshot')}"
        yield from _consent(facts, width)


def _consent(facts: Body, width: int) -> Iterator[str]:
    """Who approved it, as was asserted, and why it passed a closed window."""
    names = facts.get("approved_by")
    if isinstance(names, list) and names:
        listed = ", ".join(safe(str(name)) for name in names)
        yield from wrapped(f"approved by {listed}, as asserted", width)
    if "incident" in facts:
        yield from wrapped(f"incident: {_said(facts, 'incident')}", width)


def _steps(story: Story, width: int, palette: Palette) -> Iterator[str]:
    steps: dict[str, _Told] = {}
    for record in story.records:
        number = str(record.facts.get("step"))
        match record.kind:
            case Kind.STEP_BEGUN:
                for told in steps.values():
                    if told.is_open and _same(told.begun, record):
                        told.state = f"no end is written; asked for again as step {number}"
                steps[number] = _Told(record)
            case Kind.STEP_DONE if number in steps:
                by_looking = ", as a look has shown" if record.facts.get("settled") else ""
                steps[number].state, steps[number].tone = f"done{by_looking}", Tone.GOOD
            case Kind.STEP_FAILED:
                told = steps.setdefault(number, _Told(record))
                told.state = f"FAILED: {_said(record.facts, 'why')}"
    for number, told in steps.items():
        facts = told.begun.facts
        note = f" ({_said(facts, 'note')})" if facts.get("note") else ""
        what = f"{_said(facts, 'verb')} {_said(facts, 'live')}{note}"
        begun = f"{told.begun.time}  step {safe(number)}: "
        yield from wrapped(begun + (what if "verb" in facts else "not begun"), width, "", "    ")
        lines = wrapped(told.state, width, "    ")
        yield from (palette.paint(line, told.tone) for line in lines)


def _same(one: Record, other: Record) -> bool:
    """Whether they are about the same step, planned anew."""
    return all(one.facts.get(name) == other.facts.get(name) for name in ("live", "method"))


def _ending(story: Story, width: int, typed: Typed) -> Iterator[str]:
    if story.torn:
        yield "Its last record was cut off, as by a crash, and is left out."
    if (last := story.ending) is None:
        yield "It has not ended: it was killed, or it still goes on."
    else:
        why = f": {_said(last.facts, 'why')}" if "why" in last.facts else ""
        yield from wrapped(f"Ended {last.time}, {_said(last.facts, 'outcome')}{why}", width)
    endpoint = str(story.begun.get("endpoint") or "")
    if story.outcome != "done" and "choices" in story.begun:
        yield "The way on:"
        yield from command(typed("apply", "--resume", safe(story.run), endpoint=endpoint), width)
    if snapshot := story.begun.get("snapshot"):
        yield "The way back:"
        yield from command(
            typed("rollback", "--snapshot", safe(str(snapshot)), endpoint=endpoint), width
        )


def _said(facts: Body, name: str) -> str:
    value = facts.get(name)
    return "?" if value is None else safe(str(value))
