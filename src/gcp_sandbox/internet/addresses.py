"""Which address is whose: resolvers, Google's name servers, the parent's server.

Documentation addresses (RFC 5737, RFC 3849), but for the resolvers, which have their own.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

RESOLVERS: Final = (
    *("8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"),
    "2001:4860:4860::8888",
)
NOT_VALIDATING: Final = frozenset({"9.9.9.9"})
"""It stands for the resolvers that do not, whatever it does in life."""
PARENT: Final = ("192.0.2.53", "2001:db8:53::")
"""The one server of every zone above those that are here: IPv4, IPv6."""
EVERYWHERE: Final = "*"
PORT: Final = 53

_HOST: Final = re.compile(r"ns-cloud-([a-e])([1-4])\.googledomains\.com\.")


@lru_cache(maxsize=4096)
def addresses_of(host: str) -> tuple[str, ...]:
    """IPv4 and IPv6 of a name server that is here; `()` for any other."""
    match = _HOST.fullmatch(host.lower().removesuffix(".") + ".")
    if match is not None:
        number = 10 * ("abcde".index(match[1]) + 1) + int(match[2])
        return f"198.51.100.{number}", f"2001:db8:53::{number}"
    return PARENT if host.startswith("ns1.nic.") else ()


NAME_SERVERS: Final = {
    address: host
    for letter in "abcde"
    for number in range(1, 5)
    for host in [f"ns-cloud-{letter}{number}.googledomains.com."]
    for address in addresses_of(host)
}
"""Google's name servers by address."""
