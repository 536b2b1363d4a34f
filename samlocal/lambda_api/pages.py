"""Pages of a list: https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from samlocal.lambda_api import error_types
from samlocal.lambda_api.api_error import LambdaApiError
from samlocal.lambda_api.validation import check, number_problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.lambda_api.request import Request

_MOST_ITEMS: Final = 10_000
_PAGE_ITEMS: Final = 50
_MARKER: Final = re.compile(r"\d{1,18}", re.ASCII)

_T = TypeVar("_T")


def page_of(items: Sequence[_T], request: Request) -> tuple[Sequence[_T], str | None]:
    """Return the items that a request asks for with `MaxItems` and `Marker`, and the marker of the next page.

    A page has at most 50 items. The marker is None on the last page.

    Raises:
        LambdaApiError: A parameter is malformed.
    """
    start = _start(request.parameter("Marker"))
    end = start + _size(request.parameter("MaxItems"))
    return items[start:end], str(end) if end < len(items) else None


def _size(text: str | None) -> int:
    if text is None:
        return _PAGE_ITEMS
    check(number_problems(text, "maxItems", 1, _MOST_ITEMS))
    return min(int(text), _PAGE_ITEMS)


def _start(marker: str | None) -> int:
    if not marker:
        return 0
    if not _MARKER.fullmatch(marker):
        raise LambdaApiError(
            error_types.INVALID_PARAMETER_VALUE, f"The marker '{marker}' is not valid."
        )
    return int(marker)
