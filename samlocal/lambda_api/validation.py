"""The constraints of the members of a request, and Lambda's words for what breaks them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen
from samlocal.lambda_api import error_types
from samlocal.lambda_api.api_error import LambdaApiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@frozen
class Constraint:
    """The form of a text, which is named by its member in the model: `functionName`."""

    member: str
    pattern: str
    max_length: int

    def problems(self, text: str) -> Iterator[str]:
        """Yield what is wrong with the text."""
        if not re.fullmatch(self.pattern, text, re.ASCII):
            yield _problem(
                text, self.member, f"Member must satisfy regular expression pattern: {self.pattern}"
            )
        if len(text) > self.max_length:
            yield _problem(
                text,
                self.member,
                f"Member must have length less than or equal to {self.max_length}",
            )
        if not text:
            yield _problem(text, self.member, "Member must have length greater than or equal to 1")


def choice_problems(text: str, member: str, choices: Sequence[str]) -> Iterator[str]:
    """Yield what is wrong with a text that has to be one of the choices."""
    if text not in choices:
        yield _problem(text, member, f"Member must satisfy enum value set: [{', '.join(choices)}]")


def number_problems(text: str, member: str, least: int, most: int) -> Iterator[str]:
    """Yield what is wrong with a text that has to be a number in a range."""
    if not re.fullmatch(r"\d{1,4000}", text, re.ASCII) or int(text) < least:
        yield _problem(text, member, f"Member must have value greater than or equal to {least}")
    elif int(text) > most:
        yield _problem(text, member, f"Member must have value less than or equal to {most}")


def check(problems: Iterable[str]) -> None:
    """Raise the error for what is wrong, if anything is.

    Raises:
        LambdaApiError: There is a problem.
    """
    if found := [*problems]:
        errors = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
        raise LambdaApiError(error_types.VALIDATION, f"{errors} detected: {'; '.join(found)}")


def _problem(text: str, member: str, constraint: str) -> str:
    return f"Value '{text}' at '{member}' failed to satisfy constraint: {constraint}"
