"""Futures that more than one call may complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import asyncio

_T = TypeVar("_T")


def settle(future: asyncio.Future[_T], value: _T) -> None:
    """Set a result, unless the future has one."""
    if not future.done():
        future.set_result(value)
