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
    from collections.abc import Sequence

    import docker

    from tests.benchmarks.soak_clients import Tally
    from tests.docker.own_engine import OwnEngine

_PROJECT: Final = "samlocal.project"
_MEAN_SECONDS: Final = 2.0
_PAUSE_SECONDS: Final = 1.0
_SAMPLE_SECONDS: Final = 1.0
_AWAY_SECONDS: Final = 3.0  # and so long before it counts as back
_LEAST_SAMPLES: Final = 100  # in a shorter run, pools still fill
_GROWTH: Final = 1.15
_SPARE_MIB: Final = 8.0
_SPARE_DESCRIPTORS: Final = 24


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
        try:
            running = containers(self._engine, self._folder)
        except (APIError, OSError):  # the engine is away
            return
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
        except (APIError, OSError):  # its environment ended meanwhile, or the engine did
            return
        self.done[what] += 1


def containers(engine: docker.APIClient, folder: Path) -> list[str]:
    """Return the running containers of projects below a folder."""
    found = engine.containers(filters={"label": _PROJECT})
    return [each["Id"] for each in found if Path(each["Labels"][_PROJECT]).is_relative_to(folder)]


async def restart_engine(engine: OwnEngine, tally: Tally) -> None:
    """End the engine as a crash would when a third of the requests are done, and start it again; once more at two thirds."""
    for part in (1 / 3, 2 / 3):
        while tally.done < tally.wanted * part:  # noqa: ASYNC110  # no request tells its number
            await asyncio.sleep(_SAMPLE_SECONDS)
        tally.engine_is_away = True
        await asyncio.to_thread(engine.kill)
        await asyncio.sleep(_AWAY_SECONDS)
        await asyncio.to_thread(engine.start)
        await asyncio.sleep(_AWAY_SECONDS)
        tally.engine_is_away = False


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
    def memory_grew(self) -> bool:
        """Whether the memory went on growing when pools had been filled."""
        return _grew(self.mib, _SPARE_MIB)

    @property
    def descriptors_grew(self) -> bool:
        """Whether more and more files and sockets were open when pools had been filled."""
        return _grew(self.descriptors, _SPARE_DESCRIPTORS)


def _grew(values: Sequence[float], spare: float) -> bool:
    """Return whether the last quarter goes beyond the second one; the first one is the time to warm up."""
    if len(values) < _LEAST_SAMPLES:
        return False
    quarter = len(values) // 4
    middle, late = values[quarter : 2 * quarter + 1], values[-quarter - 1 :]
    return max(late) > max(middle) * _GROWTH + spare
