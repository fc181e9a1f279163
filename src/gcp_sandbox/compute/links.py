"""References between resources, in every spelling that Google takes, and the one it answers."""

from __future__ import annotations

import re
from dataclasses import dataclass

HOST = "https://www.googleapis.com/compute/v1/"

_HOST = re.compile(r"^https?://[^/]+/(?:compute/(?:v1|beta|alpha)/)?|^/?compute/(?:v1|beta)/|^/")
_PLACE = re.compile(
    r"^(?:projects/(?P<project>[^/]+)/)?"
    r"(?P<scope>global|regions/[^/]+|zones/[^/]+)/(?P<collection>[A-Za-z]+)/(?P<name>[^/?#]+)$"
)
_ELSEWHERE = re.compile(r"^(?:https?:)?//(?P<host>[^/]+)/(?:v1/)?(?P<rest>projects/.+)$")
_CERTIFICATE_MANAGER = re.compile(
    r"^projects/[^/]+/locations/[^/]+/(?:certificates|certificateMaps)/"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource lives; `scope` is `global`, `regions/R` or `zones/Z`."""

    project: str
    scope: str
    collection: str
    name: str

    @property
    def path(self) -> str:
        return f"projects/{self.project}/{self.scope}/{self.collection}/{self.name}"

    @property
    def link(self) -> str:
        return HOST + self.path

    @classmethod
    def of_path(cls, path: str) -> Place:
        place = parse(path, "")
        assert place is not None, path
        return place


def parse(text: str, project: str) -> Place | None:
    """A reference as a place, `project` being where it was written; None if it is malformed.

    Full URLs of any host with or without `compute/v1/`, `projects/…`, `global/…`, `regions/…` and
    `zones/…` are understood. A bare name is not: Google refuses it too.
    """
    found = _PLACE.match(_HOST.sub("", text, count=1))
    if found is None:
        return None
    scope, collection = found["scope"], found["collection"]
    return Place(found["project"] or project, scope, collection, found["name"])


def certificate_manager(text: str) -> str | None:
    """A link into Certificate Manager as Google answers it; None if it is none."""
    found = _ELSEWHERE.match(text)
    rest = found["rest"] if found else text
    if not _CERTIFICATE_MANAGER.match(rest):
        return None
    return f"//certificatemanager.googleapis.com/{rest}"
