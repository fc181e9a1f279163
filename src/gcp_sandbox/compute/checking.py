"""Bodies on their way in: types, names, choices, links."""

from __future__ import annotations

import re
from functools import partial

from gcp_sandbox.compute import refusals
from gcp_sandbox.compute.kind import Draft, Kind, Link
from gcp_sandbox.compute.links import Place, certificate_manager, parse
from gcp_sandbox.compute.merging import replace_texts
from gcp_sandbox.errors import GoogleError
from gcp_sandbox.request import Body, Json

_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
_MOST_LABELS = 64


def check_shape(kind: Kind, body: Json) -> Body:
    """Types, choices and the name; numbers written as text become numbers. Raises 400."""
    if not isinstance(body, dict):
        raise refusals.required("resource")
    _check_types(kind, body)
    for name, choices in kind.choices.items():
        if body.get(name) and body[name] not in choices:
            raise refusals.invalid(
                f"resource.{name}", body[name], f"Must be one of [{', '.join(choices)}]."
            )
    for name in ("name", *kind.required):
        if body.get(name) in (None, "", []):
            raise refusals.required(f"resource.{name}")
    if not _NAME.fullmatch(body["name"]):
        raise refusals.invalid(
            "resource.name", body["name"], f"Must be a match of regex '{_NAME.pattern}'"
        )
    return body


def _check_types(kind: Kind, body: Body) -> None:
    expected: tuple[tuple[tuple[str, ...], type, str], ...] = (
        ((*kind.texts, *kind.choices), str, "TYPE_STRING"),
        (kind.objects, dict, "TYPE_MESSAGE"),
        (kind.lists, list, "TYPE_MESSAGE"),
        (kind.flags, bool, "TYPE_BOOL"),
    )
    for names, type_, word in expected:
        for name in names:
            if name in body and not isinstance(body[name], type_):
                raise _wrong_type(name, word, body[name])
    for name in kind.numbers:
        if name in body:
            body[name] = _number(name, body[name])


def check_labels(labels: Json) -> Body:
    """Labels as Google lets them be: lower case, at most 64. Raises 400."""
    if labels is None:
        return {}
    if not isinstance(labels, dict) or len(labels) > _MOST_LABELS:
        raise refusals.invalid("labels", str(labels), f"At most {_MOST_LABELS} labels.")
    for key, value in labels.items():
        if not isinstance(value, str):
            raise _wrong_type("labels", "TYPE_STRING", value)
        if not _LABEL_KEY.fullmatch(key):
            raise refusals.invalid("labels", key, "Label keys must match the regex "
                                   f"'{_LABEL_KEY.pattern}'.")  # fmt: skip
        if not _LABEL_VALUE.fullmatch(value):
            raise refusals.invalid("labels", value, "Label values must match the regex "
                                   f"'{_LABEL_VALUE.pattern}'.")  # fmt: skip
    return labels


def resolve_links(kind: Kind, draft: Draft) -> None:
    """Write every link in its canonical form; what it names must be there and ready."""
    for link in kind.links:
        replace_texts(draft.body, link.path, partial(_resolved, draft, link))


def _resolved(draft: Draft, link: Link, text: str, where: str) -> str:
    if text in link.words:
        return text
    if link.certificate_manager:
        elsewhere = certificate_manager(text)
        if elsewhere is not None:
            name = elsewhere.split("/", 3)[3]
            if not draft.compute.certified(draft.place.project, name):
                raise refusals.not_found(name)
            return elsewhere
    target = parse(text, draft.place.project)
    if target is None:
        raise refusals.invalid(where, text, "The URL is malformed.")
    kinds = draft.compute.kinds
    if target.collection in kinds and target.collection not in link.to:
        expected = " or ".join(link.to)
        raise refusals.invalid(
            where, text, f"Unexpected resource collection '{target.collection}', not {expected}."
        )
    if target.collection in kinds and not kinds[target.collection].is_surrounding:
        _check_target(draft, link, target, where)
    return target.link


def _check_target(draft: Draft, link: Link, target: Place, where: str) -> None:
    compute = draft.compute
    if link.same_scope and target.scope not in (draft.place.scope, "global"):
        raise refusals.invalid(
            where, target.path, f"Must be in the same scope as '{draft.place.path}'."
        )
    if compute.find(target) is None:
        raise refusals.not_found(target.path)
    if (operation := compute.operations.under_way(target.path, "insert", "delete")) is not None:
        raise refusals.not_ready(target.path, operation.ends)


def _number(name: str, value: Json) -> int | float:
    if isinstance(value, str):
        try:
            value = float(value) if "." in value else int(value)
        except ValueError:
            raise _wrong_type(name, "TYPE_INT32", value) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type(name, "TYPE_INT32", value)
    return value


def _wrong_type(name: str, expected: str, value: Json) -> GoogleError:
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    return GoogleError(
        400,
        "badRequest",
        f"Invalid value at 'resource.{name}' ({expected}), {shown}",
        status_name=True,
    )
