"""The clients of a soak run: most of them wait for their answer, some hang up at any moment."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.benchmarks.http_client import AsyncConnection, LostError
from tests.benchmarks.soak_requests import choose, is_of_killed, is_throttled

if TYPE_CHECKING:
    import random

    from tests.benchmarks.http_client import Answer
    from tests.benchmarks.soak_requests import Request

_HANGS_UP: Final = 0.03
_SENDS_A_PART: Final = 0.015
_WAITS_SECONDS: Final = 0.05  # before it hangs up
_PATIENCE_SECONDS: Final = 40.0  # twice the time limit of the slowest function
_MOST_WRONG: Final = 20  # that are shown
_EXCERPT: Final = 300


@dataclass
class Tally:
    """What came of all requests."""

    wanted: int
    begun: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    hung_up: int = 0
    throttled: int = 0
    killed: int = 0
    engine_is_away: bool = False
    without_engine: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    @property
    def done(self) -> int:
        return self.hung_up + len(self.lost) + self.answers.total()

    def take(self) -> bool:
        """Begin a request, if there are not enough of them yet."""
        if self.begun >= self.wanted:
            return False
        self.begun += 1
        return True

    def add(self, request: Request, answer: Answer, seconds: float) -> None:
        """Count an answer, and time that of a function that answers at once."""
        self.answers[answer.status] += 1
        if request.kind.is_right(request.payload, answer):
            if request.kind.name.startswith("echo"):
                self.seconds.append(seconds)
        elif request.kind.runs and is_throttled(answer):
            self.throttled += 1
        elif request.kind.runs and is_of_killed(answer):
            if self.engine_is_away:
                self.without_engine += 1
            else:
                self.killed += 1
        else:
            body = answer.body[:_EXCERPT].decode(errors="replace")
            self.wrong.append(f"{request.kind.name}: {answer.status} {body}")


class Client:
    """One client, with a connection that it keeps."""

    def __init__(self, port: int, tally: Tally, chance: random.Random) -> None:
        self._connection = AsyncConnection(port, seconds=_PATIENCE_SECONDS)
        self._tally = tally
        self._chance = chance

    async def run(self) -> None:
        """Ask as long as requests are wanted."""
        while self._tally.take():
            request = choose(self._chance)
            which = self._chance.random()
            if which < _SENDS_A_PART:
                await self._send_a_part(request)
            elif which < _SENDS_A_PART + _HANGS_UP:
                await self._hang_up(request)
            else:
                await self.ask(request)
        self._connection.hang_up()

    async def ask(self, request: Request) -> None:
        """Send a request, and wait for its answer."""
        begun = time.perf_counter()
        try:
            answer = await self._connection.ask(request.data)
        except (OSError, LostError) as problem:
            self._tally.lost.append(f"{request.kind.name}: {problem!r}")
            return
        self._tally.add(request, answer, time.perf_counter() - begun)

    async def _hang_up(self, request: Request) -> None:
        """Send a request, and close the connection before or while the answer comes, seldom after it."""
        await self._send(request.data)
        await asyncio.sleep(self._chance.uniform(0, _WAITS_SECONDS))
        self._gone()

    async def _send_a_part(self, request: Request) -> None:
        """Send a part of a request, and close the connection."""
        await self._send(request.data[: self._chance.randrange(len(request.data))])
        await asyncio.sleep(self._chance.choice((0, self._chance.uniform(0, _WAITS_SECONDS))))
        self._gone()

    async def _send(self, data: bytes) -> None:
        try:
            await self._connection.send(data)
        except (OSError, LostError) as problem:
            self._tally.wrong.append(f"nobody accepts a request: {problem!r}")

    def _gone(self) -> None:
        self._connection.hang_up()
        self._tally.hung_up += 1


def shown(lines: list[str]) -> list[str]:
    """Return the first lines, and how many more there are."""
    more = len(lines) - _MOST_WRONG
    return [*lines[:_MOST_WRONG], *([f"and {more} more"] if more > 0 else [])]
