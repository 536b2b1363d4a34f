"""What names a deployed function: a name, an ARN, or what is certainly not a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

from samlocal.errors import UsageError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

_ONLY_FUNCTIONS: Final = "samlocal invokes Lambda functions only"
# What sam invokes besides functions, by the service in their ARN, and what calls them instead.
_INSTEAD: Final[Mapping[str, str]] = {
    "states": "`aws stepfunctions start-execution` starts a state machine",
    "sqs": "`aws sqs send-message` sends a message to a queue",
    "kinesis": "`aws kinesis put-record` puts a record into a stream",
}
_SERVICE_OF_TYPE: Final[Mapping[str, str]] = {
    "AWS::StepFunctions::StateMachine": "states",
    "AWS::Serverless::StateMachine": "states",
    "AWS::SQS::Queue": "sqs",
    "AWS::Kinesis::Stream": "kinesis",
}
FUNCTION_TYPE: Final = "AWS::Lambda::Function"
# Their physical IDs are names or ARNs that Lambda invokes.
_INVOCABLE_TYPES: Final = frozenset({FUNCTION_TYPE, "AWS::Lambda::Alias", "AWS::Lambda::Version"})
_ARN_PARTS: Final = 6


@frozen
class FunctionArn:
    """The ARN of a function, and the Region in it."""

    arn: str
    region: str


def read_arn(resource_id: str) -> FunctionArn | None:
    """Return the ARN of a function; None for a name.

    Raises:
        UsageError: It is the ARN or the URL of something else.
    """
    if resource_id.startswith(("https://", "http://")):
        refuse_other(resource_id, "sqs" if "sqs" in resource_id.split("/")[2] else None)
    if not resource_id.startswith("arn:"):
        return None
    parts = resource_id.split(":", _ARN_PARTS - 1)
    if len(parts) < _ARN_PARTS:
        raise UsageError(f"`{resource_id}` is not a whole ARN")
    service, region, resource = parts[2], parts[3], parts[5]
    if service != "lambda" or not resource.startswith("function:"):
        refuse_other(resource_id, service)
    return FunctionArn(arn=resource_id, region=region)


def split_qualifier(function: str) -> tuple[str, str | None]:
    """Return a name or an ARN of a function without its qualifier, and that qualifier."""
    parts = function.split(":")
    end = parts.index("function") + 2 if "function" in parts[:-1] else 1
    return ":".join(parts[:end]), parts[end] if len(parts) > end else None


def check_type(name: str, resource_type: str) -> None:
    """Check that Lambda can invoke a resource of a stack.

    Raises:
        UsageError: It is of another type.
    """
    if resource_type not in _INVOCABLE_TYPES:
        refuse_other(name, _SERVICE_OF_TYPE.get(resource_type), resource_type)


def refuse_other(name: str, service: str | None, resource_type: str | None = None) -> NoReturn:
    """Raise the error for something that is not a function."""
    kind = f", but of the type `{resource_type}`" if resource_type else ""
    instead = _INSTEAD.get(service or "")
    hint = f"{_ONLY_FUNCTIONS}; {instead}" if instead else _ONLY_FUNCTIONS
    raise UsageError(f"`{name}` is not a Lambda function{kind}", hint=hint)
