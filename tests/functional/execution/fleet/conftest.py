"""A fleet whose sandboxes are threads of this process."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from samlocal.execution.fleet import fleet, warm_environment
from samlocal.sandbox.factory import SandboxFactory
from tests.functional.execution.fleet.sandboxes import Sandboxes

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sandboxes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandboxes]:
    """The sandboxes that fleets start; at the end of the test all of them have been removed."""
    started = Sandboxes()
    # No runtime that is alive is waited for.
    monkeypatch.setattr(warm_environment, "_END_SECONDS", 1000.0)
    monkeypatch.setattr(fleet, "Engine", lambda _name: nullcontext())
    monkeypatch.setattr(SandboxFactory, "new_sandbox", lambda _factory, spec: started.new(spec))
    monkeypatch.setattr(SandboxFactory, "with_relay", lambda _factory, spec: started.relayed(spec))
    yield started
    started.release()
    assert [each.number for each in started.all if each.is_open] == []
