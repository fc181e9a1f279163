"""An emulator of the Google Cloud APIs that make up a public edge, on loopback.

`with gcp_sandbox.Sandbox("staging") as sandbox: sandbox.url, sandbox.dns_port`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gcp_sandbox.sandbox import Sandbox, serve
    from gcp_sandbox.world import StateDamaged

__all__ = ["Sandbox", "StateDamaged", "serve"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    if name in __all__:
        from gcp_sandbox import sandbox, world

        return getattr(world if name == "StateDamaged" else sandbox, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
