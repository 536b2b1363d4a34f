"""The client for Python shows a function what AWS's client shows it."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from samlocal.env_vars.lambda_variables import Execution
from samlocal.function import LoggingConfig
from tests.functional.sandbox.process.runtime_process import REMAINING_MS, function_in, running

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.function import Function

RUNTIME = f"python3.{sys.version_info.minor}"


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
        assert started.output.startswith("[WARNING]\t")
        assert "LAMBDA_WARNING: Unhandled exception." in started.output


RESULTS = """
    import collections, decimal

    Point = collections.namedtuple("Point", "x y")
    loop = []
    loop.append(loop)

    def handler(event, context):
        return eval(event)
"""


@pytest.mark.parametrize(
    ("expression", "payload"),
    [
        pytest.param("decimal.Decimal('1.10')", b"1.10", id="decimal"),
        pytest.param(
            "[decimal.Decimal('1E+2'), decimal.Decimal('NaN')]", b"[1E+2, NaN]", id="numbers"
        ),
        pytest.param("{'p': Point(1, 2)}", b'{"p": {"x": 1, "y": 2}}', id="named tuple"),
        pytest.param("(1, b'text')", b'[1, "text"]', id="tuple and bytes"),
        pytest.param(
            "{1: None, None: True, 1.5: 0}", b'{"1": null, "null": true, "1.5": 0}', id="keys"
        ),
        pytest.param("b'\\x00raw'", b"\x00raw", id="bytes"),
        pytest.param("None", b"null", id="nothing"),
    ],
)
async def test_results(code: Path, expression: str, payload: bytes) -> None:
    """What the standard library does not write as JSON is written as AWS's client does."""
    async with running(python(code, RESULTS)) as started:
        assert (await started.invoke(expression)).payload == payload


@pytest.mark.parametrize(
    ("runtime", "payload"),
    [("python3.11", b'"s\\u00fc\\u00df"'), ("python3.12", '"süß"'.encode())],
)
async def test_characters(code: Path, runtime: str, payload: bytes) -> None:
    """Runtimes up to Python 3.11 escape characters, whatever Python runs them."""
    (code / "app.py").write_text("def handler(event, context):\n    return 'süß'\n")
    async with running(function_in(code, runtime, "app.handler")) as started:
        assert (await started.invoke()).payload == payload


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        pytest.param("{1}", "Object of type set is not JSON serializable", id="set"),
        pytest.param("loop", "Circular reference detected", id="circular"),
        pytest.param(
            "{(1, 2): 3}",
            "keys must be str, int, float, bool or None, not tuple",
            id="key",
        ),
    ],
)
async def test_no_json(code: Path, expression: str, message: str) -> None:
    """A result that is not JSON is the function's error, and the next invocation runs."""
    async with running(python(code, RESULTS)) as started:
        assert await started.error(expression) == {
            "errorType": "Runtime.MarshalError",
            "errorMessage": f"Unable to marshal response: {message}",
            "requestId": "id-1",
            "stackTrace": [],
        }
        assert await started.result("7", request_id="id-2") == 7


async def test_text_that_is_not_utf_8(code: Path) -> None:
    """A result with half of a pair of surrogates ends the runtime, as with AWS's client."""
    (code / "app.py").write_text("def handler(event, context):\n    return chr(0xd800)\n")
    async with running(function_in(code, "python3.13", "app.handler")) as started:
        started.deliver()
        assert await started.exit_status() == 1
        assert "UnicodeEncodeError" in started.errors + started.output


async def test_error(code: Path) -> None:
    """The trace of an error starts in the function, in the result and in the log."""
    source = """
        def inner():
            raise LookupError("two\\nlines")

        def handler(event, context):
            inner()
    """
    async with running(python(code, source)) as started:
        error = await started.error()
        assert (error["errorType"], error["errorMessage"]) == ("LookupError", "two\nlines")
        path = code / "app.py"
        assert error["stackTrace"] == [
            f'  File "{path}", line 6, in handler\n    inner()\n',
            f'  File "{path}", line 3, in inner\n    raise LookupError("two\\nlines")\n',
        ]
        await started.end()
    assert started.output == (
        "[ERROR] LookupError: two\nlines\rTraceback (most recent call last):\r"
        f'\u00a0\u00a0File "{path}", line 6, in handler\r\u00a0\u00a0\u00a0\u00a0inner()\r'
        f'\u00a0\u00a0File "{path}", line 3, in inner\r'
        '\u00a0\u00a0\u00a0\u00a0raise LookupError("two\\nlines")\n'
    )


async def test_context(code: Path) -> None:
    """The context has what the caller sent, and what Lambda knows."""
    source = """
        import os

        def handler(event, context):
            client = context.client_context
            return {
                "names": [context.function_name, context.function_version, context.memory_limit_in_mb],
                "logs": [context.log_group_name, context.log_stream_name],
                "ids": [context.aws_request_id, context.invoked_function_arn, context.tenant_id],
                "client": [client.custom, client.env, client.client.app_title, client.client.installation_id],
                "w3c": context.w3c(),
                "identity": [context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id],
                "remaining": context.get_remaining_time_in_millis(),
                "trace": os.environ["_X_AMZN_TRACE_ID"],
            }
    """
    client_context = {
        "custom": {"a": 1},
        "client": {"app_title": "Shop"},
        "w3c": {"traceparent": "t", "x": 1},
    }
    identity = {"cognitoIdentityId": "i", "cognitoIdentityPoolId": "p"}
    async with running(python(code, source)) as started:
        result = await started.result(
            client_context=json.dumps(client_context),
            cognito_identity=json.dumps(identity),
            tenant_id="blue",
        )
    remaining = result.pop("remaining")
    assert 0 < remaining <= REMAINING_MS
    assert re.fullmatch("Root=1-.*;Parent=.*;Sampled=0", result.pop("trace"))
    arn = "arn:aws:lambda:us-east-1:123456789012:function:Ratings"
    assert result == {
        "names": ["ratings", "$LATEST", "256"],
        "logs": ["/aws/lambda/ratings", "$LATEST"],
        "ids": ["id-1", arn, "blue"],
        "client": [{"a": 1}, None, "Shop", None],
        "w3c": {"traceparent": "t"},
        "identity": ["i", "p"],
    }


async def test_malformed_client_context(code: Path) -> None:
    """A client context that is not JSON is an error of the invocation."""
    async with running(python(code, RESULTS)) as started:
        error = await started.error("1", client_context="{")
        assert error["errorType"] == "Runtime.LambdaContextUnmarshalError"
        assert error["errorMessage"].startswith("Unable to parse Client Context JSON: ")


LOGS = """
    import logging, sys

    def handler(event, context):
        logging.getLogger("shop").warning("two %s", "stars", extra={"order": 7})
        logging.debug("hidden")
        print("printed")
        context.log("from the context")
"""


async def test_logs_as_text(code: Path) -> None:
    """A record has level, time and request; what is printed has nothing."""
    async with running(python(code, LOGS)) as started:
        assert await started.result() is None
        await started.end()
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    record = rf"\[WARNING\]\t{time}\tid-1\ttwo stars\n"
    assert re.fullmatch(f"{record}printed\nfrom the context", started.output)


async def test_logs_as_json(code: Path) -> None:
    """A record is an object, with the extra fields of the function, if its level is logged."""
    (code / "app.py").write_text(dedent(LOGS))
    logging = LoggingConfig(log_format="JSON", application_log_level="WARN")
    function = function_in(code, RUNTIME, "app.handler", logging=logging)
    async with running(function) as started:
        assert await started.result(tenant_id="blue") is None
        await started.end()
    first, printed, *_ = started.output.splitlines()
    record = json.loads(first)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record.pop("timestamp"))
    assert record == {
        "level": "WARNING",
        "message": "two stars",
        "logger": "shop",
        "requestId": "id-1",
        "tenantId": "blue",
        "order": 7,
    }
    assert printed == "printed"


async def test_search_path(code: Path, tmp_path: Path) -> None:
    """The code comes first, then the layers' packages; nothing of samlocal's packages is there."""
    layers = tmp_path / "layers"
    for folder in (layers / "python", layers / "python" / "lib" / RUNTIME / "site-packages"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"from_{folder.name.replace('-', '_')}.py").write_text("stars = 5\n")
    source = """
        import sys
        import from_python, from_site_packages

        def handler(event, context):
            return [sys.path[:3], "samlocal" in sys.modules]
    """
    async with running(python(code, source), layers=layers) as started:
        assert await started.result() == [
            [
                str(code),
                str(layers / "python" / "lib" / RUNTIME / "site-packages"),
                str(layers / "python"),
            ],
            False,
        ]


async def test_official_client(code: Path) -> None:
    """AWS's client runs the function if it is in its code, with its native part."""
    package = code / "awslambdaric"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("def main(args):\n    print('official', args[1])\n")
    (code / "runtime_client.py").touch()
    async with running(python(code, "")) as started:
        assert await started.exit_status() == 0
        assert started.output == "official app.handler\n"


async def test_hooks_of_snap_start(code: Path) -> None:
    """Hooks run around the restore: before it the last one first, after it the first one first."""
    source = """
        from snapshot_restore_py import register_after_restore, register_before_snapshot

        calls = []
        register_before_snapshot(calls.append, "first")
        register_before_snapshot(calls.append, "second")
        register_after_restore(calls.append, "third")

        @register_after_restore
        def fourth():
            calls.append("fourth")

        def handler(event, context):
            return calls
    """
    execution = Execution(initialization_type="snap-start")
    async with running(python(code, source), execution=execution) as started:
        await started.restore()
        assert await started.result() == ["second", "first", "third", "fourth"]


async def test_error_in_a_hook(code: Path) -> None:
    """An error before the snapshot ends Init with Lambda's type and status."""
    source = """
        from snapshot_restore_py import register_before_snapshot

        @register_before_snapshot
        def fails():
            raise ValueError("no")

        def handler(event, context):
            return 1
    """
    execution = Execution(initialization_type="snap-start")
    async with running(python(code, source), execution=execution) as started:
        assert (await started.init_error())["errorMessage"] == "no"
        assert await started.exit_status() == 64


async def test_code_that_changes_sockets(code: Path) -> None:
    """A default timeout of the function's own connections does not end the wait for the next event."""
    source = """
        import socket
        socket.setdefaulttimeout(0.001)

        def handler(event, context):
            return 1
    """
    async with running(python(code, source)) as started:
        assert await started.result() == 1
        await asyncio.sleep(0.05)
        assert await started.result(request_id="id-2") == 1


async def test_invocations_at_once(code: Path) -> None:
    """On managed instances each invocation runs in a process of its own."""
    source = """
        import os, time

        def handler(event, context):
            time.sleep(event["wait"])
            return [context.aws_request_id, os.getpid()]
    """
    execution = Execution().with_concurrency(2)
    async with running(python(code, source), execution=execution) as started:
        slow = started.deliver({"wait": 0.5}, request_id="slow")
        quick = started.deliver({"wait": 0}, request_id="quick")
        first, first_process = json.loads((await quick.answer).payload)
        assert not slow.answer.done()
        second, second_process = json.loads((await slow.answer).payload)
        assert (first, second) == ("quick", "slow")
        assert first_process != second_process
