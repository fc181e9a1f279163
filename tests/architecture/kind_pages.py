"""The pages of `docs/reference/kinds/`, made from the kinds: `make docs` writes them anew."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from remediate.kinds.dns_zone import OURS
from remediate.kinds.facts import Naming, Replacement, Scope, Update
from remediate.kinds.fields.pointers import parts
from remediate.kinds.kind import Kind
from remediate.kinds.permissions import permissions, sometimes
from remediate.kinds.registry import NAMES, kind
from remediate.model.plan import Action
from tests.architecture.repository import ROOT

FOLDER = ROOT / "docs" / "reference" / "kinds"
_HOW = {
    Replacement.BESIDE: "a new one beside it",
    Replacement.RECREATE: "deleted and inserted",
    Replacement.ON_WORD: "deleted and inserted, on an explicit word",
    Replacement.REFUSED: "refused",
}
_ORDER = {Scope.GLOBAL: 0, Scope.REGION: 1, Scope.ZONE: 2}
_WHERE = {Scope.GLOBAL: "global", Scope.REGION: "regional", Scope.ZONE: "zonal"}
_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
}
INTRODUCTION = """\
# Kinds

Made from the code by `make docs`. `spec` is Google's body with Google's field names; the page of
each kind says what may be written in it, which of it changes in place and by which call, and what
can be undone. Where nothing is said of how a field changes, it changes as the one around it does.

| kind | Google's collection | where | an immutable field changes | risk | undo of a delete |
|---|---|---|---|---|---|
"""


def pages() -> dict[str, str]:
    """The text of every page, by its file's name."""
    found = {f"{name}.md": page(kind(name)) for name in NAMES}
    return {"README.md": index(), **found}


def index() -> str:
    rows = []
    for name in NAMES:
        facts = kind(name)
        undo = facts.undo[Action.DELETE].undo.value if Action.DELETE in facts.undo else "—"
        cells = (f"[`{name}`]({name}.md)", f"`{facts.collection}`", _places(facts))
        rows.append(row(*cells, _HOW[facts.replacement], facts.base_risk.value, undo))
    return INTRODUCTION + "".join(rows)


def page(facts: Kind) -> str:
    """One kind, from what its own tables say."""
    sections = [
        f"# {facts.name}\n\n{_prose(facts)}\n",
        _about(facts),
        _section("Fields", ("field", "type", "changes", "besides"), _fields(facts)),
        _section("Links", ("field", "leads to"), _links(facts)),
        _section("Calls", ("call", "writes", "compares", "where"), _calls(facts)),
        _section("Restarts", ("a change of", "what it does"), _restarts(facts)),
        _section("Undo", ("action", "undo", "why", "Google takes"), _undo(facts)),
        _permissions(facts),
        _listed(
            "What others may refer to",
            (f"${{{facts.name}/NAME.{name}}}" for name in facts.outputs | facts.computed.keys()),
        ),
        _listed("Set by Google, and left out when pasted", map(_dotted, facts.server_set)),
        _section("Not supported", ("field", "why"), _unsupported(facts)),
    ]
    return "\n".join(section for section in sections if section)


def _prose(facts: Kind) -> str:
    """What the module says of itself before it comes to its sources."""
    told = sys.modules[facts.spec.__module__].__doc__ or ""
    paragraphs = told.split("\n\nFacts:")[0].strip().split("\n\n")
    return "\n\n".join(" ".join(each.split()) for each in paragraphs)


def _about(facts: Kind) -> str:
    usual = "`global`" if facts.default_scope is Scope.GLOBAL else "the environment's region"
    lines = [
        f"- Google's collection: `{facts.collection}`, {_places(facts)}",
        f"- `metadata.location`, if left out: {usual}",
        f"- Risk of a change: {facts.base_risk.value}, if nothing raises it (`lifecycle.risk` may)",
        f"- When an immutable field changes: {facts.replacement.value}",
        f"- When it is to go: {facts.removal.value}"
        + (f"; lost for good: {facts.loses}" if facts.loses else ""),
    ]
    if facts.parent:
        lines.append(f"- It stands in a `{facts.parent}`: `metadata.name` is `PARENT/NAME`")
    if facts.naming != Naming():
        hyphens = f", each hyphen counting {facts.naming.hyphen}" if facts.naming.hyphen > 1 else ""
        lines.append(f"- A name has at most {facts.naming.longest} characters{hyphens}")
    if facts.room is not None:
        lines.append(
            "- A new one beside it needs a range of its own: `lifecycle.replaceCidr`, or a new one "
            "in the spec; without a free one the plan is refused"
        )
    if facts.used_by is not None:
        lines.append("- Google deletes one that is in use: the guard `in-use` objects")
    if facts.overlaps:
        lines.append(
            f"- In `{facts.overlaps}` a new one stands beside the old ones until it is ready"
        )
    return "\n".join(lines) + "\n"


def _places(facts: Kind) -> str:
    return ", ".join(_WHERE[scope] for scope in sorted(facts.scopes, key=_ORDER.__getitem__))


def _fields(facts: Kind) -> Iterator[tuple[str, ...]]:
    schema = facts.spec.model_json_schema()
    for at, below, required in _walk(schema, schema.get("$defs", {}), "", ()):
        kind_of = _type(below, schema.get("$defs", {}))
        yield (
            f"`{_dotted(at)}`",
            kind_of,
            _change(facts, at),
            "; ".join(_besides(facts, at, required)),
        )


def _walk(
    schema: Mapping[str, Any], models: Mapping[str, Any], at: str, inside: tuple[str, ...]
) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """(pointer pattern, schema, whether it must be written) of every field, outer ones first."""
    for name, written in schema.get("properties", {}).items():
        here, below = f"{at}/{name}", _bare(written)
        yield here, below, name in schema.get("required", ())
        while "items" in below or isinstance(below.get("additionalProperties"), dict):
            below = _bare(below.get("items") or below["additionalProperties"])
            here += "/*"
        model = str(below.get("$ref", "")).rpartition("/")[2]
        if model and model not in inside:
            yield from _walk(models[model], models, here, (*inside, model))


def _bare(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without the null that stands for what is not written."""
    branches = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    return _bare(branches[0]) if len(branches) == 1 else schema


def _type(schema: Mapping[str, Any], models: Mapping[str, Any]) -> str:
    if "enum" in schema or "const" in schema:
        words = schema.get("enum") or [schema["const"]]
        return ", ".join(f"`{word}`" for word in words)
    if "anyOf" in schema:
        return "whole number (64 bits)"
    if "description" in schema and "properties" not in schema and "$ref" not in schema:
        return str(schema["description"])
    if "items" in schema:
        return f"list of {_type(_bare(schema['items']), models)}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"map of {_type(_bare(schema['additionalProperties']), models)}"
    return _TYPES.get(str(schema.get("type")), "object")


def _change(facts: Kind, at: str) -> str:
    """How a field changes; what is below one changes with it, but for a rule of its own."""
    name = parts(at)[0]
    if facts.name == "DnsZone" and name in OURS:
        return "record sets are steps of their own" if name == "records" else "ours; sends nothing"
    words = {
        _WHERE[s]: _in_scope(facts, at, s) for s in sorted(facts.scopes, key=_ORDER.__getitem__)
    }
    if at.count("/") > 1 and set(words.values()) == {
        _in_scope(facts, f"/{name}", s) for s in facts.scopes
    }:
        return ""
    distinct = set(words.values())
    if len(distinct) == 1:
        return distinct.pop()
    return "; ".join(f"{where}: {how}" for where, how in words.items())


def _in_scope(facts: Kind, at: str, scope: Scope) -> str:
    names = parts(at)
    above = {"/" + "/".join(names[: length + 1]) for length in range(len(names))}
    if above & facts.fixed(scope):
        return _HOW[facts.replacement]
    calls = [each for each in facts.updates if scope in each.scopes]
    named = [each for each in calls if names[0] in each.fields]
    return f"by `{(named or [each for each in calls if not each.fields])[0].method}`"


def _besides(facts: Kind, at: str, required: bool) -> Iterator[str]:  # noqa: FBT001 - a fact of the field
    if required:
        yield "must be written"
    if at in facts.defaults:
        default = facts.defaults[at]
        unwritten = "it goes" if default is None else f"`{json.dumps(default)}`"
        yield f"unwritten: {unwritten}"
    yield from _effects(facts, at)
    for groups in facts.equivalents:
        others = [f"`{' and '.join(each)}`" for each in groups if parts(at)[0] not in each]
        if len(others) < len(groups) and at.count("/") == 1:
            yield f"not with {', '.join(others)}, which Google works out from it"
    if at in facts.unordered:
        yield "order means nothing"
    if at in facts.write_only:
        yield "never read back, never shown, never compared"
    if at in facts.shared:
        yield "keys of others stay"
    if at in facts.irrecoverable:
        yield f"a rollback leaves it as it is: {facts.irrecoverable[at]}"
    if parts(at)[0] in facts.ignored_by_insert and at.count("/") == 1:
        yield "written by a step of its own after the insert"


def _effects(facts: Kind, at: str) -> Iterator[str]:
    if at in facts.reverts:
        yield f"no longer written: `{json.dumps(facts.reverts[at])}`"
    if at in facts.stays:
        yield "no longer written: it stays"
    if at in facts.restarts:
        yield facts.restarts[at]
    if at in facts.restarts_if:
        yield "what it restarts depends on the change, and the plan says it"


def _links(facts: Kind) -> Iterator[tuple[str, ...]]:
    for at, allowed in sorted(facts.links.items()):
        ours = [f"[`{name}`]({name}.md)" for name in allowed if name in NAMES]
        others = [f"`{name}`" for name in allowed if name not in NAMES]
        told = ", ".join([*ours, *(f"{name} (somebody else's)" for name in others)])
        if at in facts.links_by_value:
            told += f"; Google answers its `{facts.links_by_value[at]}`"
        yield f"`{_dotted(at)}`", told


def _calls(facts: Kind) -> Iterator[tuple[str, ...]]:
    named = {name for each in facts.updates for name in each.fields}
    for each in facts.updates:
        where = ", ".join(
            _WHERE[s] for s in sorted(each.scopes & facts.scopes, key=_ORDER.__getitem__)
        )
        yield f"`{each.method}`", _written(each, named), _compared(each), where


def _written(update: Update, named: set[str]) -> str:
    if update.fields:
        told = ", ".join(f"`{name}`" for name in update.fields)
        when = (update.when.__doc__ or "").rstrip(".") if update.when else ""
        return f"{told}, {when[0].lower()}{when[1:]}" if when else told
    return "all but what another call writes" if named else "all that changes in place"


def _compared(update: Update) -> str:
    return (
        f"`{update.compare.value}`" if update.compare.value else "nothing: read before, read back"
    )


def _undo(facts: Kind) -> Iterator[tuple[str, ...]]:
    for action in Action:
        if (verdict := facts.undo.get(action)) is not None:
            seconds = facts.seconds.get(action)
            took = f"{seconds:g} s" if seconds is not None else "not measured"
            took += ", a guess" if facts.guessed and seconds is not None else ""
            yield action.value, verdict.undo.value, verdict.why, took
            if action is Action.UPDATE and (other := facts.no_way_back):
                yield "update that only goes one way", other.undo.value, other.why, took


def _restarts(facts: Kind) -> Iterator[tuple[str, ...]]:
    for at, sentence in sorted(facts.restarts.items()):
        yield f"`{_dotted(at)}`", sentence
    for at in sorted(facts.restarts_if):
        yield f"`{_dotted(at)}`", "depends on the change: the plan says it"


_DEEDS = {
    "read": "read",
    "create": "create",
    "change": "change in place",
    "delete": "delete",
    "wait": "wait until it is done",
    "link": "link to what it needs",
}


def _permissions(facts: Kind) -> str:
    """What IAM must allow, by what is done, in every place where the kind lives."""
    scopes = sorted(facts.scopes, key=_ORDER.__getitem__)
    by_scope = [permissions(facts, scope) for scope in scopes]
    if len({tuple(sorted(each.items())) for each in by_scope}) == 1:
        by_scope, heads = by_scope[:1], ("to", "takes")
    else:
        heads = ("to", *(f"takes, {_WHERE[scope]}" for scope in scopes))
    rows = [
        (told, *(_granted(each.get(deed, ())) for each in by_scope))
        for deed, told in _DEEDS.items()
        if any(deed in each for each in by_scope)
    ]
    return _section("Permissions", heads, rows)


def _granted(names: Iterable[str]) -> str:
    return ", ".join(
        f"`{name}`" + (f" ({when})" if (when := sometimes(name)) else "") for name in names
    )


def _unsupported(facts: Kind) -> Iterator[tuple[str, ...]]:
    return ((f"`{_dotted(at)}`", why) for at, why in sorted(facts.unsupported.items()))


def _dotted(pattern: str) -> str:
    """`/backends/*/group` as people write it: `backends[].group`."""
    return ".".join(parts(pattern)).replace(".*", "[]")


def _section(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [row(*cells) for cells in rows]
    if not lines:
        return ""
    return f"## {title}\n\n{row(*heads)}|{'---|' * len(heads)}\n{''.join(lines)}"


def _listed(title: str, names: Iterable[str]) -> str:
    found = ", ".join(f"`{name}`" for name in sorted(names))
    return f"## {title}\n\n{found}\n" if found else ""


def row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def write() -> None:
    """Every page as it should be, and no other."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.glob("*.md"):
        path.unlink()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
