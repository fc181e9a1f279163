"""Cloud Storage's part of the world: buckets by name, and their objects."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from gcp_sandbox.clock import rfc3339
from gcp_sandbox.compute.merging import merged, without_nulls
from gcp_sandbox.project import number
from gcp_sandbox.request import Body, Json
from gcp_sandbox.storage import checksums
from gcp_sandbox.storage.conditions import check, number_of
from gcp_sandbox.storage.errors import (
    bucket_exists,
    invalid,
    no_bucket,
    no_object,
    not_empty,
    required,
)
from gcp_sandbox.storage.rates import Rates
from gcp_sandbox.storage.uploads import Session, Upload
from gcp_sandbox.world import World

NAME: Final = "storage"
HOST: Final = "https://www.googleapis.com/storage/v1"
DOWNLOAD_HOST: Final = "https://storage.googleapis.com"
_DOWNLOADS: Final = f"{DOWNLOAD_HOST}/download/storage/v1"
_BUCKET_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{1,220}[a-z0-9])")
_MULTI_REGIONS: Final = frozenset({"US", "EU", "ASIA"})
_LONGEST_NAME: Final = 1024
_WRITABLE: Final = (
    *("cacheControl", "contentDisposition", "contentEncoding", "contentLanguage", "contentType"),
    *("customTime", "eventBasedHold", "metadata", "storageClass", "temporaryHold", "contexts"),
)
_SERVED_OF_A_BUCKET: Final = (
    *("kind", "id", "selfLink", "name", "projectNumber", "etag", "timeCreated", "updated"),
    *("metageneration", "generation", "location", "locationType"),
)
_VOLATILE: Final = frozenset(
    {
        *("id", "etag", "generation", "mediaLink", "timeCreated", "updated"),
        *("timeStorageClassUpdated", "timeFinalized"),
    }
)


@dataclass(slots=True)
class Object:
    body: Body
    content: bytes


@dataclass(slots=True)
class Storage:
    """`latest` is the last generation given away: they only grow, in microseconds of the clock."""

    world: World
    buckets: dict[str, Body] = field(default_factory=dict)
    objects: dict[str, dict[str, Object]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    latest: int = 0
    rates: Rates = field(default_factory=Rates)

    def _generation(self) -> int:
        self.latest = max(self.latest + 1, int(self.world.clock.time() * 1e6))
        return self.latest

    # buckets

    def bucket(self, name: str) -> Body:
        if name not in self.buckets:
            raise no_bucket()
        return self.buckets[name]

    def create_bucket(self, project: str, given: Json) -> Body:
        """A new bucket. Raises 400, and 409 for a name that anybody has."""
        body = without_nulls(given) if isinstance(given, dict) else {}
        name = body.get("name")
        if not name:
            raise required("name")
        if not isinstance(name, str) or not _BUCKET_NAME.fullmatch(name):
            raise invalid(f"Invalid bucket name: '{name}'")
        if name in self.buckets:
            raise bucket_exists(own=self.owners[name] == project)
        _check_words(body)
        location = str(body.get("location", "US")).upper()
        now = rfc3339(self.world.clock.time())
        defaults = {
            "storageClass": "STANDARD",
            "iamConfiguration": {
                "bucketPolicyOnly": {"enabled": False},
                "uniformBucketLevelAccess": {"enabled": False},
                "publicAccessPrevention": "inherited",
            },
        }
        self.buckets[name] = _tagged(
            {
                **merged(defaults, body),
                "kind": "storage#bucket",
                "id": name,
                "name": name,
                "selfLink": f"{HOST}/b/{name}",
                "projectNumber": number(project),
                "location": location,
                "locationType": "multi-region" if location in _MULTI_REGIONS else "region",
                "timeCreated": now,
                "updated": now,
                "generation": str(self._generation()),
                "metageneration": "1",
            }
        )
        self.objects[name] = {}
        self.owners[name] = project
        self.world.touch(NAME)
        return self.buckets[name]

    def change_bucket(self, name: str, given: Json, query: Mapping[str, str]) -> Body:
        """PATCH. Raises 412."""
        body = self.bucket(name)
        check(query, body)
        changes = given if isinstance(given, dict) else {}
        changes = {key: it for key, it in changes.items() if key not in _SERVED_OF_A_BUCKET}
        _check_words(changes)
        self.buckets[name] = self._modified(merged(body, changes))
        return self.buckets[name]

    def delete_bucket(self, name: str, query: Mapping[str, str]) -> None:
        check(query, self.bucket(name))
        if self.objects[name]:
            raise not_empty()
        del self.buckets[name], self.objects[name], self.owners[name]
        self.world.touch(NAME)

    def _modified(self, body: Body) -> Body:
        self.world.touch(NAME)
        return _tagged(
            body
            | {
                "metageneration": str(int(body["metageneration"]) + 1),
                "updated": rfc3339(self.world.clock.time()),
            }
        )

    # objects

    def find(self, bucket: str, name: str, query: Mapping[str, str]) -> Object:
        """The live object, or 404; also where `generation` asks for another one."""
        self.bucket(bucket)
        found = self.objects[bucket].get(name)
        wanted = number_of(query, "generation")
        if found is None or wanted not in {None, int(found.body["generation"])}:
            raise no_object(bucket, name)
        return found

    def write(self, bucket: str, upload: Upload) -> Body:
        """Create or replace an object in one step. Raises 400, 404 and 412."""
        name = upload.query.get("name") or upload.metadata.get("name")
        owner = self.bucket(bucket)
        if not isinstance(name, str) or not name:
            raise required("name")
        if len(name.encode()) > _LONGEST_NAME or "\n" in name or "\r" in name:
            raise invalid(f"The object name '{name[:64]}' is invalid.")
        _check_words(upload.metadata)
        old = self.objects[bucket].get(name)
        check(upload.query, old.body if old else None)
        self.rates.take(bucket, name, self.world.clock.time())
        sums = {
            "md5Hash": checksums.md5(upload.content),
            "crc32c": checksums.crc32c(upload.content),
        }
        for kind, value in sums.items():
            if upload.metadata.get(kind, value) != value:
                raise invalid(f"Provided {kind} does not match the content: {value}")
        body = self._new_object(owner, name, upload) | sums
        self.objects[bucket][name] = Object(_tagged(body), upload.content)
        self.world.touch(NAME)
        return self.objects[bucket][name].body

    def _new_object(self, owner: Body, name: str, upload: Upload) -> Body:
        bucket, generation = owner["name"], str(self._generation())
        path = f"/b/{bucket}/o/{quote(name, safe='')}"
        now = rfc3339(self.world.clock.time())
        said = without_nulls({key: upload.metadata.get(key) for key in _WRITABLE})
        times = ("timeCreated", "updated", "timeStorageClassUpdated", "timeFinalized")
        return {
            "storageClass": owner["storageClass"],
            **said,
            "kind": "storage#object",
            "id": f"{bucket}/{name}/{generation}",
            "name": name,
            "bucket": bucket,
            "generation": generation,
            "metageneration": "1",
            "size": str(len(upload.content)),
            "selfLink": HOST + path,
            "mediaLink": f"{_DOWNLOADS}{path}?generation={generation}&alt=media",
            **dict.fromkeys(times, now),
        }

    def change(self, bucket: str, name: str, given: Json, query: Mapping[str, str]) -> Body:
        """PATCH an object's metadata: its content and generation stay."""
        found = self.find(bucket, name, query)
        check(query, found.body)
        changes = given if isinstance(given, dict) else {}
        changes = {key: it for key, it in changes.items() if key in _WRITABLE}
        _check_words(changes)
        found.body = self._modified(merged(found.body, changes))
        return found.body

    def delete(self, bucket: str, name: str, query: Mapping[str, str]) -> None:
        check(query, self.find(bucket, name, query).body)
        del self.objects[bucket][name]
        self.world.touch(NAME)

    # the world's section

    def dump(self) -> Json:
        return {
            "latest": self.latest,
            "owners": self.owners,
            "buckets": self.buckets,
            "objects": {
                bucket: {
                    name: [it.body, base64.b64encode(it.content).decode()]
                    for name, it in objects.items()
                }
                for bucket, objects in self.objects.items()
            },
        }

    def load(self, state: Json) -> None:
        self.latest, self.owners = state["latest"], state["owners"]
        self.buckets = state["buckets"]
        self.objects = {
            bucket: {
                name: Object(body, base64.b64decode(content))
                for name, (body, content) in objects.items()
            }
            for bucket, objects in state["objects"].items()
        }

    def populate(self, project: str, wanted: Json) -> None:
        """From `{"buckets": [body…], "objects": {bucket: {name: text}}}`."""
        for given in wanted.get("buckets", ()):
            self.create_bucket(project, given)
        for bucket, objects in wanted.get("objects", {}).items():
            for name, text in objects.items():
                self.write(bucket, Upload({"name": name}, text.encode(), {}))

    def comparable(self) -> Json:
        return {
            bucket: {
                "bucket": _comparable(body),
                "objects": {
                    name: _comparable(it.body) for name, it in sorted(self.objects[bucket].items())
                },
            }
            for bucket, body in sorted(self.buckets.items())
        } or None

    def clear(self) -> None:
        """Generations go on: none is given away twice."""
        self.buckets.clear()
        self.objects.clear()
        self.owners.clear()
        self.sessions.clear()
        self.rates.clear()


def _check_words(said: Body) -> None:
    """What comes back as a header is plain text. Raises 400."""
    for name in ("contentType", "storageClass"):
        word = said.get(name)
        if word is not None and not (
            isinstance(word, str) and word.isascii() and word.isprintable()
        ):
            raise invalid(f"Invalid value for field '{name}'.")


def _tagged(body: Body) -> Body:
    said = f"{body.get('generation')}/{body['metageneration']}"
    return body | {"etag": base64.b64encode(said.encode()).decode()}


def _comparable(body: Body) -> Body:
    return {name: body[name] for name in sorted(body) if name not in _VOLATILE}
