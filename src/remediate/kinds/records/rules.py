"""What a record set must be before it is sent: rules for owners, values, sets and whole zones.

Every rule gives (pointer below the set, what is wrong, what was meant) for each time it is broken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import urlsplit

from remediate.kinds.records.names import bad_name, judge_target, relative
from remediate.kinds.records.rdata import TEXT_TYPES, TYPES, canonical, encode, form
from remediate.model.resource import RecordSet
from remediate.model.values import Template

Wrong: TypeAlias = tuple[str, str, str]
Sets: TypeAlias = Mapping[tuple[str, str], RecordSet]

MAX_VALUES = 100  # resourceRecordsPerRrset of the project's quota, as Google sets it
MAX_NAMESERVERS = 8  # nameserversPerDelegation, likewise

_SINGLE = frozenset({"ALIAS", "CNAME", "SOA"})
_APEX_ONLY = frozenset({"ALIAS", "SOA"})
_NEVER_APEX = {
    "CNAME": "the SOA and NS records stand there; ALIAS is Cloud DNS's way to point an apex",
    "DS": "a zone's DS belongs into its parent zone",
}
_NO_WILDCARD = frozenset({"ALIAS", "DS", "NS", "SOA"})
ADDRESSES = frozenset({"A", "AAAA"})
_AT_A_CUT = frozenset({"DS", "NS"})
# which word of a value is the name that it points to
_TARGET = {
    **dict.fromkeys(("ALIAS", "CNAME", "NS", "PTR"), 0),
    **dict.fromkeys(("HTTPS", "MX", "SVCB"), 1),
    "SRV": 3,
    "NAPTR": -1,
}
_MAY_BE_ROOT = frozenset({"HTTPS", "MX", "NAPTR", "SRV", "SVCB"})
_OWNERS = {
    "SRV": (re.compile(r"(?:\*|_[^.]+)\._[^.]+\..*"), "_service._proto", "_sip._tcp"),
    "TLSA": (re.compile(r"(?:\*|_[0-9]+)\._[^.]+\..*"), "_port._proto", "_443._tcp"),
}
_CAA_FLAGS = frozenset({"0", "128"})
_CAA_TAGS = ("contactemail", "contactphone", "iodef", "issue", "issuemail", "issuevmc", "issuewild")
_CAA_ISSUER = re.compile(r"\s*(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)?\s*(?:;.*)?")


def judged(rrtype: str, text: str, fqdn: str, dns_name: str) -> str:
    """The canonical form of one value as people write it; raises InvalidInput if it cannot be."""
    if rrtype in TEXT_TYPES:
        return encode(rrtype, text)
    if (position := _TARGET.get(rrtype)) is not None:
        _judge_target(rrtype, text, position, fqdn, dns_name)
    value = canonical(rrtype, text)
    if (rule := _VALUE_RULES.get(rrtype)) and (fault := rule(value.split(" "))):
        raise bad_name(*fault)
    return value


def _judge_target(rrtype: str, text: str, position: int, fqdn: str, dns_name: str) -> None:
    words = text.split()
    if len(words) <= position or not words:
        raise bad_name(f"{text!r} is no {rrtype} value", f"write {form(rrtype)}")
    target = words[position].lower()
    if target == "." and rrtype not in _MAY_BE_ROOT:
        raise bad_name(f"{rrtype} points to the root", f"write {form(rrtype)}")
    if target == fqdn and rrtype in _SINGLE:
        raise bad_name(f"{rrtype} points to itself", "it can never be resolved")
    judge_target(target, dns_name)


def _caa(fields: Sequence[str]) -> tuple[str, str] | None:
    flags, tag, value = fields[0], fields[1], " ".join(fields[2:])[1:-1]
    if flags not in _CAA_FLAGS:
        return f"CAA flags {flags} mean nothing", "0, or 128 for `critical`"
    if tag.lower() not in _CAA_TAGS:
        return f"`{tag}` is no CAA tag", "one of " + ", ".join(_CAA_TAGS)
    if tag.lower() in {"issue", "issuewild", "issuemail", "issuevmc"}:
        if not _CAA_ISSUER.fullmatch(value):
            return f"`{value}` is no CA's domain", 'such as `0 issue "pki.goog"`, or `";"` for none'
    elif tag.lower() == "iodef" and urlsplit(value).scheme not in {"mailto", "http", "https"}:
        return f"`{value}` is no place for reports", "`mailto:…` or `https://…`"
    return None


def _tlsa(fields: Sequence[str]) -> tuple[str, str] | None:
    for value, name, most in zip(fields, ("usage", "selector", "matching type"), (3, 1, 2)):  # noqa: B905 - the fourth field is the data
        if int(value) > most:
            return f"TLSA {name} {value} does not exist", f"0 to {most}"
    return None


def _dnskey(fields: Sequence[str]) -> tuple[str, str] | None:
    if fields[1] != "3":
        return f"DNSKEY protocol {fields[1]} does not exist", "it is always 3"
    return None


def _ipseckey(fields: Sequence[str]) -> tuple[str, str] | None:
    if fields[1] == "3":
        judge_target(fields[3], ".")
    return None


_VALUE_RULES: dict[str, Callable[[Sequence[str]], tuple[str, str] | None]] = {
    "CAA": _caa,
    "DNSKEY": _dnskey,
    "IPSECKEY": _ipseckey,
    "TLSA": _tlsa,
}


def set_faults(wanted: RecordSet, dns_name: str) -> Iterator[Wrong]:
    """Rules for the whole of one set."""
    yield from _owner_faults(wanted.fqdn, wanted.type, dns_name)
    rrtype, values = wanted.type, wanted.rrdatas
    count = len(values)
    if count > MAX_VALUES:
        yield "/values", f"{count} values in one set", f"Cloud DNS takes {MAX_VALUES}"
    if count > 1:
        if rrtype in _SINGLE:
            yield "/values", f"{rrtype} has {count} values", "it can have only one"
        yield from _repeated(values)
    if rrtype == "NS" and count > MAX_NAMESERVERS:
        yield "/values", f"{count} name servers", f"Cloud DNS takes {MAX_NAMESERVERS} a delegation"
    if rrtype in {"MX", "SRV"}:
        yield from _null_faults(rrtype, values)


def _owner_faults(fqdn: str, rrtype: str, dns_name: str) -> Iterator[Wrong]:
    if fqdn == dns_name:
        if rrtype in _NEVER_APEX:
            yield "", f"{rrtype} cannot stand at the apex", _NEVER_APEX[rrtype]
    elif rrtype in _APEX_ONLY:
        yield "", f"{rrtype} can stand only at the apex", "write it under `@`"
    if rrtype in _NO_WILDCARD and fqdn.startswith("*."):
        yield "", f"{rrtype} cannot stand at a wildcard", "Cloud DNS serves no wildcards of it"
    if rrtype in _OWNERS:
        owner, pattern, example = _OWNERS[rrtype]
        if not owner.fullmatch(fqdn):
            yield "", f"{rrtype} names have the form `{pattern}`", f"such as `{example}`"


def _repeated(values: Sequence[str]) -> Iterator[Wrong]:
    first: dict[str, int] = {}
    for at, value in enumerate(values):
        if value in first:
            yield f"/values/{at}", f"the same data as value {first[value] + 1}", "write it once"
        first.setdefault(value, at)


def _null_faults(rrtype: str, values: Sequence[str]) -> Iterator[Wrong]:
    """`.` as the target says that there is no such service (RFC 7505, RFC 2782)."""
    for at, value in enumerate(values):
        if isinstance(value, Template) or not value.endswith(" ."):
            continue
        if len(values) > 1:
            hint = "`.` says that there is none: it stands alone"
            yield f"/values/{at}", f"{rrtype} `{value}` beside others", hint
        elif rrtype == "MX" and value != "0 .":
            yield f"/values/{at}", f"MX `{value}` points to the root", "`0 .` says: no mail here"


def neighbour_faults(sets: Sets, owners: Iterator[str]) -> Iterator[tuple[tuple[str, str], Wrong]]:
    """What cannot stand beside each other under one name (RFC 1034 §3.6.2)."""
    for fqdn in owners:
        types = {rrtype for rrtype in TYPES if (fqdn, rrtype) in sets}
        for alone in sorted(types & {"ALIAS", "CNAME"}):
            if others := sorted(types & clashes(alone)):
                hint = "it answers for the whole name, so keep one of them"
                yield (fqdn, alone), ("", f"{alone} beside {', '.join(others)}", hint)


def clashes(rrtype: str) -> frozenset[str]:
    """The types that cannot stand beside this one under the same name."""
    match rrtype:
        case "CNAME":
            return TYPES - {"CNAME"}
        case "ALIAS":
            return ADDRESSES | {"CNAME"}
        case "A" | "AAAA":
            return frozenset({"ALIAS", "CNAME"})
        case _:
            return frozenset({"CNAME"})


def delegation_faults(sets: Sets, dns_name: str) -> Iterator[tuple[tuple[str, str], Wrong]]:
    """What a delegation hides: everything below an NS set but its own servers' addresses."""
    cuts = {fqdn for fqdn, rrtype in sets if rrtype == "NS" and fqdn != dns_name}
    if not cuts:
        return
    servers = {value for at, found in sets.items() if at[1] == "NS" for value in found.rrdatas}
    for fqdn, rrtype in sets:
        cut = _cut_above(fqdn, cuts, dns_name)
        if cut is None or (fqdn == cut and rrtype in _AT_A_CUT):
            continue
        if rrtype in ADDRESSES and fqdn in servers:
            continue
        message = f"`{relative(cut, dns_name)}` is delegated, so nobody would ever see this"
        hint = "write it in the delegated zone; only addresses of its name servers belong here"
        yield (fqdn, rrtype), ("", message, hint)


def _cut_above(fqdn: str, cuts: set[str], dns_name: str) -> str | None:
    name = fqdn
    found = None
    while len(name) > len(dns_name):
        if name in cuts:
            found = name
        name = name.partition(".")[2]
    return found
