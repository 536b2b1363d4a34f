from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import UsageError
from samlocal.http_api.authorizers.jwks_file import read_local_keys

if TYPE_CHECKING:
    from pathlib import Path

_KEY = {"kty": "RSA", "kid": "a", "n": "AQ", "e": "AQAB"}


def _write(folder: Path, document: object) -> Path:
    path = folder / "jwks.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_one_key_set_is_for_any_issuer(tmp_path: Path) -> None:
    """A file with `keys` is what an issuer publishes."""
    keys = read_local_keys(_write(tmp_path, {"keys": [_KEY]}))
    assert keys.find("https://a.example") == (_KEY,)


def test_key_sets_may_be_by_issuer(tmp_path: Path) -> None:
    """Each issuer has its own keys, and others have none."""
    keys = read_local_keys(
        _write(tmp_path, {"https://a.example": {"keys": [_KEY]}, "https://b.example": {"keys": []}})
    )
    assert keys.find("https://a.example") == (_KEY,)
    assert keys.find("https://b.example") == ()
    assert keys.find("https://c.example") is None


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("", "1:1: invalid JSON: expecting value, at the end of the line"),
        ('{"keys": [}', "1:11: invalid JSON: expecting value, at `}`"),
        ({}, "1:1: the file is not a JSON Web Key Set: it has no list `keys`"),
        ([_KEY], "1:1: the file is not a JSON Web Key Set: it has no list `keys`"),
        ({"keys": {}}, "1:1: the file is not a JSON Web Key Set: it has no list `keys`"),
        (
            {"keys": [_KEY, {"kid": "b"}]},
            "1:1: the file is not a JSON Web Key Set: `keys[1]` is not an object with a `kty`",
        ),
        (
            {"https://a.example": [_KEY]},
            "1:1: the file is not a JSON Web Key Set: it has no list `keys`",
        ),
    ],
)
def test_other_files_are_refused(tmp_path: Path, document: object, message: str) -> None:
    """The error has the place and what is wrong."""
    path = _write(tmp_path, document)
    with pytest.raises(UsageError) as caught:
        read_local_keys(path)
    assert str(caught.value) == f"{path}:{message}"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A similar name is suggested."""
    path = _write(tmp_path, {"keys": []})
    with pytest.raises(UsageError, match="no such JWKS file") as caught:
        read_local_keys(tmp_path / "jwk.json")
    assert caught.value.hint == f"did you mean `{path}`?"
