"""A store in Cloud Storage, `gs://bucket/prefix`: the same keys as in a folder, one object each.

Every write says which generation it replaces. An answer that was lost is made up for by looking:
what a writer writes is unique, so that its own content is its own doing.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from remediate.gcp.errors import NotFound, PreconditionFailed
from remediate.gcp.storage import ABSENT, Objects
from remediate.model.clock import Clock
from remediate.model.errors import InvalidInput, RemediateError
from remediate.stores.store import Stored, safe_key

SCHEME = "gs://"
_PACE = 1.0  # seconds; Google takes one write a second of the same object


@dataclass(slots=True)
class Anybodys:
    """No process can keep others from a bucket: the lease has to decide."""

    exclusive: bool = False

    def release(self) -> None:
        """Nothing was held."""


class Bucket:
    """`objects` of a bucket; `prefix` is empty or ends with a slash."""

    def __init__(self, objects: Objects, prefix: str, clock: Clock) -> None:
        self.location = f"{SCHEME}{objects.bucket}/{prefix}".rstrip("/")
        self._objects = objects
        self._prefix = prefix
        self._pace = _Pace(clock)
        self.in_doubt = False

    def insist(self) -> None:
        """Raises InvalidInput where there is no such bucket, and what keeps us from reading it."""
        try:
            self._objects.there()
        except NotFound:
            bucket = f"{SCHEME}{self._objects.bucket}"
            raise InvalidInput(
                f"the store {self.location} is in a bucket that does not exist",
                hint=f"Make it: `gcloud storage buckets create {bucket} "
                "--uniform-bucket-level-access --public-access-prevention`.",
            ) from None

    def create(self, key: str, data: bytes) -> bool:
        return self._written(key, data, ABSENT) is not None

    def get(self, key: str) -> Stored | None:
        found = self._objects.read(self._prefix + safe_key(key))
        return Stored(found.data, found.generation) if found else None

    def compare_and_swap(self, key: str, data: bytes, generation: str | None) -> str | None:
        return self._written(key, data, generation or ABSENT)

    def list(self, prefix: str) -> list[str]:
        start = len(self._prefix)
        return [name[start:] for name in self._objects.names(self._prefix + prefix)]

    def hold(self, key: str) -> Anybodys:  # noqa: ARG002 - of any key alike
        return Anybodys()

    def evict(self, key: str) -> None:
        """Nobody holds anything."""

    def _written(self, key: str, data: bytes, generation: str) -> str | None:
        """The new generation; None if the object has another than this."""
        name = self._prefix + safe_key(key)
        self._pace.wait(name)
        try:
            return self._objects.write(name, data, generation)
        except PreconditionFailed as refused:
            there = self.get(key) if refused.unsure else None
            return there.generation if there and there.data == data else None
        except RemediateError as error:
            self.in_doubt = self.in_doubt or error.unsure
            raise


class _Pace:
    """Keeps the writes of one object a second apart, so that Google need not refuse them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next: dict[str, float] = {}
        self._turn = Lock()

    def wait(self, name: str) -> None:
        with self._turn:
            now = self._clock.monotonic()
            at = max(now, self._next.get(name, now))
            self._next[name] = at + _PACE
        if at > now:
            self._clock.sleep(at - now)


def placed(location: str) -> tuple[str, str]:
    """Bucket and prefix of `gs://bucket/prefix`; raises InvalidInput for what is none."""
    bucket, _, prefix = location.removeprefix(SCHEME).rstrip("/").partition("/")
    if not bucket:
        raise InvalidInput(f"{location!r} names no bucket", hint="Write gs://BUCKET/PREFIX.")
    for each in (bucket, *([prefix] if prefix else [])):
        safe_key(each)
    return bucket, f"{prefix}/" if prefix else ""
