"""Authorizer functions that are coroutines, or plain values."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samlocal.errors import FunctionNotFoundError, Place, SamlocalError
from samlocal.function import Function, LocalCode
from samlocal.invocation import FunctionError, InvocationResult, Report

if TYPE_CHECKING:
    from samlocal.invocation import ResponseSink
    from samlocal.serving.function_call import FunctionCall

ACCOUNT_ID = "123456789012"


def policy(resource: str = "*", effect: str = "Allow", **members: object) -> dict[str, object]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "ann", "policyDocument": document} | members


class FakeFunctions:
    """Answers with `outcome`: a JSON value, the error of a function, or an error to raise; `calls` are all calls.

    No other function than `GuardFunction` exists. An invocation sets `started`, and waits for `gate`.
    """

    def __init__(self, outcome: object = None) -> None:
        self.outcome = outcome
        self.calls: list[FunctionCall] = []
        self.started = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    @property
    def events(self) -> list[Any]:
        return [json.loads(call.payload) for call in self.calls]

    async def region_and_account(self) -> tuple[str, str]:
        return "us-east-1", ACCOUNT_ID

    async def find(self, name: str) -> Function:
        if name != "GuardFunction":
            raise FunctionNotFoundError(f"no function `{name}`")
        place = Place(Path("/app/template.yaml"), 1, 1)
        code = LocalCode(path=Path("/app"), place=place)
        return Function(logical_id=name, full_path=name, name=name, code=code, place=place)

    async def invoke(
        self, call: FunctionCall, *, response: ResponseSink | None = None
    ) -> InvocationResult:
        assert response is None
        self.calls.append(call)
        self.started.set()
        await self.gate.wait()
        report = Report(
            request_id=call.request_id,
            duration_ms=1.0,
            memory_size_mb=128,
            max_memory_used_mb=None,
        )
        if isinstance(self.outcome, SamlocalError):
            raise self.outcome
        if isinstance(self.outcome, FunctionError):
            return InvocationResult(
                outcome="error", payload=self.outcome.payload, report=report, error=self.outcome
            )
        payload = json.dumps(self.outcome).encode()
        return InvocationResult(outcome="success", payload=payload, report=report)
