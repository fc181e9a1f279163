"""What somebody probably meant by a word that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

_MOST = 500  # looking through more takes longer than the hint is worth
_SHOWN = 12


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most alike, whatever its case, or None where none is."""
    by_lower = {name.lower(): name for name in islice(known, _MOST)}
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def is_offered(word: str) -> bool:
    """Whether it is a word to write; Google's enums have some that only say that there is none."""
    return not word.endswith("_UNSPECIFIED") and word != "INVALID"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for a person: the nearest word, or all of them where there are few."""
    names = sorted(filter(is_offered, islice(known, _MOST)))
    if (found := nearest(word, names)) is not None:
        return f"did you mean `{found}`?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= _SHOWN else ""
