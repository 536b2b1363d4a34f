"""What a Lambda authorizer returns.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html#http-api-lambda-authorizer.payload-format-response
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen
from samlocal.http_api.authorizers.policy import (
    MalformedResultError,
    Policy,
    describe_value,
    read_policy,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen
class AuthorizerResult:
    """A result that API Gateway understands.

    `decision` is a policy, or the answer of a simple response. `context` has values as events show them.
    """

    decision: Policy | bool
    context: Mapping[str, object] | None = None
    principal: str | None = None
    usage_key: str | None = None


def read_rest_result(payload: bytes) -> AuthorizerResult:
    """Return the result of an authorizer of a REST or WebSocket API, with numbers and booleans as text.

    Raises:
        MalformedResultError: API Gateway would answer with a configuration error.
    """
    result = _read_object(payload)
    principal = result.get("principalId")
    if not isinstance(principal, str) or not principal:
        raise MalformedResultError(
            f"needs a text `principalId`, which is {describe_value(principal)}"
            if principal != ""
            else "has an empty `principalId`"
        )
    context = _read_context(result)
    return AuthorizerResult(
        decision=_read_policy(result),
        context={name: _as_text(name, value) for name, value in (context or {}).items()},
        principal=principal,
        usage_key=_read_usage_key(result),
    )


def read_http_result(payload: bytes) -> AuthorizerResult:
    """Return the policy of an authorizer of an HTTP API; its context keeps its types.

    Raises:
        MalformedResultError: API Gateway would answer with an error.
    """
    result = _read_object(payload)
    if "policyDocument" not in result and "isAuthorized" in result:
        raise MalformedResultError(
            "is a simple response, but the authorizer lacks `EnableSimpleResponses: true`"
        )
    principal = result.get("principalId")
    return AuthorizerResult(
        decision=_read_policy(result),
        context=_read_context(result),
        principal=principal if isinstance(principal, str) else None,
        usage_key=_read_usage_key(result),
    )


def read_simple_result(payload: bytes) -> AuthorizerResult:
    """Return the simple response of an authorizer of an HTTP API.

    Raises:
        MalformedResultError: API Gateway would answer with an error.
    """
    result = _read_object(payload)
    is_authorized = result.get("isAuthorized")
    if not isinstance(is_authorized, bool):
        hint = (
            "; a policy needs `EnableSimpleResponses: false`" if "policyDocument" in result else ""
        )
        raise MalformedResultError(
            "needs `isAuthorized`, `true` or `false`, which is "
            f"{describe_value(is_authorized)}{hint}"
        )
    return AuthorizerResult(decision=is_authorized, context=_read_context(result))


def _read_object(payload: bytes) -> dict[str, object]:
    try:
        result = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise MalformedResultError("is not JSON") from error
    if not isinstance(result, dict):
        raise MalformedResultError(f"must be an object, and is {describe_value(result)}")
    return result


def _read_policy(result: dict[str, object]) -> Policy:
    if result.get("policyDocument") is None:
        raise MalformedResultError("has no `policyDocument`")
    return read_policy(result["policyDocument"])


def _read_context(result: dict[str, object]) -> dict[str, object] | None:
    context = result.get("context")
    if context is not None and not isinstance(context, dict):
        raise MalformedResultError(
            f"has a wrong `context`: {describe_value(context)}, where an object is expected"
        )
    return context


def _read_usage_key(result: dict[str, object]) -> str | None:
    key = result.get("usageIdentifierKey")
    return key if isinstance(key, str) and key else None


def _as_text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise MalformedResultError(
        f"has a wrong `context.{name}`: {describe_value(value)}; a REST or WebSocket API takes text,"
        " numbers and booleans only"
    )
