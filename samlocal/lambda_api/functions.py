"""What an endpoint needs of the project that it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from samlocal.function import Function
    from samlocal.invocation import InvocationResult, ResponseSink
    from samlocal.sandbox.output import Log
    from samlocal.serving.function_call import CodeFacts, FunctionCall


class Functions(Protocol):
    """The functions of one project in one Region of one account; all calls are in one event loop."""

    async def region_and_account(self) -> tuple[str, str]:
        """Return the Region and the account that the project runs for.

        Raises:
            SamlocalError: The project cannot be opened.
        """

    async def functions(self) -> tuple[Function, ...]:
        """Return all functions, in the order of the template."""

    async def find(self, name: str) -> Function:
        """Return the function with a logical ID, a name in AWS, a function ID or a full path.

        Raises:
            FunctionNotFoundError: There is none.
            AmbiguousFunctionError: There are several.
        """

    async def invoke(
        self,
        call: FunctionCall,
        *,
        response: ResponseSink | None = None,
        tail: Log | None = None,
    ) -> InvocationResult:
        """Run a function; `tail` gets its output as well.

        Raises:
            SamlocalError: It does not run.
        """

    async def code_facts(self, function: Function) -> CodeFacts:
        """Return size, hash and time of the code.

        Raises:
            SamlocalError: There is no code.
        """
