"""Names in the DNS: owners as they are written in a zone, and what data points to."""

from __future__ import annotations

import re

from remediate.model.errors import Fault, InvalidInput

MAX_NAME = 254  # presentation form with its final dot: 255 octets on the wire (RFC 1035 §2.3.4)
MAX_LABEL = 63
APEX = "@"

# A relative owner name that needs no second look: lower-case labels, at most a leftmost wildcard.
PLAIN_OWNER = re.compile(
    r"(?:\*|[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)"
    r"(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_PLAIN_TARGET = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}\.")
_ADDRESS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-f]*:[0-9a-f:.]+")
_ODD = re.compile(r"[^a-z0-9_.*-]")


def owner_name(key: str, dns_name: str) -> str:
    """The full name, lower-case, that a key of `records` means in a zone.

    `@` is the apex, `*` a wildcard; raises InvalidInput with what was probably meant.
    """
    if key == APEX:
        return dns_name
    lower = key.lower()
    zone = dns_name.removesuffix(".")
    if lower in {"", zone, dns_name}:
        raise bad_name(f"{key!r} is not a name inside the zone", "the apex is written `@`")
    if lower.endswith("."):
        inside = lower.endswith("." + dns_name)
        raise bad_name(
            f"{key!r} is a full name; names are relative to {dns_name}",
            f"write `{lower.removesuffix('.' + dns_name)}`" if inside else f"it is not in {zone}",
        )
    if lower.endswith("." + zone):
        raise bad_name(
            f"{key!r} would become {lower}.{dns_name}",
            f"names are relative to the zone: write `{lower.removesuffix('.' + zone)}`",
        )
    full = f"{lower}.{dns_name}"
    if not PLAIN_OWNER.fullmatch(lower) or len(full) > MAX_NAME or "xn--" in lower:
        _refuse_odd(full, key)
    return full


def judge_target(target: str, dns_name: str) -> None:
    """Raise InvalidInput unless this is a full lower-case name that data may point to."""
    if (
        _PLAIN_TARGET.fullmatch(target)
        and len(target) <= MAX_NAME
        and not target[-2].isdigit()
        and "xn--" not in target
    ) or target == ".":
        return
    if not target.endswith("."):
        raise _no_final_dot(target, dns_name)
    if _IPV4.fullmatch(target):
        raise bad_name(f"`{target}` is an address, not a name", "addresses belong into A records")
    _refuse_odd(target, target)


def _no_final_dot(target: str, dns_name: str) -> InvalidInput:
    if _ADDRESS.fullmatch(target):
        return bad_name(f"`{target}` is an address, not a name", "addresses belong into A or AAAA")
    meant = f"{target}." if "." in target else f"{target}.{dns_name}"
    return bad_name(f"`{target}` is not a full name: its final dot is missing", f"write `{meant}`")


def unescaped(name: str) -> str:
    """A live owner name in our spelling: lower-case, an escaped asterisk as it is."""
    lower = name.lower()
    return lower.replace("\\052", "*") if "\\" in lower else lower


def is_plain(fqdn: str, dns_name: str) -> bool:
    """Whether a live owner name is one that could be written in a zone's `records`."""
    if fqdn == dns_name:
        return True
    relative = fqdn.removesuffix("." + dns_name)
    return relative != fqdn and PLAIN_OWNER.fullmatch(relative) is not None


def relative(fqdn: str, dns_name: str) -> str:
    """The key in `records` of a full name."""
    return APEX if fqdn == dns_name else fqdn.removesuffix("." + dns_name)


def a_label(name: str) -> str | None:
    """An internationalised name as the DNS spells it (`bücher` → `xn--bcher-kva`)."""
    import dns.exception  # for an error message only
    import dns.name

    codec = dns.name.IDNA_2008_Practical if dns.name.have_idna_2008 else dns.name.IDNA_2003
    try:
        return str(dns.name.from_text(name, origin=None, idna_codec=codec).to_text())
    except (dns.exception.DNSException, UnicodeError):
        return None


def _refuse_odd(full: str, written: str) -> None:
    """Say what is wrong with a full lower-case name, or return if nothing is."""
    if not full.isascii():
        meant = a_label(written)
        raise bad_name(
            f"{written!r} is not spelled in ASCII",
            f"write its A-label: `{meant}`" if meant else "write its A-label (`xn--…`)",
        )
    if odd := _ODD.search(full):
        hint = "letters, digits, `-` and `_` were expected"
        if odd[0] == "/":
            hint = "for classless reverse zones use `-`, as RFC 2317 allows: `0-25`"
        raise bad_name(f"{written!r} holds the character {odd[0]!r}", hint)
    if len(full) > MAX_NAME:
        raise bad_name(f"{written!r} makes a name of {len(full) + 1} octets", "255 is the limit")
    for index, label in enumerate(full.removesuffix(".").split(".")):
        _refuse_label(label, index, written)


def _refuse_label(label: str, index: int, written: str) -> None:
    if not label:
        raise bad_name(f"{written!r} has an empty label", "two dots in a row, or one at the start")
    if len(label) > MAX_LABEL:
        raise bad_name(f"a label of {written!r} has {len(label)} octets", "63 is the limit")
    if "*" in label and (label != "*" or index):
        raise bad_name(
            f"{written!r} has a `*` that is not the whole first label", "`*` or `*.name`"
        )
    if label != "*" and not _LABEL.fullmatch(label):
        raise bad_name(f"a label of {written!r} begins or ends with `-`", "no label may")
    if label.startswith("xn--"):
        try:
            label[4:].encode("ascii").decode("punycode")
        except UnicodeError:
            raise bad_name(
                f"{label!r} in {written!r} is no A-label", "its Punycode is broken"
            ) from None


def bad_name(message: str, hint: str = "") -> InvalidInput:
    return InvalidInput(message, [Fault(None, message, hint)])
