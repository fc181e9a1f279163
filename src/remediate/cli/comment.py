"""`remediate comment`: a report on a pull or merge request, one comment from run to run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from remediate.cli.options import Settings, global_options
from remediate.cli.outputs import output_options, write
from remediate.forges.ci import merge_request, pull_request
from remediate.forges.thread import Thread, marker_of, upsert
from remediate.gcp.retry import Patience
from remediate.model.chance import Chance
from remediate.model.clock import SystemClock
from remediate.model.errors import InvalidInput
from remediate.report.text import safe

_PATIENCE = 300.0  # seconds; forges ask for a minute's pause and more


@click.command("comment")
@global_options
@click.argument("file", metavar="FILE.md", type=click.Path(path_type=Path))
@click.option("--github", metavar="OWNER/REPO", help="On GitHub; the job's own if not said.")
@click.option("--pr", type=click.IntRange(1), metavar="NUMBER", help="The pull request.")
@click.option("--gitlab", metavar="PROJECT", help="On GitLab: a number, or a path.")
@click.option("--mr", type=click.IntRange(1), metavar="IID", help="The merge request.")
@click.option("--api", metavar="URL", help="Of a GitHub or GitLab of your own.")
@output_options
def command(
    settings: Settings,
    file: Path,
    github: str | None,
    pr: int | None,
    gitlab: str | None,
    mr: int | None,
    api: str | None,
) -> int:
    """Write a Markdown report as a comment, or edit the one of the run before.

    What `--md-out` has written, on the pull or merge request that this job is about, or that is
    named. The token is GITHUB_TOKEN, or GITLAB_TOKEN or CI_JOB_TOKEN, of the environment.
    """
    body = _body(file)
    clock = SystemClock()
    told = (os.environ, clock, _verbose if settings.verbose else lambda _line: None)
    if (github or pr) and (gitlab or mr):
        raise click.UsageError("Name a pull request or a merge request, not both.")
    on_gitlab = bool(gitlab or mr or (os.environ.get("GITLAB_CI") and not (github or pr)))
    thread: Thread
    if on_gitlab:
        thread = merge_request(gitlab, mr, api, *told)
    else:
        thread = pull_request(github, pr, api, *told)
    posted = upsert(thread, body, Patience(clock, Chance(), each=_PATIENCE))
    comment = posted.comment
    write(
        lambda: f"{posted.how}: {safe(comment.url) or 'comment ' + safe(comment.id)}\n",
        lambda: {"how": posted.how, "id": comment.id, "url": comment.url},
    )
    return 0


def _body(file: Path) -> str:
    """The report; raises InvalidInput where the file holds none."""
    try:
        body = file.read_text(encoding="utf-8")
        marker_of(body)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}") from None
    except InvalidInput as error:
        raise InvalidInput(f"{file}: {error}", hint=error.hint) from None
    return body


def _verbose(line: str) -> None:
    sys.stderr.write(f"{line}\n")
