"""The parts of the documents that are made from the commands: `make docs` writes them anew."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import click

from remediate.cli.command import VERBS, remediate
from tests.architecture.repository import REMEDIATE, ROOT

README = ROOT / "README.md"
COMMANDS = ROOT / "docs" / "reference" / "commands.md"
HELP_BLOCK = re.compile(r"(?<=```console\n\$ remediate --help\n).*?(?=```)", re.DOTALL)
INTRODUCTION = """\
# Commands

Made from the commands themselves by `make docs`. The global options stand before or after the verb.
"""


def help_text() -> str:
    """What `remediate --help` prints."""
    ended = subprocess.run(
        [REMEDIATE, "--help"], capture_output=True, text=True, check=True, env={"COLUMNS": "80"}
    )
    return ended.stdout


def readme() -> str:
    """README with the help block as it should be."""
    return HELP_BLOCK.sub(lambda _: help_text(), README.read_text(encoding="utf-8"))


def verbs() -> Iterator[tuple[str, click.Command]]:
    """Every command below `remediate`, with its words."""
    context = click.Context(remediate, info_name="remediate")
    for verb in VERBS:
        command = remediate.get_command(context, verb)
        assert command is not None
        yield verb, command
        if isinstance(command, click.Group):
            yield from ((f"{verb} {name}", below) for name, below in command.commands.items())


def commands() -> str:
    """The page of every verb and every option."""
    parts = [INTRODUCTION, "## Global options\n", _options(remediate, set())]
    shared = {option.name for option in _told(remediate, set())}
    for words, command in verbs():
        context = click.Context(command, info_name=f"remediate {words}")
        usage = " ".join(command.collect_usage_pieces(context))
        parts += [f"## remediate {words}\n", f"`remediate {words} {usage}`\n"]
        parts += [f"{click.unstyle(_prose(command))}\n", _options(command, shared)]
    return "\n".join(part for part in parts if part)


def _prose(command: click.Command) -> str:
    paragraphs = (command.help or "").strip().split("\n\n")
    return "\n\n".join(" ".join(each.split()) for each in paragraphs)


def _told(command: click.Command, shared: set[str | None]) -> list[click.Option]:
    options = [each for each in command.params if isinstance(each, click.Option)]
    return [each for each in options if each.name not in shared and not each.hidden]


def _options(command: click.Command, shared: set[str | None]) -> str:
    context = click.Context(command, info_name="remediate")
    rows = [each.get_help_record(context) for each in _told(command, shared)]
    if not any(rows):
        return ""
    lines = ["| option | what it does |", "|---|---|"]
    for row in rows:
        if row is not None:
            names, what = (cell.replace("|", "\\|") for cell in row)
            lines.append(f"| `{names}` | {what} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    README.write_text(readme(), encoding="utf-8")
    COMMANDS.write_text(commands(), encoding="utf-8")
