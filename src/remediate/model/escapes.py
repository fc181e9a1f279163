"""Somebody's output without what would steer a terminal: colours, cursors, titles."""

from __future__ import annotations

import re

# ECMA-48: control sequences (§5.4), strings such as titles and links (§5.6), other escapes (§5.3).
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)


def plain_lines(output: str) -> list[str]:
    """The lines that have anything on them, each as it would read."""
    lines = (_SEQUENCE.sub("", line).strip() for line in output.splitlines())
    return [line for line in lines if line]
