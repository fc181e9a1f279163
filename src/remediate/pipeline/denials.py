"""Lists that were denied, by the permissions that they take: Google names those in few answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, TypeAlias

from remediate.gcp.errors import one_line
from remediate.kinds.bodies.links import scope_of
from remediate.kinds.permissions import collection
from remediate.kinds.registry import kind
from remediate.model.errors import NotAuthorised, RemediateError
from remediate.model.ref import Ref

Collection: TypeAlias = tuple[str, str]  # kind and location
# The reasons of Google's APIs for a permission that is missing, and for nothing else.
_DENIED = frozenset({"forbidden", "notAuthorized", "IAM_PERMISSION_DENIED", "PERMISSION_DENIED"})


def denials(unreadable: Mapping[Collection, RemediateError]) -> dict[Collection, str]:
    """For each list that was denied the sentence to say, which is one for all of one reason."""
    denied: dict[Collection, NotAuthorised] = {
        at: why
        for at, why in unreadable.items()
        if isinstance(why, NotAuthorised) and why.reason in _DENIED
    }
    names: dict[str, set[str]] = defaultdict(set)
    for at, why in denied.items():
        if not _is_of_another(at, denied):
            names[_said(why)].add(_permission(at))
    return {at: _missing(sorted(names[_said(why)]), _said(why)) for at, why in denied.items()}


def _is_of_another(at: Collection, denied: Mapping[Collection, NotAuthorised]) -> bool:
    """Whether it was not asked for, since what it stands in was denied."""
    around = (kind(at[0]).parent, at[1])
    return denied.get(around) is denied[at]


def _permission(at: Collection) -> str:
    return f"{collection(kind(at[0]), scope_of(Ref(at[0], '', at[1])))}.list"


def _said(why: NotAuthorised) -> str:
    """Google's own words, unless they only name the permission."""
    body: Any = why.body
    message = str(body.get("message") or "") if isinstance(body, Mapping) else ""
    return "" if str(why).startswith("permission ") else one_line(message)


def _missing(permissions: list[str], said: str) -> str:
    are = "permission is" if len(permissions) == 1 else "permissions are"
    google = f" (Google says: {said})" if said else ""
    this = "this" if len(permissions) == 1 else "these"
    return f"{this} {are} missing: {', '.join(permissions)}{google}"
