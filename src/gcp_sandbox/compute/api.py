"""Compute's routes."""

from __future__ import annotations

from gcp_sandbox.authority import Authority
from gcp_sandbox.router import Router
from gcp_sandbox.world import World


def register(world: World, router: Router, authority: Authority) -> None:
    """Serve Compute v1."""
