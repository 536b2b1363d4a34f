"""Compares invocations in a process with `sam` and `serverless`, in turn, on the same function and event.

Prints a table as `tests.benchmarks.run` does. The rows with `serverless` need npm, which installs it once, beside sam.
Exits with 1 where a target is missed.

    python -m tests.benchmarks.process_invocations [--pairs 20]
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from tests.benchmarks.run import CACHE, IMAGE, Row, compare_runs, install_sam, print_status, table
from tests.benchmarks.timing import RATINGS, SAMLOCAL, run

SERVERLESS: Final = "serverless@3"
FILES: Final = 300
_INVOKE: Final = [SAMLOCAL, "local", "invoke", "--sandbox", "process"]
_SERVICE: Final = """\
service: ratings
frameworkVersion: "3"
provider:
  name: aws
  runtime: python3.11
  memorySize: 256
  environment: {STAGE: dev, MAX_STARS: "5"}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=20)
    pairs = parser.parse_args().pairs
    rows = [with_sam(pairs)]
    with tempfile.TemporaryDirectory() as folder:
        serverless = install_serverless()
        if serverless:
            rows.append(with_serverless(Path(folder, "one"), serverless, pairs))
        rows.append(many_files(Path(folder), pairs))
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, medians of {pairs} pairs\n")
    print(table(rows))
    return 0 if all(row.met for row in rows) else 1


def install_serverless() -> str | None:
    """Install the Serverless Framework in a folder of its own, once; return its command, None without npm."""
    folder = CACHE / "bench-serverless"
    command = folder / "node_modules" / ".bin" / "serverless"
    if not command.exists():
        npm = shutil.which("npm")
        if npm is None:
            print_status("no npm, so nothing is compared with serverless")
            return None
        print_status(f"Installing {SERVERLESS} in {folder}")
        install = [npm, "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(folder)]
        subprocess.run([*install, SERVERLESS], check=True)
    return str(command)


def with_sam(pairs: int) -> Row:
    """Invoke the sample app as a process, and in a container by sam."""
    sam = [install_sam(), "local", "invoke", "Ratings", "-e", "event.json"]
    sam += ["--skip-pull-image", "--invoke-image", IMAGE]
    return compare_runs(
        "process / sam local invoke",
        partial(run, [*_INVOKE, "Ratings", "-e", "event.json", "--no-credentials"]),
        partial(run, sam),
        pairs=pairs,
        target=0.12,
    )


def with_serverless(folder: Path, serverless: str, pairs: int) -> Row:
    """Invoke the same function from a serverless.yml, by both."""
    write_service(folder, 1)
    arguments = ["invoke", "local", "-f", "ratings0", "--path", "event.json"]
    quiet = {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"}
    return compare_runs(
        "process / serverless invoke local",
        partial(run, [SAMLOCAL, *arguments, "--sandbox", "process"], cwd=folder),
        partial(run, [serverless, *arguments], cwd=folder, variables=quiet),
        pairs=pairs,
        target=0.2,
    )


def many_files(folder: Path, pairs: int) -> Row:
    """Invoke one function of a service that has each of its functions in a file, and of one that has it alone."""
    large, small = folder / "large", folder / "small"
    write_service(large, FILES)
    write_service(small, 1)
    command = [*_INVOKE, "ratings0", "--no-event", "--no-credentials"]
    return compare_runs(
        f"serverless.yml of {FILES} functions in files, over 1",
        partial(run, command, cwd=large),
        partial(run, command, cwd=small),
        pairs=pairs,
        target=0.3,
        unit=" s",
    )


def write_service(folder: Path, functions: int) -> None:
    """Write a service with that many functions, each in a file of its own, and an event."""
    folder.mkdir()
    shutil.copy(RATINGS / "src" / "app.py", folder / "app.py")
    shutil.copy(RATINGS / "event.json", folder / "event.json")
    lines = [
        f"  ratings{number}: ${{file(functions/ratings{number}.yml)}}\n"
        for number in range(functions)
    ]
    (folder / "serverless.yml").write_text(f"{_SERVICE}functions:\n{''.join(lines)}")
    (folder / "functions").mkdir()
    for number in range(functions):
        text = f"handler: app.handler\nenvironment: {{NUMBER: {number}}}\n"
        (folder / "functions" / f"ratings{number}.yml").write_text(text)


if __name__ == "__main__":
    sys.exit(main())
