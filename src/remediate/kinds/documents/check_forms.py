"""How the texts and numbers of a check are written: what types cannot say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from remediate.kinds.fields.rules import Fault, spelled, values, within

CheckBody: TypeAlias = Mapping[str, Any]
"""What is written of a check, typed by its spec."""

AUTHORITATIVE = "authoritative"  # as a resolver: every server that the zone is delegated to
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_PORTS = (1, 65_535)
_LONGEST = 3600.0  # seconds
_HOST = re.compile(r"(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z0-9-]*")


def form_faults(body: CheckBody) -> Iterator[Fault]:
    """By pointer in the check."""
    for pattern, (fits, what) in _FORMS.items():
        yield from spelled(body, pattern, fits, what)
    for pattern, (low, high, what) in _RANGES.items():
        yield from within(body, pattern, low, high, what)
    for pattern in _NOT_EMPTY:
        for at, found in values(body, pattern):
            if not found:
                yield at, "nothing is listed here, so nothing would be checked"


def _is_host(text: str) -> bool:
    return bool(_HOST.fullmatch(text.removesuffix(".") + "."))


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _resolves(text: str) -> bool:
    return text == AUTHORITATIVE or _is_ip(text)


def _is_socket(text: str) -> bool:
    try:
        socket_of(text)
    except ValueError:
        return False
    return True


def socket_of(text: str) -> tuple[str, int | None]:
    """IP and port of `203.0.113.10`, `203.0.113.10:443`, `2001:db8::1` or `[2001:db8::1]:443`."""
    if _is_ip(text):
        return text, None
    host, _, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    bracketed = host.startswith("[") and host.endswith("]")
    if not _is_ip(bare) or (":" in bare) is not bracketed or not port.isdecimal():
        raise ValueError(f"{text!r} is not an IP, with a port or without")
    if not _PORTS[0] <= int(port) <= _PORTS[1]:
        raise ValueError(f"{port} is no port")
    return bare, int(port)


def _is_url(scheme: str) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        try:
            url = urlsplit(text)
            _port = url.port
        except ValueError:
            return False
        plain = url.username is None and url.password is None and not url.fragment
        return url.scheme in {scheme, scheme + "s"} and bool(url.hostname) and plain

    return fits


def _compiles(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


_AN_IP = (_is_ip, "an IP")
_A_HOST = (_is_host, "a domain name")
_A_SOCKET = (_is_socket, "an IP, with a port or without")
_FORMS: dict[str, tuple[Callable[[str], object], str]] = {
    "/tags/*": (NAME.fullmatch, "a tag: letters, digits, '.', '_' and '-'"),
    "/dns/names/*": _A_HOST,
    "/dns/resolvers/*": (_resolves, f"an IP, or `{AUTHORITATIVE}`"),
    "/http/urls/*": (_is_url("http"), "an http or https URL"),
    "/http/connectTo": _AN_IP,
    "/tls/hosts/*": _A_HOST,
    "/tls/connectTo": _A_SOCKET,
    "/websocket/url": (_is_url("ws"), "a ws or wss URL"),
    "/websocket/connectTo": _A_SOCKET,
    "/postgresql/address": _AN_IP,
    "/expect/body": (_compiles, "a regular expression"),
}
_RANGES: dict[str, tuple[float, float, str]] = {
    "/expect/status/*": (100, 599, "a status of HTTP"),
    "/expect/closeCode": (1000, 4999, "a close code"),  # RFC 6455 §7.4
    "/postgresql/port": (*_PORTS, "a port"),
    "/websocket/hold": (0, _LONGEST, "the seconds to hold it"),
    "/command/timeout": (1, _LONGEST, "the seconds that it may take"),
}
_NOT_EMPTY = (
    "/dns/names",
    "/dns/resolvers",
    "/delegation/zones",
    "/http/urls",
    "/tls/hosts",
    "/command/argv",
    "/expect/status",
)
