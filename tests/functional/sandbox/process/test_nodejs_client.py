"""The client for Node.js shows a function what AWS's client shows it, before and from Node.js 24 on."""

from __future__ import annotations

import json
import re
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from samlocal.env_vars.lambda_variables import Execution
from samlocal.function import LoggingConfig
from tests.functional.sandbox.process.runtime_process import REMAINING_MS, function_in, running

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.function import Function

BOTH = pytest.mark.parametrize("runtime", ["nodejs20.x", "nodejs24.x"])


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


@pytest.mark.parametrize(
    ("body", "result"),
    [
        pytest.param(
            "(e, c, done) => { done(null, 1); done(null, 2); }", 1, id="the first call counts"
        ),
        pytest.param("(e, c) => { c.succeed(1); }", 1, id="context.succeed"),
        pytest.param("(e, c) => { c.done(null, 1); }", 1, id="context.done"),
        pytest.param("() => {}", None, id="the event loop is empty"),
        pytest.param(
            "async () => { await new Promise(() => {}); }", None, id="a promise is never settled"
        ),
        pytest.param(
            "(e, c, done) => { const r = {}; setTimeout(() => { r.late = 1; }, 50); done(null, r); }",
            {"late": 1},
            id="a callback waits",
        ),
        pytest.param(
            "(e, c, done) => { c.callbackWaitsForEmptyEventLoop = false;"
            " const r = {}; setTimeout(() => { r.late = 1; }, 50); done(null, r); }",
            {},
            id="a callback does not wait",
        ),
    ],
)
async def test_callbacks(code: Path, body: str, result: object) -> None:
    """Up to Node.js 22 a handler may end its invocation by a callback or the context; then the next one runs."""
    function = nodejs(code, "nodejs22.x", f"exports.handler = {body};\n")
    async with running(function) as started:
        assert await started.result() == result
        assert await started.result(request_id="id-2") == result


async def test_callback_before_the_end_of_the_process(code: Path) -> None:
    """A result arrives even if the function ends the process at once."""
    source = """
        exports.handler = (event, context, callback) => {
          context.callbackWaitsForEmptyEventLoop = false;
          callback(null, 'x'.repeat(50000));
          process.exit(0);
        };
    """
    async with running(nodejs(code, "nodejs22.x", source)) as started:
        assert await started.result() == "x" * 50_000
        assert await started.exit_status() == 0


async def test_no_callbacks_from_nodejs_24_on(code: Path) -> None:
    """A handler with a callback is refused, as Lambda refuses it."""
    source = "exports.handler = (event, context, callback) => callback(null, 1);\n"
    async with running(nodejs(code, "nodejs24.x", source)) as started:
        assert (await started.init_error())["errorType"] == "Runtime.CallbackHandlerDeprecated"


async def test_a_promise_that_is_never_settled_ends_nodejs_24(code: Path) -> None:
    """From Node.js 24 on, nothing keeps the process alive."""
    source = "exports.handler = async () => { await new Promise(() => {}); };\n"
    async with running(nodejs(code, "nodejs24.x", source)) as started:
        started.deliver()
        assert await started.exit_status() == 0


@BOTH
@pytest.mark.parametrize(
    ("name", "source", "handler"),
    [
        pytest.param(
            "index.mjs", "export const handler = async () => 5;\n", "index.handler", id="mjs"
        ),
        pytest.param("index.cjs", "exports.handler = async () => 5;\n", "index.handler", id="cjs"),
        pytest.param(
            "index.mjs",
            "const five = await Promise.resolve(5);\nexport const handler = async () => five;\n",
            "index.handler",
            id="top-level await",
        ),
        pytest.param(
            "a/b/index.js", "exports.handler = async () => 5;\n", "a/b/index.handler", id="folder"
        ),
        pytest.param(
            "index.js",
            "exports.a = { b: { handler: async () => 5 } };\n",
            "index.a.b.handler",
            id="nested",
        ),
        pytest.param(
            "node_modules/lib/index.js",
            "exports.handler = async () => 5;\n",
            "lib.handler",
            id="package",
        ),
    ],
)
async def test_modules(code: Path, runtime: str, name: str, source: str, handler: str) -> None:
    """A handler is found in modules of every kind."""
    async with running(nodejs(code, runtime, source, name=name, handler=handler)) as started:
        assert await started.result() == 5


@BOTH
async def test_package_of_es_modules(code: Path, runtime: str) -> None:
    """The nearest package.json makes a file an ES module."""
    (code / "package.json").write_text('{"type": "module"}')
    source = "export const handler = async () => import.meta.url.slice(0, 5);\n"
    async with running(nodejs(code, runtime, source)) as started:
        assert await started.result() == "file:"


@BOTH
@pytest.mark.parametrize(
    ("thrown", "error"),
    [
        pytest.param("new RangeError('no')", ("RangeError", "no"), id="error"),
        pytest.param("'no'", ("string", "no"), id="text"),
        pytest.param(
            "Object.assign(new Error('no'), { name: 'Own' })", ("Own", "no"), id="own name"
        ),
    ],
)
async def test_error(code: Path, runtime: str, thrown: str, error: tuple[str, str]) -> None:
    """What a handler throws is the result, with a trace that ends in the function; the next invocation runs."""
    source = f"exports.handler = async () => {{ throw {thrown}; }};\n"
    async with running(nodejs(code, runtime, source)) as started:
        reported = await started.error()
        assert (reported["errorType"], reported["errorMessage"]) == error
        frames = [line for line in reported["trace"] if line.startswith("    at ")]
        assert all(str(code) in frame for frame in frames)
        assert await started.error(request_id="id-2")
        await started.end()
    assert "ERROR\tInvoke Error \t{" in started.output


@BOTH
@pytest.mark.parametrize(
    ("result", "message"),
    [("10n", "Unable to stringify response body"), ("() => 1", "Wrong arguments")],
)
async def test_result_that_is_not_json(code: Path, runtime: str, result: str, message: str) -> None:
    """A result that JSON cannot hold is an error of the function."""
    source = f"exports.handler = async () => {result};\n"
    async with running(nodejs(code, runtime, source)) as started:
        assert (await started.error())["errorMessage"] == message


@pytest.mark.parametrize(
    ("body", "error", "status"),
    [
        pytest.param(
            "setTimeout(() => { throw new RangeError('late'); }, 1)",
            ("RangeError", "late"),
            129,
            id="exception",
        ),
        pytest.param(
            "Promise.reject(new RangeError('late'))",
            ("Runtime.UnhandledPromiseRejection", "RangeError: late"),
            128,
            id="rejection",
        ),
    ],
)
async def test_what_nobody_catches(
    code: Path, body: str, error: tuple[str, str], status: int
) -> None:
    """Up to Node.js 22 it is the invocation's error, and ends the process."""
    source = f"exports.handler = () => {{ {body}; return new Promise(() => setTimeout(() => {{}}, 20000)); }};\n"
    async with running(nodejs(code, "nodejs22.x", source)) as started:
        reported = await started.error()
        assert (reported["errorType"], reported["errorMessage"]) == error
        assert await started.exit_status() == status


@BOTH
async def test_context(code: Path, runtime: str) -> None:
    """The context has what the caller sent, and what Lambda knows."""
    source = """
        exports.handler = async (event, context) => ({
          names: [context.functionName, context.functionVersion, context.memoryLimitInMB],
          logs: [context.logGroupName, context.logStreamName],
          ids: [context.awsRequestId, context.invokedFunctionArn, context.tenantId],
          client: context.clientContext,
          identity: context.identity,
          remaining: context.getRemainingTimeInMillis(),
          trace: process.env._X_AMZN_TRACE_ID,
        });
    """
    client_context = {"custom": {"a": "ü"}}
    async with running(nodejs(code, runtime, source)) as started:
        result = await started.result(
            client_context=json.dumps(client_context),
            cognito_identity='{"cognitoIdentityId": "i"}',
            tenant_id="blue",
        )
    remaining = result.pop("remaining")
    assert 0 < remaining <= REMAINING_MS
    assert re.fullmatch("Root=1-.*;Parent=.*;Sampled=0", result.pop("trace"))
    assert result == {
        "names": ["ratings", "$LATEST", "256"],
        "logs": ["/aws/lambda/ratings", "$LATEST"],
        "ids": ["id-1", "arn:aws:lambda:us-east-1:123456789012:function:Ratings", "blue"],
        "client": client_context,
        "identity": {"cognitoIdentityId": "i"},
    }


LOGS = """
    exports.handler = async () => {
      console.log('two %s', 'stars\\nand more');
      console.debug('hidden');
      console.error(new RangeError('no').message);
      process.stdout.write('raw\\n');
      return 1;
    };
"""


@BOTH
async def test_logs_as_text(code: Path, runtime: str) -> None:
    """Each call of console is one line with time, request and level."""
    async with running(nodejs(code, runtime, LOGS)) as started:
        assert await started.result() == 1
        await started.end()
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    lines = (
        rf"{time}\tid-1\tINFO\ttwo stars\rand more",
        rf"{time}\tid-1\tDEBUG\thidden",
        rf"{time}\tid-1\tERROR\tno",
        "raw",
    )
    assert re.fullmatch("".join(f"{line}\n" for line in lines), started.output)


@BOTH
@pytest.mark.parametrize("write", ["console.log(text)", "process.stderr.write(`${text}\\n`)"])
async def test_many_logs(code: Path, runtime: str, write: str) -> None:
    """All that a function has written before its result has left the process by then."""
    source = f"""
        exports.handler = async () => {{
          for (let number = 0; number < 5000; number++) {{
            const text = `number ${{number}} ${{"x".repeat(100)}}`;
            {write};
          }}
          process.kill(process.pid, "SIGKILL");
        }};
    """
    async with running(nodejs(code, runtime, source)) as started:
        started.deliver()
        await started.read_output()
    assert (started.output + started.errors).count("number ") == 5000


@BOTH
async def test_init_error_as_json(code: Path, runtime: str) -> None:
    """Its type is the name of its class."""
    nodejs(code, runtime, "require('missing');\n")
    logging = LoggingConfig(log_format="JSON")
    function = function_in(code, runtime, "index.handler", logging=logging)
    async with running(function) as started:
        await started.init_error()
        await started.exit_status()
    message = json.loads(started.output.splitlines()[0])["message"]
    assert message["errorType"] == "ImportModuleError"


@pytest.mark.parametrize(("runtime", "status"), [("nodejs20.x", 13), ("nodejs24.x", 0)])
async def test_module_that_waits_forever(code: Path, runtime: str, status: int) -> None:
    """It ends Node.js as it ends AWS's client, before the first invocation."""
    source = "await new Promise(() => {});\nexport const handler = async () => 1;\n"
    async with running(nodejs(code, runtime, source, name="index.mjs")) as started:
        assert await started.exit_status() == status


@BOTH
async def test_logs_as_json(code: Path, runtime: str) -> None:
    """Each call of console is an object, if its level is logged."""
    function = nodejs(code, runtime, LOGS)
    logging = LoggingConfig(log_format="JSON", application_log_level="INFO")
    function = function_in(code, runtime, "index.handler", logging=logging)
    async with running(function) as started:
        assert await started.result(tenant_id="blue") == 1
        await started.end()
    first, second, raw = started.output.splitlines()
    assert {**json.loads(first), "timestamp": ""} == {
        "timestamp": "",
        "level": "INFO",
        "requestId": "id-1",
        "tenantId": "blue",
        "message": "two stars\nand more",
    }
    assert json.loads(second)["level"] == "ERROR"
    assert raw == "raw"


@BOTH
@pytest.mark.parametrize(
    ("body", "payload"),
    [
        pytest.param(
            "stream.write('one '); stream.write({ two: 2 }); stream.end(Buffer.from(' three'));",
            b'one {"two":2} three',
            id="writes",
        ),
        pytest.param(
            "await require('stream/promises').pipeline(require('stream').Readable.from(['a', 'b']), stream);",
            b"ab",
            id="pipeline",
        ),
        pytest.param(
            "const http = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });"
            "http.write('body'); http.end();",
            b'{"statusCode":201}' + bytes(8) + b"body",
            id="http",
        ),
    ],
)
async def test_response_stream(code: Path, runtime: str, body: str, payload: bytes) -> None:
    """A handler writes its response, and then the next invocation runs."""
    source = (
        f"exports.handler = awslambda.streamifyResponse(async (event, stream) => {{ {body} }});\n"
    )
    async with running(nodejs(code, runtime, source)) as started:
        for number in (1, 2):
            assert (await started.invoke(request_id=f"id-{number}")).payload == payload


@BOTH
@pytest.mark.parametrize(
    "body", ["stream.write('part'); throw new RangeError('no');", "throw new RangeError('no');"]
)
async def test_error_in_a_stream(code: Path, runtime: str, body: str) -> None:
    """An error ends the stream, in its trailers; then the next invocation runs."""
    source = (
        f"exports.handler = awslambda.streamifyResponse(async (event, stream) => {{ {body} }});\n"
    )
    async with running(nodejs(code, runtime, source)) as started:
        for number in (1, 2):
            answer = await started.invoke(request_id=f"id-{number}")
            assert answer.error
            assert (answer.error.type, answer.error.message) == ("RangeError", "no")


async def test_invocations_at_once(code: Path) -> None:
    """On managed instances each invocation has its own request in the logs and the store."""
    source = """
        exports.handler = async (event, context) => {
          await new Promise((resolve) => setTimeout(resolve, event.wait));
          console.log(event.wait);
          return [context.awsRequestId, awslambda.InvokeStore.getRequestId()];
        };
    """
    execution = Execution().with_concurrency(2)
    async with running(nodejs(code, "nodejs24.x", source), execution=execution) as started:
        slow = started.deliver({"wait": 200}, request_id="slow")
        quick = started.deliver({"wait": 1}, request_id="quick")
        assert json.loads((await quick.answer).payload) == ["quick", "quick"]
        assert not slow.answer.done()
        assert json.loads((await slow.answer).payload) == ["slow", "slow"]
