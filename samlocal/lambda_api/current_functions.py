"""The functions of a project that another one may replace while it is served."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samlocal.function import Function
    from samlocal.invocation import InvocationResult, ResponseSink
    from samlocal.lambda_api.functions import Functions
    from samlocal.sandbox.output import Log
    from samlocal.serving.function_call import CodeFacts, FunctionCall


class CurrentFunctions(ABC):
    """Asks, at each call, the functions that `_current` returns: see `Functions`."""

    @abstractmethod
    async def _current(self) -> Functions:
        """Return the functions of the project as it is to be now."""

    async def region_and_account(self) -> tuple[str, str]:
        return await (await self._current()).region_and_account()

    async def functions(self) -> tuple[Function, ...]:
        return await (await self._current()).functions()

    async def find(self, name: str) -> Function:
        return await (await self._current()).find(name)

    async def invoke(
        self,
        call: FunctionCall,
        *,
        response: ResponseSink | None = None,
        tail: Log | None = None,
    ) -> InvocationResult:
        return await (await self._current()).invoke(call, response=response, tail=tail)

    async def code_facts(self, function: Function) -> CodeFacts:
        return await (await self._current()).code_facts(function)
