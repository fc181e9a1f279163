"""The faults that there are, by id.

An entry has a `title`, and any of `steps`, `state` and `internet`, carried out in this order:

- `steps`: `{"call": "METHOD /path", "body": …, "fingerprint": true}` calls an API, with the
  resource's fingerprint of this moment where that is asked for; `{"recreate": zone, "with": {…}}`
  deletes a zone of Cloud DNS and makes it again with its records, `"until": "anotherShard"` as
  often as its name servers are the same; `{"upload": certificate, …}` has a certificate issued and
  puts it in the place of the one of that name (see `uploads`).
- `state`: a merge patch (RFC 7396) by section of the world; in a list an object of a certain `name`
  is addressed by it. `internet` is the same for that section.

`{project}` stands for the project's id, `{"$ago": seconds}` for a time on the clock, and
`$rfc3339` and `$pacific` for the same as the newer APIs and as Compute write it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Final

from gcp_sandbox.clock import pacific, rfc3339
from gcp_sandbox.request import Body, Json

_FILE: Final = Path(__file__).with_name("entries.json")
_TIMES: Final[Mapping[str, Callable[[float], float | str]]] = {
    "$ago": float,
    "$rfc3339": rfc3339,
    "$pacific": pacific,
}


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    title: str
    steps: tuple[Body, ...] = ()
    state: Body = field(default_factory=dict)
    internet: Body = field(default_factory=dict)


@cache
def entries() -> dict[str, Entry]:
    """All of them, in the order of the file."""
    known: Body = json.loads(_FILE.read_text(encoding="utf-8"))
    return {
        identity: Entry(
            identity,
            said["title"],
            tuple(said.get("steps", ())),
            said.get("state", {}),
            said.get("internet", {}),
        )
        for identity, said in known.items()
    }


def nearest(identity: str) -> list[str]:
    """Ids that somebody may have meant, the likeliest first."""
    part = [known for known in entries() if identity and identity in known]
    close = get_close_matches(identity, entries(), n=3, cutoff=0.5)
    return list(dict.fromkeys([*close, *part]))[:3]


def filled(value: Json, project: str, now: float) -> Json:
    """A value of an entry with the project and the times put in."""
    if isinstance(value, str):
        return value.replace("{project}", project)
    if isinstance(value, list):
        return [filled(item, project, now) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and (name := next(iter(value))) in _TIMES:
        return _TIMES[name](now - value[name])
    return {
        name.replace("{project}", project): filled(item, project, now)
        for name, item in value.items()
    }
