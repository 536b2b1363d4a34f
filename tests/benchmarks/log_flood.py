"""Compares a function that logs 1 GB with `docker logs` of a container that wrote the same.

Both are read through a pipe to their end, in turn. Prints a table, and exits with 1 where a target is missed.

    python -m tests.benchmarks.log_flood [--pairs 1]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.benchmarks.timing import MIB, REPOSITORY, SAMLOCAL

IMAGE: Final = f"{REPOSITORY}/python:3.11"
MEGABYTES: Final = 1000
# A megabyte in lines of 100 bytes, as logs are.
FLOOD: Final = (
    "import os\n"
    "megabyte = (b'x' * 99 + b'\\n') * 10_000\n"
    f"for _ in range({MEGABYTES}):\n"
    "    left = memoryview(megabyte)\n"
    "    while left:\n"
    "        left = left[os.write(1, left):]\n"
)
TEMPLATE: Final = """
Resources:
  Flood:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.11, Handler: app.handler, CodeUri: ., Timeout: 600, MemorySize: 1769}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=1)
    pairs = parser.parse_args().pairs
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        (directory / "template.yaml").write_text(TEMPLATE)
        body = "".join(f"    {line}\n" for line in FLOOD.splitlines())
        (directory / "app.py").write_text(f"def handler(event, context):\n{body}")
        container = written_container()
        try:
            timed = [(invoke(directory), docker_logs(container)) for _ in range(pairs)]
        finally:
            subprocess.run(["docker", "rm", "-f", container], check=True, capture_output=True)
    ours = statistics.median(mine for (mine, _), _ in timed)
    theirs = statistics.median(other for _, other in timed)
    ratio = statistics.median(mine / other for (mine, _), other in timed)
    peak = max(mib for (_, mib), _ in timed)
    rows = (
        ("log of 1 GB / docker logs", f"{ours:.1f} s / {theirs:.1f} s", f"{ratio:.2f}", ratio <= 1),
        ("peak memory of that", f"{peak:.0f} MiB", "less than 80 MiB", peak < 80),
    )
    print("| what | figure | ratio or target | |\n|---|---|---|---|")
    for what, figure, target, met in rows:
        print(f"| {what} | {figure} | {target} | {'met' if met else 'MISSED'} |")
    return 0 if all(row[-1] for row in rows) else 1


def invoke(directory: Path) -> tuple[float, float]:
    """Return the seconds of a whole invocation, and the command's peak memory in MiB."""
    command = [SAMLOCAL, "local", "invoke", "Flood", "--no-credentials"]
    environment = {**os.environ, "SAMLOCAL_IMAGE_REPOSITORY": REPOSITORY}
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr
    received = read_all(process.stderr.fileno())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert received >= MEGABYTES * 1_000_000
    return time.perf_counter() - begun, usage.ru_maxrss * 1024 / MIB


def written_container() -> str:
    """Return the id of a container that has written the same, with the engine's usual logs."""
    command = ["docker", "run", "--detach", "--entrypoint", "python3", IMAGE, "-c", FLOOD]
    container = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run(["docker", "wait", container], check=True, capture_output=True)
    return container


def docker_logs(container: str) -> float:
    """Return the seconds in which `docker logs` gives the whole log."""
    begun = time.perf_counter()
    process = subprocess.Popen(["docker", "logs", container], stdout=subprocess.PIPE)
    assert process.stdout
    received = read_all(process.stdout.fileno())
    process.wait()
    assert received >= MEGABYTES * 1_000_000
    return time.perf_counter() - begun


def read_all(descriptor: int) -> int:
    """Read to the end, and return the number of bytes."""
    received = 0
    while piece := os.read(descriptor, MIB):
        received += len(piece)
    return received


if __name__ == "__main__":
    sys.exit(main())
