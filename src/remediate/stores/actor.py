"""Who does it, and from where: for journals and locks."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from remediate.model.json import Json

_JOBS = ("BUILD_URL", "CI_JOB_URL")  # Jenkins, GitLab


@dataclass(frozen=True, slots=True)
class Actor:
    """`origin` is the CI job's URL where there is one, else the folder it was typed in."""

    who: str
    host: str
    pid: int
    origin: str

    def to_json(self) -> dict[str, Json]:
        return dict(asdict(self))

    def __str__(self) -> str:
        return f"{self.who}@{self.host}, pid {self.pid}"


def this_actor(environ: Mapping[str, str] = os.environ) -> Actor:
    """This process."""
    try:
        who = getpass.getuser()
    except (KeyError, OSError):  # a container's number without a name
        who = str(os.getuid())
    return Actor(who, platform.node() or "unknown host", os.getpid(), _origin(environ))


def _origin(environ: Mapping[str, str]) -> str:
    for name in _JOBS:
        if environ.get(name):
            return environ[name]
    if environ.get("GITHUB_RUN_ID"):
        server, repository = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_REPOSITORY")
        return f"{server}/{repository}/actions/runs/{environ['GITHUB_RUN_ID']}"
    return os.getcwd()  # noqa: PTH109 - a string is what is kept
