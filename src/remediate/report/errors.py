"""An error for people: what happened, where, and what to do."""

from __future__ import annotations

from remediate.model.errors import Fault, InvalidInput, RemediateError
from remediate.report.text import WIDTH, Palette, Tone, counted, safe, safe_lines, wrapped

_LABEL = "error: "
_TO_COPY = ("remediate ", "--")  # what stays whole, however long
MOST = 100  # faults that are worth reading before the first of them are mended


def error_text(error: RemediateError, *, colour: bool = False, width: int = WIDTH) -> str:
    """Without a last line break. Faults come one a line, with the place first."""
    faults = error.faults if isinstance(error, InvalidInput) else ()
    lines = [_line(fault) for fault in faults[:MOST]]
    if (unsaid := len(faults) - MOST) > 0:
        lines.append(f"... and {counted(unsaid, 'more fault')}")
    said = error.brief or str(error) or type(error).__name__
    if faults and said == "\n".join(map(str, faults)):
        said = f"{counted(len(faults), 'fault')} in what you wrote; nothing was sent"
    first, *more = safe_lines(said).split("\n")
    head, *rest = wrapped(first, width, _LABEL, "  ")
    label = Palette(colour=colour).paint(_LABEL.rstrip(), Tone.BAD)
    lines += [f"{label}{head.removeprefix(_LABEL.rstrip())}", *rest]
    for line in more:
        inner = line.lstrip()
        indent = line[: len(line) - len(inner)]
        copied = indent and inner.startswith(_TO_COPY)
        lines += [line] if copied else wrapped(inner, width, indent, f"{indent}  ")
    if error.hint:
        lines += wrapped(safe(error.hint), width, "what to do: ", "  ")
    return "\n".join(lines)


def _line(fault: Fault) -> str:
    """`file:line:column: what is wrong (what was meant)`, which editors can follow."""
    return safe(str(fault))
