"""Fingerprints: Google's compare-and-swap, eight bytes of base64 that follow the content."""

from __future__ import annotations

import base64
import hashlib
import json

from gcp_sandbox.request import Body, Json

NO_LABELS = "42WmSpB8rSM="
"""What Google answers for a resource that never had a label."""

_NOT_CONTENT = frozenset({"fingerprint", "labelFingerprint", "_"})


def of_content(body: Body) -> str:
    return _digest({name: value for name, value in body.items() if name not in _NOT_CONTENT})


def of_labels(labels: Body | None) -> str:
    return _digest(labels) if labels else NO_LABELS


def _digest(value: Json) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()
