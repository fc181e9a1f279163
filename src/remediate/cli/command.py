"""The command line as a whole: the table of verbs, global options, errors and exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from keyword import iskeyword

import click

from remediate.cli.options import WHERE, Settings, global_options
from remediate.cli.outputs import asked_for, width
from remediate.model.errors import RemediateError
from remediate.model.nearest import nearest
from remediate.version import __version__

# A static table, so that `--help` loads no verb.
VERBS = {
    "validate": "Check the YAML; nothing is sent.",
    "plan": "Show what would change, and why it may not.",
    "apply": "Make live as the YAML says, a snapshot first.",
    "verify": "Tell whether everything is as a visitor must find it.",
    "diagnose": "Name the root of what fails, and what to type next.",
    "rollback": "Take live back to a snapshot.",
    "hold": "Keep resources from being applied, for a while.",
    "lock": "Tell who holds an environment, or take it away from them.",
    "drift": "Tell what somebody moved since the last apply, or take it over.",
    "gc": "Delete what was set aside longer ago than the retention.",
    "snapshot": "List, show, compare or take snapshots.",
    "show": "Show a plan file, a snapshot or a run.",
    "import": "Write the YAML of what a project holds already.",
    "graph": "Show what hangs on what, from names to backends.",
    "comment": "Write a report on a pull request, or edit the one before.",
    "iam": "Print the roles that plans and applies need in Google's IAM.",
    "schema": "Print the JSON Schema of desired YAML, for editors.",
    "sandbox": "Google's APIs, DNS and time on loopback, to try things on.",
}
EXIT_USAGE = 64


class Verbs(click.Group):
    """Loads a verb only when it is called for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        if ctx.resilient_parsing or "--help" in sys.argv[:2]:
            return click.Command(name, short_help=VERBS[name])
        module = f"{name}_" if iskeyword(name) else name
        command: click.Command = importlib.import_module(f"remediate.cli.{module}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb; whatever it ends with is told in every form that was asked for."""
        try:
            code = super().invoke(ctx)
        except OSError as error:
            if not isinstance(error.filename, str | bytes):
                raise
            refused = _unusable(error)
            _ended(ctx, refused.exit_code, refused)
            raise refused from None
        except RemediateError as error:
            _ended(ctx, error.exit_code, error)
            raise
        _ended(ctx, code)
        return code

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not ctx.resilient_parsing:
            meant = nearest(args[0], VERBS)
            ctx.fail(f"No such verb {args[0]!r}." + (f" Did you mean {meant}?" if meant else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="remediate")
@global_options
def remediate(settings: Settings) -> None:
    """Keep the public edge of a Google Cloud project as its YAML says, and get it back.

    Every option below may stand before or after the verb. Exit codes: 0 done, 1 error, 2 changes
    (with --detailed-exitcode), 3 not ready, 4 denied, 5 stale, 6 locked, 7 partly applied,
    8 taken back, 9 invalid input, 10 not authorised, 64 usage.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command line; its exit code. Every error becomes a clear sentence on stderr."""
    try:
        code = remediate.main(_plain(arguments), standalone_mode=False)
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except Exception as error:  # noqa: BLE001 - the edge: people get a sentence, whatever it is
        code = _told(error, verbose=bool({*arguments} & {"-v", "--verbose"}))
    return code if isinstance(code, int) else 0


def _ended(context: click.Context, code: object, error: RemediateError | None = None) -> None:
    out = asked_for(context)
    if error is None and out.result is None:
        return
    from remediate.cli.forms import ended, failed

    if error is not None:
        failed(out, error, str(context.invoked_subcommand))
    ended(out, code if isinstance(code, int) else 0)


def _told(error: Exception, *, verbose: bool) -> int:
    """Say on stderr what went wrong; how to exit for it."""
    match error:
        case click.Abort():
            click.echo("interrupted; nothing was begun", err=True)
            return 130
        case click.ClickException():
            error.show()
            return EXIT_USAGE
        case RemediateError():
            from remediate.cli.forms import for_ci
            from remediate.report.errors import error_text  # only when it is needed

            click.echo(for_ci(error_text(error, width=width(sys.stderr))), err=True)
            return error.exit_code
        case BrokenPipeError():  # whoever read our output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        case _:
            return _confess(error, verbose=verbose)


def _unusable(error: OSError) -> RemediateError:
    """A file or folder that does not let us: which, and why."""
    told = RemediateError(f"{os.fsdecode(error.filename)}: {error.strerror}")
    told.hint = "Mend its permissions, make room, or name another file or folder."
    return told


def _confess(bug: Exception, *, verbose: bool) -> int:
    """What nobody has thought of: say so, and keep the traceback for those who ask."""
    import traceback  # for bugs alone

    from remediate.model.values import without_seen  # for bugs alone

    said = without_seen(f"{type(bug).__name__}: {bug}")
    click.echo(f"error: this is a bug in remediate: {said}", err=True)
    click.echo("what to do: run it again with -v and report what it prints", err=True)
    if verbose:
        click.echo(without_seen("".join(traceback.format_exception(bug))), err=True)
    return 1


def _plain(arguments: Sequence[str]) -> list[str]:
    """`--sandbox` may stand alone or say where one is; click wants to be told which."""
    words = list(arguments)
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else ""
        if word == "--":
            break
        if word == "--sandbox" and not WHERE.fullmatch(following):
            words[at] = "--sandbox=embedded"
    return words
