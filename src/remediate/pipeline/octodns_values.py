"""The values of octoDNS's records as people write them in our documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from remediate.model.nearest import did_you_mean

Wrong: TypeAlias = tuple[str, str, str]  # pointer below the value, what is wrong, what was meant
_Words: TypeAlias = tuple[tuple[str, ...], ...]  # the words of a value, each with its older names

_FIELDS: Mapping[str, _Words] = {
    "CAA": (("flags",), ("tag",), ("value",)),
    "DS": (
        ("key_tag", "flags"),
        ("algorithm", "protocol"),
        ("digest_type", "algorithm"),
        ("digest", "public_key"),
    ),
    "HTTPS": (("svcpriority",), ("targetname",), ("svcparams",)),
    "MX": (("preference", "priority"), ("exchange", "value")),
    "NAPTR": (
        *(("order",), ("preference",), ("flags",), ("service",), ("regexp",), ("replacement",)),
    ),
    "SRV": (("priority",), ("weight",), ("port",), ("target",)),
    "SSHFP": (("algorithm",), ("fingerprint_type",), ("fingerprint",)),
    "SVCB": (("svcpriority",), ("targetname",), ("svcparams",)),
    "TLSA": (
        ("certificate_usage",),
        ("selector",),
        ("matching_type",),
        ("certificate_association_data",),
    ),
}
_QUOTED = {"CAA": {"value"}, "NAPTR": {"flags", "service", "regexp"}}
_DEFAULTS = {"CAA": {"flags": "0"}}
_MAY_BE_EMPTY = frozenset({"flags", "regexp", "service"})


def rdata_text(rrtype: str, value: object) -> tuple[str | None, list[Wrong]]:
    """One value as text; None, and why, where it is none."""
    if rrtype not in _FIELDS:
        if not isinstance(value, str):
            return None, [("", "text was expected", "")]
        return (_text(value) if rrtype in {"SPF", "TXT"} else str(value)), []
    if not isinstance(value, dict):
        names = ", ".join(words[0] for words in _FIELDS[rrtype])
        return None, [("", f"a value of {rrtype} is a mapping", f"write `{{{names}}}`")]
    return _worded(rrtype, value)


def _text(value: str) -> str:
    """Semicolons are escaped there; a text that begins with a quote is one of quoted strings."""
    if value.startswith('"') and value.endswith('"') and len(value) > 1:
        value = value[1:-1].replace('" "', "")
    return value.replace("\\;", ";")


def _worded(rrtype: str, value: dict[str, Any]) -> tuple[str | None, list[Wrong]]:
    known = {name for names in _FIELDS[rrtype] for name in names}
    wrong: list[Wrong] = [
        (f"/{name}", f"unknown field `{name}`", did_you_mean(name, known))
        for name in value.keys() - known
    ]
    older = rrtype == "DS" and "public_key" in value
    words: list[str] = []
    for names in _FIELDS[rrtype]:
        name = names[-1 if older else 0]
        if name not in value:
            name = next((each for each in names if each in value), names[0])
        written = value.get(name, _DEFAULTS.get(rrtype, {}).get(name))
        if name == "svcparams":
            words += _parameters(written, wrong)
        elif isinstance(written, str):
            words.append(_quoted(written) if name in _QUOTED.get(rrtype, ()) else str(written))
        elif written is None and name in value and name in _MAY_BE_EMPTY:
            words.append('""')
        else:
            wrong.append(("", f"`{name}` is missing", ""))
    return (None if wrong else " ".join(words)), wrong


def _parameters(written: object, wrong: list[Wrong]) -> list[str]:
    """Service parameters: `{alpn: [h2, h3], no-default-alpn: }`."""
    if written is None:
        return []
    if not isinstance(written, dict):
        wrong.append(("/svcparams", "a mapping was expected", "such as `{alpn: [h2, h3]}`"))
        return []
    found = []
    for name, value in written.items():
        texts = value if isinstance(value, list) else [value]
        if value is None:
            found.append(name)
        elif all(isinstance(each, str) for each in texts):
            found.append(f"{name}={_quoted(','.join(texts))}")
        else:
            wrong.append((f"/svcparams/{name}", "text was expected", ""))
    return found


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
