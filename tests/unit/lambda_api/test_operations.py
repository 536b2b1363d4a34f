"""Operations, error types and routes are those of the model that boto3 has."""

from __future__ import annotations

from typing import Any, Final

import botocore.session  # type: ignore[import-untyped]  # has no types
import pytest

from samlocal.lambda_api import error_types
from samlocal.lambda_api.error_types import ErrorType
from samlocal.lambda_api.operations import Operation, find_operation
from samlocal.lambda_api.routes import operation_handlers
from tests.functional.lambda_api.fakes import FakeEvents, FakeFunctions

MODEL: Final[Any] = botocore.session.get_session().get_service_model("lambda")
# Their paths differ from others in the query only.
TOLD_APART_BY_QUERY: Final = {
    "GetLayerVersionByArn": "ListLayers",
    "ListProvisionedConcurrencyConfigs": "GetProvisionedConcurrencyConfig",
}
# AWS sends an error that the model calls otherwise, some that it does not have, and two are samlocal's.
NOT_IN_THE_MODEL: Final = {
    "AccessDeniedException",
    "ForbiddenHostException",
    "RequestEntityTooLargeException",
    "UnknownOperationException",
    "UnsupportedOperationException",
    "ValidationException",
}


@pytest.mark.parametrize("name", MODEL.operation_names)
def test_every_operation_is_known(name: str) -> None:
    """A request for any operation of Lambda is recognised, with its parameters decoded."""
    http = MODEL.operation_model(name).http
    path = http["requestUri"].partition("?")[0]
    count = path.count("{")
    for number in range(count):
        start, end = path.index("{"), path.index("}")
        path = f"{path[:start]}a%2Fb%3A{number}{path[end + 1 :]}"

    expected = Operation(
        TOLD_APART_BY_QUERY.get(name, name), tuple(f"a/b:{number}" for number in range(count))
    )
    assert find_operation(http["method"], path.encode()) == expected
    assert find_operation(http["method"], f"{path}/".encode()) == expected


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", b"/"),
        ("GET", b""),
        ("GET", b"/2015-03-31"),
        ("GET", b"/2015-03-31/functions/a/b"),
        ("GET", b"/2015-03-31/functions/{}/nothing"),
        ("POST", b"/2015-03-31/functions//invocations"),
        ("PATCH", b"/2015-03-31/functions/a/invocations"),
        ("GET", b"//2015-03-31/functions"),
    ],
)
def test_other_paths(method: str, path: bytes) -> None:
    """Nothing else is an operation."""
    assert find_operation(method, path) is None


def test_handlers_are_of_operations() -> None:
    """What is served has a name of the model."""
    handlers = operation_handlers(FakeFunctions(), FakeEvents())

    assert handlers.keys() <= set(MODEL.operation_names)


@pytest.mark.parametrize(
    "error_type", [each for each in vars(error_types).values() if isinstance(each, ErrorType)]
)
def test_errors_are_those_of_the_model(error_type: ErrorType) -> None:
    """Status, fault and member of the message are those that clients expect."""
    assert error_type.name.endswith("Exception")
    shapes = {shape.name: shape for shape in MODEL.error_shapes}
    if error_type.name in NOT_IN_THE_MODEL:
        assert error_type.name not in shapes
        return
    shape = shapes[error_type.name]
    error = shape.metadata["error"]
    assert error_type.status == error["httpStatusCode"]
    assert error_type.fault == ("User" if error.get("senderFault") else "Server")
    assert error_type.message_member in shape.members
