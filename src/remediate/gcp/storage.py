"""Cloud Storage: whole objects, written only where the generation is the one that was seen.

Facts: discovery document storage.v1; https://cloud.google.com/storage/docs/request-preconditions.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from urllib.parse import quote

from remediate.gcp.connection import Answer, ApiConnection, Content, Wire
from remediate.gcp.errors import AlreadyExists, Transient, unreachable
from remediate.gcp.listing import bodies, pages
from remediate.model.json import Body

HOST = "https://storage.googleapis.com"
ABSENT = "0"  # the generation of what is not there
_PAGE = 1000
_OK, _NOT_FOUND = 200, 404


@dataclass(frozen=True, slots=True)
class Object:
    data: bytes
    generation: str


class Objects:
    """The objects of one bucket. Where the bucket itself is absent, only `names` tells."""

    def __init__(self, wire: Wire, bucket: str, base_url: str = "") -> None:
        self.bucket = bucket
        self._at = f"/b/{quote(bucket, safe='')}/o"
        self._main, self._uploads = (ApiConnection(wire, base_url or HOST) for _ in range(2))
        self._main.API_VERSION, self._uploads.API_VERSION = "storage/v1", "upload/storage/v1"
        self._main.API_NAME = self._uploads.API_NAME = "Cloud Storage"

    def read(self, name: str) -> Object | None:
        """None where Google says that there is none."""
        path, query = f"{self._at}/{quote(name, safe='')}", {"alt": "media"}
        return self._main.exchange("GET", path, query, None, _content)

    def write(self, name: str, data: bytes, generation: str) -> str:
        """Write it in one step, if it has this generation now; the new one.

        Raises PreconditionFailed if it has not. If that is `unsure`, an attempt of this very
        call may have been what moved it.
        """
        query = {"uploadType": "media", "name": name, "ifGenerationMatch": generation}
        content = Content(data, "application/octet-stream")
        body = self._uploads.exchange(
            "POST", self._at, query, content, Answer.json, repeatable=True
        )
        return str(body["generation"])

    def names(self, prefix: str) -> list[str]:
        """Of all that begin so, in order; raises NotFound where there is no such bucket."""
        query = {"prefix": prefix, "maxResults": str(_PAGE), "fields": "items/name,nextPageToken"}
        found = pages(self._main, self._at, query)
        return [
            str(item["name"]) for page in found for item in bodies("Cloud Storage", page, "items")
        ]

    def there(self) -> None:
        """Raises NotFound where there is no such bucket, and whatever keeps us from listing it."""
        self._main.call("GET", self._at, {"maxResults": "1", "fields": "items/name"})

    def make(self, project: str) -> None:
        """A new bucket; no matter if it is there."""
        body: Body = {"name": self.bucket}
        try:
            self._main.call("POST", "/b", {"project": project}, body)
        except AlreadyExists:
            return


def _content(answer: Answer) -> Object | None:
    """A download's errors may be plain text, so the status decides."""
    if answer.status == _NOT_FOUND:
        return None
    if answer.status != _OK:
        answer.json()
    generation = answer.headers.get("X-Goog-Generation", "")
    if not generation.isdigit() or not _is_whole(answer):
        raise Transient(unreachable(answer.asked, "sent something other than the object"))
    return Object(answer.content, generation)


def _is_whole(answer: Answer) -> bool:
    """Whether the content has the MD5 that came with it; some objects have none."""
    sums = answer.headers.get("X-Goog-Hash", "").split(",")
    said = next((each.strip()[4:] for each in sums if each.strip().startswith("md5=")), None)
    digest = hashlib.md5(answer.content, usedforsecurity=False).digest()
    return said in {None, base64.b64encode(digest).decode()}
