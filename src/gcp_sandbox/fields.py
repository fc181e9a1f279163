"""The partial-response selector: `fields=kind,items(name,managed/domainStatus)`."""

from __future__ import annotations

import re
from functools import lru_cache

from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Json

Tree = dict[str, "Tree | None"]
"""Chosen members by name; None: the whole member; `*` stands for any name."""

_TOKEN = re.compile(r"[^,/()\s]+|[,/()]")


def select(body: Json, fields: str) -> Json:
    """Only what `fields` names; lists are walked through. Raises 400 for a broken selector."""
    return _choose(body, parse(fields))


@lru_cache(maxsize=256)
def parse(fields: str) -> Tree:
    """`a/b,c(d,e)` as a tree."""
    tokens = _TOKEN.findall(fields)
    tree, at = _choices(fields, tokens, 0)
    if at != len(tokens):
        raise _refused(fields)
    return tree


def _choices(fields: str, tokens: list[str], at: int) -> tuple[Tree, int]:
    tree: Tree = {}
    while True:
        at = _choice(fields, tokens, at, tree)
        if at == len(tokens) or tokens[at] != ",":
            return tree, at
        at += 1


def _choice(fields: str, tokens: list[str], at: int, tree: Tree) -> int:
    """One path, e.g. `items/managed(status,domains)`, merged into `tree`."""
    if at == len(tokens) or tokens[at] in ",/()":
        raise _refused(fields)
    name, at = tokens[at], at + 1
    if at < len(tokens) and tokens[at] in "/(":
        deeper: Tree = {}
        if tokens[at] == "/":
            at = _choice(fields, tokens, at + 1, deeper)
        else:
            deeper, at = _choices(fields, tokens, at + 1)
            if at == len(tokens) or tokens[at] != ")":
                raise _refused(fields)
            at += 1
        _merge(tree, name, deeper)
    else:
        tree[name] = None
    return at


def _merge(tree: Tree, name: str, deeper: Tree) -> None:
    if name not in tree:
        tree[name] = deeper
        return
    present = tree[name]
    if present is None:
        return
    for child, below in deeper.items():
        if below is None:
            present[child] = None
        else:
            _merge(present, child, below)


def _choose(value: Json, tree: Tree) -> Json:
    if isinstance(value, list):
        return [_choose(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    chosen = {}
    for name, member in value.items():
        if name in tree:
            deeper = tree[name]
        elif "*" in tree:
            deeper = tree["*"]
        else:
            continue
        chosen[name] = member if deeper is None else _choose(member, deeper)
    return chosen


def _refused(fields: str) -> GoogleError:
    return GoogleError(
        400,
        "invalidParameter",
        f"Invalid field selection {fields}",
        location="fields",
        locationType="parameter",
    )
