"""The operations that describe functions, versions and aliases, as they follow from the template."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.errors import SamlocalError
from samlocal.lambda_api import error_types
from samlocal.lambda_api.api_error import LambdaApiError, told
from samlocal.lambda_api.function_configuration_view import (
    ShownFunction,
    alias,
    code_location,
    configuration,
    listed_configuration,
)
from samlocal.lambda_api.function_lookup import find_function, version_of, with_qualifier
from samlocal.lambda_api.function_reference import check_alias, read_reference
from samlocal.lambda_api.pages import page_of
from samlocal.lambda_api.responses import json_response
from samlocal.lambda_api.validation import check, choice_problems
from samlocal.qualifier import LATEST, function_arn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from samlocal.function import Function
    from samlocal.lambda_api.functions import Functions
    from samlocal.lambda_api.request import Request
    from samlocal.lambda_api.responses import Response

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_ACCOUNT_CONCURRENCY: Final = 1000
_TOTAL_CODE_BYTES: Final = 75 * 1024**3
_UNZIPPED_CODE_BYTES: Final = 250 * 1024**2
_ZIPPED_CODE_BYTES: Final = 50 * 1024**2


class Descriptions:
    """Operations that only read."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    async def get_function(self, request: Request, name: str) -> Response:
        """Return a function with its code, tags and concurrency.

        https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html
        """
        shown = await self._shown(request, name, "GetFunction")
        function = shown.function
        content: dict[str, object] = {
            "Configuration": configuration(shown),
            "Code": code_location(function),
        }
        if function.tags:
            content["Tags"] = dict(function.tags)
        if function.reserved_concurrency is not None:
            content["Concurrency"] = _concurrency(function)
        return json_response(content)

    async def get_function_configuration(self, request: Request, name: str) -> Response:
        shown = await self._shown(request, name, "GetFunctionConfiguration")
        return json_response(configuration(shown))

    async def get_function_concurrency(self, request: Request, name: str) -> Response:
        function = await self._found(request, name, "GetFunctionConcurrency")
        return json_response(_concurrency(function))

    async def get_function_recursion_config(self, request: Request, name: str) -> Response:
        function = await self._found(request, name, "GetFunctionRecursionConfig")
        loop = "Allow" if function.allows_recursion else "Terminate"
        return json_response({"RecursiveLoop": loop})

    async def list_functions(self, request: Request) -> Response:
        """Return a page of functions or, with `FunctionVersion=ALL`, of their versions.

        https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html
        """
        choice = request.parameter("FunctionVersion")
        if choice is not None:
            check(choice_problems(choice, "functionVersion", ["ALL"]))
        functions = await self._functions.functions()
        versions = [each for function in functions for each in _versions(function, choice)]
        page, marker = page_of(versions, request)
        return await self._list("Functions", page, marker)

    async def list_versions_by_function(self, request: Request, name: str) -> Response:
        function = await self._found(request, name, "ListVersionsByFunction")
        page, marker = page_of(_versions(function, "ALL"), request)
        return await self._list("Versions", page, marker)

    async def list_aliases(self, request: Request, name: str) -> Response:
        function = await self._found(request, name, "ListAliases")
        version = request.parameter("FunctionVersion")
        aliases = [
            alias(function, each, target)
            for each, target in _aliases(function).items()
            if version in {None, target}
        ]
        page, marker = page_of(aliases, request)
        return json_response({"Aliases": page} | _next(marker))

    async def get_alias(self, request: Request, name: str, alias_name: str) -> Response:
        check_alias(alias_name)
        function = await self._found(request, name, "GetAlias")
        version = _aliases(function).get(alias_name)
        if version is None:
            arn = with_qualifier(function_arn(function), alias_name)
            raise LambdaApiError(error_types.RESOURCE_NOT_FOUND, f"Cannot find alias arn: {arn}")
        return json_response(alias(function, alias_name, version))

    async def get_function_event_invoke_config(self, request: Request, name: str) -> Response:
        """Return how asynchronous invocations are handled.

        https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionEventInvokeConfig.html
        """
        reference = read_reference(name, request.parameter("Qualifier"))
        qualifier = reference.qualifier or LATEST
        function = await find_function(
            self._functions,
            reference,
            action="lambda:GetFunctionEventInvokeConfig",
            missing=lambda arn: _no_event_invoke_config(with_qualifier(arn, qualifier)),
        )
        arn = with_qualifier(function_arn(function), qualifier)
        config = function.event_invoke.get(qualifier)
        if config is None:
            raise _no_event_invoke_config(arn)
        shown = await self._with_code(ShownFunction(function=function))
        content = {
            "FunctionArn": arn,
            "LastModified": shown.code.last_modified.timestamp() if shown.code else 0,
            "MaximumRetryAttempts": config.max_retries,
            "MaximumEventAgeInSeconds": config.max_age_seconds,
            "DestinationConfig": {
                "OnSuccess": {"Destination": config.on_success} if config.on_success else {},
                "OnFailure": {"Destination": config.on_failure} if config.on_failure else {},
            },
        }
        return json_response(content)

    async def get_account_settings(self, _request: Request) -> Response:
        """Return Lambda's limits, and what the project uses of them.

        https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
        """
        functions = await self._functions.functions()
        reserved = sum(each.reserved_concurrency or 0 for each in functions)
        shown = await self._all_with_code(ShownFunction(function=each) for each in functions)
        content = {
            "AccountLimit": {
                "TotalCodeSize": _TOTAL_CODE_BYTES,
                "CodeSizeUnzipped": _UNZIPPED_CODE_BYTES,
                "CodeSizeZipped": _ZIPPED_CODE_BYTES,
                "ConcurrentExecutions": _ACCOUNT_CONCURRENCY,
                "UnreservedConcurrentExecutions": max(_ACCOUNT_CONCURRENCY - reserved, 0),
            },
            "AccountUsage": {
                "TotalCodeSize": sum(each.code.size_bytes for each in shown if each.code),
                "FunctionCount": len(functions),
            },
        }
        return json_response(content)

    async def _shown(self, request: Request, name: str, operation: str) -> ShownFunction:
        reference = read_reference(name, request.parameter("Qualifier"))
        function = await find_function(self._functions, reference, action=f"lambda:{operation}")
        version = version_of(function, reference.qualifier, function_arn(function))
        shown = ShownFunction(function=function, version=version, qualifier=reference.qualifier)
        return await self._with_code(shown)

    async def _found(self, request: Request, name: str, operation: str) -> Function:
        reference = read_reference(name, request.parameter("Qualifier"))
        return await find_function(self._functions, reference, action=f"lambda:{operation}")

    async def _with_code(self, shown: ShownFunction) -> ShownFunction:
        try:
            code, failure = await self._functions.code_facts(shown.function), None
        except SamlocalError as error:
            code, failure = None, told(error)
        return replace(shown, code=code, failure=failure)

    async def _all_with_code(self, shown: Iterable[ShownFunction]) -> list[ShownFunction]:
        return await asyncio.gather(*(self._with_code(each) for each in shown))

    async def _list(
        self, member: str, versions: Iterable[ShownFunction], marker: str | None
    ) -> Response:
        shown = await self._all_with_code(versions)
        return json_response(
            {member: [listed_configuration(each) for each in shown]} | _next(marker)
        )


def _versions(function: Function, choice: str | None) -> list[ShownFunction]:
    """Return `$LATEST` and, for `ALL`, the published versions, whose ARNs end in the version."""
    if choice is None:
        return [ShownFunction(function=function)]
    versions = [LATEST, *sorted({*function.qualifiers.values()} - {LATEST}, key=int)]
    return [ShownFunction(function=function, version=v, qualifier=v) for v in versions]


def _aliases(function: Function) -> dict[str, str]:
    return {name: version for name, version in function.qualifiers.items() if not name.isdecimal()}


def _concurrency(function: Function) -> dict[str, object]:
    reserved = function.reserved_concurrency
    return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


def _next(marker: str | None) -> dict[str, object]:
    return {"NextMarker": marker} if marker else {}


def _no_event_invoke_config(arn: str) -> LambdaApiError:
    return LambdaApiError(
        error_types.RESOURCE_NOT_FOUND, f"The function {arn} doesn't have an EventInvokeConfig"
    )
