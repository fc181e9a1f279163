"""`lifecycle.ignore` for record sets: pointers such as `/records/foo/A`, globs allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate

from remediate.kinds.fields.pointers import parts
from remediate.kinds.records.names import relative


@dataclass(frozen=True, slots=True)
class Ignored:
    """Which record sets of a zone are shielded, written or not; false when none is."""

    dns_name: str
    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, dns_name: str, pointers: Iterable[str]) -> Ignored:
        """`/records/foo` is every type of `foo`; `*` is any text, so `[*]` is the wildcard."""
        globs = []
        for pointer in pointers:
            head, name, rrtype = [*parts(pointer), "*", "*"][:3]
            if head == "records":
                globs.append(translate(f"{name.lower()}/{rrtype}"))
        return cls(dns_name, re.compile("|".join(globs)) if globs else None)

    def __bool__(self) -> bool:
        return self.pattern is not None

    def covers(self, fqdn: str, rrtype: str) -> bool:
        if self.pattern is None:
            return False
        return self.pattern.match(f"{relative(fqdn, self.dns_name)}/{rrtype}") is not None
