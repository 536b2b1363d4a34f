"""boto3's client of an endpoint."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import boto3  # type: ignore[import-untyped]  # boto3 has no types
import pytest
from botocore.config import Config  # type: ignore[import-untyped]  # nor has botocore
from botocore.exceptions import ClientError  # type: ignore[import-untyped]  # same

from tests.functional.lambda_api.fakes import REGION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass
class Answer:
    """The answer to an invocation; `members` are those that boto3 has of it besides."""

    status: int
    payload: bytes
    headers: dict[str, str]
    members: dict[str, Any]

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.payload)
        return content


@dataclass
class Refusal:
    """An error that boto3 raises."""

    status: int
    code: str
    message: str
    response: dict[str, Any]


class Aws:
    """A client that makes one attempt, and reads each answer to its end."""

    def __init__(self, url: str) -> None:
        self._client: Any = boto3.client(
            "lambda",
            endpoint_url=url,
            region_name=REGION,
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=20, read_timeout=20),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._client.close()

    def call(self, operation: str, **request: object) -> dict[str, Any]:
        """Return the answer to an operation such as `get_function`, without metadata."""
        response: dict[str, Any] = getattr(self._client, operation)(**request)
        assert response.pop("ResponseMetadata")["HTTPHeaders"]["x-amzn-requestid"]
        return response

    def invoke(self, name: str, **request: object) -> Answer:
        response = self._client.invoke(FunctionName=name, **request)
        with closing(response.pop("Payload")) as body:
            payload = body.read()
        metadata = response.pop("ResponseMetadata")
        assert response.pop("StatusCode") == metadata["HTTPStatusCode"]
        return Answer(metadata["HTTPStatusCode"], payload, dict(metadata["HTTPHeaders"]), response)

    def refusal(self, operation: str, **request: object) -> Refusal:
        """Return the error of an operation, whose headers are those of each error."""
        with pytest.raises(ClientError) as caught:
            getattr(self._client, operation)(**request)
        response: dict[str, Any] = caught.value.response
        metadata, error = response["ResponseMetadata"], response["Error"]
        assert metadata["HTTPHeaders"]["x-amzn-errortype"] == error["Code"]
        assert metadata["HTTPHeaders"]["x-amzn-requestid"]
        assert metadata["HTTPHeaders"]["x-amzn-trace-id"]
        return Refusal(metadata["HTTPStatusCode"], error["Code"], error["Message"], response)

    def pages(self, operation: str, **request: object) -> list[dict[str, Any]]:
        return [*self._client.get_paginator(operation).paginate(**request)]

    def wait(self, waiter: str, name: str) -> None:
        self._client.get_waiter(waiter).wait(
            FunctionName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 1}
        )

    @contextmanager
    def stream(
        self, name: str, **request: object
    ) -> Iterator[tuple[dict[str, Any], Iterable[dict[str, Any]]]]:
        """Yield the answer of InvokeWithResponseStream, and its events as they come."""
        response = self._client.invoke_with_response_stream(FunctionName=name, **request)
        with closing(response.pop("EventStream")) as events:
            yield response, events

    def events(self, name: str, **request: object) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return the answer of InvokeWithResponseStream, and all of its events."""
        with self.stream(name, **request) as (response, events):
            return response, [*events]
