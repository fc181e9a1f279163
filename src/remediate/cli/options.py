"""Options that every verb takes, before it or after it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import wraps
from pathlib import Path
from typing import Any

import click

from remediate.cli.consent import consent, consent_options
from remediate.cli.consent import words as consent_words
from remediate.model.consent import Consent
from remediate.model.errors import RemediateError

EMBEDDED = "embedded"
NO_QUESTION = "Do not ask. Where stdin is no terminal (a pipe, CI) nobody is asked anyway."
# The URL of a sandbox, whatever it speaks, or its host and port.
WHERE = re.compile(r"https?:.*|[a-z]+://.*|[^\s/@]+:[0-9]+/?")
_OFFLINE = {"validate", "graph", "show", "iam"}  # they need to know the folder, and the environment
_TO_TYPE = re.compile(
    r"`remediate (validate|plan|apply|rollback|hold|lock|gc|snapshot|show|graph|iam)( [^`]*)?`"
)
ALLOWS_COMMANDS = "remediate.cli.gating"  # in what the contexts of one command line share
_AGAIN = (
    "target",
    "exclude",
    "prune",
    "lower_ttl",
    "retention",
    "on_failure",
    "check",
    "tag",
    "skip_tag",
    "until_pass",
    "within",
)  # said again to go on with it


@dataclass(frozen=True, slots=True)
class Own:
    """The verb at work, and those of its own options, as words, that say what it is about."""

    verb: str = ""
    words: tuple[str, ...] = ()
    consent: Consent = field(default_factory=Consent)
    alone: tuple[str, ...] = ()  # to be said again by the same verb alone: which plan it was

    def serves(self, verb: str) -> bool:
        """Whether the words are as good for that verb: what is planned is applied."""
        return verb == self.verb or {verb, self.verb} == {"plan", "apply"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What was said before and after the verb, together."""

    root: Path = Path()
    env: str | None = None
    sandbox: str | None = None
    allow: tuple[str, ...] = ()
    impersonate: str | None = None
    quota_project: str | None = None
    store: str | None = None
    verbose: bool = False
    own: Own = Own()

    @property
    def side(self) -> str:
        """Whose resources it is about: `google` or `sandbox`, as stores say."""
        return "sandbox" if self.sandbox else "google"

    def command(self, verb: str, *words: str, endpoint: str = "") -> str:
        """A command line to type next, with what was said of where, and of what if it is for that.

        `endpoint` is `google` or `sandbox`, if it is about one of them whatever was said.
        """
        said = [] if self.root == Path() else ["-C", str(self.root)]
        said += ["-e", self.env] if self.env else []
        said += ["--store", self.store] if self.store else []
        said += [] if verb in _OFFLINE else self._where(endpoint)
        if self.own.serves(verb) and "--resume" not in words:  # a run knows what it was asked
            said += [word for reason in self.allow for word in ("--allow", reason)]
            words += self.own.words
            words += self.own.alone if verb == self.own.verb else ()
        return shlex.join(["remediate", verb, *words, *said])

    def applying(self, file: str) -> str:
        """The command line that applies a plan file, which holds itself what was chosen."""
        return replace(self, own=Own()).command("apply", "--plan", file)

    def _where(self, endpoint: str) -> list[str]:
        """How to get at the same project again."""
        sandbox = {"google": None, "sandbox": self.sandbox or EMBEDDED}.get(endpoint, self.sandbox)
        if sandbox:
            return ["--sandbox"] if sandbox == EMBEDDED else ["--sandbox", sandbox]
        said = ["--impersonate", self.impersonate] if self.impersonate else []
        return said + (["--quota-project", self.quota_project] if self.quota_project else [])

    def completed(self, advice: str) -> str:
        """Advice in which every command in backticks can be typed as it stands."""

        def line(found: re.Match[str]) -> str:
            return f"`{self.command(found[1], *shlex.split(found[2] or ''))}`"

        return _TO_TYPE.sub(line, advice)

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
    url = f"http://{where}" if where and ":" in where and "://" not in where else where
    if url and url != EMBEDDED and not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"{where} is no http URL, such as http://127.0.0.1:8080")
    return url


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
    click.option(
        "--store",
        metavar="WHERE",
        envvar="REMEDIATE_STORE",
        help="A folder or gs://BUCKET/PREFIX for the state, whatever the YAML says.",
    ),
    click.option("-v", "--verbose", is_flag=True, help="Tell every request on stderr."),
)


def global_options(function: Callable[..., object]) -> Callable[..., object]:
    """Gather the global options into `settings`, joined with those given before the verb."""

    @wraps(function)
    def gathered(*args: object, **words: Any) -> object:
        context = click.get_current_context()
        given = {each.name: words.pop(each.name) for each in fields(Settings) if each.name != "own"}
        said = Settings(**{**given, "root": Path(given["root"]), "own": _own(context)})
        before = context.obj if isinstance(context.obj, Settings) else Settings()
        context.obj = before.with_more(said)
        try:
            return function(*args, settings=context.obj, **words)
        except RemediateError as error:
            error.hint = context.obj.completed(error.hint)
            raise

    for option in reversed(_OPTIONS):
        option(gathered)
    return gathered


def target_options(function: Callable[..., int]) -> Callable[..., int]:
    """`--target` and `--exclude`, as tuples of globs over Refs."""
    for name, what in (("--exclude", "Leave these alone"), ("--target", "Only these")):
        function = click.option(
            name, multiple=True, metavar="GLOB", help=f"{what}, as in `DnsZone/*`; repeatable."
        )(function)
    return function


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan was asked to be about, beyond the YAML."""

    target: tuple[str, ...]
    exclude: tuple[str, ...]
    prune: bool
    lower_ttl: bool


def choice_options(function: Callable[..., int]) -> Callable[..., int]:
    """`--target` and `--exclude`, and what goes beyond creating and changing what is declared.

    They come together, as `asked`.
    """

    @wraps(function)
    def gathered(*args: object, **words: Any) -> int:
        asked = Asked(**{each.name: words.pop(each.name) for each in fields(Asked)})
        return function(*args, asked=asked, **words)

    asking = consent_options(target_options(gathered))
    for name, what in (
        ("--lower-ttl", "Where resolvers would keep an old answer for long, lower its TTL first."),
        ("--prune", "Delete what left the YAML, where onRemove says so."),
    ):
        asking = click.option(name, is_flag=True, help=what)(asking)
    return asking


def _own(context: click.Context) -> Own:
    """What the command at work was told of its own, as words of a command line."""
    words: list[str] = []
    for name in _AGAIN:
        flag = f"--{name.replace('_', '-')}"
        match context.params.get(name):
            case True:
                words.append(flag)
            case float(seconds):
                words += [flag, f"{seconds:.0f}s"]
            case str(word):
                words += [flag, word]
            case tuple(globs):
                words += [word for glob in globs for word in (flag, glob)]
    words += consent_words(context)
    verb = str(context.info_name)
    alone = _of_apply(context) if verb == "apply" else ()
    return Own(verb, tuple(words), consent(context), alone)


def _of_apply(context: click.Context) -> tuple[str, ...]:
    """What no plan takes.

    Nobody who has applied what was reviewed is told to apply something else.
    """
    commands = ("--allow-commands",) if context.meta.get(ALLOWS_COMMANDS) else ()
    said = (("--plan", context.params.get("file")), ("--digest", context.params.get("digest")))
    reviewed = (word for flag, value in said if value for word in (flag, str(value)))
    return (*reviewed, *commands)
