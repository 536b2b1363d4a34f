"""Records: the frozen, keyword-only dataclasses that the layers hand to each other.

`@dataclass(frozen=True)` writes and compiles six methods for every class, anew in every process. Only one
of them, `__init__`, differs from class to class. Records share the others: that saves a cold
`local invoke`, which imports some seventy of them, 30 ms.
"""

from __future__ import annotations

from dataclasses import Field, FrozenInstanceError, dataclass, field, fields
from typing import Any, ClassVar, TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def record(cls: type[_T]) -> type[_T]:
    """Make a class a dataclass whose instances can't be changed, and are equal if their fields are.

    `field`, `fields` and `replace` of `dataclasses` work as ever, but for `field(compare=…, hash=…)`.
    """
    for name, shared in vars(_Shared).items():
        if callable(shared):
            setattr(cls, name, shared)
    return dataclass(kw_only=True, eq=False, repr=False, match_args=False)(cls)


class _Shared:
    """The methods that all records have in common."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return _values(self) == _values(other)

    def __hash__(self) -> int:
        return hash(_values(self))

    def __repr__(self) -> str:
        shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    def __setattr__(self, name: str, value: object) -> None:
        """Let `__init__` set each field, once."""
        if name in self.__dict__ or name not in self.__dataclass_fields__:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")


def _values(instance: _Shared) -> tuple[object, ...]:
    return tuple(getattr(instance, each.name) for each in fields(instance))
