"""Documents cannot lie: each promise that a machine can check is checked."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from remediate.kinds.registry import NAMES
from remediate.model import errors
from remediate.model.rules import FINAL, OF_A_PLAN, OF_A_RUN, OF_THE_HOUR
from tests.architecture import help_pages
from tests.architecture.command_lines import why_refused
from tests.architecture.repository import ROOT, pages
from tests.cli.typed import typed

DOCS = ROOT / "docs"
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
ENVIRONMENT = (
    "apiVersion: remediate/v1\nkind: Environment\nmetadata: {name: page}\n"
    "spec: {project: my-project, region: europe-west1}\n"
)


def blocks(page: Path, *languages: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [textwrap.dedent(body) for _, kind, body in BLOCK.findall(text) if kind in languages]


def commands() -> Iterator[tuple[str, str]]:
    """(page, arguments) of every `remediate …` that somebody may type."""
    for page in pages():
        name = page.relative_to(ROOT).as_posix()
        text = page.read_text(encoding="utf-8")
        prose = BLOCK.sub("", text)
        typed = [
            line
            for block in blocks(page, "console", "sh", "bash")
            for line in block.splitlines()
            if line.startswith("$ ")
        ]
        found = [each for line in typed for each in re.findall(r"\bremediate ([^|>&)#]+)", line)]
        found += re.findall(r"`remediate ([a-z][^`]*)`", prose)
        for arguments in found:
            if not re.search(r"\bVERB\b|…|\[OPTIONS\]", arguments):
                yield name, arguments.strip().rstrip('"')


def errors_of(root: type[errors.RemediateError]) -> list[type[errors.RemediateError]]:
    return [root, *(each for below in root.__subclasses__() for each in errors_of(below))]


ERRORS = errors_of(errors.RemediateError)


def test_the_help_in_readme_is_the_help_of_the_command() -> None:
    assert help_pages.HELP_BLOCK.search(help_pages.README.read_text(encoding="utf-8"))
    assert help_pages.README.read_text(encoding="utf-8") == help_pages.readme(), "run `make docs`"


def test_every_verb_and_flag_is_documented() -> None:
    page = help_pages.COMMANDS.read_text(encoding="utf-8")
    assert page == help_pages.commands(), "run `make docs`"


@pytest.mark.parametrize(("page", "arguments"), sorted(set(commands())))
def test_every_command_in_the_documents_parses(page: str, arguments: str) -> None:
    assert why_refused(arguments) == "", page


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_document_in_the_documents_can_be_pasted_as_it_stands(page: Path) -> None:
    for block in blocks(page, "yaml", "json"):
        for each in yaml.safe_load_all(block):
            is_document = isinstance(each, dict) and "kind" in each and "spec" in each
            assert not is_document or each.get("apiVersion") == "remediate/v1", each


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_yaml_in_the_documents_is_valid(page: Path, tmp_path: Path) -> None:
    """The blocks of one page are one environment, which they may declare themselves."""
    documents = [block for block in blocks(page, "yaml") if "apiVersion:" in block]
    if not documents:
        return
    if not any("kind: Environment" in block for block in documents):
        documents.append(ENVIRONMENT)
    name = next(
        each["metadata"]["name"]
        for block in documents
        for each in yaml.safe_load_all(block)
        if each["kind"] == "Environment"
    )
    folder = tmp_path / "desired" / name
    folder.mkdir(parents=True)
    for number, block in enumerate(documents):
        (folder / f"{number}.yaml").write_text(block, encoding="utf-8")
    said = typed("-C", tmp_path, "validate")
    assert said.code == 0, said
    assert said.out.startswith(f"{name} is valid"), said
    assert "warning:" not in said.err, said


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_is_explained_and_gives_advice(error: type[errors.RemediateError]) -> None:
    page = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    assert re.search(rf"^##+ `?{error.__name__}`?", page, re.MULTILINE)
    assert error.hint


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_exit_code_is_explained(error: type[errors.RemediateError]) -> None:
    for page in (help_pages.README, DOCS / "reference" / "exit-codes.md"):
        assert f"\n| {error.exit_code} |" in page.read_text(encoding="utf-8")


def test_every_guard_is_explained_and_no_other() -> None:
    text = (DOCS / "reference" / "guards.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \|", text.partition("## In a gc")[0], re.MULTILINE)
    assert {*rows} - {"deny", "approve", "warn"} == OF_A_PLAN | FINAL | OF_A_RUN | OF_THE_HOUR


@pytest.mark.parametrize("kind", NAMES)
def test_every_kind_is_named_in_readme(kind: str) -> None:
    assert f"`{kind}`" in help_pages.README.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)]+)\)", BLOCK.sub("", text)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        if path:
            assert (page.parent / path).exists(), target
        else:
            assert anchor in anchors, target
