"""`${var.x}`, `${env.X}`, `${Kind/name.field}` in a document's text; `$${` is a plain `${`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from remediate.model.nearest import did_you_mean
from remediate.model.values import REFERENCE, Quoted, Reference, Supplied, Template, reference

_PIECE = re.compile(r"\$\$\{|\$\{([^${}]*)\}|\$\{")
_VARIABLE = re.compile(r"(var|env)\.([A-Za-z_][A-Za-z0-9_-]*)")
_FORMS = "${var.NAME}, ${env.NAME}, ${Kind/name.field}, or $${ for a plain ${"


class ExpressionFault(ValueError):
    """What is wrong with an expression, and what was meant."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Scope:
    """What expressions may name.

    `allowed` are the process variables that the environment lists. `refer` gives a reference the
    whole name of what it means, and raises ExpressionFault where that is nothing.
    """

    variables: Mapping[str, str]
    allowed: frozenset[str]
    process: Mapping[str, str]
    refer: Callable[[Reference], Reference]


@dataclass(slots=True)
class Expanded:
    """The text with its variables filled in, and every fault on the way there."""

    text: str = ""
    faults: list[ExpressionFault] = field(default_factory=list)


def expand(written: str, scope: Scope) -> Expanded:
    """Fill in what is known; references stay, in a `Template`.

    Text that is one expression and nothing else takes its type from the field, quoted or not.
    """
    result = Expanded()
    pieces: list[str | Reference] = []
    end = 0
    for match in _PIECE.finditer(written):
        pieces.append(written[end : match.start()])
        end = match.end()
        try:
            pieces.append(_piece(match, scope))
        except ExpressionFault as fault:
            result.faults.append(fault)
    pieces.append(written[end:])
    result.text = _joined(pieces)
    if isinstance(result.text, Template):
        if len(result.text.references) != sum(isinstance(piece, Reference) for piece in pieces):
            result.faults.append(ExpressionFault("a `$` cannot stand right before a reference"))
    elif _is_one(written):
        result.text = Supplied(result.text) if written.startswith("${env.") else result.text
    elif isinstance(written, Quoted):
        result.text = Quoted(result.text)
    return result


def _piece(match: re.Match[str], scope: Scope) -> str | Reference:
    if match[0] == "$${":
        return "${"
    inner = match[1]
    if inner is None:
        raise ExpressionFault("a `${` without its `}`", _FORMS)
    if found := _VARIABLE.fullmatch(inner):
        return _variable(scope, *found.groups())
    if found := REFERENCE.fullmatch(match[0]):
        return scope.refer(reference(found))
    raise ExpressionFault(f"`{match[0]}` is not an expression", _FORMS)


def _variable(scope: Scope, of: str, name: str) -> str:
    if of == "var":
        if name not in scope.variables:
            hint = did_you_mean(name, scope.variables) or "declare it in the Environment's vars"
            raise ExpressionFault(f"the variable `{name}` is not declared", hint)
        return scope.variables[name]
    if name not in scope.allowed:
        hint = did_you_mean(name, scope.allowed) or "list it in the Environment's env"
        raise ExpressionFault(f"`{name}` is not among the process variables to be read", hint)
    if name not in scope.process:
        raise ExpressionFault(f"the process variable `{name}` is not set", f"export {name}=…")
    value = scope.process[name]
    if not value.isprintable():
        raise ExpressionFault(f"the process variable `{name}` holds more than plain text")
    return value


def _joined(pieces: list[str | Reference]) -> str:
    if not any(isinstance(piece, Reference) for piece in pieces):
        return "".join(map(str, pieces))
    return Template(
        "".join(
            str(piece) if isinstance(piece, Reference) else piece.replace("${", "$${")
            for piece in pieces
        )
    )


def _is_one(written: str) -> bool:
    found = _PIECE.match(written)
    return found is not None and found[1] is not None and found.end() == len(written)
