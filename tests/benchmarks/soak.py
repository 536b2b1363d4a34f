"""Sends 100,000 requests to `samlocal local start-lambda` while containers and clients are killed at random.

    python -m tests.benchmarks.soak [100000] [--clients 12] [--seed 1] [--restart-engine]

Each answer must be the one that Lambda gives; one container that is killed may fail one invocation. At the end,
SIGTERM comes in the middle of 50 requests, each of which must get an answer. Prints the answers by status, how
long echoes took, and the server's memory over time. Exits with 1 where a request was lost or had a wrong answer,
where memory or descriptors grew, and where anything was left behind. As root it has an engine of its own. It kills
only containers of its own project.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import docker
from docker.utils import kwargs_from_env

from tests.benchmarks.http_client import AsyncConnection, LostError, invoke_request
from tests.benchmarks.remains import Place, listening_sockets, still_listening
from tests.benchmarks.served import Served, serve
from tests.benchmarks.soak_clients import Client, Tally, shown
from tests.benchmarks.soak_faults import Faults, Measurements, restart_engine
from tests.benchmarks.timing import CHECKOUT, REPOSITORY, SAMLOCAL
from tests.docker import own_engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.docker.own_engine import OwnEngine

PROJECT: Final = CHECKOUT / "tests" / "projects" / "lambda-endpoint"
_ENVIRONMENTS: Final = 24
_PROGRESS_SECONDS: Final = 10.0
_SETTLE_SECONDS: Final = 3.0
_LAST: Final = 50
_SECONDS_TO_EXIT: Final = 10.0
_MOSTLY: Final = 0.9
_MOST_LOST: Final = 30  # before the run is given up
_KEPT: Final = ("home/", "project/")
_RUNTIME_FOLDER: Final = "runtime/samlocal"  # itself, not what is in it
_TRACEBACK: Final = re.compile(r"^Traceback \(most recent call last\)", re.MULTILINE)


class Soak:
    """One run against a server."""

    def __init__(self, served: Served, faults: Faults, chance: random.Random, wanted: int) -> None:
        self.tally = Tally(wanted=wanted)
        self.measured = Measurements(pid=served.process.pid)
        self.faults = faults
        self.last: list[str] = []
        self.exit_seconds = 0.0
        self.seconds = 0.0
        self._served = served
        self._chance = chance

    async def run(self, clients: int, own: OwnEngine | None) -> None:
        """Send all requests, then the last ones, in the middle of which the server is told to end."""
        begun = time.perf_counter()
        beside = [
            asyncio.create_task(each())
            for each in (self.faults.run, self.measured.run, self._show_progress)
        ]
        if own:
            beside.append(asyncio.create_task(restart_engine(own, self.tally)))
        try:
            port = self._served.port
            await asyncio.gather(
                *(
                    Client(port, self.tally, random.Random(self._chance.random())).run()  # noqa: S311
                    for _ in range(clients)
                )
            )
        finally:
            for each in beside:
                each.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
        self.seconds = time.perf_counter() - begun
        await asyncio.sleep(_SETTLE_SECONDS)
        self.measured.take()
        await self._end()

    async def _end(self) -> None:
        asked = [asyncio.create_task(self._ask_last()) for _ in range(_LAST)]
        await asyncio.sleep(self._chance.uniform(0.05, 0.5))
        self._served.process.send_signal(signal.SIGTERM)
        begun = time.perf_counter()
        with suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self._served.process.wait, 3 * _SECONDS_TO_EXIT)
        self.exit_seconds = time.perf_counter() - begun
        self.last = [each for each in await asyncio.gather(*asked) if each]

    async def _ask_last(self) -> str:
        """Ask for something that takes a moment; return what is wrong with the answer."""
        connection = AsyncConnection(self._served.port)
        request = invoke_request("Sleeps", b'{"seconds": 0.3}')
        try:
            await connection.send(request)
        except OSError:
            return ""  # it came too late, and was told so
        try:
            answer = await connection.receive()
        except LostError as problem:
            return f"at the end: {problem}"
        finally:
            connection.hang_up()
        is_known = answer.status in {200, 429} or answer.status >= 500
        return "" if is_known else f"at the end: {answer.status} {answer.body.decode()}"

    async def _show_progress(self) -> None:
        while True:
            then, done = time.perf_counter(), self.tally.done
            await asyncio.sleep(_PROGRESS_SECONDS)
            if len(self.tally.lost) > _MOST_LOST:
                self.tally.wanted = self.tally.begun
            rate = (self.tally.done - done) / (time.perf_counter() - then)
            print(
                f"{self.tally.done} done, {rate:.0f}/s, {self.measured.mib[-1]:.0f} MiB,"
                f" {self.measured.descriptors[-1]} descriptors, {self.faults.killed} killed,"
                f" {len(self.tally.wrong)} wrong, {len(self.tally.lost)} lost",
                file=sys.stderr,
                flush=True,
            )

    def problems(self, said: str) -> Iterator[str]:
        """Yield everything that must not be, and can be seen before the server's remains are looked for."""
        tally = self.tally
        yield from (f"lost: {each}" for each in shown(tally.lost))
        yield from (f"wrong: {each}" for each in shown(tally.wrong))
        yield from shown(self.last)
        if tally.killed > self.faults.killed:
            yield f"{tally.killed} invocations failed, of {self.faults.killed} killed containers"
        answered = tally.answers.total()
        if tally.throttled > (1 - _MOSTLY) * answered:
            yield f"{tally.throttled} of {answered} were throttled: the run shows too little"
        if self.measured.memory_grew:
            yield f"memory grew: {self._memory()}"
        if self.measured.descriptors_grew:
            yield f"descriptors grew: {self._descriptors()}"
        if self.exit_seconds > _SECONDS_TO_EXIT:
            yield f"the exit took {self.exit_seconds:.1f} s"
        if found := _TRACEBACK.search(said):
            yield f"a traceback: {said[found.start() :][:1500]}"

    def table(self) -> str:
        """Return what is to be known of the run."""
        tally = self.tally
        times = sorted(tally.seconds) or [0.0]
        p50, p99 = (1000 * times[int(len(times) * each)] for each in (0.5, 0.99))
        answers = ", ".join(f"{status}: {count}" for status, count in sorted(tally.answers.items()))
        rows = {
            "requests": f"{tally.done} in {self.seconds:.0f} s, {tally.done / self.seconds:.0f}/s",
            "answers by status": answers,
            "throttled": str(tally.throttled),
            "failed with their container; without the engine": f"{tally.killed}; {tally.without_engine}",
            "clients that hung up": str(tally.hung_up),
            "lost; wrong": f"{len(tally.lost)}; {len(tally.wrong)}",
            "containers": ", ".join(f"{count} {what}" for what, count in self.faults.done.items()),
            "echo, p50; p99; longest": f"{p50:.1f} ms; {p99:.1f} ms; {1000 * times[-1]:.0f} ms",
            "memory": self._memory(),
            "descriptors": self._descriptors(),
            "exit": f"{self.exit_seconds:.1f} s after SIGTERM in the middle of {_LAST} requests",
        }
        return "\n".join(
            ["| soak | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows.items())]
        )

    def _memory(self) -> str:
        mib = self.measured.mib
        return f"{_over_time(mib)} MiB over time, at most {max(mib):.0f} MiB"

    def _descriptors(self) -> str:
        counts = self.measured.descriptors
        return f"{_over_time(counts)} over time, at most {max(counts)}"


def _over_time(values: Sequence[float]) -> str:
    quarters = [values[len(values) * quarter // 4] for quarter in range(4)]
    return ", ".join(f"{each:.0f}" for each in [*quarters, values[-1]])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("requests", type=int, nargs="?", default=100_000)
    parser.add_argument("--clients", type=int, default=12)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--restart-engine", action="store_true", help="twice; needs root")
    parser.add_argument("--log", type=Path, help="write there what the server has said")
    parser.add_argument("--command", default=SAMLOCAL, help="instead of this `samlocal`")
    chosen = parser.parse_args()
    seed = int.from_bytes(os.urandom(2)) if chosen.seed is None else chosen.seed
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    print(f"{chosen.requests} requests, seed {seed}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name).resolve()
        shutil.copytree(PROJECT, folder / "project")
        for each in ("home", "temporary", "runtime"):
            (folder / each).mkdir(mode=0o700)
        return run(chosen.command, folder, chosen, random.Random(seed))  # noqa: S311


def run(command: str, folder: Path, chosen: argparse.Namespace, chance: random.Random) -> int:
    """Run it in a folder; return the exit status."""
    extra = {
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "temporary"),
        "XDG_RUNTIME_DIR": str(folder / "runtime"),
    }
    arguments = [command, "local", "start-lambda", "--no-credentials"]
    arguments += ["--max-environments", str(_ENVIRONMENTS)]
    with ExitStack() as stack:
        own = stack.enter_context(_own_engine()) if own_engine.can_run() else None
        if chosen.restart_engine and not own:
            raise SystemExit("an engine to restart needs root, and dockerd, ip and iptables")
        address = {"DOCKER_HOST": own.address} if own else {}
        engine = docker.APIClient(version="auto", **kwargs_from_env({**os.environ, **address}))
        served = stack.enter_context(
            serve(arguments, cwd=folder / "project", extra=extra | address)
        )
        served.first_answer(invoke_request("Echo"))
        faults = Faults(engine, folder, chance)
        soak = Soak(served, faults, chance, chosen.requests)
        addresses = listening_sockets(served.process.pid)
        asyncio.run(soak.run(chosen.clients, own if chosen.restart_engine else None))
        said = served.said()
        if chosen.log:
            chosen.log.write_text(said)
        problems = list(soak.problems(said))
        problems += [*left_behind(engine, folder, served.marker), *still_listening(addresses)]
    print(soak.table())
    print("\n".join(problems) or "nothing lost, nothing left")
    return 1 if problems else 0


@contextmanager
def _own_engine() -> Iterator[OwnEngine]:
    """Give an engine that may be killed, or may fail under the load, with the images of the project."""
    with (
        tempfile.TemporaryDirectory(prefix="soak-engine-", ignore_cleanup_errors=True) as folder,
        own_engine.serve(Path(folder)) as engine,
    ):
        for image in ("python:3.11", "nodejs:22"):
            engine.load(f"{REPOSITORY}/{image}")
        yield engine


def left_behind(engine: docker.APIClient, folder: Path, marker: str) -> list[str]:
    """Return what the server has left; it may keep unpacked code in its cache."""
    place = Place(engine=engine, folder=folder, marker=marker, network="")
    usual = {path for path in place.files() if "/" not in path or path.startswith(_KEPT)}
    usual.add(_RUNTIME_FOLDER)
    return replace(place, usual=frozenset(usual)).remains()


if __name__ == "__main__":
    sys.exit(main())
