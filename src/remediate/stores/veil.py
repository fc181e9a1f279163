"""What a store keeps of secrets: a digest with a key of its own, which only tells them apart.

In a store a secret is `{"$masked": "hmac-sha256:…"}`. Whoever holds the text can see whether it is
the same one; nobody can get the text from it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from remediate.model.json import Body
from remediate.model.values import MASKED, Secret, Tree, is_masked, secrets_in
from remediate.stores.store import FORMAT_VERSION, Store, sealed, unsealed

KEY = "masking-key.json"


class Veil:
    """Over secrets, in one store. Its key is made when there is first something to hide."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._key = b""

    def veiled(self, value: Tree) -> Tree:
        """The value with every secret in it masked; what is masked already stays."""
        if isinstance(value, Secret):
            return {MASKED: self._digest(value)}
        if isinstance(value, Mapping):
            return {name: self.veiled(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.veiled(item) for item in value]
        return value

    def unveiled(self, value: Tree, *holders: Tree) -> tuple[Tree, list[str]]:
        """The value with every mask lifted of which a holder still has the text.

        Masks that nobody can lift stay; besides, the names beside these.
        """
        texts = {self._digest(text): text for holder in holders for text in secrets_in(holder)}
        lifting = _Lifting(texts)
        return lifting.lifted(value, ""), lifting.lost

    def _digest(self, text: str) -> str:
        if not self._key:
            self._key = self._read() or self._made()
        return "hmac-sha256:" + hmac.digest(self._key, str(text).encode(), "sha256").hex()

    def _read(self) -> bytes:
        stored = self._store.get(KEY)
        return bytes.fromhex(str(unsealed(KEY, stored.data)["key"])) if stored else b""

    def _made(self) -> bytes:
        """A new key, or that of another process that was quicker."""
        content: Body = {"format_version": FORMAT_VERSION, "key": secrets.token_hex(32)}
        self._store.create(KEY, sealed(content))
        return self._read()


@dataclass(slots=True)
class _Lifting:
    texts: Mapping[str, Secret]
    lost: list[str] = field(default_factory=list)

    def lifted(self, value: Tree, name: str) -> Tree:
        if is_masked(value):
            if (text := self.texts.get(value[MASKED])) is None:
                self.lost.append(name)
            return value if text is None else text
        if isinstance(value, Mapping):
            beside = str(value["name"]) if isinstance(value.get("name"), str) else ""
            return {key: self.lifted(item, beside or key) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.lifted(item, name) for item in value]
        return value
