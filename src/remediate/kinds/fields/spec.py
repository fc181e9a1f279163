"""The types that a spec is made of: Google's JSON, as people write it in YAML.

Plain scalars arrive as text and quoted ones as `Quoted`, so a string field takes what was written
(`22:00`, `1.10`, `no`), and numbers and booleans are those of YAML 1.2's core schema.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator, WithJsonSchema

from remediate.model.values import Quoted, Supplied, Template

_PLAIN = (str, Supplied)  # what may be a number
_INT = re.compile(r"[-+]?[0-9]{1,19}|0o[0-7]{1,21}|0x[0-9a-fA-F]{1,16}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


class Spec(BaseModel):
    """An object in Google's body. Unknown fields are errors; unwritten ones are left out."""

    model_config = ConfigDict(extra="forbid", defer_build=True, frozen=True)


def _text(value: object) -> Any:  # noqa: ANN401 - any scalar of YAML comes in
    if isinstance(value, Template):
        return value
    if isinstance(value, str):
        return str(value)
    raise ValueError("text was expected")


def _int(value: Any) -> Any:  # noqa: ANN401 - JSON is any
    if type(value) is int or isinstance(value, Template):
        return value
    if type(value) in _PLAIN and _INT.fullmatch(value):
        return int(value, 0) if value[:2] in {"0o", "0x"} else int(value)
    raise ValueError("a whole number was expected" + _unquote(value))


def _int64(value: object) -> Any:  # noqa: ANN401 - JSON is any
    if isinstance(value, Template):
        return value
    if (type(value) is int) or (isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value)):
        return str(int(value))
    raise ValueError("a whole number was expected")


def _number(value: Any) -> Any:  # noqa: ANN401 - JSON is any
    if type(value) in {int, float} or isinstance(value, Template):
        return value
    if type(value) in _PLAIN and _FLOAT.fullmatch(value) and math.isfinite(float(value)):
        return float(value)
    raise ValueError("a number was expected" + _unquote(value))


def _boolean(value: object) -> Any:  # noqa: ANN401 - JSON is any
    if type(value) is bool or isinstance(value, Template):
        return value
    if type(value) in _PLAIN and value in _BOOL:
        return _BOOL[value]
    raise ValueError("true or false was expected" + _unquote(value))


def _unquote(value: object) -> str:
    return "; write it without quotes" if isinstance(value, Quoted) else ""


# `Any` to the type checker's left: a Template may stand where the value is known after apply.
Text: TypeAlias = Annotated[str, PlainValidator(_text), WithJsonSchema({"type": "string"})]
Int: TypeAlias = Annotated[int, PlainValidator(_int), WithJsonSchema({"type": "integer"})]
Int64: TypeAlias = Annotated[
    str,
    PlainValidator(_int64),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^-?[0-9]+$"}]}),
]
Number: TypeAlias = Annotated[float, PlainValidator(_number), WithJsonSchema({"type": "number"})]
Bool: TypeAlias = Annotated[bool, PlainValidator(_boolean), WithJsonSchema({"type": "boolean"})]
Word = BeforeValidator(lambda value: str(value) if isinstance(value, str) else value)
"""Before a `Literal[...]`: an enum's value, quoted or not."""
