"""Measures streamed responses: 200 MB through the whole command, and how soon a first byte is on stdout.

The first byte is timed from a runtime's socket to the reader of a pipe on stdout, in this process. Prints
a table, and exits with 1 where a target is missed.

    python -m tests.benchmarks.streaming [--runs 5]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from samlocal.cli.result_output import ResultOutput
from samlocal.invocation import MAX_STREAMED_PAYLOAD_BYTES
from samlocal.runtime_api.delivery import Delivery
from samlocal.runtime_api.http_server import Server
from samlocal.runtime_api.runtime import RuntimeApi
from tests.benchmarks.timing import CHECKOUT, MIB, REPOSITORY, SAMLOCAL
from tests.functional.execution.fakes import invocation

PROJECT: Final = CHECKOUT / "tests" / "projects" / "streaming"
CHUNKS: Final = 1_000

HEAD: Final = (
    b"POST / HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n"
    b"Lambda-Runtime-Function-Response-Mode: streaming\r\n\r\n"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = [stream() for _ in range(parser.parse_args().runs)]
    latencies = sorted(asyncio.run(first_bytes()))
    rate = statistics.median(each[0] for each in runs)
    peak = max(each[1] for each in runs)
    median, slow = (latencies[int(len(latencies) * each)] for each in (0.5, 0.99))
    rows = (
        ("200 MB to a pipe", f"{rate:.0f} MB/s", "at least 200 MB/s", rate >= 200),
        ("peak memory of that", f"{peak:.0f} MiB", "less than 80 MiB", peak < 80),
        ("a first byte, median", f"{median:.2f} ms", "at most 5 ms", median <= 5),
        ("a first byte, 99 of 100", f"{slow:.2f} ms", "", True),
    )
    print("| what | figure | target |\n|---|---|---|")
    for what, figure, target, met in rows:
        print(f"| {what} | {figure} | {target}{'' if met else ' MISSED'} |")
    return 0 if all(met for *_, met in rows) else 1


def stream() -> tuple[float, float]:
    """Return the MB/s of the largest response, from its first byte on, and the command's peak memory in MiB."""
    event = json.dumps({"bytes": MAX_STREAMED_PAYLOAD_BYTES})
    process = subprocess.Popen(
        [SAMLOCAL, "local", "invoke", "Large", "--no-credentials", "--data", event],
        cwd=PROJECT,
        env={**os.environ, "SAMLOCAL_IMAGE_REPOSITORY": REPOSITORY},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    output = process.stdout.fileno()
    received, seconds, peak = len(os.read(output, MIB)), 0.0, 0.0
    begun = time.perf_counter()
    while piece := os.read(output, MIB):
        received += len(piece)
        if received >= MAX_STREAMED_PAYLOAD_BYTES and not peak:
            seconds = time.perf_counter() - begun
            peak = peak_mib(process.pid)
    _, errors = process.communicate()
    if process.returncode or not peak:
        raise SystemExit(f"the function failed:\n{errors.decode()}")
    return received / 1e6 / seconds, peak


def peak_mib(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


async def first_bytes() -> list[float]:
    """Return the milliseconds from a runtime's send to stdout's reader, of chunks that come alone."""
    runtime = RuntimeApi()
    exchange = runtime.deliver(invocation(), deadline_ms=0, response=Delivery(ResultOutput()))

    async def accept(_host: str, _port: int) -> bool:
        return True

    listener = socket.create_server(("127.0.0.1", 0))
    reader, writer = os.pipe()
    stdout = os.dup(1)
    os.dup2(writer, 1)
    latencies = []
    try:
        async with Server(
            listener,
            lambda request: (
                runtime.invocation_response(request, exchange.invocation.request_id)
                if request.method == "POST"
                else runtime.next_invocation(request)
            ),
            accepts_peer=accept,
        ):
            latencies = await asyncio.to_thread(measure, listener.getsockname(), reader)
    finally:
        os.dup2(stdout, 1)
        for each in (stdout, reader, writer):
            os.close(each)
    return latencies


def measure(address: tuple[str, int], stdout: int) -> list[float]:
    latencies = []
    with socket.create_connection(address) as runtime:
        runtime.sendall(b"GET / HTTP/1.1\r\nHost: api\r\n\r\n")
        runtime.recv(MIB)
        runtime.sendall(HEAD)
        for _ in range(CHUNKS):
            begun = time.perf_counter()
            runtime.sendall(b"4\r\ntick\r\n")
            os.read(stdout, MIB)
            latencies.append((time.perf_counter() - begun) * 1000)
        runtime.sendall(b"0\r\n\r\n")
        runtime.recv(MIB)
    return latencies


if __name__ == "__main__":
    sys.exit(main())
