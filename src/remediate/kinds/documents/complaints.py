"""What is wrong with a document, in its writer's words and at the writer's field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from pydantic import ValidationError

from remediate.kinds.fields.pointers import children, pointer
from remediate.kinds.fields.spec import Spec
from remediate.model.nearest import did_you_mean, is_offered, nearest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Complaint:
    """One fault of a document: where, as a JSON pointer, what, and what was meant.

    `on_key` where the key is wrong rather than the value. A warning does not refuse the document.
    """

    pointer: str
    message: str
    hint: str = ""
    on_key: bool = False
    warning: bool = False


def validated(
    model: type[Spec],
    value: object,
    at: str,
    complaints: list[Complaint],
) -> dict[str, Any]:
    """The written fields, typed by the model; nothing, and complaints, where they do not fit."""
    if not isinstance(value, dict):
        complaints.append(Complaint(at, f"a mapping was expected, not {described(value)}"))
        return {}
    empty = [*_empties(value, "")]
    complaints += [
        Complaint(at + where, "nothing is written here", "leave the field out, or give it a value")
        for where in empty
    ]
    try:
        spec = model.model_validate(value)
    except ValidationError as error:
        told = [*_told(model, value, error)]
        complaints += [
            Complaint(at + one.pointer, one.message, one.hint, one.on_key)
            for one in told
            if one.pointer not in empty or one.on_key
        ]
        return {}
    return {} if empty else spec.model_dump(exclude_unset=True, by_alias=True, warnings=False)


def described(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str() if len(value) <= _LONGEST:
            return f"`{value}`"
        case _:
            return "text"


def _empties(value: Any, at: str) -> Iterator[str]:  # noqa: ANN401 - JSON is any
    for name, item in children(value):
        if item is None:
            yield at + pointer(name)
        else:
            yield from _empties(item, at + pointer(name))


def _told(model: type[Spec], value: Any, error: ValidationError) -> Iterator[Complaint]:  # noqa: ANN401 - JSON is any
    errors = error.errors(include_url=False)
    seen = {*_mistaken(value, errors)}
    for one in errors:
        path, holder = _path(value, one["loc"])
        where = pointer(*path)
        if where in seen:
            continue  # every branch of a union complains of the same place
        seen.add(where)
        last = str(path[-1]) if path else ""
        match one["type"]:
            case "extra_forbidden":
                hint = did_you_mean(last, _fields(model, path[:-1]))
                yield Complaint(where, f"unknown field `{last}`", hint, on_key=True)
            case "missing":
                yield Complaint(where, f"`{last}` is missing")
            case kind:
                yield _mistyped(where, kind, one, holder)


def _mistaken(value: object, errors: Sequence[ErrorDetails]) -> Iterator[str]:
    """Pointers of fields that are missing only because they are mistyped, which is told once."""
    unknown = [_path(value, one["loc"])[0] for one in errors if one["type"] == "extra_forbidden"]
    for one in errors:
        if one["type"] == "missing":
            path = _path(value, one["loc"])[0]
            beside = [str(other[-1]) for other in unknown if other[:-1] == path[:-1]]
            if nearest(str(path[-1]), beside) is not None:
                yield pointer(*path)


def _mistyped(where: str, kind: str, one: Mapping[str, Any], found: object) -> Complaint:
    context = one.get("ctx", {})
    match kind:
        case "literal_error":
            words = (word.strip("' ") for word in _words(str(context["expected"])))
            options = [*filter(is_offered, words)]
            meant = nearest(found, options) if isinstance(found, str) else None
            hint = f"did you mean {meant}?" if meant else ""
            listed = ", ".join(options)
            return Complaint(where, f"{described(found)} is not one of {listed}", hint)
        case "list_type":
            return Complaint(where, f"a list was expected, not {described(found)}")
        case "dict_type" | "model_type" | "model_attributes_type":
            return Complaint(where, f"a mapping was expected, not {described(found)}")
        case "value_error" | "assertion_error":
            said = str(context["error"])
            return Complaint(where, f"{said}, not {described(found)}" if ";" not in said else said)
        case _:
            said = str(one["msg"])
            return Complaint(where, f"{said[:1].lower()}{said[1:]}")


def _words(expected: str) -> list[str]:
    return expected.replace(" or ", ", ").split(", ")


def _path(value: Any, loc: tuple[int | str, ...]) -> tuple[list[int | str], Any]:  # noqa: ANN401 - JSON is any
    """The parts of pydantic's location that are in the data, and what is there.

    Names of union branches and `[key]` are not; the last part may be a missing field.
    """
    path: list[int | str] = []
    for at, part in enumerate(loc):
        inside = isinstance(value, dict) and part in value
        inside |= isinstance(value, list) and isinstance(part, int) and part < len(value)
        if inside:
            path.append(part)
            value = value[part]
        elif isinstance(value, dict) and at == len(loc) - 1 and part != "[key]":
            path.append(part)
            value = None
    return path, value


def _fields(model: type[Spec], path: list[int | str]) -> list[str]:
    """The fields that an object at this path may have."""
    models: list[type[Spec]] = [model]
    for part in path:
        found = [each.model_fields[str(part)] for each in models if str(part) in each.model_fields]
        if found:
            models = [deeper for each in found for deeper in _models(each.annotation)]
    return sorted({name for each in models for name in each.model_fields})


def _models(annotation: Any) -> Iterator[type[Spec]]:  # noqa: ANN401 - any type expression
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
