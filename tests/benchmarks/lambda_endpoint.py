"""Compares `samlocal local start-lambda` with sam's, in turn, on the same function, image and event.

Both have warm containers. Prints a table as `tests.benchmarks.run` does, and exits with 1 where a target is missed.

    python -m tests.benchmarks.lambda_endpoint [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import samlocal
from tests.benchmarks.http_client import AsyncConnection, Connection, invoke_request
from tests.benchmarks.run import IMAGE, Row, install_sam, print_status, table
from tests.benchmarks.served import Served, resident_mib, serve
from tests.benchmarks.timing import RATINGS, REPOSITORY, SAMLOCAL

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENT: Final = b'{"message": "Great tea, thanks!"}'
REQUEST: Final = invoke_request("Ratings", EVENT)
EAGER: Final = ("--warm-containers", "EAGER")
WARM: Final = 1000
CROWD: Final = 500
FLEET: Final = 10
_WARM_UP: Final = 20
_SECONDS: Final = 6.0  # of each measurement of a rate
_CROWD_SECONDS: Final = 20.0
_BACK_OFF_SECONDS: Final = 0.1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    sam = install_sam()
    rows = [*start(sam, rounds), *rates(sam, rounds), over_the_environment(), *crowd()]
    print(table(rows))
    return 0 if all(row.met for row in rows) else 1


@contextmanager
def ours(*options: str) -> Iterator[Served]:
    """Serve the sample app."""
    command = [SAMLOCAL, "local", "start-lambda", "--no-credentials", *options]
    with serve(command, cwd=RATINGS) as served:
        yield served


@contextmanager
def theirs(sam: str, *options: str) -> Iterator[Served]:
    """Serve the sample app with sam."""
    command = [sam, "local", "start-lambda", "--skip-pull-image", "--invoke-image", IMAGE]
    with serve([*command, *options], cwd=RATINGS) as served:
        yield served


def start(sam: str, rounds: int) -> list[Row]:
    """Time both from the command to their first answer, which starts a container."""
    print_status(f"start to first answer: {rounds} pairs")
    timed = []
    for number in range(rounds + 1):
        with ours() as served:
            mine = served.first_answer(REQUEST)
        with theirs(sam) as served:
            other = served.first_answer(REQUEST)
        if number:  # the first pair does not count
            timed.append((mine, other))
    return [
        Row(
            name="start-lambda: start to first answer / sam's",
            ours=f"{statistics.median(mine for mine, _ in timed):.2f} s",
            theirs=f"{statistics.median(other for _, other in timed):.2f} s",
            figure=statistics.median(mine / other for mine, other in timed),
            target=0.3,
        )
    ]


def rates(sam: str, rounds: int) -> list[Row]:
    """Measure what both answer in a second to one client, and to four."""
    print_status(f"requests/s of 1 and 4 clients: {rounds} pairs")
    measured: dict[int, list[tuple[float, float]]] = {1: [], 4: []}
    for _ in range(rounds):
        with ours(*EAGER) as served:
            mine = {clients: rate(served, clients) for clients in measured}
        with theirs(sam, *EAGER) as served:
            other = {clients: rate(served, clients) for clients in measured}
        for clients, pairs in measured.items():
            pairs.append((mine[clients], other[clients]))
    return [
        Row(
            name=f"warm requests/s, {clients} {'client' if clients == 1 else 'clients'}, sam's / ours",
            ours=f"{statistics.median(mine for mine, _ in pairs):.0f}/s",
            theirs=f"{statistics.median(other for _, other in pairs):.1f}/s",
            figure=statistics.median(other / mine for mine, other in pairs),
            target=1 / 40,
        )
        for clients, pairs in measured.items()
    ]


def rate(served: Served, clients: int) -> float:
    """Return the answers a second to so many clients, each of which waits for one before it asks again."""
    served.first_answer(REQUEST)
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda _: ask_until(served.port, requests=_WARM_UP), range(clients)))
        begun = time.perf_counter()
        until = begun + _SECONDS
        done = sum(pool.map(lambda _: ask_until(served.port, until=until), range(clients)))
        return done / (time.perf_counter() - begun)


def ask_until(port: int, *, until: float | None = None, requests: int | None = None) -> int:
    """Ask on one connection up to a time, or so often; return how often there was an answer."""
    done = 0
    with Connection(port) as connection:
        while (until is None or time.perf_counter() < until) and done != requests:
            answer = connection.ask(REQUEST)
            if answer.status != 200:
                raise SystemExit(f"the answer is {answer.status}: {answer.body.decode()}")
            done += 1
    return done


def over_the_environment() -> Row:
    """Time a warm Invoke over the endpoint, and in an environment alone, in blocks that take turns."""
    print_status(f"a warm Invoke: {WARM} over the endpoint, {WARM} in the environment alone")
    prepared = samlocal.prepare(
        samlocal.open_project(RATINGS / "template.yaml"),
        "Ratings",
        sandbox=samlocal.SandboxSettings(image_repository=REPOSITORY),
    )
    http_ms: list[float] = []
    alone_ms: list[float] = []
    log = samlocal.LogBuffer()
    with (
        ours() as served,
        Connection(served.port) as connection,
        samlocal.start(prepared, log=log) as function,
    ):
        served.first_answer(REQUEST)
        for _ in range(_WARM_UP):
            connection.ask(REQUEST)
            function.invoke({"message": "Great tea, thanks!"}, log=samlocal.LogBuffer())
        for number in range(2 * WARM):
            over_http = number // 100 % 2 == 0
            begun = time.perf_counter()
            if over_http:
                connection.ask(REQUEST)
            else:
                function.invoke({"message": "Great tea, thanks!"}, log=samlocal.LogBuffer())
            (http_ms if over_http else alone_ms).append((time.perf_counter() - begun) * 1000)
    mine, other = statistics.median(http_ms), statistics.median(alone_ms)
    return Row(
        name="p50 of a warm Invoke, over the environment alone",
        ours=f"{mine:.2f} ms",
        theirs=f"{other:.2f} ms",
        figure=mine - other,
        target=3,
        unit=" ms",
    )


def crowd() -> list[Row]:
    """Let many clients at a time ask a fleet of a few environments."""
    print_status(f"{CROWD} clients on a fleet of {FLEET}: {_CROWD_SECONDS:.0f} s")
    with ours("--max-environments", str(FLEET)) as served:
        served.first_answer(REQUEST)
        answers, mib = asyncio.run(_crowd(served))
    half = len(mib) // 2
    wrong = sum(count for status, count in answers.items() if status not in {200, 429})
    said = ", ".join(f"{status}: {count}" for status, count in sorted(answers.items()))
    return [
        Row(
            name=f"{CROWD} clients on a fleet of {FLEET}: errors that are not throttles",
            ours=said,
            theirs="",
            figure=wrong + (0 if answers[200] else 1),
            target=0,
        ),
        Row(
            name="its memory, second half over first",
            ours=f"{max(mib[half:]):.0f} MiB",
            theirs=f"{max(mib[:half]):.0f} MiB",
            figure=max(mib[half:]) / max(mib[:half]),
            target=1.1,
        ),
    ]


async def _crowd(served: Served) -> tuple[Counter[int], list[float]]:
    answers: Counter[int] = Counter()
    mib: list[float] = []
    until = time.perf_counter() + _CROWD_SECONDS

    async def client() -> None:
        connection = AsyncConnection(served.port)
        while time.perf_counter() < until:
            answer = await connection.ask(REQUEST)
            answers[answer.status] += 1
            if answer.status == 429:
                await asyncio.sleep(_BACK_OFF_SECONDS)
        connection.hang_up()

    async def sample() -> None:
        while time.perf_counter() < until:
            mib.append(resident_mib(served.process.pid))
            await asyncio.sleep(0.5)

    await asyncio.gather(sample(), *(client() for _ in range(CROWD)))
    return answers, mib


if __name__ == "__main__":
    sys.exit(main())
