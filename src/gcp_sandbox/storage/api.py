"""The paths of the Cloud Storage JSON API, v1 (https://cloud.google.com/storage/docs/json_api)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from gcp_sandbox.paging import page
from gcp_sandbox.request import Answer, Body, Request, Response
from gcp_sandbox.router import Router
from gcp_sandbox.storage import uploads
from gcp_sandbox.storage.conditions import NotModified, check
from gcp_sandbox.storage.errors import invalid, no_bucket, required
from gcp_sandbox.storage.section import DOWNLOAD_HOST, NAME, Object, Storage
from gcp_sandbox.world import World

_ROOT: Final = "/storage/v1"
_PAGE: Final = 1000
_RANGE: Final = re.compile(r"bytes=(?P<first>\d*)-(?P<last>\d*)")


def register(world: World, router: Router) -> Storage:
    """Serve Cloud Storage from this world."""
    section = Storage(world)
    world.register(NAME, section)
    api = _Api(section)
    bucket = f"{_ROOT}/b/{{bucket}}"
    one = f"{bucket}/o/{{object}}"
    for method, path, handler in (
        ("POST", f"{_ROOT}/b", api.create_bucket),
        ("GET", f"{_ROOT}/b", api.list_buckets),
        ("GET", bucket, api.get_bucket),
        ("PATCH", bucket, api.patch_bucket),
        ("DELETE", bucket, api.delete_bucket),
        ("GET", f"{bucket}/o", api.list_objects),
        ("GET", one, api.get_object),
        ("PATCH", one, api.patch_object),
        ("DELETE", one, api.delete_object),
        ("GET", f"/download{one}", api.download),
        ("POST", f"/upload{bucket}/o", api.upload),
        ("POST", f"/resumable/upload{bucket}/o", api.upload),
        ("PUT", f"/upload{bucket}/o", api.resume),
        ("PUT", f"/resumable/upload{bucket}/o", api.resume),
    ):
        router.add(method, path, _unless_known(handler))
    return section


def _unless_known(handler: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        try:
            return handler(request)
        except NotModified:
            return Response(304)

    return answer


class _Api:
    def __init__(self, section: Storage) -> None:
        self._section = section

    # buckets

    def create_bucket(self, request: Request) -> Body:
        project = request.query.get("project")
        if not project:
            raise required("project")
        return self._section.create_bucket(project, request.body)

    def list_buckets(self, request: Request) -> Body:
        project = request.query.get("project")
        if not project:
            raise required("project")
        prefix = request.query.get("prefix", "")
        found = [
            body
            for name, body in sorted(self._section.buckets.items())
            if self._section.owners[name] == project and name.startswith(prefix)
        ]
        chosen, token = page(found, request.query, cap=_PAGE, key=lambda it: str(it["name"]))
        return _listed("storage#buckets", list(chosen), token)

    def get_bucket(self, request: Request) -> Body:
        body = self._section.bucket(request.params["bucket"])
        check(request.query, body, reading=True)
        return body

    def patch_bucket(self, request: Request) -> Body:
        return self._section.change_bucket(request.params["bucket"], request.body, request.query)

    def delete_bucket(self, request: Request) -> Response:
        self._section.delete_bucket(request.params["bucket"], request.query)
        return Response(204)

    # objects

    def list_objects(self, request: Request) -> Body:
        """By name; with a `delimiter`, what lies deeper is told by its prefix alone."""
        bucket = request.params["bucket"]
        self._section.bucket(bucket)
        query = request.query
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        found: dict[str, Body | None] = {}
        for name, it in sorted(self._section.objects[bucket].items()):
            if not name.startswith(prefix) or not _within(name, query):
                continue
            cut = name.find(delimiter, len(prefix)) if delimiter else -1
            if cut < 0:
                found[name] = it.body
            else:
                found.setdefault(name[: cut + len(delimiter)], None)
        chosen, token = page(sorted(found), query, cap=_PAGE, key=str)
        bodies = [_reachable(request, body) for name in chosen if (body := found[name])]
        listed = _listed("storage#objects", bodies, token)
        prefixes = [name for name in chosen if found[name] is None]
        return listed | ({"prefixes": prefixes} if prefixes else {})

    def _object(self, request: Request) -> Object:
        found = self._section.find(
            request.params["bucket"], request.params["object"], request.query
        )
        check(request.query, found.body, reading=True)
        return found

    def get_object(self, request: Request) -> Answer:
        if request.query.get("alt") == "media":
            return self.download(request)
        return _reachable(request, self._object(request).body)

    def download(self, request: Request) -> Response:
        """The content, or a range of it (RFC 9110 §14)."""
        found = self._object(request)
        body, content = found.body, found.content
        headers = {
            "ETag": str(body["etag"]),
            "X-Goog-Generation": str(body["generation"]),
            "X-Goog-Metageneration": str(body["metageneration"]),
            "X-Goog-Storage-Class": str(body["storageClass"]),
            "X-Goog-Hash": f"crc32c={body['crc32c']},md5={body['md5Hash']}",
        }
        kind = str(body.get("contentType", "application/octet-stream"))
        asked = _RANGE.fullmatch(request.headers.get("range", ""))
        if asked is None or not (asked["first"] or asked["last"]):
            return Response(200, content, kind, headers)
        first, last = _bounds(asked["first"], asked["last"], len(content))
        if first >= len(content) or first > last:
            headers["Content-Range"] = f"bytes */{len(content)}"
            return Response(416, b"The requested range cannot be satisfied.", kind, headers)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        return Response(206, content[first : last + 1], kind, headers)

    def patch_object(self, request: Request) -> Body:
        bucket, name = request.params["bucket"], request.params["object"]
        changed = self._section.change(bucket, name, request.body, request.query)
        return _reachable(request, changed)

    def delete_object(self, request: Request) -> Response:
        params = request.params
        self._section.delete(params["bucket"], params["object"], request.query)
        return Response(204)

    # uploads

    def upload(self, request: Request) -> Answer:
        bucket, kind = request.params["bucket"], request.query.get("uploadType", "")
        if kind == "resumable":
            return self._open(request)
        if kind not in {"media", "multipart"}:
            raise invalid(f"Invalid upload type: '{kind}'.")
        taken = uploads.plain(request) if kind == "media" else uploads.multipart(request)
        return _reachable(request, self._section.write(bucket, taken))

    def _open(self, request: Request) -> Response:
        session = uploads.opened(request)
        self._section.bucket(session.bucket)
        identity = self._section.world.chance.hex(32)
        self._section.sessions[identity] = session
        host = request.headers.get("host", "")
        where = f"http://{host}/upload{_ROOT}/b/{quote(session.bucket)}/o"
        headers = {
            "Location": f"{where}?uploadType=resumable&upload_id={identity}",
            "X-GUploader-UploadID": identity,
        }
        return Response(200, b"", headers=headers)

    def resume(self, request: Request) -> Answer:
        """Take a piece; 308 and how far we are until it was the last."""
        identity = request.query.get("upload_id", "")
        session = self._section.sessions.get(identity)
        if session is None or session.bucket != request.params["bucket"]:
            raise no_bucket()
        if not uploads.received(session, request):
            far = len(session.received)
            headers = {"Range": f"bytes=0-{far - 1}"} if far else {}
            return Response(308, b"", headers=headers)
        session.upload.content = bytes(session.received)
        del self._section.sessions[identity]
        return _reachable(request, self._section.write(session.bucket, session.upload))


def _reachable(request: Request, body: Body) -> Body:
    """With the content's link at the host that was asked: Google's client follows it blindly."""
    host = request.headers.get("host", "")
    if host.endswith(".googleapis.com"):
        return body
    return body | {"mediaLink": body["mediaLink"].replace(DOWNLOAD_HOST, f"http://{host}", 1)}


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """First and last byte of a range; without a first it counts from the end."""
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


def _within(name: str, query: dict[str, str]) -> bool:
    end = query.get("endOffset", "")
    return name >= query.get("startOffset", "") and (not end or name < end)


def _listed(kind: str, items: list[Body], token: str | None) -> Body:
    body: Body = {"kind": kind}
    if items:
        body["items"] = items
    return body | ({"nextPageToken": token} if token else {})
