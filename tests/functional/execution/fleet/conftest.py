"""A fleet whose sandboxes are threads of this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.functional.execution.fleet.sandboxes import Sandboxes, faked

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sandboxes() -> Iterator[Sandboxes]:
    """The sandboxes that fleets start; at the end of the test all of them have been removed."""
    started = Sandboxes()
    with faked(started):
        yield started
    started.release()
    assert [each.number for each in started.open] == []
