from __future__ import annotations

import json
from pathlib import Path

from remediate.model.values import Secret
from remediate.stores.folder import Folder
from remediate.stores.veil import KEY, Veil

ENV = {"env": [{"name": "DB_PASSWORD", "value": Secret("open sesame")}, {"name": "MODE"}]}


def test_a_secret_is_kept_as_a_digest_and_everything_else_as_it_is(tmp_path: Path) -> None:
    veiled = Veil(Folder(tmp_path)).veiled(ENV)
    (password, mode) = veiled["env"]
    assert mode == {"name": "MODE"}
    assert password["value"].keys() == {"$masked"}
    assert "sesame" not in json.dumps(veiled)
    assert Veil(Folder(tmp_path)).veiled(veiled) == veiled


def test_the_same_text_has_the_same_mask_in_one_store_and_another_elsewhere(
    tmp_path: Path,
) -> None:
    one, again = (Veil(Folder(tmp_path / "a")).veiled(Secret("x")) for _ in range(2))
    other = Veil(Folder(tmp_path / "b")).veiled(Secret("x"))
    assert one == again
    assert one != other
    assert Veil(Folder(tmp_path / "a")).veiled(Secret("y")) != one


def test_the_key_is_made_with_the_first_secret_and_read_by_nobody_else(tmp_path: Path) -> None:
    store = Folder(tmp_path)
    Veil(store).veiled({"plain": "text"})
    assert store.list("") == []
    Veil(store).veiled(Secret("x"))
    assert store.list("") == [KEY]
    assert (tmp_path / KEY).stat().st_mode & 0o777 == 0o600


def test_a_mask_is_lifted_by_whoever_holds_the_text(tmp_path: Path) -> None:
    veil = Veil(Folder(tmp_path))
    veiled = veil.veiled(ENV)
    assert veil.unveiled(veiled, {"elsewhere": [Secret("open sesame")]}) == (ENV, [])
    still, lost = veil.unveiled(veiled, {"elsewhere": Secret("shut")}, None)
    assert (still, lost) == (veiled, ["DB_PASSWORD"])


def test_what_is_lifted_is_a_secret_again(tmp_path: Path) -> None:
    veil = Veil(Folder(tmp_path))
    lifted, _ = veil.unveiled(veil.veiled(ENV), ENV)
    assert isinstance(lifted["env"][0]["value"], Secret)
    assert "sesame" not in f"{lifted}"
