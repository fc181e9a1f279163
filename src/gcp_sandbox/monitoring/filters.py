"""The filter of a request: one metric type, and whatever else tells its series apart.

https://cloud.google.com/monitoring/api/v3/filters: `metric.type = "…" AND resource.labels.x = "…"`,
`:` for a substring, OR, NOT and brackets, and the functions `starts_with`, `ends_with`,
`has_substring`, `one_of` and `monitoring.regex.full_match`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from gcp_sandbox.monitoring.metrics import METRICS, RESOURCES, Metric
from gcp_sandbox.request import Body
from gcp_sandbox.status import StatusError

Test: TypeAlias = Callable[[Body], bool]
"""Of a series' `{"metric.labels.x": …, "resource.labels.y": …}`."""

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<sign>!=|=|:|\(|\)|,|-)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>[\w.]+))""",
    re.VERBOSE,
)
_NO_SERIES: Final = (
    "The supplied filter does not specify a valid combination of metric and monitored resource "
    "descriptors. The query will not return any time series."
)
_LABEL: Final = re.compile(r"(metric|resource)\.labels?\.(\w+)")
_PLAIN: Final = {"metric.type", "resource.type", "project", "group.id"}
_DEEPEST: Final = 50


def refused(parameter: str, value: str, why: str) -> StatusError:
    """400 in Monitoring's words."""
    shown = f'"{value}"' if parameter == "filter" else value
    return StatusError(
        "INVALID_ARGUMENT", f"Field {parameter} had an invalid value of {shown}: {why}"
    )


def parse(text: str) -> tuple[Metric, Test]:
    """The one metric, and the test of its series. Raises 400, or 404 for an unknown metric."""
    parser = _Parser(text)
    test = parser.alternatives()
    if parser.peek() is not None:
        raise refused("filter", text, f'Could not parse the filter at "{parser.peek()}".')
    if len(parser.types) != 1:
        raise refused("filter", text, "The filter must specify exactly one metric.type.")
    (type_,) = parser.types
    metric = METRICS.get(type_)
    if metric is None:
        raise StatusError(
            "NOT_FOUND",
            f'Cannot find metric(s) that match type = "{type_}". If a metric was created '
            "recently, it could take up to 10 minutes to become available. Please try again soon.",
        )
    known = {f"resource.labels.{label}" for label in RESOURCES[metric.resource]}
    known |= {f"metric.labels.{label}" for label in metric.labels} | _PLAIN
    if not parser.names <= known or not parser.resources <= {metric.resource}:
        raise StatusError("INVALID_ARGUMENT", _NO_SERIES)
    return metric, test


@dataclass(slots=True)
class _Parser:
    text: str
    types: set[str] = field(default_factory=set)
    resources: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    _tokens: list[str] = field(default_factory=list)
    _depth: int = 0

    def __post_init__(self) -> None:
        self._tokens = list(_tokens(self.text))[::-1]

    def peek(self) -> str | None:
        return self._tokens[-1] if self._tokens else None

    def take(self) -> str:
        if not self._tokens:
            raise refused("filter", self.text, "The filter ends too early.")
        return self._tokens.pop()

    def alternatives(self) -> Test:
        tests = [self._conjunction()]
        while self.peek() == "OR":
            self.take()
            tests.append(self._conjunction())
        return lambda series: any(test(series) for test in tests)

    def _conjunction(self) -> Test:
        tests = [self._term()]
        while self.peek() not in (None, "OR", ")"):
            if self.peek() == "AND":
                self.take()
            tests.append(self._term())
        return lambda series: all(test(series) for test in tests)

    def _term(self) -> Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise refused("filter", self.text, "The filter is too deep.")
        word = self.take()
        if word in {"NOT", "-"}:
            inner = self._term()
            test: Test = lambda series: not inner(series)  # noqa: E731 - a name for mypy
        elif word == "(":
            test = self.alternatives()
            self._expect(")")
        else:
            test = self._comparison(word)
        self._depth -= 1
        return test

    def _comparison(self, name: str) -> Test:
        label = _LABEL.fullmatch(name)
        name = f"{label[1]}.labels.{label[2]}" if label else name
        if label is None and name not in _PLAIN:
            raise refused("filter", self.text, f'The field "{name}" is not known.')
        self.names.add(name)
        sign = self.take()
        if sign not in {"=", "!=", ":"}:
            raise refused("filter", self.text, f'"{sign}" is no comparison.')
        matches = self._value(name, sign)
        return lambda series: matches(series.get(name, "")) is (sign != "!=")

    def _value(self, name: str, sign: str) -> Callable[[str], bool]:
        token = self.take()
        if token in _FUNCTIONS and self.peek() == "(":
            return _called(self.text, token, self._arguments())
        value = _unquoted(token)
        if sign == "=" and name == "metric.type":
            self.types.add(value)
        if sign == "=" and name == "resource.type":
            self.resources.add(value)
        return (lambda text: value in text) if sign == ":" else (lambda text: text == value)

    def _arguments(self) -> list[str]:
        self._expect("(")
        found = [_unquoted(self.take())]
        while self.peek() == ",":
            self.take()
            found.append(_unquoted(self.take()))
        self._expect(")")
        return found

    def _expect(self, sign: str) -> None:
        if (token := self.take()) != sign:
            raise refused("filter", self.text, f'Expected "{sign}", not "{token}".')


_FUNCTIONS: Final[dict[str, Callable[[str, list[str]], bool]]] = {
    "starts_with": lambda text, given: text.startswith(given[0]),
    "ends_with": lambda text, given: text.endswith(given[0]),
    "has_substring": lambda text, given: given[0] in text,
    "one_of": lambda text, given: text in given,
    "monitoring.regex.full_match": lambda text, given: re.fullmatch(given[0], text) is not None,
}


def _called(text: str, name: str, given: list[str]) -> Callable[[str], bool]:
    if name == "monitoring.regex.full_match":
        try:
            re.compile(given[0])
        except re.error:
            raise refused("filter", text, f'"{given[0]}" is no regular expression.') from None
    return lambda value: _FUNCTIONS[name](value, given)


def _tokens(text: str) -> Iterator[str]:
    at, text = 0, text.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise refused("filter", text, f'Could not parse the filter at "{text[at : at + 20]}".')
        at = found.end()
        yield found[0].strip()


def _unquoted(token: str) -> str:
    if not token.startswith('"'):
        return token
    return re.sub(r"\\(.)", r"\1", token[1:-1])
