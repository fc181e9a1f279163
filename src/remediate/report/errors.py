"""An error for people: what happened, where, and what to do."""

from __future__ import annotations

from remediate.model.errors import Fault, InvalidInput, RemediateError
from remediate.report.text import WIDTH, Palette, Tone, counted, safe, safe_lines, wrapped

MOST = 100  # faults that are worth reading before the first of them are mended


def error_text(error: RemediateError, *, colour: bool = False, width: int = WIDTH) -> str:
    """Without a last line break. Faults come one a line, each with its place first."""
    palette = Palette(colour=colour)
    faults = error.faults if isinstance(error, InvalidInput) else ()
    label = palette.paint("error:", Tone.BAD)
    lines = [_line(fault) for fault in faults[:MOST]]
    if (unsaid := len(faults) - MOST) > 0:
        lines.append(f"... and {counted(unsaid, 'more fault')}")
    if not faults or str(error) != "\n".join(map(str, faults)):
        lines.append(f"{label} {safe_lines(str(error) or type(error).__name__)}")
    else:
        lines.append(f"{label} {counted(len(faults), 'fault')} in what you wrote; nothing was sent")
    if error.hint:
        advice = wrapped(safe(error.hint), width, "what to do: ", "  ")
        lines.append("\n".join(advice))
    return "\n".join(lines)


def _line(fault: Fault) -> str:
    """`file:line:column: what is wrong (what was meant)`, which editors can follow."""
    return safe(str(fault))
