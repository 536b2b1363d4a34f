"""All operations that are served."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from samlocal.lambda_api.descriptions import Descriptions
from samlocal.lambda_api.invocations import Invocations
from samlocal.lambda_api.response_stream import ResponseStreams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.lambda_api.functions import Functions
    from samlocal.lambda_api.invocations import Events
    from samlocal.lambda_api.responses import Response


# Gets the request and the parameters of the path; returns None if it has sent the response itself.
Handler = Callable[..., Awaitable["Response | None"]]


def operation_handlers(functions: Functions, events: Events) -> Mapping[str, Handler]:
    """Return the handler of each operation, by its name in the API."""
    invocations = Invocations(functions, events)
    streams = ResponseStreams(functions)
    descriptions = Descriptions(functions)
    return {
        "Invoke": invocations.invoke,
        "InvokeAsync": invocations.invoke_async,
        "InvokeWithResponseStream": streams.invoke_with_response_stream,
        "GetAccountSettings": descriptions.get_account_settings,
        "GetAlias": descriptions.get_alias,
        "GetFunction": descriptions.get_function,
        "GetFunctionConcurrency": descriptions.get_function_concurrency,
        "GetFunctionConfiguration": descriptions.get_function_configuration,
        "GetFunctionEventInvokeConfig": descriptions.get_function_event_invoke_config,
        "GetFunctionRecursionConfig": descriptions.get_function_recursion_config,
        "ListAliases": descriptions.list_aliases,
        "ListFunctions": descriptions.list_functions,
        "ListVersionsByFunction": descriptions.list_versions_by_function,
    }
