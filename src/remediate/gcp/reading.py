"""Looking and no more: what a project's lists say, by a client that cannot write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from remediate.gcp.api import Api
from remediate.model.clock import Clock
from remediate.model.json import Body

T = TypeVar("T")


class Readable(Protocol):
    """One project's resources in one API, to be looked at. See `Resources`."""

    def list(self, scope: str, collection: str) -> list[Body]: ...

    def get(self, scope: str, collection: str, name: str) -> Body | None: ...


class Reads(Protocol):
    """One project, to be looked at."""

    @property
    def project(self) -> str: ...

    @property
    def clock(self) -> Clock: ...

    def api(self, api: Api) -> Readable: ...

    def record_sets(self, zone: str) -> Iterator[list[Body]]:
        """Page by page; see `Dns.record_sets`."""

    def read_all(self, reads: Sequence[Callable[[], T]]) -> list[T]:
        """Their results in order, read side by side."""


class Reader:
    """A project without the methods that write, over connections that send nothing but GET."""

    def __init__(self, project: Reads) -> None:
        self._project = project

    @property
    def project(self) -> str:
        return self._project.project

    @property
    def clock(self) -> Clock:
        return self._project.clock

    def api(self, api: Api) -> Readable:
        return self._project.api(api)

    def record_sets(self, zone: str) -> Iterator[list[Body]]:
        return self._project.record_sets(zone)

    def read_all(self, reads: Sequence[Callable[[], T]]) -> list[T]:
        return self._project.read_all(reads)
