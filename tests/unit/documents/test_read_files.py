"""The files that a project is read from."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from samlocal.documents.document import load
from samlocal.documents.read_files import recorded_files
from samlocal.errors import TemplateNotFoundError

if TYPE_CHECKING:
    from pathlib import Path


def test_files_that_are_read(tmp_path: Path) -> None:
    """Files are recorded in the context that reads them, also those that do not exist."""
    file = tmp_path / "template.yaml"
    file.write_text("a: 1")
    with recorded_files() as outer:
        load(file)
        with recorded_files() as inner, pytest.raises(TemplateNotFoundError):
            load(tmp_path / "missing.yaml")
    load(file)
    assert outer == {file, tmp_path / "missing.yaml"}
    assert inner == {tmp_path / "missing.yaml"}


async def test_threads_of_a_context(tmp_path: Path) -> None:
    """A thread that reads for a context records there."""
    file = tmp_path / "template.yaml"
    file.write_text("a: 1")
    with recorded_files() as files:
        await asyncio.to_thread(load, file)
    assert files == {file}
