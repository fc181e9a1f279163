"""Whether everything is as a visitor must find it: for people, a line in a log, and machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from remediate.model.clock import rfc3339
from remediate.model.escapes import plain_lines
from remediate.model.finding import Finding, Verdict
from remediate.model.json import Body
from remediate.pipeline.verify import Verification
from remediate.report.alike import alike
from remediate.report.machine import FORMAT_VERSION, plain
from remediate.report.result import CHECK, Remark
from remediate.report.text import (
    WIDTH,
    Palette,
    Tone,
    command,
    counted,
    cut,
    duration,
    safe,
    whole,
    wrapped,
)

_WORDS = {Verdict.PASS: "ok", Verdict.FAIL: "FAILS", Verdict.UNKNOWN: "unknown"}
_NOBODY, _WARNS = "not checked", "warns"
_TAIL, _LONGEST = 10, 300  # lines of what a command has said, and characters of one
_TONES = {"ok": Tone.GOOD, "FAILS": Tone.BAD, "unknown": Tone.CHANGED, _WARNS: Tone.CHANGED}


def verification_text(
    found: Verification, *, width: int = WIDTH, colour: bool = False, typed: Callable[..., str]
) -> str:
    """The success table, then every finding that keeps it from passing, and what to type next."""
    palette = Palette(colour=colour)
    where = f"{safe(found.environment)} (project {safe(found.project)})"
    head = f"{_headline(found)}: {whole(where)}"
    lines = [*wrapped(head, width), "", *_table(found, palette)]
    if found.failing:
        lines += ["", *_said(found.failing, width, palette)]
    if found.warnings:
        lines += ["", "Warnings, which keep nothing from passing:"]
        lines += _said(found.warnings, width, palette)
    if found.findings and found.is_inside_alone:
        said = "No checks are written, which `kind: Checks` documents of the YAML hold."
        lines += ["", *wrapped(said, width)]
    if found.left_out:
        said = ", ".join(map(safe, found.left_out))
        lines += ["", *wrapped(f"Left out, as was asked: {said}", width)]
    lines += _ways(found, width, typed)
    if has_root(found):
        lines += ["", "To find what is at the root of it:", *command(typed("diagnose"), width)]
    return "\n".join(lines) + "\n"


def has_root(found: Verification) -> bool:
    """Whether a diagnosis would have anything to find."""
    return any(one.verdict is Verdict.FAIL for one in found.failing)


def _ways(found: Verification, width: int, typed: Callable[..., str]) -> Iterator[str]:
    """How what nobody was allowed to look at would be seen."""
    if any(one.facts.get("denied") for one in found.failing):
        yield ""
        yield "A role to ask for:"
        yield from command(typed("iam", "--for", "plan"), width)
    if any(one.settled and one.probe == "command" for one in found.failing):
        yield ""
        yield from wrapped("Commands run on this machine, once that is allowed:", width)
        yield from command(typed("verify", "--allow-commands"), width)


def _headline(found: Verification) -> str:
    took = f" after {duration(found.waited)}" if found.waited else ""
    if found.passes and found.is_inside_alone:
        return f"What Google tells holds{took}, and no checks look from outside"
    if found.passes:
        return (
            f"Everything holds{took}" if not found.left_out else f"What was asked for holds{took}"
        )
    if not found.findings:
        return "Nothing was found to check, which is no pass"
    failing = sum(one.verdict is Verdict.FAIL for one in found.failing)
    unknown = len(found.failing) - failing
    words = [f"{failing} failing"] * bool(failing) + [f"{unknown} unknown"] * bool(unknown)
    late = f" within {duration(found.late)}" if found.late is not None else ""
    vain = ", and waiting changes nothing" if found.in_vain else ""
    of = counted(len(found.findings), "finding")
    return f"Does not pass{late}{vain}: {', '.join(words)} of {of}"


def _table(found: Verification, palette: Palette) -> Iterator[str]:
    rows = verification_table(found)
    room = max(len(word) for _, word, _ in rows)
    names = max(len(row) for row, _, _ in rows)
    for row, word, number in rows:
        shown = palette.paint(word, _TONES.get(word, Tone.FAINT)) + " " * (room - len(word))
        yield f"  {row:<{names}}  {shown}  {number}".rstrip()


def verification_table(found: Verification) -> list[tuple[str, str, str]]:
    """Of each row its name, its verdict in a word, and how many of its findings pass."""
    held = {one.category for one in found.failing}
    return [
        (
            str(category),
            _row_word(verdict, warns=category not in held),
            f"{good} of {every}" if every else "",
        )
        for category, verdict, good, every in found.rows()
    ]


def _row_word(verdict: Verdict | None, *, warns: bool) -> str:
    """What keeps nothing from passing is told as that."""
    if verdict is None:
        return _NOBODY
    return _WARNS if warns and verdict is not Verdict.PASS else _WORDS[verdict]


def _said(findings: Sequence[Finding], width: int, palette: Palette) -> Iterator[str]:
    """What one thing is behind once, by the checks; of a command also what it has said."""
    for each in alike(findings):
        word = _WORDS[each.verdict]
        text = f"{each.checks}: {each.message}"
        first, *rest = wrapped(text, width, f"{word:<7} ", " " * 8)
        yield palette.paint(first[:7], _TONES[word]) + first[7:]
        yield from rest
    for one in findings:
        yield from _output(one, width)


def _output(one: Finding, width: int) -> Iterator[str]:
    """How it began and how it ended: what was tried, and what came of it."""
    lines = plain_lines(str(one.facts.get("output") or ""))
    if not lines or (len(lines) == 1 and lines[0] in one.message):
        return
    unsaid = len(lines) - _TAIL
    yield ""
    yield f"What {safe(one.check)} has said:"
    if unsaid > 1:
        lines = [lines[0], f"... ({unsaid:,} lines between)", *lines[1 - _TAIL :]]
    for line in lines:
        yield from wrapped(cut(safe(line), _LONGEST), width, "  ", "    ")


def verification_line(found: Verification, width: int = WIDTH) -> str:
    """One line, for cron and logs, with as many names of checks as there is room for."""
    names = [*dict.fromkeys(safe(one.check) for one in found.failing)]
    headline = _headline(found)
    said = f"{safe(found.environment)}: {headline[0].lower()}{headline[1:]}"
    for shown in range(len(names), 0, -1):
        more = f" and {len(names) - shown} more" if shown < len(names) else ""
        line = f"{said} ({', '.join(names[:shown])}{more})"
        if len(line) <= width:
            return line
    return said


def verification_json(found: Verification) -> Body:
    return {
        "format_version": FORMAT_VERSION,
        "environment": found.environment,
        "project": found.project,
        "at": rfc3339(found.at),
        "passes": found.passes,
        "waited_s": round(found.waited, 3),
        "looks": found.looks,
        "within_s": found.late,
        "in_vain": found.in_vain,
        "table": [
            {
                "row": str(category),
                "verdict": None if verdict is None else str(verdict),
                "passing": good,
                "findings": every,
            }
            for category, verdict, good, every in found.rows()
        ],
        "findings": [_finding(one) for one in found.findings],
        "left_out": list(found.left_out),
    }


def _finding(one: Finding) -> Body:
    return {
        "check": one.check,
        "probe": one.probe,
        "target": one.target,
        "verdict": str(one.verdict),
        "severity": one.severity,
        "category": str(one.category),
        "message": one.message,
        "cause": one.cause or None,
        "settled": one.settled,
        "tags": list(one.tags),
        "facts": plain(one.facts),
    }


def verification_remarks(found: Verification) -> list[Remark]:
    """What does not pass; a warning where its check says so."""
    return [
        Remark(
            CHECK,
            "error" if one.fails else "warning",
            one.message if one.verdict is Verdict.FAIL else f"unknown: {one.message}",
            about=f"{one.check} {one.target}",
        )
        for one in (*found.failing, *found.warnings)
    ]


def verification_brief(found: Verification) -> list[Remark]:
    """The same for people: what one thing is behind, once."""
    return [
        Remark(
            CHECK,
            level,
            one.sentence if one.verdict is Verdict.FAIL else f"unknown: {one.sentence}",
            about=one.checks,
        )
        for level, findings in (("error", found.failing), ("warning", found.warnings))
        for one in alike(findings)
    ]


def verification_cases(found: Verification) -> list[str]:
    """What passes, by names that stay the same from run to run."""
    return [
        f"{CHECK}: {one.check} {one.target}"
        for one in found.findings
        if one.verdict is Verdict.PASS
    ]
