"""Bytes as choices: the same bytes choose the same, and when they are over the first is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

_T = TypeVar("_T")


class Choices:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def are_over(self) -> bool:
        return self._position >= len(self._data)

    def byte(self) -> int:
        if self.are_over:
            return 0
        self._position += 1
        return self._data[self._position - 1]

    def below(self, limit: int) -> int:
        """Return a number below a limit of any size."""
        number = self.byte()
        while limit > 256:
            number = number << 8 | self.byte()
            limit >>= 8
        return number % max(1, limit)

    def of(self, options: Sequence[_T]) -> _T:
        return options[self.below(len(options))]

    def is_one_in(self, number: int) -> bool:
        """Return whether something rare is chosen; never when the bytes are over."""
        return self.below(number) == number - 1
