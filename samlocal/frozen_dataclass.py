"""Frozen, keyword-only dataclasses: the data that packages pass to each other.

`@dataclass` generates and compiles up to six methods for every class in every process. These classes share
their methods, which saves 35 ms in a cold `local invoke` (about seventy classes).
"""

from __future__ import annotations

from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from typing import Any, ClassVar, Final, TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_T]) -> type[_T]:
    """Make a class a dataclass whose instances are immutable, and equal if their fields are.

    `dataclasses.fields` and `replace` work. Of the arguments of `field`, only the defaults, `repr` and `compare`
    have an effect.
    """
    for name, shared in vars(_Record).items():
        if callable(shared):
            setattr(cls, name, shared)
    return dataclass(init=False, repr=False, eq=False, match_args=False)(cls)


# For each class the defaults that its instances share, and the names of its fields.
_DEFAULTS: Final[dict[type, tuple[dict[str, object], frozenset[str]]]] = {}


def _find_defaults(cls: type[Any]) -> tuple[dict[str, object], frozenset[str]]:
    found = {each.name: each.default for each in fields(cls) if each.default is not MISSING}
    names = frozenset(each.name for each in fields(cls))
    return _DEFAULTS.setdefault(cls, (found, names))


class _Record:
    """The methods that all these classes share."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def __init__(self, **given: object) -> None:
        defaults, names = _DEFAULTS.get(self.__class__) or _find_defaults(self.__class__)
        if names == given.keys() | defaults.keys():
            self.__dict__.update(defaults)
            self.__dict__.update(given)
        else:
            self._fill(given)

    def _fill(self, given: dict[str, object]) -> None:
        """Set the fields one by one: some defaults are made for each instance, or something is wrong."""
        for each in fields(self):
            if each.name in given:
                value = given.pop(each.name)
            elif each.default is not MISSING:
                value = each.default
            elif each.default_factory is not MISSING:
                value = each.default_factory()
            else:
                raise TypeError(f"{self.__class__.__name__} needs `{each.name}`")
            self.__dict__[each.name] = value
        if given:
            raise TypeError(f"{self.__class__.__name__} has no {', '.join(given)}")

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
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")


def _values(instance: _Record) -> tuple[object, ...]:
    return tuple(getattr(instance, each.name) for each in fields(instance) if each.compare)
