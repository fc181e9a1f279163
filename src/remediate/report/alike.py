"""Findings that one thing is behind, told once: of all of them, what it is and where it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from remediate.model.finding import Finding, Verdict
from remediate.report.text import counted, safe

_NAMED = 12  # targets that are worth reading one by one


@dataclass(frozen=True, slots=True)
class Alike:
    """Of one cause, in their order; there is one at least."""

    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """What is not known for the same reason that another fails for says nothing more."""
        fails = any(one.verdict is Verdict.FAIL for one in self.findings)
        return Verdict.FAIL if fails else self.findings[0].verdict

    @property
    def checks(self) -> str:
        return ", ".join(dict.fromkeys(safe(one.check) for one in self.findings))

    @property
    def message(self) -> str:
        """Of one that stands alone, all that it says; of more, what is behind them and where."""
        first = self.findings[0]
        if not first.cause or len(self.findings) == 1:
            return safe(first.message)
        return "\n".join([safe(first.cause) + self._so_many() + self._until(), *self._where()])

    @property
    def sentence(self) -> str:
        """The same in one line."""
        first, *rest = self.message.split("\n")
        return f"{first}: {'; '.join(rest)}" if rest else first

    def _so_many(self) -> str:
        return f" ({counted(len(self.findings), 'finding')})" if self._is_denied else ""

    @property
    def _is_denied(self) -> bool:
        return any(one.facts.get("denied") for one in self.findings)

    def _until(self) -> str:
        kept = [seconds for one in self.findings if (seconds := one.facts.get("cached_s"))]
        most = max((float(str(seconds)) for seconds in kept), default=0.0)
        return f"; what is cached of it goes within {most:g} s" if most else ""

    def _where(self) -> Iterator[str]:
        if self._is_denied:
            yield from _lacking(self.findings)
            return
        found: dict[str, list[str]] = {}
        for one in self.findings:
            what, _, where = one.target.partition(" at ")
            found.setdefault(safe(what), []).append(safe(where))
        shown = [*found.items()][:_NAMED]
        for what, places in shown:
            where = ", ".join(dict.fromkeys(filter(None, places)))
            yield f"{what} at {where}" if where else what
        if more := len(found) - len(shown):
            yield f"and {more} more"


def _lacking(findings: Iterable[Finding]) -> Iterator[str]:
    """What to ask an administrator for."""
    told: dict[str, None] = {}
    nameless: dict[str, None] = {}
    for one in findings:
        names = one.facts.get("permissions")
        told |= dict.fromkeys(map(str, names)) if isinstance(names, list) else {}
        if not names:
            nameless[safe(one.target.partition(":")[2] or one.target)] = None
    if told:
        yield f"missing: {', '.join(map(safe, told))}"
    if nameless:
        yield f"Google names no permission for {', '.join(nameless)}"


def alike(findings: Iterable[Finding]) -> list[Alike]:
    """By what is behind them, failures first, in the order of the first of each."""
    groups: dict[str, list[Finding]] = {}
    for one in findings:
        groups.setdefault(one.cause or one.message, []).append(one)
    found = [Alike(tuple(each)) for each in groups.values()]
    return sorted(found, key=lambda each: each.verdict is not Verdict.FAIL)
