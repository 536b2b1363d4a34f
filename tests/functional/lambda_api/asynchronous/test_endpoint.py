"""Events that come through the endpoint, from real clients."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING

import pytest

from samlocal.http_server.server import HttpServer
from samlocal.lambda_api.app import lambda_app
from samlocal.lambda_api.asynchronous.async_invocations import AsyncInvocations
from samlocal.lambda_api.recursion import MAX_ROUNDS
from tests.functional.lambda_api.asynchronous.fakes import function, returned
from tests.functional.lambda_api.aws import Aws

if TYPE_CHECKING:
    from samlocal.function import Function
    from samlocal.invocation import InvocationResult, ResponseSink
    from samlocal.sandbox.output import Log
    from samlocal.serving.function_call import CodeFacts, FunctionCall

QUEUE_ARN = "arn:aws:sqs:us-east-1:123456789012:failed"
NAMES = ("A", "B")


class CallingFunctions:
    """Functions that invoke the next one of a chain with botocore, as in Lambda."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, chain: dict[str, str]) -> None:
        self.url = ""
        self.calls: list[FunctionCall] = []
        self._chain = chain
        self._monkeypatch = monkeypatch
        self._functions = {name: function(name, dead_letter=QUEUE_ARN) for name in NAMES}

    async def region_and_account(self) -> tuple[str, str]:
        return "us-east-1", "123456789012"

    async def functions(self) -> tuple[Function, ...]:
        return tuple(self._functions.values())

    async def find(self, name: str) -> Function:
        return self._functions[name.removeprefix("Stack/")]

    async def invoke(
        self, call: FunctionCall, *, response: ResponseSink | None = None, tail: Log | None = None
    ) -> InvocationResult:
        del response, tail
        self.calls.append(call)
        assert call.trace_id
        self._monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", call.function)
        self._monkeypatch.setenv("_X_AMZN_TRACE_ID", call.trace_id)
        name = self._chain[call.function.removeprefix("Stack/")]
        await asyncio.to_thread(self._invoke, name)
        return returned()

    def _invoke(self, name: str) -> None:
        with Aws(self.url) as aws:
            assert aws.invoke(name, InvocationType="Event").status == 202

    async def code_facts(self, function: Function) -> CodeFacts:
        raise NotImplementedError(function)


@pytest.mark.parametrize(
    ("chain", "rounds"),
    [
        pytest.param({"A": "A"}, MAX_ROUNDS, id="a function that calls itself"),
        pytest.param({"A": "B", "B": "A"}, 2 * MAX_ROUNDS, id="two that call each other"),
    ],
)
async def test_a_loop_of_events_ends(
    monkeypatch: pytest.MonkeyPatch, chain: dict[str, str], rounds: int
) -> None:
    """No client sees an error; the last event becomes a dead letter instead of a run."""
    functions = CallingFunctions(monkeypatch, chain)
    reported: list[str] = []
    has_ended = asyncio.Event()

    def report(line: str) -> None:
        reported.append(line)
        if "MessageBody" in line:
            has_ended.set()

    listener = socket.create_server(("127.0.0.1", 0))
    functions.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with AsyncInvocations(functions, report=report) as events:
        app = lambda_app(functions, events, allowed_hosts=[])
        async with HttpServer(app, sockets=[listener]), asyncio.timeout(60):
            with Aws(functions.url) as aws:
                answer = await asyncio.to_thread(aws.invoke, "A", InvocationType="Event")
            assert answer.status == 202
            await has_ended.wait()
            await events.close(20)
    assert len(functions.calls) == rounds
    failed, would_get, message = reported
    assert "failed without a run (RetriesExhausted): Lambda has detected your function" in failed
    assert would_get.endswith(f"the queue `{QUEUE_ARN}` would get")
    code = json.loads(message)["MessageAttributes"]["ErrorCode"]
    assert code == {"DataType": "Number", "StringValue": "400"}
