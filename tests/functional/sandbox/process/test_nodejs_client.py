"""The client for Node.js shows a function what AWS's client shows it, before and from Node.js 24 on."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.functional.sandbox.process.runtime_process import function_in, running

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.function import Function

BOTH = pytest.mark.parametrize("runtime", ["nodejs20.x", "nodejs24.x"])


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """Return the empty directory of a function's code."""
    folder = tmp_path / "src"
    folder.mkdir()
    return folder


def nodejs(
    code: Path, runtime: str, source: str, *, name: str = "index.js", handler: str = "index.handler"
) -> Function:
    (code / name).parent.mkdir(parents=True, exist_ok=True)
    (code / name).write_text(dedent(source))
    return function_in(code, runtime, handler)


@BOTH
async def test_result(code: Path, runtime: str) -> None:
    """A handler gets the event, and its result goes to the caller, several times."""
    source = "exports.handler = async (event) => ({ stars: event.n + 1 });\n"
    async with running(nodejs(code, runtime, source)) as started:
        assert await started.result({"n": 4}) == {"stars": 5}
        assert await started.result({"n": 5}, request_id="id-2") == {"stars": 6}


@BOTH
@pytest.mark.parametrize(
    ("source", "handler", "error"),
    [
        pytest.param(
            "require('missing');\n",
            "index.handler",
            ("Runtime.ImportModuleError", "Error: Cannot find module 'missing'"),
            id="import",
        ),
        pytest.param(
            "",
            "other.handler",
            ("Runtime.ImportModuleError", "Error: Cannot find module 'other'"),
            id="module",
        ),
        pytest.param(
            "",
            "index.handler",
            ("Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
            id="handler",
        ),
        pytest.param(
            "exports.handler = 1;\n",
            "index.handler",
            ("Runtime.HandlerNotFound", "index.handler is not a function"),
            id="not a function",
        ),
        pytest.param(
            "exports.handler = (;\n",
            "index.handler",
            ("Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected token ';'"),
            id="syntax",
        ),
        pytest.param("", "handler", ("Runtime.MalformedHandlerName", "Bad handler"), id="name"),
        pytest.param(
            "throw new TypeError('no');\n", "index.handler", ("TypeError", "no"), id="other"
        ),
    ],
)
async def test_init_error(
    code: Path, runtime: str, source: str, handler: str, error: tuple[str, str]
) -> None:
    """A handler that cannot be loaded ends Init with Lambda's error, and the process."""
    async with running(nodejs(code, runtime, source, handler=handler)) as started:
        reported = await started.init_error()
        assert (reported["errorType"], reported["errorMessage"].splitlines()[0]) == error
        assert await started.exit_status() == (129 if runtime == "nodejs20.x" else 1)
        assert f'"errorType":"{error[0]}"' in started.output
