"""IP addresses to give away: from the documentation ranges, and never the same one twice."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import islice

from gcp_sandbox.request import Json

_EXTERNAL = ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24", "198.18.0.0/15")
_FIRST_FREE = 20
"""Below it are the addresses that scenarios name."""
_IPV6 = ipaddress.IPv6Address("2001:db8:0:1::")
_INTERNAL = ipaddress.IPv4Network("10.128.0.0/9")


def _external(number: int) -> str:
    for text in _EXTERNAL:
        network = ipaddress.IPv4Network(text)
        usable = network.num_addresses - 2
        if number < usable:
            return str(network.network_address + 1 + number)
        number -= usable
    raise OverflowError("the sandbox has no more documentation addresses")


@dataclass(slots=True)
class AddressPool:
    """Counters, so that an address once released does not come back by luck."""

    counters: dict[str, int] = field(default_factory=dict)

    def external(self, taken: Collection[str]) -> str:
        while True:
            address = _external(_FIRST_FREE + self._next("external"))
            if address not in taken:
                return address

    def external_ipv6(self) -> str:
        return str(_IPV6 + (self._next("ipv6") << 64))

    def internal(self, taken: Collection[str]) -> str:
        while True:
            address = str(_INTERNAL.network_address + 2 + self._next("internal"))
            if address not in taken:
                return address

    def internal_block(self, prefix_length: int) -> str:
        """The first address of a block of its own."""
        number = self._next(f"block/{prefix_length}")
        blocks = ipaddress.IPv4Network("10.0.0.0/9").subnets(new_prefix=max(prefix_length, 9))
        return str(next(islice(blocks, number, None)).network_address)

    def _next(self, family: str) -> int:
        self.counters[family] = self.counters.get(family, -1) + 1
        return self.counters[family]

    def dump(self) -> Json:
        return self.counters

    def load(self, state: Json) -> None:
        self.counters = state
