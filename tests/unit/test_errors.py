"""The errors that samlocal shows."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from samlocal import errors
from samlocal.errors import (
    LaunchError,
    MissingParameter,
    MissingParameterError,
    Place,
    SamlocalError,
    ThrottledError,
)

_PLACE = Place(path=Path("template.yaml"), line=3, column=5)


def _subclasses(kind: type[SamlocalError]) -> list[type[SamlocalError]]:
    return [kind, *(each for direct in kind.__subclasses__() for each in _subclasses(direct))]


_PLAIN = [
    kind("a message", place=_PLACE, hint="a hint")
    for kind in _subclasses(SamlocalError)
    if kind.__module__ == errors.__name__ and kind.__init__ is SamlocalError.__init__
]
_MISSING = MissingParameter(name="Stage", place=_PLACE)


@pytest.mark.parametrize(
    "error",
    [
        *_PLAIN,
        ThrottledError("a message", reason="ConcurrentInvocationLimitExceeded"),
        LaunchError("a message", error_type="PermissionDenied"),
        MissingParameterError("a message", parameters=(_MISSING,)),
    ],
    ids=lambda error: type(error).__name__,
)
def test_travels_between_processes(error: SamlocalError) -> None:
    """An error that comes from another process is the same to its user."""
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
