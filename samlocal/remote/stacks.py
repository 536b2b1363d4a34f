"""Finds deployed functions by their logical IDs, in CloudFormation's stacks.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResource.html
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from samlocal.errors import RemoteError
from samlocal.frozen_dataclass import frozen
from samlocal.remote.aws_errors import Request, translated_errors
from samlocal.remote.resource_ids import FUNCTION_TYPE, check_type
from samlocal.suggestions import did_you_mean, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from samlocal.aws_clients import AwsSession

_STACK_TYPE: Final = "AWS::CloudFormation::Stack"


@frozen
class StackResource:
    """A resource of a stack; `physical_id` is empty until it is created."""

    logical_id: str
    physical_id: str
    type: str


class _CloudFormationClient(Protocol):
    def describe_stack_resource(self, **request: str) -> Mapping[str, Any]: ...

    def list_stack_resources(self, **request: str) -> Mapping[str, Any]: ...


class Stacks:
    """The stacks of one Region of an account."""

    def __init__(self, session: AwsSession, *, region: str) -> None:
        self._session = session
        self._region = region

    def find(self, stack: str, resource_id: str | None) -> str:
        """Return the name or ARN in AWS of a function of a stack.

        `resource_id` is the function's logical ID, after those of the nested stacks that it is in
        (`Child/Function`), or its name in AWS; None means the only function of the stack.

        Raises:
            UsageError: The resource is not a function.
            RemoteError: There is no such stack or function, or CloudFormation cannot be asked.
        """
        if resource_id is None:
            return self._only(stack)
        *nested, name = resource_id.split("/")
        current = stack
        for child in nested:
            resource = self._resource(current, child)
            if resource.type != _STACK_TYPE:
                raise RemoteError(f"`{child}` in `{resource_id}` is not a nested stack")
            current = _created(resource)
        resource = self._resource(current, name)
        check_type(resource_id, resource.type)
        return _created(resource)

    def _only(self, stack: str) -> str:
        functions = [each for each in self._resources(stack) if each.type == FUNCTION_TYPE]
        if len(functions) == 1:
            return _created(functions[0])
        if not functions:
            raise RemoteError(
                f"the stack `{stack}` has no function",
                hint="name one of a nested stack as `Child/Function`",
            )
        raise RemoteError(
            f"the stack `{stack}` has {len(functions)} functions",
            hint=f"name one: {quoted(each.logical_id for each in functions)}",
        )

    def _resource(self, stack: str, name: str) -> StackResource:
        described = self._described(stack, name)
        if described:
            return described
        resources = [*self._resources(stack)]
        for each in resources:
            if each.physical_id == name:
                return each
        invocable = [each for each in resources if each.type in {FUNCTION_TYPE, _STACK_TYPE}]
        names = [each.logical_id for each in invocable]
        known = did_you_mean(name, names)
        if known is None and names:
            known = f"it has {quoted(names)}"
        raise RemoteError(f"no function `{name}` in the stack `{_short(stack)}`", hint=known)

    def _described(self, stack: str, name: str) -> StackResource | None:
        """Return a resource by its logical ID; None if the stack has none of that ID.

        Raises:
            RemoteError: There is no such stack, or it cannot be read.
        """
        try:
            with translated_errors(self._request(stack, "DescribeStackResource")):
                answer = self._client.describe_stack_resource(
                    StackName=stack, LogicalResourceId=name
                )
        except RemoteError as error:
            if f"Resource {name} does not exist" in error.message:
                return None
            raise self._explained(error, stack) from error
        return _resource(answer["StackResourceDetail"])

    def _resources(self, stack: str) -> Iterator[StackResource]:
        """Yield the resources of a stack, which come in pages.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackResources.html
        """
        token: dict[str, str] = {}
        while True:
            try:
                with translated_errors(self._request(stack, "ListStackResources")):
                    answer = self._client.list_stack_resources(StackName=stack, **token)
            except RemoteError as error:
                raise self._explained(error, stack) from error
            yield from map(_resource, answer["StackResourceSummaries"])
            if not answer.get("NextToken"):
                return
            token = {"NextToken": answer["NextToken"]}

    def _explained(self, error: RemoteError, stack: str) -> RemoteError:
        if "Stack" in error.message and "does not exist" in error.message:
            return RemoteError(
                f"no stack `{_short(stack)}` in {self._region}",
                hint="check `--stack-name`, `--region` and the account of the credentials",
            )
        return error

    @cached_property
    def _client(self) -> _CloudFormationClient:
        return cast("_CloudFormationClient", self._session.client("cloudformation"))

    def _request(self, stack: str, operation: str) -> Request:
        return Request(
            action=f"read the stack `{_short(stack)}`",
            permission=f"cloudformation:{operation}",
            region=self._region,
        )


def _resource(answer: Mapping[str, str]) -> StackResource:
    return StackResource(
        logical_id=answer["LogicalResourceId"],
        physical_id=answer.get("PhysicalResourceId", ""),
        type=answer["ResourceType"],
    )


def _created(resource: StackResource) -> str:
    if not resource.physical_id:
        raise RemoteError(
            f"`{resource.logical_id}` does not exist yet",
            hint="wait for the deployment of its stack, or see why it failed",
        )
    return resource.physical_id


def _short(stack: str) -> str:
    """Return the name of a stack that may be named by its ARN."""
    return stack.split("/")[1] if stack.startswith("arn:") and "/" in stack else stack
