"""Who did it, and from where."""

from __future__ import annotations

import os

import pytest

from remediate.stores.actor import this_actor


@pytest.mark.parametrize(
    ("environ", "origin"),
    [
        ({"CI_JOB_URL": "https://ci/1"}, "https://ci/1"),
        (
            {
                "GITHUB_RUN_ID": "7",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "a/b",
            },
            "https://github.com/a/b/actions/runs/7",
        ),
        ({}, os.getcwd()),  # noqa: PTH109 - the same words
    ],
)
def test_the_origin_is_the_job_or_the_folder(environ: dict[str, str], origin: str) -> None:
    actor = this_actor(environ)
    assert actor.origin == origin
    assert actor.pid == os.getpid()
    assert actor.who
    assert actor.host


def test_a_user_without_a_name_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError

    monkeypatch.setattr("getpass.getuser", nobody)
    assert this_actor({}).who == str(os.getuid())
