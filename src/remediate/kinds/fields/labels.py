"""Labels: written whole, by a call of their own that compares a fingerprint of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from remediate.kinds.facts import Compare, Update
from remediate.kinds.fields.pointers import pointer
from remediate.kinds.fields.rules import Fault, at_most
from remediate.model.json import Body
from remediate.model.values import Template

MOST = 64
# https://cloud.google.com/compute/docs/labeling-resources: letters of any script, none capital.
_KEY = re.compile(r"[^\W\d_][\w-]{0,62}")
_VALUE = re.compile(r"[\w-]{0,63}")


def whole_labels(fields: Body) -> Body:
    """`setLabels` merges nothing: a label that is null, or not sent, goes."""
    labels = fields.get("labels")
    kept = labels.items() if isinstance(labels, dict) else ()
    return {"labels": {name: value for name, value in kept if value is not None}}


def with_whole_labels(fields: Body) -> Body:
    """A patch whose mask names the map as one: a label that is null goes."""
    return {**fields, **whole_labels(fields)} if "labels" in fields else fields


def label_faults(spec: Mapping[str, Any]) -> Iterator[Fault]:
    yield from at_most(spec, "/labels", MOST, "labels")
    for key, value in (spec.get("labels") or {}).items():
        at = pointer("labels", key)
        if not _KEY.fullmatch(key) or key != key.lower():
            yield at, f"{key!r} is not a label: a small letter, then up to 62 of a-z, 0-9, _ and -"
        elif not isinstance(value, Template) and (
            not _VALUE.fullmatch(value) or value != value.lower()
        ):
            yield at, f"{value!r} is not a label's value: up to 63 of a-z, 0-9, _ and -"


SET_LABELS = Update("setLabels", ("labels",), Compare.LABEL_FINGERPRINT, sends=whole_labels)
