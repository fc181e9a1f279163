"""Plan files at the command line: written for a reviewer, and held against what is now."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

from remediate.cli.outputs import width
from remediate.cli.session import Session
from remediate.model.clock import rfc3339
from remediate.model.errors import InvalidInput, RemediateError
from remediate.model.plan import Plan
from remediate.model.resource import Desired
from remediate.model.rules import OF_THE_HOUR
from remediate.pipeline.choices import Choices
from remediate.pipeline.observe import Observed
from remediate.pipeline.promise import (
    Promise,
    insist_on_digest,
    insist_on_place,
    insist_on_time,
    insist_on_yaml,
    promise_of,
)
from remediate.pipeline.reviewed import insist_on_same, planned_again
from remediate.report.progress import fitted
from remediate.stores.actor import this_actor
from remediate.stores.ledger import Ledger
from remediate.stores.plans import Plans, holds_promise, plan_file

_AGAIN = "`remediate plan --out FILE`"  # in advice
_MODE = 0o600  # it tells how things are, in full
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_CHOSEN = ("target", "exclude", "prune", "lower_ttl")


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was agreed to beforehand, as far as it is known: a digest, a plan, a file.

    `was_shown`: to whoever typed this, just now.
    """

    digest: str = ""
    plan: Plan | None = None
    promise: Promise | None = None
    data: bytes = b""
    was_shown: bool = False

    @contextmanager
    def again_with_its_choices(self) -> Iterator[None]:
        """Who is told to plan again is told to choose again what the file holds."""
        try:
            yield
        except RemediateError as error:
            if self.promise is not None:
                words = _words(self.promise.choices)
                error.hint = error.hint.replace(_AGAIN, f"`remediate plan {words}--out FILE`")
            raise

    def insist(self, session: Session, desired: Desired) -> None:
        """Whatever can be refused before the live side is read."""
        if self.plan is not None and self.digest:
            insist_on_digest(self.plan, self.digest)
        if self.plan is None and (promised := self._promised(session)):
            Plans(session.store).insist_on_unused(promised.id)
            insist_on_time(promised, session.google.clock.now())
        if self.plan is None or self.promise is None:
            return
        about = (session.environment, session.project, session.google.endpoint)
        insist_on_place(self.promise, self.plan, about)
        plans = Plans(session.store)
        plans.insist_on_copy(self.promise.id, self.data)
        plans.insist_on_unused(self.promise.id)
        insist_on_time(self.promise, session.google.clock.now())
        insist_on_yaml(self.promise, self.plan, desired)

    def planned(
        self, session: Session, desired: Desired, ledger: Ledger, chosen: Choices
    ) -> tuple[Plan, Observed, Choices]:
        """What was agreed to, planned again; raises Stale where it is not the same any more."""
        plan, promise = self.plan, self.promise
        if promise is not None:
            # what is judged at this hour is acknowledged at this hour
            more = {**promise.choices.allowances, **chosen.allowances}
            chosen = replace(promise.choices, only=None, allowances=more)
        if plan is None:
            made, seen = session.plan(desired, ledger, chosen)
            kept = _kept(session, self.digest) if made.digest != self.digest else None
            if kept is None:
                insist_on_same(self.digest, made)
                return made, seen, chosen
            plan, promise = kept
            insist_on_yaml(promise, plan, desired)
        return planned_again(
            plan,
            promise,
            chosen,
            lambda choices: session.plan(desired, ledger, choices),
            session.google,
            as_shown,
        )

    def begin(self, session: Session, run: str) -> None:
        """It is applied now, and never again."""
        if (promise := self._promised(session)) is not None:
            Plans(session.store).use(promise.id, run, session.google.clock, this_actor())

    def _promised(self, session: Session) -> Promise | None:
        """Of its file; of a digest alone, of the file of it that the store has kept."""
        if self.promise is None and self.plan is None:
            kept = _kept(session, self.digest)
            return kept[1] if kept else None
        return self.promise


def read(file: Path) -> Reviewed:
    """A plan file; raises InvalidInput for whatever is none, or not as it was written."""
    from remediate.report.plan_files import read_plan_file

    try:
        data = file.read_bytes()
    except OSError as error:
        hint = "`remediate plan --out FILE` writes one."
        raise InvalidInput(f"{file} cannot be read: {error.strerror}", hint=hint) from None
    plan, promise = read_plan_file(str(file), data)
    return Reviewed("", plan, promise, data)


def _before(context: click.Context, file: str | None, digest: str) -> Reviewed | None:
    """What `--plan` and `--digest` name; a file says itself what was chosen."""
    if (file or digest) and context.params.get("resume"):
        raise click.UsageError("--resume goes on with what a run was about; leave out the rest")
    if file is None:
        return Reviewed(digest) if digest else None
    said = [f"--{name.replace('_', '-')}" for name in _CHOSEN if context.params.get(name)]
    said += [f"--allow {word}" for word in context.obj.allow if _rule(word) not in OF_THE_HOUR]
    if said:
        raise click.UsageError(f"--plan FILE holds what was chosen; leave out {', '.join(said)}")
    return replace(read(Path(file)), digest=digest)


def keep(
    session: Session, file: Path, plan: Plan, seen: Observed, desired: Desired, chosen: Choices
) -> Promise:
    """Write the file, readable by its owner alone, and keep a copy of it in the store."""
    from remediate.report.machine import plan_json

    promise = promise_of(plan, seen, desired, chosen, session.google, this_actor())
    data = plan_file(plan_json(plan), promise.to_json())
    _write(file, data)
    try:
        Plans(session.store).keep(promise.id, data)
    except RemediateError as error:
        text = (
            "warning: the store keeps no copy of this plan, so only --digest protects it from "
            f"being written anew: {error}"
        )
        sys.stderr.write(fitted(text, width(sys.stderr)) + "\n")
    return promise


def told(file: Path, promise: Promise) -> str:
    """Of a file that was just written, for people."""
    return (
        f"{file} holds this plan ({promise.id}); it can be applied once, until "
        f"{rfc3339(promise.expires)}."
    )


def as_shown(plan: Plan) -> Plan:
    """A plan as its JSON tells it, with nothing secret in it."""
    from remediate.report.machine import plan_json
    from remediate.report.readback import read_plan

    return read_plan(plan_json(plan))


def _kept(session: Session, digest: str) -> tuple[Plan, Promise] | None:
    """The plan of this digest, if the store has kept its file: it tells what may have moved."""
    from remediate.report.plan_files import read_plan_file

    found = Plans(session.store).of_digest(digest, session.google.endpoint)
    return read_plan_file(*found) if found else None


def _write(file: Path, data: bytes) -> None:
    """Whole or not at all, whatever stood there before."""
    whole = file.with_name(f".{file.name}.new")
    try:
        whole.unlink(missing_ok=True)
        descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        with os.fdopen(descriptor, "wb") as there:
            there.write(data)
        whole.replace(file)
    except OSError as error:
        failed = RemediateError(f"{file} cannot be written: {error.strerror}")
        failed.hint = "Name a file in a folder that you may write to."
        raise failed from None


def _words(choices: Choices) -> str:
    """What was chosen, as words of a command line, with a blank behind them."""
    globs = (("--target", choices.targets), ("--exclude", choices.excludes))
    words = [word for flag, some in globs for glob in some for word in (flag, glob)]
    flags = (("--prune", choices.prune), ("--lower-ttl", choices.lower_ttl))
    words += [flag for flag, said in flags if said]
    for key, reason in choices.allowances.items():
        words += ["--allow", f"{key}={reason}".replace("`", "'")]
    return f"{shlex.join(words)} " if words else ""


def _rule(word: str) -> str:
    """Of an acknowledgement, `RULE[:REF]=REASON`."""
    return word.partition("=")[0].partition(":")[0]


def _digest(_context: click.Context, _option: click.Parameter, digest: str | None) -> str:
    """As plans show it: `sha256:` and 64 hex digits."""
    if digest and not _DIGEST.fullmatch(digest):
        raise click.BadParameter(f"{digest} is no digest as plans show it, sha256:…")
    return digest or ""


def _place(_context: click.Context, _option: click.Parameter, file: str | None) -> Path | None:
    """Said before anything is read, not after."""
    if file is None:
        return None
    path = Path(file)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        hint = "Name a file in a folder that you may write to."
        raise InvalidInput(f"--out {file} cannot be written", hint=hint)
    return path


def insist_on_plan_file(file: Path, root: Path) -> None:
    """Raise InvalidInput for a place in `desired/`, and for a file that is there and no plan's."""
    hint = "Name a file that is not there yet, or one that `remediate plan --out` wrote."
    if (root / "desired").resolve() in file.resolve().parents:
        raise InvalidInput(f"--out {file} is among the YAML in desired/", hint=hint)
    if not file.exists() or file.stat().st_size == 0:
        return
    try:
        ours = holds_promise(json.loads(file.read_bytes()))
    except (OSError, ValueError, RecursionError):
        ours = False
    if not ours:
        raise InvalidInput(f"--out {file} is there already, and is no plan file", hint=hint)


FILE_TO_WRITE = click.option(
    "--out",
    "file",
    metavar="FILE",
    callback=_place,
    help="Write the plan to a file, to be applied as it was reviewed.",
)


def review_options(function: Callable[..., int]) -> Callable[..., int]:
    """`--plan FILE` and `--digest`, together as `before`: what was reviewed, None for nothing."""

    @wraps(function)
    def gathered(*args: object, **words: Any) -> int:
        file, digest = words.pop("file"), words.pop("digest")
        before = _before(click.get_current_context(), file, digest)
        return function(*args, before=before, **words)

    for name, word, check, what in (
        ("--digest", "sha256:…", _digest, "Apply the plan of this digest, or nothing; do not ask."),
        ("--plan", "FILE", None, "Apply what `plan --out` wrote, or nothing; do not ask."),
    ):
        names = (name, "file") if name == "--plan" else (name,)
        gathered = click.option(*names, metavar=word, callback=check, help=what)(gathered)
    return gathered
