"""What we want less of, counted. `make ratchets` lowers the file to where we are."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.architecture.repository import ROOT, files

FILE = Path(__file__).with_name("ratchets.json")
SOURCES = ROOT / "src"
BARE = re.compile(r"# (?:noqa: [A-Z0-9, ]+|type: ignore(?:\[[\w, -]+\])?)\s*$", re.MULTILINE)


@cache
def counted() -> dict[str, int]:
    """Each measure of `src/`, by name."""
    texts = [path.read_text(encoding="utf-8") for path in files(".py", below=SOURCES)]
    trees = [ast.parse(text) for text in texts]
    whole = "\n".join(texts)
    return {
        "Any": sum(_names(tree, "Any") for tree in trees),
        "type: ignore": len(re.findall(r"# type: ignore", whole)),
        "cast": sum(_calls(tree, "cast") for tree in trees),
        "pragma: no cover": len(re.findall(r"# pragma: no cover", whole)),
        "exemptions without a reason": len(BARE.findall(whole)),
        "noqa": len(re.findall(r"# noqa", whole)),
        "lines of the longest module": max(text.count("\n") for text in texts),
        "lines of the longest function": max(max(_lengths(tree), default=0) for tree in trees),
    }


def allowed() -> dict[str, int]:
    known: dict[str, int] = json.loads(FILE.read_text(encoding="utf-8"))
    return known


def _names(tree: ast.AST, name: str) -> int:
    return sum(isinstance(node, ast.Name) and node.id == name for node in ast.walk(tree))


def _calls(tree: ast.AST, name: str) -> int:
    return sum(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
        for node in ast.walk(tree)
    )


def _lengths(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1


if __name__ == "__main__":
    before = allowed()
    now = {name: min(count, before.get(name, count)) for name, count in counted().items()}
    FILE.write_text(json.dumps(now, indent=2) + "\n", encoding="utf-8")
