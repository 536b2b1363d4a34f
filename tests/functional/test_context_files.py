"""Contexts from files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from samlocal.context import read_context
from samlocal.errors import ContextError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_overrides_the_text(tmp_path: Path) -> None:
    """`--context-path` overrides `--context`, as in Serverless."""
    path = tmp_path / "context.json"
    path.write_text('{"requestId": "file"}', encoding="utf-8-sig")
    overrides = read_context('{"requestId": "text"}', str(path), stdin=io.BytesIO())
    assert overrides.request_id == "file"


def test_a_file_without_an_object(tmp_path: Path) -> None:
    """Any JSON value in a file reaches the function in the custom part."""
    path = tmp_path / "context.json"
    path.write_text('"hello"')
    overrides = read_context(None, str(path), stdin=io.BytesIO())
    assert overrides.client_context == '{"custom": {"context": "hello"}}'


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(b"hello world", "1:1: invalid JSON", id="text"),
        pytest.param(b'{\n"zzz": 1}', "2:1: a context has no `zzz`", id="member"),
        pytest.param(b" " * 70_000, "1:1: the context is larger than 65,536 bytes", id="size"),
    ],
)
def test_a_malformed_file(content: bytes, error: str, tmp_path: Path) -> None:
    """A malformed file is an error with its place, and not a usage error."""
    path = tmp_path / "context.json"
    path.write_bytes(content)
    with pytest.raises(ContextError) as caught:
        read_context(None, str(path), stdin=io.BytesIO())
    assert str(caught.value).startswith(f"{path}:{error}")
    assert not isinstance(caught.value, UsageError)


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    """A missing file is an error that names it."""
    with pytest.raises(ContextError, match="no such context file"):
        read_context(None, str(tmp_path / "context.json"), stdin=io.BytesIO())
