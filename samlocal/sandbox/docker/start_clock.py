"""Measures the steps of a container's start."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from samlocal.sandbox.sandbox import StartSteps

if TYPE_CHECKING:
    from collections.abc import Iterator

    Step = Literal["image", "connection", "create", "start"]


class StartClock:
    """Measures steps; a step within another one does not count for the outer one.

    The first attempt to create a container may find that its image has to be pulled.
    """

    def __init__(self) -> None:
        self._ms: dict[Step, float] = {}
        self._open: list[Step] = []
        self._since = 0.0

    @contextmanager
    def step(self, name: Step) -> Iterator[None]:
        self._charge()
        self._open.append(name)
        try:
            yield
        finally:
            self._charge()
            self._open.pop()

    @property
    def steps(self) -> StartSteps:
        return StartSteps(
            image_ms=self._ms.get("image", 0.0),
            connection_ms=self._ms.get("connection", 0.0),
            create_ms=self._ms.get("create", 0.0),
            start_ms=self._ms.get("start", 0.0),
        )

    def _charge(self) -> None:
        """Count the time since the last change for the innermost open step."""
        now = time.monotonic()
        if self._open:
            name = self._open[-1]
            self._ms[name] = self._ms.get(name, 0.0) + (now - self._since) * 1000
        self._since = now
