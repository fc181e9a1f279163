"""Google's own JSON connection, without what it drags in.

`google.cloud._http` loads gRPC (if installed) and the protobuf runtime only to read the errors of
gRPC calls, which we never make: half of the time and of the memory of the import. Google's modules
name the same imports as lazy ones for the Python that can (`__lazy_modules__`, PEP 810).
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

_GRPC = "grpc"
_DETAILS = "google.rpc.error_details_pb2"


class _Later(ModuleType):
    """Stands for a module until somebody asks it for something."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real module holds
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


def _json_connection() -> Any:  # noqa: ANN401 - google-cloud-core is published without types
    # None says "not installed"
    stand_ins: dict[str, Any] = {_GRPC: None, _DETAILS: _Later(_DETAILS)}
    placed = [name for name in stand_ins if name not in sys.modules]
    for name in placed:
        sys.modules[name] = stand_ins[name]
    try:
        from google.cloud._http import JSONConnection  # between the stand-ins
    finally:
        for name in placed:
            del sys.modules[name]
    return JSONConnection


JSONConnection: Any = _json_connection()
