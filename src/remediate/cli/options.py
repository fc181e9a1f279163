"""Options that every verb takes, before it or after it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
WHERE = re.compile(r"https?:.*|[^\s/@]+:[0-9]+/?")  # the URL of a sandbox, or its host and port


@dataclass(frozen=True, slots=True)
class Settings:
    """What was said before and after the verb, together."""

    root: Path = Path()
    env: str | None = None
    sandbox: str | None = None
    allow: tuple[str, ...] = ()
    impersonate: str | None = None
    quota_project: str | None = None
    verbose: bool = False

    def command(self, *words: str) -> str:
        """A command line to type next, with what was said of where."""
        said = [] if self.root == Path() else ["-C", str(self.root)]
        said += ["-e", self.env] if self.env else []
        if self.sandbox:
            said += ["--sandbox"] if self.sandbox == "embedded" else ["--sandbox", self.sandbox]
        said += ["--impersonate", self.impersonate] if self.impersonate else []
        said += [word for reason in self.allow for word in ("--allow", reason)]
        return shlex.join(["remediate", *words, *said])

    def with_more(self, later: Settings) -> Settings:
        """What stands after the verb wins; what may be repeated adds up."""
        bare = Settings()
        said: dict[str, Any] = {}
        for each in fields(Settings):
            value, before = getattr(later, each.name), getattr(self, each.name)
            said[each.name] = before if value == getattr(bare, each.name) else value
        return Settings(**{**said, "allow": self.allow + later.allow})


def _with_scheme(
    _context: click.Context, _option: click.Parameter, where: str | None
) -> str | None:
    """`127.0.0.1:8080` is as good as its URL."""
    return f"http://{where}" if where and ":" in where and "://" not in where else where


_OPTIONS = (
    click.option(
        "-C", "root", default=".", metavar="DIR", help="The folder that holds `desired/`."
    ),
    click.option("-e", "--env", metavar="NAME", help="The environment, if there are several."),
    click.option(
        "--sandbox",
        metavar="[URL]",
        callback=_with_scheme,
        help="Use the embedded sandbox, or one that runs, instead of Google.",
    ),
    click.option(
        "--allow",
        multiple=True,
        metavar="RULE[:REF]=REASON",
        help="Acknowledge an objection of a guard, for this run.",
    ),
    click.option("--impersonate", metavar="ACCOUNT", help="Act as this service account."),
    click.option("--quota-project", metavar="ID", help="The project that API calls count for."),
    click.option("-v", "--verbose", is_flag=True, help="Tell every request on stderr."),
)


def global_options(function: F) -> F:
    """Gather the global options into `settings`, joined with those given before the verb."""

    @wraps(function)
    def gathered(*args: Any, **words: Any) -> Any:  # noqa: ANN401 - click's calling convention
        given = {each.name: words.pop(each.name) for each in fields(Settings)}
        said = Settings(**{**given, "root": Path(given["root"])})
        context = click.get_current_context()
        before = context.obj if isinstance(context.obj, Settings) else Settings()
        context.obj = before.with_more(said)
        return function(*args, settings=context.obj, **words)

    for option in reversed(_OPTIONS):
        option(gathered)
    return gathered  # type: ignore[return-value]  # the same function with more options


def target_options(function: F) -> F:
    """`--target` and `--exclude`, as tuples of globs over Refs."""
    for name, what in (("--exclude", "Leave these alone"), ("--target", "Only these")):
        function = click.option(
            name, multiple=True, metavar="GLOB", help=f"{what}, as in `DnsZone/*`; repeatable."
        )(function)
    return function


def change_options(function: F) -> F:
    """What `plan` and `apply` do beyond creating and changing what is declared."""
    for name, what in (
        ("--lower-ttl", "Where resolvers would keep an old answer for long, lower its TTL first."),
        ("--prune", "Delete what left the YAML, where onRemove says so."),
    ):
        function = click.option(name, is_flag=True, help=what)(function)
    return function


def selection(
    targets: tuple[str, ...], excludes: tuple[str, ...], *, prune: bool, lower_ttl: bool = False
) -> list[str]:
    """The same choice as words of a command line."""
    words = [word for glob in targets for word in ("--target", glob)]
    words += [word for glob in excludes for word in ("--exclude", glob)]
    said = {"--prune": prune, "--lower-ttl": lower_ttl}
    return [*words, *(flag for flag, is_said in said.items() if is_said)]
