"""The limit of open files."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from samlocal import open_files
from samlocal.open_files import original_open_files, raise_open_files

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(open_files, "_before", [])
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_raised_limit() -> None:
    """It becomes the hard one, but not more than programs cope with, and the original one is remembered."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    assert original_open_files() is None
    raise_open_files()
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (wanted, hard)
    raise_open_files()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (wanted, hard)
    assert original_open_files() == 256
