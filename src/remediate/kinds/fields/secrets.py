"""Values that look like secrets, told by the name beside them or by what they are.

Where a secret belongs is a pointer to one (`secretKeyRef`); what people write all the same is never
shown, and stores keep a digest of it alone. Hiding too much harms nobody.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TypeGuard

from remediate.kinds.fields.pointers import Patterns, pointer, transformed
from remediate.model.json import Body
from remediate.model.values import HIDDEN, Quoted, Secret, Supplied, Template, Tree

_TELLING_NAME = re.compile(
    r"passw|passphrase|secret|token|credential|authorization|api_?key|private_?key"
    r"|(^|[_.-])(key|keys|pass|pwd|pin|salt|dsn)([_.-]|$)",
    re.IGNORECASE,
)
_TELLING_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|://[^/\s:@]+:[^/\s@]+@"  # a URL with a password in it
    r"|\b(gh[opsu]_|github_pat_|glpat-|xox[abprs]-|sk-|sk_live_|AKIA|AIza|ya29\.|eyJ[\w-]+\.)\w"
)
_TELLING_FIELD = re.compile(r"passw|private_?key|client_?secret(/|$)|access_?key", re.IGNORECASE)
_QUOTED = re.compile(r"(['`\"])(.+?)\1", re.DOTALL)
_RUN = re.compile(r"[A-Za-z0-9+]{20,}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PAIRS = {"name": ("value",), "headerName": ("headerValue", "exactMatch")}
_BITS = 3.0  # of entropy a character
_JUMP = 0.2  # of characters after which letters turn to digits, or small to capital; words do not


def looks_secret(name: str, value: str) -> bool:
    """Whether nobody should see the value that goes by this name."""
    if not value:
        return False
    return bool(_TELLING_NAME.search(name) or _TELLING_VALUE.search(value)) or _is_random(value)


def unquoted(message: str, where: str) -> str:
    """A complaint of a value, without what it quotes of one that looks like a secret.

    `where` is the pointer to it: what stands in a field for a password is never repeated.
    """
    tells = bool(_TELLING_FIELD.search(where))
    return _QUOTED.sub(
        lambda found: (
            f"{found[1]}{HIDDEN}{found[1]}" if tells or looks_secret("", found[2]) else found[0]
        ),
        message,
    )


def _is_random(value: str) -> bool:
    """A long run of letters and digits, in no order that words have."""
    return any(
        _entropy(run) >= _BITS and _jumps(run) >= _JUMP * len(run)
        for run in _RUN.findall(_DIGEST.sub("", value))
    )


def _jumps(run: str) -> int:
    sorts = [(one.isdigit(), one.isupper()) for one in run]
    return sum(a != b for a, b in pairwise(sorts)) if re.search("[0-9]", run) else 0


def _entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)


def marked(body: Mapping[str, Tree], telling: Iterable[str]) -> Body:
    """The body, with each value a Secret that looks like one. `telling` are patterns of places."""
    result: Body = transformed(body, Patterns.flags(telling), lambda _fact, one: _told(one))
    return result


def unread(body: Mapping[str, Tree], write_only: Iterable[str]) -> Body:
    """The body, with each text a Secret that is sent and never read back."""
    result: Body = transformed(
        body,
        Patterns.flags(write_only),
        lambda _fact, one: Secret(one) if type(one) in {str, Quoted, Supplied} else one,
    )
    return result


def without_secrets(body: Mapping[str, Tree], telling: Iterable[str]) -> tuple[Body, list[str]]:
    """The body without the values that look like secrets, and the pointers to where they were."""
    found: list[str] = []
    result: Body = _bare(marked(body, telling), "", found)
    return result, found


def _bare(value: Tree, at: str, found: list[str]) -> Tree:
    if isinstance(value, Mapping):
        found += [at + pointer(name) for name, item in value.items() if isinstance(item, Secret)]
        return {
            name: _bare(item, at + pointer(name), found)
            for name, item in value.items()
            if not isinstance(item, Secret)
        }
    if isinstance(value, list):
        found += [at + pointer(n) for n, item in enumerate(value) if isinstance(item, Secret)]
        return [
            _bare(item, at + pointer(index), found)
            for index, item in enumerate(value)
            if not isinstance(item, Secret)
        ]
    return value


def _told(holder: Tree) -> Tree:
    """An object of a name and a value, a map from names to values, or the text `Name: value`."""
    if isinstance(holder, str):
        name, _, value = holder.partition(":")
        return Secret(holder) if _known(holder) and looks_secret(name, value.strip()) else holder
    if not isinstance(holder, Mapping):
        return holder
    for name, values in _PAIRS.items():
        if name in holder:
            told = [one for one in values if holder.get(one)]
            said = str(holder[name])
            return {**holder, **{one: _secret(said, holder[one]) for one in told}}
    return {name: _secret(name, value) for name, value in holder.items()}


def _secret(name: str, value: Tree) -> Tree:
    return Secret(value) if _known(value) and looks_secret(name, value) else value


def _known(value: Tree) -> TypeGuard[str]:
    return isinstance(value, str) and not isinstance(value, Template)
