"""Policies that Lambda authorizers return.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from samlocal.frozen_dataclass import frozen
from samlocal.http_api.wildcards import compile_wildcards

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

INVOKE: Final = "execute-api:Invoke"
_SHOWN: Final = 60

Decision = Literal["allow", "explicit deny", "implicit deny"]


class MalformedResultError(Exception):
    """The result of an authorizer has a wrong shape; the message says what is wrong, after `its result`."""


@frozen
class Statement:
    """A statement of a policy; `inverts_…` are true for `NotAction` and `NotResource`."""

    allows: bool
    actions: re.Pattern[str]
    resources: re.Pattern[str]
    inverts_actions: bool = False
    inverts_resources: bool = False

    def applies(self, resource: str) -> bool:
        """Return whether the statement is about the invocation of an ARN."""
        names_action = self.actions.fullmatch(INVOKE) is not None
        names_resource = self.resources.fullmatch(resource) is not None
        return (
            names_action is not self.inverts_actions
            and names_resource is not self.inverts_resources
        )


@frozen
class Policy:
    """The statements of a policy; `conditions` are the operators of those conditions that are not evaluated."""

    statements: tuple[Statement, ...]
    conditions: tuple[str, ...] = ()

    def decide(self, resource: str) -> Decision:
        """Return the decision about a request by its ARN; a deny wins, and a condition counts as met."""
        decision: Decision = "implicit deny"
        for statement in self.statements:
            if statement.applies(resource):
                if not statement.allows:
                    return "explicit deny"
                decision = "allow"
        return decision


def read_policy(document: object) -> Policy:
    """Return a policy from the `policyDocument` of a result.

    Raises:
        MalformedResultError: API Gateway would not understand it.
    """
    if not isinstance(document, dict):
        raise MalformedResultError(_wrong("policyDocument", document, "an object"))
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list):
        raise MalformedResultError(_wrong("policyDocument.Statement", statements, "a list"))
    conditions: dict[str, None] = {}
    read = []
    for index, statement in enumerate(statements):
        name = f"policyDocument.Statement[{index}]"
        if not isinstance(statement, dict):
            raise MalformedResultError(_wrong(name, statement, "an object"))
        read.append(_read_statement(statement, name))
        if condition := statement.get("Condition"):
            operators = condition if isinstance(condition, dict) else (str(condition),)
            conditions.update(dict.fromkeys(operators))
    return Policy(statements=tuple(read), conditions=tuple(conditions))


def _read_statement(statement: dict[str, object], name: str) -> Statement:
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):  # it may be a list, which no set takes
        raise MalformedResultError(_wrong(f"{name}.Effect", effect, "`Allow` or `Deny`"))
    actions, inverts_actions = _read_names(statement, name, "Action")
    resources, inverts_resources = _read_names(statement, name, "Resource")
    return Statement(
        allows=effect == "Allow",
        # Actions are compared without case, resources with it:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
        actions=compile_wildcards(actions, ignores_case=True),
        resources=compile_wildcards(resources),
        inverts_actions=inverts_actions,
        inverts_resources=inverts_resources,
    )


def _read_names(
    statement: dict[str, object], name: str, element: str
) -> tuple[tuple[str, ...], bool]:
    """Return the texts of `Action` or `NotAction`, and whether it is the latter."""
    inverts = element not in statement and f"Not{element}" in statement
    key = f"Not{element}" if inverts else element
    value = statement.get(key)
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise MalformedResultError(_wrong(f"{name}.{key}", value, "a text or a list of texts"))
    return tuple(names), inverts


def describe_value(value: object) -> str:
    """Return what a JSON value is, in words."""
    match value:
        case None:
            return "missing or null"
        case bool():
            return f"`{str(value).lower()}`"
        case str() | int() | float():
            return f"`{value}`" if len(str(value)) <= _SHOWN else f"`{str(value)[:_SHOWN]}…`"
        case list():
            return "a list"
        case _:
            return "an object"


def _wrong(name: str, value: object, expected: str) -> str:
    return f"has a wrong `{name}`: {describe_value(value)}, where {expected} is expected"


def name_operators(operators: Iterable[str]) -> str:
    """Return the operators of conditions for a message."""
    return ", ".join(f"`{each}`" for each in operators)
