"""What happens to the containers of a soak run, and what is measured of its server meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docker.errors import APIError

from tests.benchmarks.served import descriptors, resident_mib

if TYPE_CHECKING:
    import random

    import docker

_PROJECT: Final = "samlocal.project"
_MEAN_SECONDS: Final = 2.0
_PAUSE_SECONDS: Final = 1.0
_SAMPLE_SECONDS: Final = 1.0
_WARM_UP: Final = 0.25  # of the samples
_GROWTH: Final = 1.15
_GROWTH_MIB: Final = 8.0


class Faults:
    """Kills, removes and pauses containers of a project at random moments; counts what it did."""

    def __init__(self, engine: docker.APIClient, folder: Path, chance: random.Random) -> None:
        self.done: Counter[str] = Counter()
        self._engine = engine
        self._folder = folder
        self._chance = chance

    @property
    def killed(self) -> int:
        return self.done["killed"] + self.done["removed"]

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / _MEAN_SECONDS))
            await asyncio.to_thread(self._strike)

    def _strike(self) -> None:
        running = containers(self._engine, self._folder)
        if not running:
            return
        container = self._chance.choice(running)
        what = self._chance.choices(("killed", "removed", "paused"), weights=(4, 2, 1))[0]
        try:
            if what == "killed":
                self._engine.kill(container)
            elif what == "removed":
                self._engine.remove_container(container, force=True)
            else:
                self._engine.pause(container)
                time.sleep(self._chance.uniform(0, _PAUSE_SECONDS))
                self._engine.unpause(container)
        except APIError:  # its environment ended meanwhile
            return
        self.done[what] += 1


def containers(engine: docker.APIClient, folder: Path) -> list[str]:
    """Return the running containers of projects below a folder."""
    found = engine.containers(filters={"label": _PROJECT})
    return [each["Id"] for each in found if Path(each["Labels"][_PROJECT]).is_relative_to(folder)]


@dataclass
class Measurements:
    """The memory and the open descriptors of a process over time."""

    pid: int
    mib: list[float] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            self.take()
            await asyncio.sleep(_SAMPLE_SECONDS)

    def take(self) -> None:
        """Measure once, unless the process has ended."""
        if mib := resident_mib(self.pid):
            self.mib.append(mib)
            self.descriptors.append(descriptors(self.pid))

    @property
    def grew(self) -> bool:
        """Whether the memory went on growing after a quarter of the time, in which pools fill."""
        first = int(len(self.mib) * _WARM_UP)
        middle, late = self.mib[first : 2 * first + 1], self.mib[-first - 1 :]
        return max(late) > max(middle) * _GROWTH + _GROWTH_MIB
