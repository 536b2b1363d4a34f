"""Code of functions, and programs in sandboxes of processes, with a look for what they leave."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.functional.sandbox.process.local_sandbox import (
    WAITS,
    boxes_of,
    process_spec,
    running,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from samlocal.sandbox.process.sandbox import ProcessSandbox
    from tests.functional.sandbox.process.local_sandbox import Words

    Run = Callable[..., AbstractContextManager[tuple[ProcessSandbox, Words]]]


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """Return the empty directory of a function's code."""
    folder = tmp_path / "src"
    folder.mkdir()
    return folder


@pytest.fixture(params=["namespaces", "plain"])
def namespaces(request: pytest.FixtureRequest) -> bool:
    """Whether the sandbox uses namespaces."""
    return bool(request.param == "namespaces")


@pytest.fixture
def no_leftovers() -> Iterator[None]:
    """Neither folders nor control groups of this process's sandboxes remain."""
    yield
    assert boxes_of(os.getpid()) == []


@pytest.fixture
def run(namespaces: bool, no_leftovers: None, tmp_path: Path) -> Run:  # noqa: FBT001  # fixtures
    """Runs a Python program in a sandbox."""
    del no_leftovers

    def run_program(
        program: str = WAITS, **options: object
    ) -> AbstractContextManager[tuple[ProcessSandbox, Words]]:
        return running(process_spec(tmp_path, program, **options), namespaces=namespaces)  # type: ignore[arg-type]  # options of the spec

    return run_program
