"""Compares repeat invocations, `samlocal local invoke --keep-warm`, with `sam local invoke`, in turn.

Measures the background service while nobody asks it, too, and a `start-lambda` that watches 50,000 files. Prints a
table as `tests.benchmarks.run` does, and exits with 1 where a target is missed.

    python -m tests.benchmarks.warm_invocations [--pairs 20]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from tests.benchmarks.http_client import invoke_request
from tests.benchmarks.remains import processes
from tests.benchmarks.run import IMAGE, Row, install_sam, print_status, table
from tests.benchmarks.served import (
    MARKER,
    processor_seconds,
    proportional_mib,
    serve,
    variables,
)
from tests.benchmarks.timing import RATINGS, SAMLOCAL, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILES: Final = 50_000
_FOLDERS: Final = 500
_IDLE_SECONDS: Final = 20.0
_SETTLE_SECONDS: Final = 3.0
_NOT_MEASURABLE: Final = 0.002  # of one processor


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=20)
    pairs = parser.parse_args().pairs
    sam = install_sam()
    rows = [
        repeat(sam, "reuse", pairs, target=0.04),
        repeat(sam, "fresh", pairs, target=0.06),
        *idle_service(),
        watched_files(),
    ]
    print(table(rows))
    return 0 if all(row.met for row in rows) else 1


def command(mode: str) -> list[str]:
    """Return the command of a repeat invocation."""
    options = ["--keep-warm", "5m", "--warm", mode, "--no-credentials"]
    return [SAMLOCAL, "local", "invoke", "Ratings", "-e", "event.json", *options]


@contextmanager
def service() -> Iterator[Mapping[str, str]]:
    """Give variables with which a service is nobody else's; it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="samlocal-bench-") as runtime:
        own = variables(uuid4().hex) | {"XDG_RUNTIME_DIR": runtime}
        try:
            yield own
        finally:
            subprocess.run(
                [SAMLOCAL, "warm", "stop"], env=own, cwd=RATINGS, check=False, capture_output=True
            )


def repeat(sam: str, mode: str, pairs: int, *, target: float) -> Row:
    """Run both in turn, after some that do not count: the first one starts the service."""
    print_status(f"local invoke --keep-warm 5m --warm {mode}: {pairs} pairs")
    other = [sam, "local", "invoke", "Ratings", "-e", "event.json", "--skip-pull-image"]
    other += ["--invoke-image", IMAGE]
    timed = []
    with service() as own:
        for number in range(pairs + 2):
            mine = run(command(mode), variables=own).seconds
            theirs = run(other, variables=own).seconds
            if number > 1:
                timed.append((mine, theirs))
    return Row(
        name=f"repeat invocation, `--warm {mode}` / sam local invoke",
        ours=f"{statistics.median(mine for mine, _ in timed):.3f} s",
        theirs=f"{statistics.median(theirs for _, theirs in timed):.3f} s",
        figure=statistics.median(mine / theirs for mine, theirs in timed),
        target=target,
    )


def idle_service() -> list[Row]:
    """Measure the processes of a service that holds a warm environment and has nothing to do."""
    print_status(f"the idle service: {_IDLE_SECONDS:.0f} s")
    with service() as own:
        for _ in range(3):
            run(command("reuse"), variables=own)
        time.sleep(_SETTLE_SECONDS)
        pids = [*processes(own[MARKER])]
        if not pids:
            raise SystemExit("no service runs")
        share = idle_share(pids)
        memory = sum(proportional_mib(pid) for pid in pids)
    return [
        Row(
            name="idle service: share of one processor",
            ours=f"{len(pids)} processes",
            theirs="",
            figure=share,
            target=_NOT_MEASURABLE,
        ),
        Row(
            name="idle service: memory (PSS)",
            ours=f"{memory:.0f} MiB",
            theirs="",
            figure=memory,
            target=60,
            unit=" MiB",
        ),
    ]


def watched_files() -> Row:
    """Measure a server that watches the code of a function with very many files."""
    print_status(f"a watcher on {FILES} files: {_IDLE_SECONDS:.0f} s")
    with tempfile.TemporaryDirectory(prefix="samlocal-bench-") as name:
        project = shutil.copytree(RATINGS, Path(name) / "project")
        for folder in range(_FOLDERS):
            parent = project / "src" / "packages" / str(folder)
            parent.mkdir(parents=True)
            for file in range(FILES // _FOLDERS):
                (parent / f"{file}.py").write_text("")
        begun = [SAMLOCAL, "local", "start-lambda", "--no-credentials"]
        with serve(begun, cwd=project) as served:
            served.first_answer(invoke_request("Ratings", b'{"message": "great"}'))
            time.sleep(_SETTLE_SECONDS)
            share = idle_share([served.process.pid])
    return Row(
        name=f"start-lambda that watches {FILES} files: share of one processor",
        ours="idle",
        theirs="",
        figure=share,
        target=_NOT_MEASURABLE,
    )


def idle_share(pids: list[int]) -> float:
    """Return the share of one processor that processes take together while nobody asks them."""
    before = sum(map(processor_seconds, pids))
    time.sleep(_IDLE_SECONDS)
    return (sum(map(processor_seconds, pids)) - before) / _IDLE_SECONDS


if __name__ == "__main__":
    sys.exit(main())
