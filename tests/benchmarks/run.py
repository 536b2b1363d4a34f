"""Compares samlocal with `sam` and with `docker run`, in turn, on the same project, image and event.

Prints a table of medians and pairwise ratios. Quote it with its date and machine: single figures of
a busy machine mean little, ratios of pairs that ran side by side mean more. Exits with 1 where a
target is missed.

    python -m tests.benchmarks.run [--pairs 20] [--with-sam-on-large]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import samlocal
from tests.benchmarks.timing import RATINGS, REPOSITORY, SAMLOCAL, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.timing import Run

IMAGE: Final = f"{REPOSITORY}/python:3.11"
CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "samlocal"
LARGE: Final = 1000
WARM: Final = 1000


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table."""

    name: str
    ours: str
    theirs: str
    figure: float
    target: float
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.figure <= self.target


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--with-sam-on-large", action="store_true", help="takes a minute more")
    parser.add_argument("--print-sam", action="store_true", help="install sam, say where, no more")
    chosen = parser.parse_args()
    sam = install_sam()
    if chosen.print_sam:
        print(sam)
        return 0
    invoke = [SAMLOCAL, "local", "invoke", "Ratings", "-e", "event.json"]
    sam_invoke = [sam, "local", "invoke", "Ratings", "-e", "event.json"]
    sam_invoke += ["--skip-pull-image", "--invoke-image", IMAGE]
    docker_run = ["docker", "run", "--rm", "--entrypoint", "true", IMAGE]
    help_text = [SAMLOCAL, "local", "invoke", "--help"]
    rows = [
        compare("cold invoke / sam", invoke, sam_invoke, pairs=chosen.pairs, target=0.27),
        compare("cold invoke / docker run", invoke, docker_run, pairs=chosen.pairs, target=1.35),
        compare(
            "local invoke --help / sam's",
            help_text,
            [sam, *help_text[1:]],
            pairs=chosen.pairs,
            target=0.07,
        ),
        processor_time("--help", [SAMLOCAL, "--help"], runs=chosen.pairs),
        peak_memory(invoke),
        large_template(chosen.pairs),
        warm_invocation(WARM),
    ]
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, medians of {chosen.pairs} pairs\n"
    )
    print(table(rows))
    if chosen.with_sam_on_large:
        print(f"\nsam on the template of {LARGE} functions: {sam_on_large(sam):.1f} s")
    return 0 if all(row.met for row in rows) else 1


def install_sam() -> str:
    """Install aws-sam-cli in an environment of its own, once; return its command."""
    environment = CACHE / "bench"
    command = environment / "bin" / "sam"
    if not command.exists():
        print_status(f"Installing aws-sam-cli in {environment}")
        venv.create(environment, with_pip=True)
        subprocess.run(
            [environment / "bin" / "pip", "install", "--quiet", "aws-sam-cli"], check=True
        )
    return str(command)


def compare(name: str, ours: list[str], theirs: list[str], *, pairs: int, target: float) -> Row:
    """Run two commands in turn."""
    return compare_runs(name, lambda: run(ours), lambda: run(theirs), pairs=pairs, target=target)


def compare_runs(  # what runs, and how its times are compared
    name: str,
    ours: Callable[[], Run],
    theirs: Callable[[], Run],
    *,
    pairs: int,
    target: float,
    unit: str = "",
) -> Row:
    """Run both in turn, after one of each that doesn't count; with a unit, the figure is their difference."""
    print_status(f"{name}: {pairs} pairs")
    ours()
    theirs()
    timed = [(ours().seconds, theirs().seconds) for _ in range(pairs)]
    return Row(
        name=name,
        ours=f"{statistics.median(mine for mine, _ in timed):.3f} s",
        theirs=f"{statistics.median(other for _, other in timed):.3f} s",
        figure=statistics.median(mine - other if unit else mine / other for mine, other in timed),
        target=target,
        unit=unit,
    )


def processor_time(name: str, command: list[str], *, runs: int) -> Row:
    """Measure what all processors together spend on a command."""
    print_status(f"{name}: {runs} runs")
    run(command)
    seconds = statistics.median(run(command).processor_ms for _ in range(runs)) / 1000
    return Row(
        name=f"{name}, processor time",
        ours=f"{seconds:.3f} s",
        theirs="",
        figure=seconds,
        target=0.08,
        unit=" s",
    )


def peak_memory(command: list[str]) -> Row:
    peak = max(run(command).peak_mib for _ in range(3))
    return Row(
        name="peak memory of a cold invoke",
        ours=f"{peak:.0f} MiB",
        theirs="",
        figure=peak,
        target=40,
        unit=" MiB",
    )


def large_template(pairs: int) -> Row:
    """Invoke one function of a template that holds a thousand, and of one that holds it alone."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "small.yaml"), Path(folder, "large.yaml")
        write_template(small, 1)
        write_template(large, LARGE)
        base = [SAMLOCAL, "local", "invoke", "Function0", "--no-event", "--template"]
        return compare_runs(
            f"{LARGE} functions and tables, over 1",
            lambda: run([*base, str(large)]),
            lambda: run([*base, str(small)]),
            pairs=pairs,
            target=0.5,
            unit=" s",
        )


def warm_invocation(invocations: int) -> Row:
    """Invoke the sample function again and again in one environment; subtract what the runtime takes."""
    print_status(f"warm invocation: {invocations} in one environment")
    prepared = samlocal.prepare(
        samlocal.open_project(RATINGS / "template.yaml"),
        "Ratings",
        sandbox=samlocal.SandboxSettings(image_repository=REPOSITORY),
    )
    all_ms, runtimes_ms = [], []
    with samlocal.start(prepared, log=samlocal.LogBuffer()) as function:
        function.invoke({"message": "great"})
        for _ in range(invocations):
            begun = time.perf_counter()
            result = function.invoke({"message": "great"}, log=samlocal.LogBuffer())
            all_ms.append((time.perf_counter() - begun) * 1000)
            runtimes_ms.append(result.report.duration_ms)
    ours, theirs = statistics.median(all_ms), statistics.median(runtimes_ms)
    return Row(
        name="warm invocation, over the runtime",
        ours=f"{ours:.2f} ms",
        theirs=f"{theirs:.2f} ms",
        figure=ours - theirs,
        target=2,
        unit=" ms",
    )


def sam_on_large(sam: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder, "large.yaml")
        write_template(large, LARGE)
        command = [sam, "local", "invoke", "Function0", "--template", str(large)]
        return run([*command, "--skip-pull-image", "--invoke-image", IMAGE]).seconds


def write_template(path: Path, functions: int) -> None:
    """Write a template of that many functions, each with a table that its environment names."""
    resources = "".join(
        f"""
  Table{number}:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
      KeySchema: [{{AttributeName: id, KeyType: HASH}}]
  Function{number}:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: {RATINGS / "src"}
      Handler: app.handler
      Runtime: python3.11
      Description: !Sub "Function ${{AWS::StackName}}-{number} of many"
      Environment:
        Variables:
          TABLE: !Ref Table{number}
          STAGE: !Ref Stage
          MAX_STARS: "5"
"""
        for number in range(functions)
    )
    path.write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Parameters: {Stage: {Type: String, Default: dev}}\n"
        f"Resources:{resources}"
    )


def table(rows: list[Row]) -> str:
    lines = [
        "| what | samlocal | other | ratio or figure | target | |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.name} | {row.ours} | {row.theirs} | {row.figure:.3g}{row.unit}"
        f" | at most {row.target:g}{row.unit} | {'met' if row.met else 'MISSED'} |"
        for row in rows
    ]
    return "\n".join(lines)


def print_status(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
