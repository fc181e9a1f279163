"""Whether everything is as a visitor must find it: for people, a line in a log, and machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from remediate.model.clock import rfc3339
from remediate.model.finding import Finding, Verdict
from remediate.model.json import Body
from remediate.pipeline.verify import Verification
from remediate.report.machine import FORMAT_VERSION, plain
from remediate.report.result import CHECK, Remark
from remediate.report.text import (
    WIDTH,
    Palette,
    Tone,
    command,
    counted,
    duration,
    safe,
    wrapped,
)

_WORDS = {Verdict.PASS: "ok", Verdict.FAIL: "FAILS", Verdict.UNKNOWN: "unknown"}
_NOBODY = "not checked"
_NAMED = 3  # checks in a line of a log
_TAIL = 10  # lines of what a command has said
_TONES = {"ok": Tone.GOOD, "FAILS": Tone.BAD, "unknown": Tone.CHANGED}


def verification_text(
    found: Verification, *, width: int = WIDTH, colour: bool = False, typed: Callable[..., str]
) -> str:
    """The success table, then every finding that keeps it from passing, and what to type next."""
    palette = Palette(colour=colour)
    where = f"{safe(found.environment)} (project {safe(found.project)})"
    lines = [*wrapped(f"{_headline(found)}: {where}", width), "", *_table(found, palette)]
    if found.failing:
        lines += ["", *_said(found.failing, width, palette)]
    if found.warnings:
        lines += ["", "Warnings, which keep nothing from passing:"]
        lines += _said(found.warnings, width, palette)
    if found.left_out:
        said = ", ".join(map(safe, found.left_out))
        lines += ["", *wrapped(f"Left out, as was asked: {said}", width)]
    if any(one.verdict is Verdict.FAIL for one in found.failing):
        lines += ["", "To find what is at the root of it:", *command(typed("diagnose"), width)]
    return "\n".join(lines) + "\n"


def _headline(found: Verification) -> str:
    took = f" after {duration(found.waited)}" if found.waited else ""
    if found.passes:
        return (
            f"Everything holds{took}" if not found.left_out else f"What was asked for holds{took}"
        )
    if not found.findings:
        return "Nothing was checked, which is no pass"
    failing = sum(one.verdict is Verdict.FAIL for one in found.failing)
    unknown = len(found.failing) - failing
    words = [f"{failing} failing"] * bool(failing) + [f"{unknown} unknown"] * bool(unknown)
    late = f" within {duration(found.late)}" if found.late is not None else ""
    return f"Does not pass{late}: {', '.join(words)} of {counted(len(found.findings), 'finding')}"


def _table(found: Verification, palette: Palette) -> Iterator[str]:
    rows = [
        (str(category), _NOBODY if verdict is None else _WORDS[verdict], f"{good} of {every}")
        for category, verdict, good, every in found.rows()
    ]
    room = max(len(word) for _, word, _ in rows)
    names = max(len(row) for row, _, _ in rows)
    for row, word, number in rows:
        shown = palette.paint(word, _TONES.get(word, Tone.FAINT)) + " " * (room - len(word))
        yield f"  {row:<{names}}  {shown}  {number if word != _NOBODY else ''}".rstrip()


def _said(findings: Sequence[Finding], width: int, palette: Palette) -> Iterator[str]:
    """Each once, by its check; of a command also the end of what it has said."""
    for one in dict.fromkeys((each.check, each.verdict, each.message) for each in findings):
        check, verdict, message = one
        head = f"{_WORDS[verdict]:<7} {safe(check)}: "
        first, *rest = wrapped(safe(message), width, head, " " * 8)
        yield palette.paint(first[:7], _TONES[_WORDS[verdict]]) + first[7:]
        yield from rest
    for each in findings:
        lines = str(each.facts.get("output") or "").rstrip().splitlines()
        if lines:
            yield ""
            yield f"The end of what {safe(each.check)} has said:"
            yield from (f"  {safe(line)[: width - 2]}" for line in lines[-_TAIL:])


def verification_line(found: Verification) -> str:
    """One line, for cron and logs."""
    names = [*dict.fromkeys(safe(one.check) for one in found.failing)]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    said = f" ({', '.join(names[:_NAMED])}{more})" if names else ""
    headline = _headline(found)
    return f"{safe(found.environment)}: {headline[0].lower()}{headline[1:]}{said}"


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


def verification_cases(found: Verification) -> list[str]:
    """What passes, by names that stay the same from run to run."""
    return [
        f"{CHECK}: {one.check} {one.target}"
        for one in found.findings
        if one.verdict is Verdict.PASS
    ]
