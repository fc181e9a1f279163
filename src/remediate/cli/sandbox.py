"""`remediate sandbox`: Google's APIs, DNS and time on loopback."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import click
import requests

from remediate.cli.embedded import embedded_sandbox
from remediate.cli.options import EMBEDDED, Settings, global_options
from remediate.gcp.sandbox import Sandbox
from remediate.gcp.session import sandbox_session
from remediate.model.errors import InvalidInput, StoreDamaged, Unreachable
from remediate.model.json import Body
from remediate.report.text import WIDTH, wrapped

_PORT = click.IntRange(0, 65535)
_SHARE = click.FloatRange(0, 3600)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _known_scenario(_context: click.Context, _option: click.Parameter, name: str) -> str:
    from gcp_sandbox.scenarios import names  # a live run never loads it

    if name not in (known := names()):
        there = f"There are {', '.join(known)}."
        raise InvalidInput(f"there is no scenario {name!r}", hint=there)
    return name


_scenario = click.option(
    "--scenario",
    default="empty",
    show_default=True,
    callback=_known_scenario,
    help="empty, staging, dns-outage.",
)


@click.group("sandbox")
@global_options
def command(settings: Settings) -> None:
    """An emulator of Google's APIs: the one of this folder, or one that runs (--sandbox URL)."""


@command.command("serve")
@global_options
@click.option("--port", type=_PORT, default=8080, show_default=True, help="0 takes a free one.")
@_scenario
@click.option("--state", type=click.Path(path_type=Path), help="Keep the state in this file.")
@click.option("--latency", type=_SHARE, default=0.0, help="Seconds before each answer.")
@click.option("--operation-time", type=_SHARE, default=0.01, help="Share of Google's own times.")
def serve(settings: Settings, port: int, scenario: str, **more: object) -> int:  # noqa: ARG001 - every verb has them
    """Serve until interrupted. Loopback only."""
    import gcp_sandbox  # a live run never loads it

    try:
        running = gcp_sandbox.Sandbox(scenario, port=port, **more)  # type: ignore[arg-type]  # click's words
    except gcp_sandbox.StateDamaged as error:
        raise StoreDamaged(str(error), hint="Move that file away to begin anew.") from None
    except OSError as error:
        if error.filename:
            raise
        why = os.strerror(error.errno) if error.errno else str(error)
        another = "Name another one with --port; --port 0 takes a free one."
        raise InvalidInput(f"port {port} cannot be used: {why}", hint=another) from None
    with running as served:
        click.echo(f"sandbox at {served.url}, DNS at 127.0.0.1:{served.dns_port} (udp, tcp)")
        click.echo(f'eval "$(remediate sandbox env --sandbox {served.url})" points gcloud at it')
        sys.stdout.flush()
        served.wait()
    return 0


@command.command("env")
@global_options
@click.option("--project", default="netra-staging", show_default=True)
def env(settings: Settings, project: str) -> int:
    """Print the exports that point gcloud at a running sandbox, as its forward proxy."""
    from gcp_sandbox.gcloud import exports

    url = settings.sandbox or "http://127.0.0.1:8080"
    if url == EMBEDDED:
        raise InvalidInput(
            "an embedded sandbox ends with its command",
            hint="Start one with `remediate sandbox serve` and name its URL.",
        )
    try:
        Sandbox(sandbox_session(), url).info()
    except Unreachable as error:
        click.echo(f"warning: {error}; start it before you use gcloud", err=True)
    config = (settings.root / ".remediate" / "gcloud").absolute()
    config.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, value in exports(url, project, config).items():
        click.echo(f"export {name}={shlex.quote(value)}")
    return 0


@command.command("reset")
@global_options
@_scenario
def reset(settings: Settings, scenario: str) -> int:
    """Begin again with a scenario. The embedded sandbox begins anew, whatever it was."""
    if settings.sandbox in {None, EMBEDDED}:
        with embedded_sandbox(settings, anew=scenario):
            pass
    else:
        Sandbox(sandbox_session(), str(settings.sandbox)).load(scenario)
    click.echo(f"the sandbox now holds {scenario}")
    return 0


@command.command("advance")
@global_options
@click.argument("duration")
def advance(settings: Settings, duration: str) -> int:
    """Let time pass, as in `30m`, `2h` or `90d`."""
    found = re.fullmatch(r"([0-9]{1,12})([smhd])", duration)
    if not found:
        raise InvalidInput(f"{duration!r} is no duration", hint="Write 90s, 30m, 2h or 1d.")
    with _running(settings) as sandbox:
        try:
            now = sandbox.advance(int(found[1]) * _UNITS[found[2]])
        except InvalidInput as error:
            error.hint = "Let less time pass; a sandbox that begins anew has the real time."
            raise
    click.echo(f"the sandbox's clock is at {now:%Y-%m-%d %H:%M:%S} UTC")
    return 0


@command.command("inject")
@global_options
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
def inject(settings: Settings, ids: tuple[str, ...]) -> int:
    """Bring faults about, one after the other. `sandbox status --all` names those there are."""
    with _running(settings) as sandbox:
        for identity in ids:
            try:
                told = sandbox.trouble(identity)
            except InvalidInput as error:
                listed, staging = "sandbox status --all", "sandbox reset --scenario staging"
                error.hint = f"`remediate {listed}` names all; `{staging}` has what they need."
                raise
            _say(f"injected {identity}: {told.get('title', '')}")
            for why in cast("list[str]", told.get("already", [])):
                _say(f"so already: {why}", "    ", "      ")
    return 0


@command.command("clear")
@global_options
def clear(settings: Settings) -> int:
    """Take every injected fault back: what they changed is again as it was before them."""
    with _running(settings) as sandbox:
        gone = sandbox.clear()
    _say(f"cleared {', '.join(gone)}" if gone else "no fault was in force")
    return 0


@command.command("status")
@global_options
@click.option("--all", "every", is_flag=True, help="Those that can be injected, too.")
def status(settings: Settings, every: bool) -> int:  # noqa: FBT001 - click's way
    """Print the injected faults that are in force."""
    with _running(settings) as sandbox:
        told = sandbox.faults()
    force, wire, known = (cast("list[Body]", told[name]) for name in ("inForce", "wire", "known"))
    marked = {fault["id"] for fault in force}
    for fault in known if every else force:
        click.echo(f"{'in force ' if fault['id'] in marked else ''}{fault['id']}")
        _say(str(fault["title"]), "    ", "    ")
    for fault in wire:
        _say(f"on the wire: {fault['kind']} for {fault['match']}, {fault['times']} times")
    click.echo(f"{len(marked) or 'none'} of {len(known)} faults in force")
    return 0


def _say(sentence: str, first: str = "", rest: str = "    ") -> None:
    for line in wrapped(sentence, WIDTH, first, rest):
        click.echo(line)


@contextmanager
def _running(settings: Settings) -> Iterator[Sandbox]:
    """The sandbox that is meant: one that runs, or the embedded one of this folder."""
    session: requests.Session = sandbox_session()
    if settings.sandbox not in {None, EMBEDDED}:
        yield Sandbox(session, str(settings.sandbox))
        return
    with embedded_sandbox(settings) as url:
        yield Sandbox(session, url)
