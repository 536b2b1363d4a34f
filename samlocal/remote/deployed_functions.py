"""Invokes deployed functions, once each: buffered, streamed, asynchronously or as a dry run.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
from contextlib import closing
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from samlocal.errors import RemoteError, UsageError
from samlocal.remote.aws_errors import Request, code_of, translated_errors
from samlocal.remote.deployed_result import DeployedResult, error_of, outcome_of
from samlocal.remote.resource_ids import split_qualifier
from samlocal.suggestions import ask_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.aws_clients import AwsSession
    from samlocal.invocation import FunctionError
    from samlocal.remote.deployed_call import DeployedCall

# A function runs for 15 minutes at most, after it has started:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
_READ_SECONDS: Final = 960.0
_QUERY_SECONDS: Final = 10.0
_STREAMS: Final = "RESPONSE_STREAM"


class Output(Protocol):
    """Where the log and the response of a function go."""

    def show_log(self, log: bytes) -> None:
        """Take the end of the log, at most 4 KB."""

    def write(self, chunk: bytes) -> None:
        """Take a part of the response."""


class _LambdaClient(Protocol):
    """The methods of boto3's client that are used here."""

    @property
    def meta(self) -> Any: ...  # noqa: ANN401  # boto3 has no types

    def invoke(self, **request: object) -> dict[str, Any]: ...

    def invoke_with_response_stream(self, **request: object) -> dict[str, Any]: ...

    def get_function_url_config(self, **request: str) -> Mapping[str, str]: ...


class DeployedFunctions:
    """The functions of one Region of an account, or those behind an endpoint's URL.

    No call is tried again: the function may have seen the event.
    """

    def __init__(
        self, session: AwsSession, *, region: str, endpoint_url: str | None = None
    ) -> None:
        self._session = session
        self._region = region
        self._endpoint_url = endpoint_url

    def has_streaming_url(self, function: str, qualifier: str | None) -> bool:
        """Return whether the function's URL streams; False if it has none, or if Lambda does not tell.

        https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionUrlConfig.html

        Raises:
            RemoteError: Lambda cannot be reached.
        """
        name, own_qualifier = split_qualifier(function)
        alias = qualifier or own_qualifier
        request = {"FunctionName": name} | ({"Qualifier": alias} if alias else {})
        try:
            with translated_errors(self._request("lambda:GetFunctionUrlConfig", function)):
                client = self._client(read_seconds=_QUERY_SECONDS)
                return client.get_function_url_config(**request).get("InvokeMode") == _STREAMS
        except RemoteError as error:
            if code_of(error.__cause__):
                return False
            raise

    def invoke(self, call: DeployedCall, output: Output) -> DeployedResult:
        """Invoke a function, and return when its response is complete, or when the event is queued.

        Raises:
            UsageError: A parameter has a value that Lambda does not take.
            RemoteError: Lambda cannot be reached, or refuses the call.
        """
        with translated_errors(self._request("lambda:InvokeFunction", call.function)):
            client = self._client()
            _check_members(client, "Invoke", call)
            answer = client.invoke(**call.request)
            with closing(answer["Payload"]) as body:
                payload: bytes = body.read()
        error = error_of(payload) if answer.get("FunctionError") else None
        if log := answer.get("LogResult"):
            output.show_log(base64.b64decode(log))
        if payload:
            output.write(payload)
        answer["Payload"] = payload.decode(errors="replace")
        return _result(answer, error)

    def stream(
        self, call: DeployedCall, output: Output, *, keeps_events: bool = False
    ) -> DeployedResult:
        """Invoke a function, and hand over each part of its response as it comes.

        With `keeps_events`, they are also in the answer, which has 200 MB at most.

        https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html

        Raises:
            UsageError: A parameter has a value that Lambda does not take.
            RemoteError: Lambda cannot be reached, refuses the call, or breaks it off.
        """
        events: list[Mapping[str, Any]] = []
        complete: Mapping[str, str] | None = None
        is_empty = True
        with translated_errors(self._request("lambda:InvokeFunction", call.function)):
            client = self._client()
            _check_members(client, "InvokeWithResponseStream", call)
            answer = client.invoke_with_response_stream(**call.request)
            with closing(answer["EventStream"]) as stream:
                for event in stream:
                    if "PayloadChunk" in event:
                        chunk: bytes = event["PayloadChunk"].get("Payload", b"")
                        output.write(chunk)
                        is_empty = False
                        text = chunk.decode(errors="replace") if keeps_events else ""
                        shown = {"PayloadChunk": {"Payload": text}}
                    else:
                        complete = event.get("InvokeComplete", complete)
                        shown = event
                    if keeps_events:
                        events.append(shown)
        if complete is None and call.invocation_type == "RequestResponse":
            raise RemoteError(
                f"the response of `{call.function}` breaks off: Lambda did not say how it ended",
                hint="the function may still run: samlocal does not invoke it again",
            )
        complete = complete or {}
        if log := complete.get("LogResult"):
            output.show_log(base64.b64decode(log))
        error = _error_of_stream(complete)
        if error and is_empty:
            output.write(error.payload)
        answer["EventStream"] = events
        return _result(answer, error, is_incomplete=error is not None and not is_empty)

    def _client(self, *, read_seconds: float = _READ_SECONDS) -> _LambdaClient:
        client = self._session.client(
            "lambda", endpoint_url=self._endpoint_url, read_seconds=read_seconds, attempts=1
        )
        return cast("_LambdaClient", client)

    def _request(self, permission: str, function: str) -> Request:
        place = self._endpoint_url or self._region
        return Request(
            action=f"invoke `{function}`",
            permission=permission,
            region=self._region,
            not_found=f"no function `{function}` in {place}",
            not_found_hint="check that it is deployed there, and the version or alias if you name one",
        )


def _check_members(client: _LambdaClient, operation: str, call: DeployedCall) -> None:
    """Refuse parameters that the operation, or this version of boto3, does not have."""
    members = client.meta.service_model.operation_model(operation).input_shape.members
    for name in call.parameters:
        if name in members:
            continue
        if operation != "Invoke":
            raise UsageError(
                f"a response that is streamed cannot have `{name}`", hint=ask_for("--no-stream")
            )
        version = import_module("botocore").__version__
        raise RemoteError(
            f"botocore {version} does not know `{name}`", hint="`pip install --upgrade boto3`"
        )


def _error_of_stream(complete: Mapping[str, str]) -> FunctionError | None:
    """Return the error at the end of a stream, whose details are text and may be the runtime's JSON."""
    code = complete.get("ErrorCode")
    if not code:
        return None
    details = complete.get("ErrorDetails", "")
    error = error_of(details.encode())
    if error.message:
        return replace(error, type=code if error.type == "Unhandled" else error.type)
    return replace(error, type=code, message=details, body=b"")


def _result(
    answer: Mapping[str, Any], error: FunctionError | None, *, is_incomplete: bool = False
) -> DeployedResult:
    return DeployedResult(
        status=int(answer["StatusCode"]),
        outcome=outcome_of(error),
        error=error,
        is_incomplete=is_incomplete,
        answer=answer,
    )
