"""The client for Python shows a function what AWS's client shows it."""

from __future__ import annotations

import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.functional.sandbox.process.runtime_process import function_in, running

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.function import Function

RUNTIME = f"python3.{sys.version_info.minor}"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """Return the empty directory of a function's code."""
    folder = tmp_path / "src"
    folder.mkdir()
    return folder


def python(code: Path, source: str, *, handler: str = "app.handler") -> Function:
    (code / "app.py").write_text(dedent(source))
    return function_in(code, RUNTIME, handler)


async def test_result(code: Path) -> None:
    """A handler gets the event, and its result goes to the caller, several times."""
    function = python(code, "def handler(event, context):\n    return {'stars': event['n'] + 1}\n")
    async with running(function) as started:
        assert await started.result({"n": 4}) == {"stars": 5}
        assert await started.result({"n": 5}, request_id="id-2") == {"stars": 6}


@pytest.mark.parametrize(
    ("source", "handler", "error"),
    [
        pytest.param(
            "import missing\n",
            "app.handler",
            (
                "Runtime.ImportModuleError",
                "Unable to import module 'app': No module named 'missing'",
            ),
            id="import",
        ),
        pytest.param(
            "x = 1\n",
            "app.handler",
            ("Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
            id="handler",
        ),
        pytest.param(
            "def handler(:\n",
            "app.handler",
            (
                "Runtime.UserCodeSyntaxError",
                "Syntax error in module 'app': invalid syntax (app.py, line 1)",
            ),
            id="syntax",
        ),
        pytest.param(
            "",
            "handler",
            (
                "Runtime.MalformedHandlerName",
                "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
            ),
            id="name",
        ),
        pytest.param(
            "",
            "sys.handler",
            ("Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
            id="built-in",
        ),
        pytest.param("raise ValueError('no')\n", "app.handler", ("ValueError", "no"), id="other"),
    ],
)
async def test_init_error(code: Path, source: str, handler: str, error: tuple[str, str]) -> None:
    """A handler that cannot be loaded ends Init with Lambda's error, and the process with status 1."""
    async with running(python(code, source, handler=handler)) as started:
        reported = await started.init_error()
        assert (reported["errorType"], reported["errorMessage"]) == error
        assert await started.exit_status() == 1
        assert f"[ERROR] {error[0]}: {error[1]}" in started.output
