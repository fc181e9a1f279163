"""Whether everything is as a visitor must find it: every check, and no percentages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from threading import Event

from remediate.model.check import Check
from remediate.model.clock import Clock, rest
from remediate.model.errors import Interrupted, InvalidInput
from remediate.model.finding import Category, Finding, Verdict
from remediate.model.nearest import did_you_mean
from remediate.model.progress import Waiting, Watcher, tell
from remediate.model.resource import Desired
from remediate.pipeline.checks import run_checks
from remediate.pipeline.infrastructure import INFRASTRUCTURE, infrastructure
from remediate.pipeline.vantage import Vantage

_PAUSES = (2.0, 5.0, 10.0, 20.0, 30.0)  # seconds between one look and the next


@dataclass(frozen=True, slots=True)
class Choice:
    """Which checks: by names or globs, and by tags; nothing said is all of them."""

    names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    skip_tags: tuple[str, ...] = ()

    def of(self, checks: Sequence[Check]) -> list[Check]:
        """Those that were chosen.

        Raises InvalidInput for a name or a tag that there is not, and where nothing is left.
        """
        self._insist(checks)
        chosen = [each for each in checks if self._wants(each)]
        if not chosen and not self.wants_infrastructure:
            said = "no check of this environment has all that was asked for"
            raise InvalidInput(f"nothing would be checked: {said}", hint=_there_are(checks))
        return chosen

    def _wants(self, check: Check) -> bool:
        named = not self.names or any(fnmatchcase(check.name, glob) for glob in self.names)
        tagged = not self.tags or bool({*self.tags} & {*check.tags})
        return named and tagged and not {*self.skip_tags} & {*check.tags}

    @property
    def wants_infrastructure(self) -> bool:
        """It has no tags; by name it is a check like others."""
        if self.names:
            return any(fnmatchcase(INFRASTRUCTURE, glob) for glob in self.names)
        return not self.tags

    def _insist(self, checks: Sequence[Check]) -> None:
        known = [each.name for each in checks] + [INFRASTRUCTURE]
        tags = {tag for each in checks for tag in each.tags}
        for glob in self.names:
            if not any(fnmatchcase(name, glob) for name in known):
                hint = did_you_mean(glob, known) or _there_are(checks)
                raise InvalidInput(
                    f"--check {glob} matches no check of this environment", hint=hint
                )
        for option, said in (("--tag", self.tags), ("--skip-tag", self.skip_tags)):
            for tag in said:
                if tag not in tags:
                    hint = did_you_mean(tag, tags) or _tags_are(tags)
                    raise InvalidInput(f"{option} {tag}: no check has that tag", hint=hint)


def _there_are(checks: Sequence[Check]) -> str:
    named = [f"{each.name} ({', '.join(each.tags)})" if each.tags else each.name for each in checks]
    return f"There are, with their tags: {', '.join([*named, INFRASTRUCTURE])}."


def _tags_are(tags: Collection[str]) -> str:
    return f"Tags here: {', '.join(sorted(tags))}." if tags else "No check here has a tag."


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found, at `at`; `waited` is in seconds; `left_out` were not chosen."""

    environment: str
    project: str
    at: datetime
    findings: tuple[Finding, ...]
    left_out: tuple[str, ...] = ()
    waited: float = 0.0
    looks: int = 1
    late: float | None = None  # seconds within which it was to pass, and did not
    in_vain: bool = False  # it was not waited for any longer, since that would change nothing

    @property
    def failing(self) -> list[Finding]:
        return [one for one in self.findings if one.fails]

    @property
    def warnings(self) -> list[Finding]:
        return [one for one in self.findings if not one.fails and one.verdict is not Verdict.PASS]

    @property
    def is_inside_alone(self) -> bool:
        """Whether no check is written, so that nothing was looked at from outside."""
        return not self.left_out and all(one.check == INFRASTRUCTURE for one in self.findings)

    @property
    def is_settled(self) -> bool:
        """Whether nothing that keeps it from passing would be found otherwise later."""
        return bool(self.failing) and all(one.settled for one in self.failing)

    @property
    def passes(self) -> bool:
        """All of it, and there was something to look at."""
        return bool(self.findings) and not self.failing

    def rows(self) -> Iterator[tuple[Category, Verdict | None, int, int]]:
        """(row of the table, its verdict, findings that pass, all); None where nothing looks."""
        for category in Category:
            here = [one for one in self.findings if one.category is category]
            counted = [one for one in here if one.severity == "critical"] or here
            good = sum(one.verdict is Verdict.PASS for one in here)
            yield category, _worst(counted), good, len(here)


def _worst(findings: Sequence[Finding]) -> Verdict | None:
    verdicts = {one.verdict for one in findings}
    return next(
        (one for one in (Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS) if one in verdicts), None
    )


def verify(desired: Desired, choice: Choice, at: Vantage) -> Verification:
    """Look once."""
    chosen = choice.of(desired.checks)
    findings = run_checks(chosen, at)
    if choice.wants_infrastructure:
        findings += infrastructure(at.google, desired)
    about = desired.environment
    left = tuple(each.name for each in desired.checks if each not in chosen)
    now = at.google.clock.now()
    return Verification(about.name, about.project, now, tuple(findings), left)


def until_pass(
    look: Callable[[], Verification],
    within: float,
    clock: Clock,
    watchers: Sequence[Watcher],
    stopping: Event,
) -> Verification:
    """Look again and again, until it passes or `within` seconds are over: then the last look.

    It ends before where waiting would change nothing. Raises Interrupted once `stopping` is set.
    """
    began, looks = clock.monotonic(), 0
    while True:
        found, looks = look(), looks + 1
        waited = clock.monotonic() - began
        in_vain = bool(within) and found.is_settled
        if found.passes or in_vain or waited >= within:
            late = None if found.passes or in_vain or not within else within
            waited = waited if within else 0.0
            return replace(found, waited=waited, looks=looks, late=late, in_vain=in_vain)
        if stopping.is_set():
            raise _interrupted(found, waited)
        tell(watchers, Waiting("the checks to pass", _still(found), waited))
        pause = _PAUSES[min(looks, len(_PAUSES)) - 1]
        rest(clock, min(pause, within - waited), stopping)


def _still(found: Verification) -> str:
    """Which do not pass, and of the first one why."""
    failing = found.failing
    if not failing:
        return "nothing was looked at"
    names = ", ".join(dict.fromkeys(one.check for one in failing))
    return f"{names}: {failing[0].cause or failing[0].message}"


def _interrupted(found: Verification, waited: float) -> Interrupted:
    said = f"interrupted after {waited:.0f} s of waiting for the checks to pass: {_still(found)}"
    error = Interrupted(said)
    error.hint = "Checks only look, so there is nothing to take back; type it again to go on."
    return error
