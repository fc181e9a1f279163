"""What the body of a certificate says by itself: whom it is for, until when, and by which chain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from remediate.model.json import Body
from remediate.probes.seen import TlsSeen


def covers(body: Body, host: str) -> bool:
    """Whether a certificate is for a host, as far as its body tells."""
    managed: Any = body.get("managed") or {}
    others: Any = body.get("subjectAlternativeNames") or ()
    names = {str(name).lower().rstrip(".") for name in (*(managed.get("domains") or ()), *others)}
    for leaf in chain(body)[:1] if not names else ():
        names |= {*_alternatives(leaf)}
    return not names or host in names or f"*.{host.partition('.')[2]}" in names


def _alternatives(leaf: x509.Certificate) -> list[str]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return []
    names: list[str] = found.value.get_values_for_type(x509.DNSName)
    return names


def expires(body: Body) -> datetime | None:
    return time_of(body.get("expireTime"))


def end_of(body: Body) -> str:
    """When it expires, in UTC, whatever zone Google says it in."""
    end = expires(body)
    return f"{end.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if end else "nobody says when"


def time_of(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def chain(body: Body) -> list[x509.Certificate]:
    own: Any = body.get("selfManaged") or {}
    pem = str(body.get("certificate") or own.get("certificate") or "")
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return []


def wrong_chain(body: Body) -> str:
    links = chain(body)
    if not links:
        return ""
    if links[0].issuer == links[0].subject:
        return "it is signed by itself"
    whole = len(links) > 1 and links[0].issuer == links[1].subject
    return "" if whole else "its chain is the leaf alone, without an intermediate"


def is_served(body: Body, shown: list[TlsSeen]) -> bool:
    """Whether what was shown is this one, by fingerprint, or else by when it expires."""
    leaf = chain(body)[:1]
    for tls in shown:
        if leaf and tls.sha256:
            if tls.sha256 == f"sha256:{leaf[0].fingerprint(SHA256()).hex()}":
                return True
        elif (end := expires(body)) and tls.not_after:
            if abs(end - tls.not_after) < timedelta(minutes=5):
                return True
        else:
            return True
    return False
