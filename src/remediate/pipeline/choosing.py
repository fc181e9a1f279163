"""What `--target` and `--exclude` choose; a glob that chooses nothing is a slip of the pen."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from remediate.kinds.registry import NAMES
from remediate.model.errors import InvalidInput
from remediate.model.nearest import nearest
from remediate.model.ref import Ref

_GLOBS = "It is a glob over `Kind/name`, as in `DnsZone/*`; `remediate graph` shows the names."
_REF = "It is one whole name, `Kind/name`, and no glob; `remediate drift` shows them."


def insist_on_matches(
    targets: Sequence[str], excludes: Sequence[str], known: Collection[Ref], where: str
) -> None:
    """Raises InvalidInput, with what was probably meant, for a glob that none of these matches."""
    for option, globs in (("--target", targets), ("--exclude", excludes)):
        for glob in globs:
            if not any(ref.matches(glob) for ref in known):
                raise unmatched(option, glob, known, where)


def unmatched(option: str, glob: str, known: Collection[Ref], where: str) -> InvalidInput:
    found = _meant(glob, known)
    what = _REF if option == "--accept" else _GLOBS
    hint = f"did you mean `{found}`? {what}" if found else what
    return InvalidInput(f"{option} {glob} matches nothing {where}", hint=hint)


def _meant(glob: str, known: Collection[Ref]) -> str | None:
    """The kind by its right name, the location or the rest of the name where they are left out."""
    kind, slash, name = glob.partition("/")
    if not slash:
        by_name = {ref.name: str(ref) for ref in known}
        return by_name.get(glob) or by_name.get(nearest(glob, by_name) or "")
    if kind not in NAMES:
        right = nearest(kind, NAMES)
        glob = f"{right}/{name}"
        if right is None or any(ref.matches(glob) for ref in known):
            return right and glob
        return _meant(glob, known)
    same = {str(ref): ref for ref in sorted(known) if ref.kind == kind}
    elsewhere = [text for text, ref in same.items() if ref.name == name]
    longer = sorted((text for text in same if text.startswith(glob)), key=len)
    return next(iter(elsewhere + longer), None) or nearest(glob, same)
