"""Values as YAML that our own loader reads back as what they are."""

from __future__ import annotations

from yaml import CSafeDumper, dump
from yaml.error import YAMLError
from yaml.events import ScalarEvent
from yaml.nodes import ScalarNode

from remediate.model.json import Json
from remediate.model.values import Quoted, Template
from remediate.model.yaml_events import events

PAGE = 100
_ENDLESS = 2**31 - 1
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_AN_EVENT = 2  # after those that begin the stream and the document
_END = "\n...\n"


class Dumper(CSafeDumper):
    """No aliases, which our loader refuses; text of several lines as a block."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _text(dumper: Dumper, text: str) -> ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=style)


for _kind_of_text in (str, Template, Quoted):
    Dumper.add_representer(_kind_of_text, _text)


class _OnOneLine(Dumper):
    """What stands in brackets has no room for blocks."""


def _short(dumper: _OnOneLine, text: str) -> ScalarNode:
    style = '"' if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=style)


for _kind_of_text in (str, Template, Quoted):
    _OnOneLine.add_representer(_kind_of_text, _short)


def one_line(value: Json, quotes: str = "") -> str:
    """As it can stand between brackets or behind a key; `quotes` are taken for text if given."""
    if isinstance(value, str) and (quoted := _as_before(str(value), quotes)):
        return quoted
    text: str = dump(
        [value],
        Dumper=_OnOneLine,
        allow_unicode=True,
        default_flow_style=True,
        sort_keys=False,
        width=_ENDLESS,
    )
    return text.strip()[1:-1]


def block(value: Json, column: int) -> str:
    """In lines, those after the first one indented to the column; short lists in brackets."""
    text: str = dump(
        value,
        Dumper=Dumper,
        allow_unicode=True,
        default_flow_style=None,
        sort_keys=False,
        width=max(PAGE - column, 40),
    )
    first, *rest = text.removesuffix(_END).rstrip("\n").split("\n")
    return "\n".join([first, *(" " * column + line if line else "" for line in rest)])


def _as_before(text: str, quotes: str) -> str:
    """The text in the style that stood there, if it can be; empty where it cannot."""
    match quotes:
        case "'" if text.isprintable():
            return "'" + text.replace("'", "''") + "'"
        case '"' if text.isprintable():
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case "plain" if text not in _NOTHING and _is_plain(text):
            return text
    return ""


def _is_plain(text: str) -> bool:
    """Whether it is itself without quotes, in brackets too. Its type is its field's business."""
    try:
        get = events(f"[a: {text}, b]".encode())
        found = [get() for _ in range(_AN_EVENT + 4)]
    except YAMLError:
        return False
    value = found[-1]
    return value.__class__ is ScalarEvent and not value.style and value.value == text
