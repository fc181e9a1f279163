"""Addresses in checks that would never be probed: refused where they are written."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from remediate.kinds.documents.check_forms import AUTHORITATIVE, CheckBody, socket_of
from remediate.kinds.fields.rules import Fault, values
from remediate.model.addresses import DOCUMENTATION, is_allowed, networks, parse, why_not_public

# RFC 1918 and 4193, for `allowPrivate`. As networks: by them no metadata server is reached.
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
_SOCKETS = ("/http/connectTo", "/tls/connectTo", "/websocket/connectTo")
_URLS = ("/http/urls/*", "/websocket/url")
_DATABASE = "/postgresql/address"
_WILD = "*."


def address_faults(body: CheckBody) -> Iterator[Fault]:
    """By pointer in the check, whose texts are well formed.

    Documentation ranges are for a sandbox, which maps them to where it listens.
    """
    for pattern in _SOCKETS:
        for at, text in values(body, pattern):
            yield from _not_public(at, socket_of(text)[0])
    for pattern in _URLS:
        for at, text in values(body, pattern):
            yield from _not_public(at, urlsplit(text).hostname or "")
    for at, text in values(body, "/dns/resolvers/*"):
        if text != AUTHORITATIVE:
            yield from _not_public(at, text)
    for at, text in values(body, "/tls/hosts/*"):
        if text.startswith(_WILD):
            yield at, f"nobody connects to `{text}`: name a host that it covers"
    for at, text in values(body, _DATABASE):
        yield from _of_database(at, text, allowed=bool(body["postgresql"].get("allowPrivate")))


def _not_public(at: str, text: str) -> Iterator[Fault]:
    if why := _objection(text):
        yield (
            at,
            f"`{text}` is no public address but {why}, which is never probed: name a public one",
        )


def _of_database(at: str, text: str, *, allowed: bool) -> Iterator[Fault]:
    why, ip = _objection(text), parse(text)
    if not why or ip is None:
        return
    if not is_allowed(ip, networks(PRIVATE)):
        yield at, f"`{text}` is {why}, which is never probed, whatever is allowed"
    elif not allowed:
        yield at, f"`{text}` is {why}: to probe it all the same, say `allowPrivate: true` beside it"


def _objection(text: str) -> str:
    address = parse(text)
    why = why_not_public(address) if address else ""
    return "" if why == DOCUMENTATION else why
