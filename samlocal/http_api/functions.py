"""What the gateways need of the project that they serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from samlocal.function import Function
    from samlocal.invocation import InvocationResult, ResponseSink
    from samlocal.serving.function_call import FunctionCall


class Functions(Protocol):
    """The functions of one project; all calls are in one event loop."""

    async def region_and_account(self) -> tuple[str, str]:
        """Return the Region and the account that the project runs for."""

    async def find(self, name: str) -> Function:
        """Return the function with a full path.

        Raises:
            FunctionNotFoundError: There is none, such as one that is not served.
            SamlocalError: It cannot be resolved.
        """

    async def invoke(
        self, call: FunctionCall, *, response: ResponseSink | None = None
    ) -> InvocationResult:
        """Run a function.

        Raises:
            ThrottledError: It has no more concurrency.
            SamlocalError: It does not run.
        """
