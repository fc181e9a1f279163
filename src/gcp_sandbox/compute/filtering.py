"""Google's list filter: `name=x AND labels.env:*`, or `name eq 'stag.*'`.

Both grammars of https://cloud.google.com/compute/docs/reference/rest/v1 (AIP-160 and the older
`eq`/`ne` with RE2) are understood; a parameter that is neither draws 400.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeAlias

from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Body, Json

Test: TypeAlias = Callable[[Body], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<sign>!=|<=|>=|=|<|>|:|\(|\)|-(?=[A-Za-z(]))
    |"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<word>[^\s()=!<>:"']+))""",
    re.VERBOSE,
)
_SIGNS = frozenset({"=", "!=", ":", "<", ">", "<=", ">="})
_WORDS = frozenset({"eq", "ne"})


@lru_cache(maxsize=64)
def parse(expression: str) -> Test:
    """A test of a body. Raises 400 for what is not a filter."""
    parser = _Parser(expression)
    test = parser.alternatives()
    if parser.peek() is not None:
        raise _refused(expression)
    return test


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = list(_tokens(expression))
        self._at = 0

    def peek(self) -> str | None:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else None

    def take(self) -> tuple[str, bool]:
        """The next token, and whether it was quoted."""
        if self._at >= len(self._tokens):
            raise _refused(self._expression)
        self._at += 1
        return self._tokens[self._at - 1]

    def alternatives(self) -> Test:
        tests = [self.conjunction()]
        while self.peek() == "OR":
            self.take()
            tests.append(self.conjunction())
        return tests[0] if len(tests) == 1 else lambda body: any(test(body) for test in tests)

    def conjunction(self) -> Test:
        """Terms beside each other, with or without AND."""
        tests = [self.term()]
        while self.peek() not in (None, "OR", ")"):
            if self.peek() == "AND":
                self.take()
            tests.append(self.term())
        return tests[0] if len(tests) == 1 else lambda body: all(test(body) for test in tests)

    def term(self) -> Test:
        if self.peek() in ("NOT", "-"):
            self.take()
            inner = self.term()
            return lambda body: not inner(body)
        if self.peek() == "(":
            self.take()
            test = self.alternatives()
            if self.take()[0] != ")":
                raise _refused(self._expression)
            return test
        return self.comparison()

    def comparison(self) -> Test:
        field, _ = self.take()
        sign, _ = self.take()
        value, quoted = self.take()
        if sign not in _SIGNS | _WORDS or (value in _SIGNS | {"(", ")"} and not quoted):
            raise _refused(self._expression)
        if sign in _WORDS:
            return _regular(self._expression, field, value, negated=sign == "ne")
        return lambda body: _compare(_value(body, field), sign, value)


def _tokens(expression: str) -> Iterator[tuple[str, bool]]:
    at, end = 0, len(expression.rstrip())
    while at < end:
        found = _TOKEN.match(expression, at)
        if found is None:
            raise _refused(expression)
        at = found.end()
        quoted = found["double"] if found["double"] is not None else found["single"]
        if quoted is not None:
            yield re.sub(r"\\(.)", r"\1", quoted), True
        else:
            yield found["sign"] or found["word"], False


def _regular(expression: str, field: str, pattern: str, *, negated: bool) -> Test:
    try:
        compiled = re.compile(pattern)
    except re.error:
        raise _refused(expression) from None
    return lambda body: (compiled.fullmatch(_text(_value(body, field))) is not None) is not negated


def _value(body: Json, field: str) -> Json:
    for name in field.split("."):
        if not isinstance(body, dict):
            return None
        body = body.get(name)
    return body


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _compare(value: Json, sign: str, wanted: str) -> bool:
    if sign == ":":
        return _has(value, wanted)
    if isinstance(value, list):
        return any(_compare(item, sign, wanted) for item in value)
    if sign == "=":
        return _wild(wanted).fullmatch(_text(value)) is not None
    if sign == "!=":
        return _wild(wanted).fullmatch(_text(value)) is None
    return _ordered(value, sign, wanted)


def _has(value: Json, wanted: str) -> bool:
    if wanted == "*":
        return value is not None
    if isinstance(value, list):
        return any(_has(item, wanted) for item in value)
    if isinstance(value, dict):
        return wanted in value
    return value is not None and _wild(f"*{wanted}*").fullmatch(_text(value)) is not None


def _wild(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.IGNORECASE | re.DOTALL)


def _ordered(value: Json, sign: str, wanted: str) -> bool:
    text = _text(value)
    try:
        order = (float(text) > float(wanted)) - (float(text) < float(wanted))
    except ValueError:
        order = (text > wanted) - (text < wanted)
    return {"<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0}[sign]


def _refused(expression: str) -> GoogleError:
    return GoogleError(
        400,
        "invalid",
        f"Invalid value for field 'filter': '{expression}'. Invalid list filter expression.",
    )
