"""Lists that were denied, by the permissions that they take: Google names those in few answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from remediate.gcp.errors import GRANT, one_line
from remediate.kinds.bodies.links import scope_of
from remediate.kinds.permissions import collection
from remediate.kinds.registry import kind
from remediate.model.errors import NotAuthorised, RemediateError, Unreachable
from remediate.model.ref import Ref

Collection: TypeAlias = tuple[str, str]  # kind and location
OF_RECORD_SETS = "dns.resourceRecordSets.list"
# The reasons of Google's APIs for a permission that is missing, and for nothing else.
_DENIED = frozenset({"forbidden", "notAuthorized", "IAM_PERMISSION_DENIED", "PERMISSION_DENIED"})


def permission(at: Collection) -> str:
    """What it takes to list a collection."""
    return f"{collection(kind(at[0]), scope_of(Ref(at[0], '', at[1])))}.list"


def unread(project: str, failures: Iterable[tuple[str, RemediateError]]) -> RemediateError:
    """The one error of lists that failed, each with the permission that it takes.

    All that are missing for one reason are one sentence.
    """
    missing: dict[str, set[str]] = defaultdict(set)
    others: list[RemediateError] = []
    for name, why in failures:
        if isinstance(why, NotAuthorised) and why.reason in _DENIED:
            missing[_said(why)].add(why.permission or name)
        else:
            others.append(why)
    reasons = {_missing(sorted(names), said) for said, names in missing.items()}
    head = f"{project} cannot be read, so no difference can be claimed:"
    text = "\n".join([head, *sorted(reasons | {str(why) for why in others})])
    hints = {why.hint for why in others if isinstance(why, NotAuthorised)}
    if not (missing or hints):
        return Unreachable(text)
    refused = NotAuthorised(text)
    refused.hint = " ".join(sorted(hints | ({GRANT} if missing else set())))
    return refused


def _said(why: NotAuthorised) -> str:
    """Google's own words, unless they only name the permission."""
    message = why.body.get("message") if isinstance(why.body, Mapping) else None
    return "" if why.permission else one_line(str(message or ""))


def _missing(permissions: list[str], said: str) -> str:
    noun, are = ("permission", "is") if len(permissions) == 1 else ("permissions", "are")
    google = f" (Google says: {said})" if said else ""
    return f"{noun} {', '.join(permissions)} {are} missing{google}"
