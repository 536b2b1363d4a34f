"""The context of an invocation: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from typing import Any, Mapping

from .errors import RuntimeFault

_W3C_FIELDS = ("traceparent", "tracestate", "baggage")


class _Fields:
    """An object with exactly the attributes in `__slots__`, of which those not in `values` are None."""

    __slots__: tuple[str, ...] = ()

    def __init__(self, values: Mapping[str, Any]) -> None:
        for name in self.__slots__:
            setattr(self, name, values.get(name))

    def __repr__(self) -> str:
        return _show(self, self.__slots__)


class CognitoIdentity(_Fields):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(_Fields):
    __slots__ = (
        "app_package_name",
        "app_title",
        "app_version_code",
        "app_version_name",
        "installation_id",
    )


class ClientContext(_Fields):
    __slots__ = ("client", "custom", "env")

    def __init__(self, values: Mapping[str, Any]) -> None:
        client = values.get("client")
        super().__init__({**values, "client": None if client is None else Client(client)})


class LambdaContext:
    def __init__(self, headers: Mapping[str, str]) -> None:
        client_context = _json(headers, "client-context", "Client Context")
        identity = _json(headers, "cognito-identity", "Cognito Identity") or {}
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self._w3c_fields = _take_w3c(client_context)
        self.client_context = None if client_context is None else ClientContext(client_context)
        self.identity = CognitoIdentity(
            {
                "cognito_identity_id": identity.get("cognitoIdentityId"),
                "cognito_identity_pool_id": identity.get("cognitoIdentityPoolId"),
            }
        )
        self._deadline_ms = int(headers["lambda-runtime-deadline-ms"])

    def get_remaining_time_in_millis(self) -> int:
        return max(self._deadline_ms - int(time.time() * 1000), 0)

    def w3c(self) -> dict[str, str]:
        """Return the trace context that the caller sent in its client context."""
        return dict(self._w3c_fields)

    def log(self, message: object) -> None:
        """Write a message without an end of line."""
        for handler in logging.getLogger().handlers:
            if hasattr(handler, "log_sink"):
                handler.log_sink.log(str(message))
                return
        sys.stdout.write(str(message))

    def __repr__(self) -> str:
        return _show(
            self,
            (
                "aws_request_id",
                "log_group_name",
                "log_stream_name",
                "function_name",
                "memory_limit_in_mb",
                "function_version",
                "invoked_function_arn",
                "client_context",
                "identity",
                "tenant_id",
            ),
        )


def _show(value: object, names: Any) -> str:
    fields = ",".join(f"{name}={getattr(value, name)}" for name in names)
    return f"{type(value).__name__}([{fields}])"


def _json(headers: Mapping[str, str], header: str, name: str) -> Any:
    text = headers.get("lambda-runtime-" + header)
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise RuntimeFault(
            "LambdaContextUnmarshalError", f"Unable to parse {name} JSON: {error}"
        ) from error


def _take_w3c(client_context: dict[str, Any] | None) -> dict[str, str]:
    """Remove the trace context from a client context, and return its known fields."""
    if not isinstance(client_context, dict):
        return {}
    given = client_context.pop("w3c", None)
    if not isinstance(given, dict):
        return {}
    return {name: given[name] for name in _W3C_FIELDS if isinstance(given.get(name), str)}
