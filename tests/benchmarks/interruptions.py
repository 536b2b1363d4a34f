"""Interrupts invocations at random moments: what do they leave behind?

    python -m tests.benchmarks.interruptions [500] [--seed 1]

Each gets SIGINT (all of its process group, as from a terminal, and sometimes twice), SIGTERM or SIGKILL, at a moment
between its start and the time that the sample app takes when nobody interrupts it, and a little more. What is then left
after one more command is a fault, and so is a traceback, a command that doesn't end, and an exit status that is neither
that of the signal nor 0. Exits with 1 where there was a fault. It signals only commands that it started, and looks only
at what these have made.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import docker
from docker.utils import kwargs_from_env

from tests.benchmarks.remains import Place, listening_sockets, still_listening
from tests.benchmarks.timing import CHECKOUT, RATINGS, REPOSITORY, SAMLOCAL
from tests.free_ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
_SECONDS_TO_END: Final = 30.0
# In how many of an undisturbed invocation's times: its last phases are short, and no machine is equally fast at all times.
_WITHIN: Final = 1.2
_WITHIN_SLEEP: Final = 2.0
_IMPATIENCE_SECONDS: Final = 0.1
_IMPATIENT: Final = 0.3  # of those with a terminal
_TRACEBACK: Final = re.compile(
    r"^Traceback \(most recent call last\)|^Exception ignored|^Fatal Python error", re.MULTILINE
)
# What stands on stderr when a phase has begun, the last one first.
_PHASES: Final = (
    (re.compile(r"^REPORT ", re.MULTILINE), "removal"),
    (re.compile(r"^START |^Waiting for a debugger", re.MULTILINE), "invoke"),
    (re.compile(r"^Invoking ", re.MULTILINE), "container start"),
    (re.compile(""), "start-up"),
)


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way to invoke a function: in which project, with which arguments.

    It is interrupted within so many of the times that an undisturbed invocation takes.
    """

    name: str
    project: str
    arguments: tuple[str, ...]
    within: float = _WITHIN_SLEEP


@dataclass(frozen=True, kw_only=True)
class Interruption:
    """How one invocation was interrupted, how soon it ended, and what came of it."""

    way: Way
    signal: signal.Signals
    seconds: float
    ended_after: float
    status: int | None
    stderr: str
    left: tuple[str, ...]

    @property
    def phase(self) -> str:
        return next(name for begun, name in _PHASES if begun.search(self.stderr))

    def faults(self) -> Iterator[str]:
        yield from self.left
        if _TRACEBACK.search(self.stderr):
            yield "traceback"
        if self.status is None:
            yield f"still runs after {_SECONDS_TO_END:.0f} s"
        elif self.status not in {0, 128 + self.signal, -self.signal}:
            yield f"exit status {self.status}"


class Interrupter:
    """Starts commands in copies of the projects, with a home and a folder for temporary files of their own."""

    def __init__(self, place: Place, ways: tuple[Way, ...]) -> None:
        self._place = place
        self._ways = ways
        for name in ("home", "temporary", "runtime"):
            (place.folder / name).mkdir()
        for way in ways:
            source = (
                RATINGS
                if way.project == RATINGS.name
                else CHECKOUT / "tests/projects" / way.project
            )
            shutil.copytree(source, place.folder / way.project, dirs_exist_ok=True)

    def learn(self) -> float:
        """Invoke the sample app undisturbed; return how many seconds that takes."""
        took = []
        for _ in range(4):
            begun = time.monotonic()
            self._complete()
            took.append(time.monotonic() - begun)
        self._place = replace(self._place, usual=self._place.files())
        return statistics.median(took[1:])

    def interrupt(self, chance: random.Random, within: float) -> Interruption:
        """Interrupt one invocation, and see what is left of it after one that isn't interrupted."""
        way, number = chance.choice(self._ways), chance.choice(_SIGNALS)
        seconds = chance.uniform(0, within * way.within)
        with tempfile.TemporaryFile() as output, self._started(way, output.fileno()) as process:
            time.sleep(seconds)
            addresses = listening_sockets(process.pid)
            begun = time.monotonic()
            if number is signal.SIGINT and chance.random() < _IMPATIENT:
                _signal(process, number)
                time.sleep(chance.uniform(0, _IMPATIENCE_SECONDS))
            status = _end(process, number)
            ended_after = time.monotonic() - begun
            output.seek(0)
            stderr = output.read().decode(errors="replace")
        running = () if number is signal.SIGKILL else self._place.at_once()
        self._complete()
        left = (*running, *self._place.remains(), *still_listening(addresses))
        return Interruption(
            way=way,
            signal=number,
            seconds=seconds,
            ended_after=ended_after,
            status=status,
            stderr=stderr,
            left=left,
        )

    @contextmanager
    def _started(self, way: Way, stderr: int) -> Iterator[subprocess.Popen[bytes]]:
        """Start a command, which ends with the block at the latest."""
        process = subprocess.Popen(
            [SAMLOCAL, "local", "invoke", *way.arguments, "--no-credentials"],
            cwd=self._place.folder / way.project,
            env=self._variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def _complete(self) -> None:
        with (
            tempfile.TemporaryFile() as output,
            self._started(self._ways[0], output.fileno()) as process,
        ):
            if process.wait():
                output.seek(0)
                raise SystemExit(f"an undisturbed invocation failed:\n{output.read().decode()}")

    def _variables(self) -> Mapping[str, str]:
        folder = self._place.folder
        kept = {name: os.environ[name] for name in ("PATH", "DOCKER_HOST") if name in os.environ}
        return kept | {
            "SAMLOCAL_IMAGE_REPOSITORY": REPOSITORY,
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "temporary"),
            "XDG_RUNTIME_DIR": str(folder / "runtime"),
            "INTERRUPTIONS": self._place.marker,
        }


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal a command that we started, and have not waited for: its process id is still its own."""
    if process.returncode is None:
        (os.killpg if number is signal.SIGINT else os.kill)(process.pid, number)


def _end(process: subprocess.Popen[bytes], number: signal.Signals) -> int | None:
    """Signal a command; its exit status, None if it went on."""
    _signal(process, number)
    try:
        return process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        return None


def _ways(network: str) -> tuple[Way, ...]:
    sleeps = ("Sleeps", "--no-event")
    return (
        Way(
            name="answers",
            project="ratings",
            arguments=("Ratings", "-e", "event.json"),
            within=_WITHIN,
        ),
        Way(name="sleeps", project="behaviours", arguments=sleeps),
        Way(name="copied", project="behaviours", arguments=(*sleeps, "--mount", "copy")),
        Way(name="network", project="behaviours", arguments=(*sleeps, "--docker-network", network)),
        Way(name="debugged", project="behaviours", arguments=(*sleeps, "-d", str(free_port()))),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=500)
    parser.add_argument("--seed", type=int, default=None)
    chosen = parser.parse_args()
    seed = int.from_bytes(os.urandom(2)) if chosen.seed is None else chosen.seed
    # What a shell starts in the background ignores SIGINT, and so would all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    engine = docker.APIClient(version="auto", **kwargs_from_env())
    network = f"samlocal-interruptions-{uuid4().hex[:8]}"
    engine.create_network(network)
    try:
        with tempfile.TemporaryDirectory(prefix="interruptions-") as folder:
            place = Place(
                engine=engine, folder=Path(folder).resolve(), marker=uuid4().hex, network=network
            )
            return _run(Interrupter(place, _ways(network)), chosen.count, seed)
    finally:
        engine.remove_network(network)


def _run(interrupter: Interrupter, count: int, seed: int) -> int:
    within = interrupter.learn()
    print(
        f"{count} interruptions; undisturbed it takes {within:.2f} s; seed {seed}", file=sys.stderr
    )
    chance = random.Random(seed)  # noqa: S311  # it keeps no secrets
    done: list[Interruption] = []
    for number in range(1, count + 1):
        each = interrupter.interrupt(chance, within)
        done.append(each)
        for fault in each.faults():
            print(f"{number}: {fault}: {_described(each)}", file=sys.stderr)
        if number % 50 == 0:
            print(f"{number} done", file=sys.stderr)
    print(_table(done))
    return 1 if any(True for each in done for _ in each.faults()) else 0


def _described(each: Interruption) -> str:
    last = each.stderr.strip().splitlines()[-12:]
    said = "".join(f"\n    {line}" for line in last)
    return (
        f"{each.signal.name} after {each.seconds:.3f} s, {each.phase}, way {each.way.name},"
        f" exit status {each.status} {each.ended_after:.3f} s later{said}"
    )


def _table(done: list[Interruption]) -> str:
    counts = Counter((each.phase, each.signal.name, str(each.status)) for each in done)
    faulty = Counter(
        (each.phase, each.signal.name, str(each.status)) for each in done if [*each.faults()]
    )
    lines = ["| phase | signal | exit status | times | with a fault |", "|---|---|---|---|---|"]
    lines += [
        f"| {' | '.join(kind)} | {times} | {faulty[kind]} |"
        for kind, times in sorted(counts.items())
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
