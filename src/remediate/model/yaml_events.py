"""The events that libyaml reads from a file, which is all of PyYAML that we use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from remediate.model.errors import RemediateError

Event: TypeAlias = Any  # PyYAML's events share no type that holds their fields


class YamlUnavailable(RemediateError):
    """PyYAML is here, but without libyaml."""

    hint = "Install a PyYAML wheel, or build PyYAML with libyaml's headers in place."


def events(data: bytes) -> Callable[[], Event]:
    """What gives the next event of a file, and raises YAMLError where the file is malformed."""
    try:
        from yaml._yaml import CParser  # PyYAML may have been built without it
    except ImportError:
        raise YamlUnavailable("PyYAML was installed without libyaml") from None
    get: Callable[[], Event] = CParser(data).get_event
    return get
