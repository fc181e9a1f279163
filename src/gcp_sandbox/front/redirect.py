"""Redirects of a URL map, as Google writes them.

`HttpRedirectAction` of https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps. Where it
leads to HTTPS, Google names the port.
"""

from __future__ import annotations

from typing import Final

from gcp_sandbox.compute.url_routing import Route
from gcp_sandbox.request import Body
from gcp_sandbox.server import Reply

_STATUSES: Final = {
    "MOVED_PERMANENTLY_DEFAULT": 301,
    "FOUND": 302,
    "SEE_OTHER": 303,
    "TEMPORARY_REDIRECT": 307,
    "PERMANENT_REDIRECT": 308,
}


def redirected(end: Route, host: str, target: str, *, secure: bool) -> Reply:
    """The answer of a route that ends in a redirect; `host` and `target` are the request's.

    `secure` is how the request came.
    """
    wanted: Body = end.redirect or {}
    path, mark, query = target.partition("?")
    host = wanted.get("hostRedirect") or host
    if wanted.get("httpsRedirect"):
        origin = f"https://{_without_port(host)}:443"
    else:
        origin = f"{'https' if secure else 'http'}://{host}"
    path = _path(wanted, path, end.prefix)
    kept = "" if wanted.get("stripQuery") else f"{mark}{query}"
    status = _STATUSES[wanted.get("redirectResponseCode") or "MOVED_PERMANENTLY_DEFAULT"]
    headers = {"Location": f"{origin}{path}{kept}"}
    return Reply(status, b"", "text/html; charset=UTF-8", headers)


def _path(wanted: Body, path: str, prefix: str) -> str:
    if wanted.get("pathRedirect"):
        return str(wanted["pathRedirect"])
    if wanted.get("prefixRedirect"):
        return str(wanted["prefixRedirect"]) + path.removeprefix(prefix)
    return path


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host
