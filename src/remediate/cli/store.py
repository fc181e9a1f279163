"""Which store a command works on: `--store`, else as the YAML says, else as it last said."""

from __future__ import annotations

import sys
from typing import Any

import click

from remediate.cli.embedded import kept, running
from remediate.cli.options import EMBEDDED, Settings
from remediate.cli.outputs import width
from remediate.gcp.connection import Exchange, OnExchange, Wire
from remediate.gcp.retry import Patience
from remediate.gcp.sandbox import Sandbox
from remediate.gcp.session import live_session, sandbox_session
from remediate.gcp.storage import Objects
from remediate.model.chance import Chance
from remediate.model.clock import Clock, SystemClock
from remediate.model.errors import InvalidInput, Unreachable
from remediate.report.progress import fitted
from remediate.report.text import counted
from remediate.stores.bucket import SCHEME, Bucket, placed
from remediate.stores.desired_files import environment_folder
from remediate.stores.folder import Folder
from remediate.stores.mirror import Mirrored, Offline
from remediate.stores.snapshots import Snapshots
from remediate.stores.store import Store
from remediate.stores.whereabouts import HOME, remember, remembered, said

_PATIENCE = 20.0  # seconds for one request
_WITHOUT_THE_BUCKET = frozenset({"rollback", "show", "snapshot"})  # verbs that a copy is enough for
_ONLY_READS = frozenset({"drift"})  # what is kept here stays as it is too
_BRING = frozenset({"apply", "gc", "rollback"})  # under the lock; see `pipeline.undertaking`
_FOR_PRACTICE = "sandbox-state"  # the project of a bucket that is made in a sandbox


def store(settings: Settings, environment: str = "") -> Store:
    """The store of an environment, which may be left out if there is one.

    Raises Unreachable where it is in a bucket that does not answer, but for verbs that a copy of
    it is enough for.
    """
    where = location(settings, environment)
    if not where.startswith(SCHEME):
        return Folder(settings.root / where)
    opened = kept("remediate.stores")
    if where not in opened:
        opened[where] = _in_bucket(settings, where, environment or settings.env or "")
    made: Store = opened[where]
    return made


def location(settings: Settings, environment: str = "") -> str:
    """A folder, relative to the root, or `gs://bucket/prefix`."""
    if settings.store:
        return settings.store
    name = environment or settings.env
    names = [name] if name else _environments(settings)
    found = {_of(settings, each) for each in names} or {HOME}
    if len(found) > 1:
        raise InvalidInput(
            f"the environments here keep their state in several places: {', '.join(sorted(found))}",
            hint="Name an environment with -e, or the place with --store.",
        )
    where = found.pop()
    if "${" in where:
        raise InvalidInput(f"the store {where} is not known before the YAML is", hint=_PLAIN)
    return where


_PLAIN = "Write it out in the YAML, or name it with --store or REMEDIATE_STORE."


def _of(settings: Settings, environment: str) -> str:
    if (where := said(settings.root, environment)) is not None:
        if "${" not in where and _verb() not in _ONLY_READS:
            remember(settings.root, environment, where)
        return where
    return remembered(settings.root).get(environment, HOME)


def _environments(settings: Settings) -> list[str]:
    """All that there are, and where there is no `desired/`, all that there were."""
    if not (settings.root / "desired").is_dir():
        return [*remembered(settings.root)]
    try:
        return [environment_folder(settings.root, None).name]
    except InvalidInput:  # several, or none; who needs to know which one asks again
        return sorted(each.name for each in (settings.root / "desired").iterdir() if each.is_dir())


def _in_bucket(settings: Settings, where: str, environment: str) -> Store:
    name, prefix = placed(where)
    copy = Folder(settings.root / HOME / _copies(settings) / name / prefix)
    try:
        bucket = _bucket(settings, name, prefix)
    except Unreachable as error:
        if _verb() not in _WITHOUT_THE_BUCKET:
            error.hint = _without(where, copy, environment)
            raise
        _say(f"{error}\nthe store {where} is away: going on with the copy in {copy.root} alone;")
        _say("make sure that nobody else is at work. What is written now is brought there later.")
        offline = Offline(copy)
        if age := _age(offline, environment):
            _say(f"{age}: what was done since from elsewhere is in the bucket alone.")
        click.get_current_context().find_root().call_on_close(offline.close)
        return offline
    mirrored = Mirrored(bucket, copy, follows=_verb() not in _ONLY_READS)
    if _verb() not in _BRING and (waiting := mirrored.waiting):
        _say(_waits(len(waiting), where))
    return mirrored


def _without(where: str, copy: Folder, environment: str) -> str:
    """What can be done meanwhile: nothing where the copy here has no snapshot."""
    begin = f"The state is in {where}, and without it nothing is begun."
    age = _age(Offline(copy), environment)
    if not age:
        return f"{begin} No snapshot is in the copy here, {copy.root}: wait until it answers."
    return (
        f"{begin} `remediate rollback --snapshot latest` works meanwhile, on the copy in "
        f"{copy.root}. {age}; newer runs may be in the bucket."
    )


def _age(copy: Offline, environment: str) -> str:
    """When what is newest in the copy was taken, in a sentence; "" where nothing can be read."""
    found, _damaged = Snapshots(copy).readable()
    own = [each for each in found if environment in {"", each.environment}]
    return f"The newest run in the copy is of {own[0].time}" if own else ""


def _waits(count: int, where: str) -> str:
    what = f"{counted(count, 'object')} {'waits' if count == 1 else 'wait'}"
    return (
        f"note: {what} here to be brought to {where}, since it was away; "
        "the next command that takes the lock brings it, such as apply"
    )


def _verb() -> str | None:
    return click.get_current_context().find_root().invoked_subcommand


def _copies(settings: Settings) -> str:
    """A sandbox's bucket of the same name is another one."""
    return "sandbox/mirror" if settings.sandbox else "mirror"


def _bucket(settings: Settings, name: str, prefix: str) -> Bucket:
    if not settings.sandbox:
        wire = _wire(settings, live(settings), SystemClock())
        bucket = Bucket(Objects(wire, name), prefix, wire.clock)
        bucket.insist()
        return bucket
    url = running(settings) if settings.sandbox == EMBEDDED else settings.sandbox
    session = sandbox_session()
    sandbox = Sandbox(session, url)
    wire = _wire(settings, session, sandbox.clock())
    objects = Objects(wire, name, sandbox.url)
    bucket = Bucket(objects, prefix, wire.clock)
    try:
        bucket.insist()
    except InvalidInput:  # to practise with, it is as good as there
        if _verb() in _ONLY_READS:
            raise
        objects.make(_FOR_PRACTICE)
    return bucket


def live(settings: Settings) -> Any:  # noqa: ANN401 - a session of requests, which is loaded late
    """The user's credentials on one session, loaded once for a command."""
    sessions = kept("remediate.sessions")
    if "live" not in sessions:
        sessions["live"] = live_session(
            impersonate=settings.impersonate, quota_project=settings.quota_project
        )
    return sessions["live"]


def telling(settings: Settings) -> OnExchange | None:
    """What `-v` makes of every request."""
    return _tell if settings.verbose else None


def _tell(exchange: Exchange) -> None:
    status = exchange.status or "no answer"
    sys.stderr.write(
        f"{exchange.method} {exchange.url} -> {status} ({exchange.milliseconds:.0f} ms)\n"
    )


def _wire(settings: Settings, session: Any, clock: Clock) -> Wire:  # noqa: ANN401 - as above
    patience = Patience(clock, Chance(), each=_PATIENCE, command=float("inf"))
    return Wire(session, clock, patience, telling(settings))


def _say(sentence: str) -> None:
    for line in sentence.splitlines():
        sys.stderr.write(fitted(line, width(sys.stderr)) + "\n")
