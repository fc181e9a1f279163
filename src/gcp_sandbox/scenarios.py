"""The worlds that come with the sandbox: Google-shaped JSON in `scenarios/`.

Bodies are what a client would send. `_` holds what only time brings about, in seconds from the
moment of loading: `{"issued": -1728000, "expires": 6048000}` is a certificate of twenty days.
"""

from __future__ import annotations

import json
from pathlib import Path

from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Body

_FOLDER = Path(__file__).parent / "scenarios"


def names() -> list[str]:
    return sorted(path.stem for path in _FOLDER.glob("*.json"))


def read(name: str) -> Body:
    """A scenario: `{"project": …, "compute": {collection: [body…]}, "dns": …}`; raises 404.

    `{"like": "staging", …}` starts from another one: what is given for a collection replaces it.
    """
    if name not in names():
        raise GoogleError(
            404, "notFound", f"There is no scenario '{name}': only {', '.join(names())}."
        )
    scenario: Body = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    if "like" in scenario:
        scenario = _over(read(scenario.pop("like")), scenario)
    return scenario


def _over(below: Body, above: Body) -> Body:
    """Merge objects; everything else is replaced."""
    merged = dict(below)
    for name, value in above.items():
        known = below.get(name)
        both = isinstance(value, dict) and isinstance(known, dict)
        merged[name] = _over(known, value) if both and isinstance(known, dict) else value
    return merged
