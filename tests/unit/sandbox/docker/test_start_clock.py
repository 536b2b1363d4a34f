"""The steps of a container's start."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from samlocal.sandbox.docker.start_clock import StartClock

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Returns a function that lets milliseconds pass."""
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)

    def wait(milliseconds: float) -> None:
        nonlocal now
        now += milliseconds / 1000

    return wait


def test_a_step_within_another_counts_once(wait: Callable[[float], None]) -> None:
    """A pull that the creation turns out to need is part of the image; time between steps counts for none."""
    clock = StartClock()
    with clock.step("image"):
        wait(1)
    wait(1000)
    with clock.step("create"):
        wait(20)
        with clock.step("image"):
            wait(300)
        wait(4)
    with suppress(ValueError), clock.step("start"):
        wait(5)
        raise ValueError

    steps = clock.steps
    assert steps.image_ms == pytest.approx(301)
    assert steps.create_ms == pytest.approx(24)
    assert steps.start_ms == pytest.approx(5)
    assert steps.connection_ms == 0
