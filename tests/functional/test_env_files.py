"""Env files from the disk and from standard input."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from samlocal.env_vars.reading import read_env_file
from samlocal.errors import EnvVarsError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_in_an_editors_encoding(tmp_path: Path) -> None:
    """An env file may be UTF-16, with a byte order mark and other line ends."""
    path = tmp_path / "env.json"
    path.write_bytes('{\r\n"Ratings": {"A": "é"}}'.encode("utf-16"))
    file = read_env_file(str(path), stdin=io.BytesIO(), shell=None)
    variable = file.sections["Ratings"].variables["A"]
    assert (variable.value, str(variable.place)) == ("é", f"{path}:2:13")


def test_standard_input() -> None:
    """`-` reads standard input and detects the format from the text."""
    file = read_env_file("-", stdin=io.BytesIO(b"STAGE=${HOME}\n"), shell={"HOME": "/me"})
    variable = file.parameters["STAGE"]
    assert (variable.value, str(variable.place)) == ("/me", "<stdin>:1:1")


def test_without_the_shell_references_are_empty() -> None:
    """With `--no-shell-env`, `.env` files do not read the shell either."""
    file = read_env_file("-", stdin=io.BytesIO(b"STAGE=${HOME}\n"), shell=None)
    assert file.parameters["STAGE"].value == ""
    assert len(file.diagnostics) == 1


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(b"A=\xff\n", "env:1:3: invalid UTF-8: the byte `0xff`", id="encoding"),
        pytest.param(b"#" * (1024 * 1024 + 1), "env:1:1: the env file is larger than", id="size"),
    ],
)
def test_what_cannot_be_used(content: bytes, error: str, tmp_path: Path) -> None:
    """A file that is too large or not text is an error with its path."""
    path = tmp_path / "env"
    path.write_bytes(content)
    with pytest.raises(EnvVarsError) as caught:
        read_env_file(str(path), stdin=io.BytesIO(), shell=None)
    assert str(caught.value).startswith(f"{tmp_path}/{error}")


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    """A misspelt path is an error that suggests a similar file."""
    (tmp_path / "env.json").touch()
    with pytest.raises(EnvVarsError) as caught:
        read_env_file(str(tmp_path / "evn.json"), stdin=io.BytesIO(), shell=None)
    assert caught.value.message == f"no such env file: `{tmp_path / 'evn.json'}`"
    assert caught.value.hint == f"did you mean `{tmp_path / 'env.json'}`?"


def test_a_directory(tmp_path: Path) -> None:
    """A directory is not an env file."""
    with pytest.raises(EnvVarsError, match="is a directory, not an env file"):
        read_env_file(str(tmp_path), stdin=io.BytesIO(), shell=None)
