"""Documents as YAML that our own loader reads back as what they were."""

from __future__ import annotations

from collections.abc import Iterable

from yaml import dump
from yaml.nodes import MappingNode

from remediate.model.json import Body, Json
from remediate.model.yaml_written import PAGE, Dumper
from remediate.pipeline.importing import Drafted
from remediate.report.text import safe, wrapped


class _RecordSet(dict[str, Json]):
    """Written on one line."""


class _Dumper(Dumper):
    """Record sets besides."""


def _line(dumper: _Dumper, value: _RecordSet) -> MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", dict(value), flow_style=True)


_Dumper.add_representer(_RecordSet, _line)


def yaml_text(head: str, drafts: Iterable[Drafted]) -> str:
    """A file: what it is about in a comment, and its documents, each after what is said of it."""
    texts = []
    for draft in drafts:
        remarks = [line for each in draft.remarks for line in _comment(each)]
        texts.append("".join(f"{line}\n" for line in remarks) + _document(draft.document))
    return "".join(f"{line}\n" for line in _comment(head)) + "---\n".join(texts)


def _comment(text: str) -> list[str]:
    return wrapped(safe(text), PAGE, first="# ", rest="# ")


def _document(document: Body) -> str:
    text: str = dump(
        _compact(document),
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=None,
        sort_keys=False,
        width=PAGE,
    )
    return text


def _compact(document: Body) -> Body:
    """With every record set on a line of its own."""
    spec = document["spec"]
    if not isinstance(spec, dict) or not isinstance(records := spec.get("records"), dict):
        return document
    shown: Body = {name: _types(types) for name, types in records.items()}
    return {**document, "spec": {**spec, "records": shown}}


def _types(types: Json) -> Body:
    assert isinstance(types, dict)
    return {rrtype: _RecordSet(each) for rrtype, each in types.items() if isinstance(each, dict)}
