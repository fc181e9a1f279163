"""From method and path to a handler, segment by segment."""

from __future__ import annotations

from urllib.parse import unquote

from gcp_sandbox.errors import GoogleError, not_found_path
from gcp_sandbox.request import Handler


class _Node:
    __slots__ = ("handlers", "literal", "wild")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.wild: _Node | None = None
        self.handlers: dict[str, tuple[Handler, tuple[str, ...]]] = {}


class Router:
    """A tree of path segments; a written segment wins over a `{placeholder}`."""

    def __init__(self) -> None:
        self._root = _Node()
        self.routes: list[tuple[str, str]] = []

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Serve `method path`; `{name}` stands for one segment and arrives in `params`."""
        node, names = self._root, []
        for segment in path.strip("/").split("/"):
            if segment.startswith("{") and segment.endswith("}"):
                names.append(segment[1:-1])
                node.wild = node.wild or _Node()
                node = node.wild
            else:
                node = node.literal.setdefault(segment, _Node())
        if method in node.handlers:
            raise ValueError(f"two handlers for {method} {path}")
        node.handlers[method] = handler, tuple(names)
        self.routes.append((method, path))

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]]:
        """The handler of a path as it came over the wire; raises Google's 404 or 405."""
        found = _walk(self._root, path.strip("/").split("/"), 0)
        if found is None:
            raise not_found_path(path)
        node, values = found
        if method not in node.handlers:
            raise GoogleError(405, "httpMethodNotAllowed", f"Method {method} not allowed.")
        handler, names = node.handlers[method]
        return handler, dict(zip(names, reversed(values), strict=True))


def _walk(node: _Node, segments: list[str], at: int) -> tuple[_Node, list[str]] | None:
    """The node at the end of the path and the values of its placeholders, last first."""
    if at == len(segments):
        return (node, []) if node.handlers else None
    segment = unquote(segments[at]) if "%" in segments[at] else segments[at]
    deeper = node.literal.get(segment)
    if deeper is not None:
        found = _walk(deeper, segments, at + 1)
        if found is not None:
            return found
    if node.wild is None or not segment:
        return None
    found = _walk(node.wild, segments, at + 1)
    if found is not None:
        found[1].append(segment)
    return found
