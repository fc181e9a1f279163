"""The three ways in which content comes: plain, beside its metadata, and in pieces."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from gcp_sandbox.request import Body, Request
from gcp_sandbox.storage.errors import invalid

_BOUNDARY = re.compile(r"""boundary=["']?([^"';]+)""")
"""gcloud writes single quotes around it."""
_RANGE = re.compile(r"bytes (?:(?P<first>\d+)-(?P<last>\d+)|\*)/(?P<total>\d+|\*)")
_PLAIN = "application/octet-stream"


@dataclass(slots=True)
class Upload:
    """An object to be: its metadata and content; `query` holds the conditions."""

    metadata: Body
    content: bytes
    query: dict[str, str]


@dataclass(slots=True)
class Session:
    """A resumable upload under way."""

    bucket: str
    upload: Upload
    received: bytearray = field(default_factory=bytearray)


def plain(request: Request) -> Upload:
    metadata = {"contentType": request.headers.get("content-type", _PLAIN)}
    return Upload(metadata, request.raw, request.query)


def multipart(request: Request) -> Upload:
    """multipart/related: JSON, then the content. Raises 400."""
    found = _BOUNDARY.search(request.headers.get("content-type", ""))
    parts = _parts(request.raw, found[1].encode("latin-1")) if found else []
    if len(parts) != 2:  # noqa: PLR2004 - metadata and media
        raise invalid("Multipart must have two parts: metadata and media.")
    (_, said), (head, content) = parts
    metadata = json_object(said)
    metadata.setdefault("contentType", _content_type(head))
    return Upload(metadata, content, request.query)


def _parts(raw: bytes, boundary: bytes) -> list[tuple[bytes, bytes]]:
    pieces = re.split(rb"(?:^|\r?\n)--" + re.escape(boundary) + rb"(?:--)?[ \t]*(?:\r?\n|$)", raw)
    split = (re.split(rb"\r?\n\r?\n", piece, maxsplit=1) for piece in pieces[1:-1])
    return [(head, rest[0] if rest else b"") for head, *rest in split]


def _content_type(head: bytes) -> str:
    for line in head.decode("latin-1").splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-type":
            return value.strip()
    return _PLAIN


def opened(request: Request) -> Session:
    """The session that a first request for a resumable upload asks for. Raises 400."""
    metadata = json_object(request.raw or b"{}")
    metadata.setdefault("contentType", request.headers.get("x-upload-content-type", _PLAIN))
    return Session(request.params["bucket"], Upload(metadata, b"", request.query))


def received(session: Session, request: Request) -> bool:
    """Take a piece in; whether the content is whole now. Raises 400 for a gap."""
    said = request.headers.get("content-range")
    if said is None:
        session.received[:] = request.raw
        return True
    found = _RANGE.fullmatch(said)
    if found is None:
        raise invalid(f"Failed to parse Content-Range header: {said}")
    if found["first"] is not None:
        first = int(found["first"])
        if first > len(session.received):
            raise invalid("The piece does not begin where the last one ended.")
        session.received[first:] = request.raw
    return found["total"] != "*" and len(session.received) >= int(found["total"])


def json_object(text: bytes) -> Body:
    try:
        said = json.loads(text)
        json.dumps(said, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise invalid("Metadata part is not a JSON object.")
    return said
