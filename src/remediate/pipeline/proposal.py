"""What the guards look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from remediate.kinds.records.verdict import RecordsVerdict
from remediate.model.plan import Difference, Step
from remediate.model.ref import Ref
from remediate.model.resource import Desired
from remediate.pipeline.surroundings import Surroundings
from remediate.stores.ledger import Entry


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan on its way, and what is known around it."""

    desired: Desired
    differences: Sequence[Difference]
    steps: Sequence[Step]
    remembered: Mapping[Ref, Entry] = field(default_factory=dict)
    records: Mapping[str, RecordsVerdict] = field(default_factory=dict)  # by zone
    around: Surroundings = field(default_factory=lambda: Surroundings("", {}))
    kept: Mapping[Ref, int] = field(default_factory=dict)  # see `ttl.still_kept`
    applied_to: str = ""  # the project that `remembered` is of, if that is known

    def deletions(self) -> Iterator[Difference]:
        """What goes, at once or with `gc`."""
        return (d for d in self.differences if d.action.removes)

    def afterwards(self) -> dict[Ref, Mapping[str, Any]]:
        """The live side once all is done, without what is set aside, now or before."""
        later = {**self.around.live}
        for ref, entry in self.remembered.items():
            for aside in entry.asides:
                later.pop(ref.named(aside.name), None)
        for difference in self.differences:
            if difference.action.removes:
                later.pop(difference.live, None)
            elif difference.after is not None:
                later[difference.live] = difference.after
        return later
