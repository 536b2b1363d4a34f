"""Compares `samlocal local start-api` with sam's, in turn, on the same function, image and requests.

Both have warm containers. Measures what only samlocal has, too: HTTPS, function URLs, kept connections, and large uploads that
are refused. Prints a table as `tests.benchmarks.run` does, and exits with 1 where a target is missed.

    python -m tests.benchmarks.start_api [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import resource
import select
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import samlocal
from tests.benchmarks.http_client import HOST, AsyncConnection, Connection, request_of
from tests.benchmarks.run import IMAGE, Row, install_sam, print_status, table
from tests.benchmarks.served import Served, resident_mib, serve
from tests.benchmarks.timing import CHECKOUT, REPOSITORY, SAMLOCAL
from tests.functional.http_server.certificates import Certificate, make_certificate

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT: Final = CHECKOUT / "tests" / "projects" / "rated-apis"
HTTP: Final = request_of("/ratings/tea?message=Great+tea", None)
REST: Final = request_of("/rest/ratings/tea?message=Great+tea", None)
EAGER: Final = ("--warm-containers", "EAGER")
WARM: Final = 1000
KEPT: Final = 1000
UPLOAD: Final = 1_000_000_000
_USUAL_OPEN_FILES: Final = 1024
_BLOCK: Final = 100
_WARM_UP: Final = 20
_WARM_UP_OF_CLIENTS: Final = 5  # sam takes half a second for one
_SECONDS: Final = 6.0  # of each measurement of a rate
_PIECE: Final = b"x" * 65_536


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    sam = install_sam()
    with tempfile.TemporaryDirectory(prefix="samlocal-bench-") as folder:
        certificate = make_certificate(Path(folder))
        rows = [
            *compare(sam, rounds),
            *over_the_environment(certificate),
            *kept_connections(),
            *refused_upload(),
        ]
    print(table(rows))
    return 0 if all(row.met for row in rows) else 1


@contextmanager
def ours(*options: str) -> Iterator[Served]:
    """Serve the APIs, with as many open files as systems usually allow at first."""
    command = [SAMLOCAL, "local", "start-api", "--no-credentials", *options]
    limited = ["sh", "-c", f'ulimit -Sn {_USUAL_OPEN_FILES}; exec "$@"', "sh", *command]
    with serve(limited, cwd=PROJECT) as served:
        yield served


@contextmanager
def theirs(sam: str, *options: str) -> Iterator[Served]:
    """Serve the APIs with sam."""
    command = [sam, "local", "start-api", "--skip-pull-image", "--invoke-image", IMAGE]
    with serve([*command, *options], cwd=PROJECT) as served:
        yield served


class Measured(NamedTuple):
    """One server in one round: seconds to the first answer, and answers a second by the name of what is asked."""

    first: float
    rates: dict[str, float]


def compare(sam: str, rounds: int) -> list[Row]:
    """Measure both from the command to their first answer, and what they answer in a second when they are warm."""
    print_status(f"start, and requests/s of 1 and 4 clients: {rounds} pairs")
    pairs = []
    for number in range(rounds + 1):
        with ours(*EAGER) as served:
            mine = measure(served)
        with theirs(sam, *EAGER) as served:
            other = measure(served)
        if number:  # the first pair does not count
            pairs.append((mine, other))
    rows = [
        Row(
            name="start-api: start to first answer / sam's",
            ours=f"{statistics.median(mine.first for mine, _ in pairs):.2f} s",
            theirs=f"{statistics.median(other.first for _, other in pairs):.2f} s",
            figure=statistics.median(mine.first / other.first for mine, other in pairs),
            target=0.3,
        )
    ]
    rows += [
        Row(
            name=f"warm requests/s, {what}, sam's / ours",
            ours=f"{statistics.median(mine.rates[what] for mine, _ in pairs):.0f}/s",
            theirs=f"{statistics.median(other.rates[what] for _, other in pairs):.1f}/s",
            figure=statistics.median(other.rates[what] / mine.rates[what] for mine, other in pairs),
            target=1 / 40,
        )
        for what in pairs[0][0].rates
    ]
    return rows


def measure(served: Served) -> Measured:
    first = served.first_answer(HTTP)
    return Measured(
        first=first,
        rates={
            f"{kind} API, {clients} {'client' if clients == 1 else 'clients'}": rate(
                served.port, request, clients
            )
            for kind, request in (("HTTP", HTTP), ("REST", REST))
            for clients in (1, 4)
        },
    )


def rate(port: int, request: bytes, clients: int) -> float:
    """Return the answers a second to so many clients, each of which waits for one before it asks again."""
    with ThreadPoolExecutor(clients) as pool:
        list(
            pool.map(
                lambda _: ask_until(port, request, requests=_WARM_UP_OF_CLIENTS), range(clients)
            )
        )
        begun = time.perf_counter()
        until = begun + _SECONDS
        done = sum(pool.map(lambda _: ask_until(port, request, until=until), range(clients)))
        return done / (time.perf_counter() - begun)


def ask_until(
    port: int, request: bytes, *, until: float | None = None, requests: int | None = None
) -> int:
    """Ask on one connection up to a time, or so often; return how often there was an answer."""
    done = 0
    with Connection(port) as connection:
        while (until is None or time.perf_counter() < until) and done != requests:
            ask(connection, request)
            done += 1
    return done


def ask(connection: Connection, request: bytes) -> None:
    answer = connection.ask(request)
    if answer.status != 200:
        raise SystemExit(f"the answer is {answer.status}: {answer.body.decode()}")


def over_the_environment(certificate: Certificate) -> list[Row]:
    """Time a warm function behind each kind of API, and in an environment alone, in blocks that take turns."""
    print_status(f"a warm function behind APIs, over HTTPS and alone: {WARM} each")
    tls = ssl.create_default_context(cafile=certificate.cert)
    secure = ("--ssl-cert-file", str(certificate.cert), "--ssl-key-file", str(certificate.key))
    prepared = samlocal.prepare(
        samlocal.open_project(PROJECT / "template.yaml"),
        "Ratings",
        sandbox=samlocal.SandboxSettings(image_repository=REPOSITORY),
    )
    event = example_event()
    with (
        ours(*EAGER) as plain,
        ours(*EAGER, *secure) as encrypted,
        samlocal.start(prepared, log=samlocal.LogBuffer()) as function,
    ):
        plain.first_answer(HTTP)
        encrypted.first_answer(HTTP, tls=tls)
        url = request_of("/?message=Great+tea", None)
        with (
            Connection(plain.port) as one,
            Connection(function_url_port(plain)) as other,
            Connection(encrypted.port, tls=tls) as secret,
        ):
            timed = alternate(
                {
                    "alone": lambda: function.invoke(event, log=samlocal.LogBuffer()),
                    "HTTP API": lambda: ask(one, HTTP),
                    "REST API": lambda: ask(one, REST),
                    "function URL": lambda: ask(other, url),
                    "HTTP API with TLS": lambda: ask(secret, HTTP),
                }
            )
    alone = statistics.median(timed.pop("alone"))
    return [
        Row(
            name=f"p50 of a warm {what}, over the environment alone",
            ours=f"{statistics.median(taken):.2f} ms (p95 {statistics.quantiles(taken, n=20)[18]:.2f} ms)",
            theirs=f"{alone:.2f} ms",
            figure=statistics.median(taken) - alone,
            target=4,
            unit=" ms",
        )
        for what, taken in timed.items()
    ]


def alternate(calls: dict[str, Any]) -> dict[str, list[float]]:
    """Return the milliseconds of each call, made in blocks that take turns."""
    timed: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        for _ in range(_WARM_UP):
            call()
    for _ in range(WARM // _BLOCK):
        for name, call in calls.items():
            for _ in range(_BLOCK):
                begun = time.perf_counter()
                call()
                timed[name].append((time.perf_counter() - begun) * 1000)
    return timed


def example_event() -> Any:  # noqa: ANN401  # any JSON
    """Return an event of an HTTP API."""
    command = [SAMLOCAL, "local", "generate-event", "apigateway", "http-api-proxy"]
    written = subprocess.run(command, check=True, capture_output=True).stdout
    return json.loads(written)


def function_url_port(served: Served) -> int:
    """Return the port of the function's URL, which is in the table of the start."""
    found = re.search(r":(\d+)/ +Ratings +Ratings$", served.said(), re.MULTILINE)
    if found is None:
        raise SystemExit(f"there is no function URL:\n{served.said()}")
    return int(found[1])


def kept_connections() -> list[Row]:
    """Let many clients keep their connections, and ask one after another, several times."""
    print_status(f"{KEPT} kept connections")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with ours(*EAGER) as served:
        served.first_answer(HTTP)
        failed, before, after = asyncio.run(_keep(served))
    return [
        Row(
            name=f"{KEPT} kept connections, 3 requests each: answers that are not 200, or lost",
            ours=f"{3 * KEPT - failed} answers",
            theirs="",
            figure=failed,
            target=0,
        ),
        Row(
            name="its memory with them",
            ours=f"{after:.0f} MiB",
            theirs=f"{before:.0f} MiB",
            figure=after - before,
            target=64,
            unit=" MiB",
        ),
    ]


async def _keep(served: Served) -> tuple[int, float, float]:
    """Return how many requests failed, and the memory before and after."""
    before = resident_mib(served.process.pid)
    connections = [AsyncConnection(served.port) for _ in range(KEPT)]
    failed = 0
    for _ in range(3):
        for each in connections:
            answer = await each.ask(HTTP)
            failed += answer.status != 200 or "close" in answer.header("connection")
    after = resident_mib(served.process.pid)
    for each in connections:
        each.hang_up()
    return failed, before, after


def refused_upload() -> list[Row]:
    """Upload far more than API Gateway takes, as a client that looks for an answer while it sends."""
    print_status(f"an upload of {UPLOAD / 1e9:.0f} GB")
    head = f"PUT /ratings/tea HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {UPLOAD}\r\n"
    rows = []
    with ours(*EAGER) as served:
        served.first_answer(HTTP)
        before = resident_mib(served.process.pid)
        for how, more in (("sends at once", ""), ("asks first", "Expect: 100-continue\r\n")):
            seconds, sent, answer = upload(
                served.port, f"{head}{more}\r\n".encode(), waits=bool(more)
            )
            if not answer.startswith(b"HTTP/1.1 413 "):
                raise SystemExit(f"the answer is {answer.decode()}")
            rows.append(
                Row(
                    name=f"upload of 1 GB, client {how}: MB sent before the 413",
                    ours=f"{seconds * 1000:.1f} ms, {resident_mib(served.process.pid) - before:.1f} MiB",
                    theirs="",
                    figure=sent / 1e6,
                    target=0 if more else 20,
                    unit=" MB",
                )
            )
    return rows


def upload(port: int, head: bytes, *, waits: bool) -> tuple[float, int, bytes]:
    """Return the seconds to the answer, the bytes of the body that the system took until then, and the answer."""
    sent = 0
    begun = time.perf_counter()
    with socket.create_connection((HOST, port), timeout=60) as connection:
        connection.sendall(head)
        connection.setblocking(False)
        while True:
            readable, writable, _ = select.select(
                [connection], [] if waits else [connection], [], 60
            )
            if readable or not writable:
                return time.perf_counter() - begun, sent, connection.recv(65_536)
            sent += connection.send(_PIECE)


if __name__ == "__main__":
    sys.exit(main())
