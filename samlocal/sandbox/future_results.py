"""Sets the results of futures of which several threads may know the first."""

from __future__ import annotations

from concurrent.futures import InvalidStateError
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

_T = TypeVar("_T")


def set_error(future: Future[_T], error: BaseException) -> None:
    """Set an error, unless another thread has already set one or a result."""
    with suppress(InvalidStateError):
        future.set_exception(error)


def settle(future: Future[_T], result: _T) -> None:
    """Set a result, unless another thread has already set one or an error."""
    with suppress(InvalidStateError):
        future.set_result(result)
