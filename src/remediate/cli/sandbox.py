"""`remediate sandbox`: Google's APIs, DNS and time on loopback."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import requests

from remediate.cli.options import Settings, global_options
from remediate.cli.session import EMBEDDED, embedded_sandbox
from remediate.gcp.sandbox import Sandbox
from remediate.gcp.session import sandbox_session
from remediate.model.errors import InvalidInput

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@click.group("sandbox")
@global_options
def command(settings: Settings) -> None:
    """An emulator of Google's APIs: the one of this folder, or one that runs (--sandbox URL)."""


@command.command("serve")
@global_options
@click.option("--port", type=int, default=8080, show_default=True, help="0 takes a free one.")
@click.option("--scenario", default="empty", show_default=True, help="empty, staging, dns-outage.")
@click.option("--state", type=click.Path(path_type=Path), help="Keep the state in this file.")
@click.option("--latency", type=float, default=0.0, help="Seconds before each answer.")
@click.option("--operation-time", type=float, default=0.01, help="Share of Google's own times.")
def serve(settings: Settings, port: int, scenario: str, **more: object) -> int:  # noqa: ARG001
    """Serve until interrupted. Loopback only."""
    from gcp_sandbox import Sandbox as Served  # noqa: PLC0415 - a live run never loads it

    try:
        running = Served(scenario, port=port, **more)  # type: ignore[arg-type]  # click's words
    except OSError as error:
        raise InvalidInput(f"port {port} cannot be used: {error.strerror}") from None
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
    from gcp_sandbox.gcloud import exports  # noqa: PLC0415

    url = settings.sandbox or "http://127.0.0.1:8080"
    if url == EMBEDDED:
        raise InvalidInput("an embedded sandbox ends with its command; name a running one's URL")
    config = (settings.root / ".remediate" / "gcloud").absolute()
    config.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, value in exports(url, project, config).items():
        click.echo(f"export {name}={shlex.quote(value)}")
    return 0


@command.command("reset")
@global_options
@click.option("--scenario", default="empty", show_default=True, help="empty, staging, dns-outage.")
def reset(settings: Settings, scenario: str) -> int:
    """Begin again with a scenario."""
    with _running(settings) as sandbox:
        sandbox.load(scenario)
    click.echo(f"the sandbox now holds {scenario}")
    return 0


@command.command("advance")
@global_options
@click.argument("duration")
def advance(settings: Settings, duration: str) -> int:
    """Let time pass, as in `30m`, `2h` or `90d`."""
    found = re.fullmatch(r"([0-9]+)([smhd])", duration)
    if not found:
        raise InvalidInput(f"{duration!r} is no duration; write 90s, 30m, 2h or 1d")
    with _running(settings) as sandbox:
        now = sandbox.advance(int(found[1]) * _UNITS[found[2]])
    click.echo(f"the sandbox's clock is at {now:%Y-%m-%d %H:%M:%S} UTC")
    return 0


@contextmanager
def _running(settings: Settings) -> Iterator[Sandbox]:
    """The sandbox that is meant: one that runs, or the embedded one of this folder."""
    session: requests.Session = sandbox_session()
    if settings.sandbox not in {None, EMBEDDED}:
        yield Sandbox(session, str(settings.sandbox))
        return
    with embedded_sandbox(settings) as url:
        yield Sandbox(session, url)
