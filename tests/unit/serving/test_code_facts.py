"""Size, hash and time of code of each kind."""

from __future__ import annotations

import base64
import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from samlocal.errors import CodeNotFoundError, Place
from samlocal.function import Code, Function, ImageCode, InlineCode, LocalCode, S3Code
from samlocal.serving.code_facts import read_code_facts

PLACE = Place(Path("/no/template.yaml"), 1, 1)


def function(code: Code) -> Function:
    return Function(logical_id="R", full_path="R", name="R", code=code, place=PLACE)


def test_archive(tmp_path: Path) -> None:
    """The facts of an archive are those of the file, as in Lambda."""
    archive = tmp_path / "code.zip"
    archive.write_bytes(b"packed")
    facts = read_code_facts(function(LocalCode(path=archive, place=PLACE)))
    assert facts.size_bytes == 6
    assert facts.sha256 == base64.b64encode(hashlib.sha256(b"packed").digest()).decode()
    assert facts.last_modified == datetime.fromtimestamp(archive.stat().st_mtime, UTC)


def test_directory(tmp_path: Path) -> None:
    """The hash of a directory is that of its files, wherever it is, and any change changes it."""
    code = tmp_path / "code"
    (code / "lib").mkdir(parents=True)
    (code / "app.py").write_text("one")
    (code / "lib" / "a.py").write_text("two")
    (code / "__pycache__").mkdir()
    shutil.copytree(code, tmp_path / "copy")
    (code / "__pycache__" / "app.pyc").write_text("cached")
    facts = read_code_facts(function(LocalCode(path=code, place=PLACE)))
    copy = read_code_facts(function(LocalCode(path=tmp_path / "copy", place=PLACE)))
    assert (facts.size_bytes, facts.sha256) == (6, copy.sha256)
    (code / "lib" / "a.py").rename(code / "lib" / "b.py")
    changed = read_code_facts(function(LocalCode(path=code, place=PLACE)))
    assert changed.sha256 != facts.sha256


@pytest.mark.parametrize(
    ("code", "size"),
    [
        pytest.param(InlineCode(source="pass", place=PLACE), 4, id="inline"),
        pytest.param(S3Code(bucket="b", key="k", version=None, place=PLACE), 0, id="S3"),
        pytest.param(ImageCode(uri="image:1", place=PLACE), 0, id="image"),
        pytest.param(ImageCode(uri=None, place=PLACE), 0, id="image to build"),
    ],
)
def test_other_code(code: Code, size: int) -> None:
    """Code that is no file here has facts, too."""
    facts = read_code_facts(function(code))
    assert (facts.size_bytes, len(facts.sha256)) == (size, 44)


def test_missing_code(tmp_path: Path) -> None:
    """Code that does not exist is an error with its place."""
    with pytest.raises(CodeNotFoundError) as raised:
        read_code_facts(function(LocalCode(path=tmp_path / "no", place=PLACE)))
    assert raised.value.place == PLACE
