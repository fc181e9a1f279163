"""Preconditions on generations: what makes a write atomic against other writers.

https://cloud.google.com/storage/docs/request-preconditions
"""

from __future__ import annotations

from collections.abc import Mapping

from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Body
from gcp_sandbox.storage.errors import not_held

_MATCH = {"ifGenerationMatch": "generation", "ifMetagenerationMatch": "metageneration"}
_NOT_MATCH = {"ifGenerationNotMatch": "generation", "ifMetagenerationNotMatch": "metageneration"}


class NotModified(Exception):
    """A read whose `if…NotMatch` met the very generation: 304."""


def check(query: Mapping[str, str], body: Body | None, *, reading: bool = False) -> None:
    """Hold a resource (None: there is none, generation 0) to a request's conditions.

    Raises 412, 400 for what is no number, and NotModified where a reader has it already.
    """
    for parameter, member in _MATCH.items():
        wanted = number_of(query, parameter)
        if wanted is not None and wanted != _at(body, member):
            raise not_held()
    for parameter, member in _NOT_MATCH.items():
        unwanted = number_of(query, parameter)
        if unwanted is not None and unwanted == _at(body, member):
            if reading:
                raise NotModified
            raise not_held("If-None-Match")


def _at(body: Body | None, member: str) -> int:
    return int(body[member]) if body else 0


def number_of(query: Mapping[str, str], parameter: str) -> int | None:
    text = query.get(parameter)
    if text is None:
        return None
    if not text.removeprefix("-").isdecimal():
        raise GoogleError(
            400,
            "invalid",
            f'Invalid value for: "{text}" is not a valid value',
            locationType="parameter",
            location=parameter,
        )
    return int(text)
