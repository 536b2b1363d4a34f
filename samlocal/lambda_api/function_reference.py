"""How a request names a function: by name, ARN or part of one, with a qualifier or without.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestParameters
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.lambda_api import error_types
from samlocal.lambda_api.api_error import LambdaApiError
from samlocal.lambda_api.validation import Constraint, check

if TYPE_CHECKING:
    from collections.abc import Iterable

# As in the messages of Lambda.
_NAME_PATTERN: Final = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?"
    r"(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
_QUALIFIER_PATTERN: Final = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
_ALIAS_PATTERN: Final = r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)"
_PARTS: Final = re.compile(
    r"""
    (?: arn:[^:]*:lambda: )?
    (?: (?P<region> [a-z-]+-\d ): )?
    (?: (?P<account_id> \d{12} ): )?
    (?: function: )?
    (?P<name> [\w.-]+ )
    (?: : (?P<qualifier> [$\w.-]+ ) )?
    """,
    re.VERBOSE | re.ASCII,
)
# samlocal's own names: a path through nested stacks, or of a construct, `Stack/Nested/Function`.
_PATH: Final = re.compile(
    r"(?P<name>[\w.-]+(?:/[\w.-]+)+)(?::(?P<qualifier>\$LATEST|[\w-]+))?", re.ASCII
)

_MAX_LENGTH: Final = 256

_NAME: Final = Constraint(member="functionName", pattern=_NAME_PATTERN, max_length=_MAX_LENGTH)
_QUALIFIER: Final = Constraint(member="qualifier", pattern=_QUALIFIER_PATTERN, max_length=128)
_ALIAS: Final = Constraint(member="name", pattern=_ALIAS_PATTERN, max_length=128)


@frozen
class FunctionReference:
    """A function as a request names it; region and account are None unless the request has them."""

    name: str
    qualifier: str | None = None
    region: str | None = None
    account_id: str | None = None


def read_reference(text: str, qualifier: str | None = None) -> FunctionReference:
    """Return what the name in the path and the parameter `Qualifier` of a request refer to.

    Raises:
        LambdaApiError: One of them is malformed, or they have two qualifiers.
    """
    if len(text) > _MAX_LENGTH:
        return _read(text, qualifier)
    return _read_again(text, qualifier)


def _read(text: str, qualifier: str | None) -> FunctionReference:
    path = _PATH.fullmatch(text)
    check(_problems(text, qualifier, is_path=path is not None))
    parts = path or _PARTS.fullmatch(text)
    if parts is None:
        raise ValueError(text)  # `check` let it pass
    found = parts.groupdict()
    derived = found["qualifier"]
    if derived and qualifier and derived != qualifier:
        raise LambdaApiError(
            error_types.INVALID_PARAMETER_VALUE,
            "The derived qualifier from the function name does not match the specified qualifier.",
        )
    return FunctionReference(
        name=found["name"],
        qualifier=qualifier or derived,
        region=found.get("region"),
        account_id=found.get("account_id"),
    )


# Clients name the same few functions again and again. Long texts are not kept.
_read_again: Final = lru_cache(maxsize=1024)(_read)


def check_alias(name: str) -> None:
    """Check the form of an alias.

    Raises:
        LambdaApiError: It is malformed.
    """
    check(_ALIAS.problems(name))


def _problems(text: str, qualifier: str | None, *, is_path: bool) -> Iterable[str]:
    if qualifier is not None:
        yield from _QUALIFIER.problems(qualifier)
    if not is_path:
        yield from _NAME.problems(text)
