"""Labels: written whole, by a call of their own that compares a fingerprint of their own."""

from __future__ import annotations

from remediate.kinds.kind import Compare, Update
from remediate.model.json import Body


def whole_labels(fields: Body) -> Body:
    """`setLabels` merges nothing: a label that is null, or not sent, goes."""
    labels = fields.get("labels")
    kept = labels.items() if isinstance(labels, dict) else ()
    return {"labels": {name: value for name, value in kept if value is not None}}


SET_LABELS = Update("setLabels", ("labels",), Compare.LABEL_FINGERPRINT, sends=whole_labels)
