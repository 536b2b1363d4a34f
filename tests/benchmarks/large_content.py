"""Measures what much code and large layers cost: mounted, and copied.

Each case runs in turn with a function that has one file and no layers. Prints medians, and what each
case costs more, as the median over the pairs: in seconds, and in the processor time of samlocal, which
other work on the machine disturbs less. Exits with 1 where a target is missed.

    python -m tests.benchmarks.large_content [--pairs 10]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.benchmarks.timing import MIB, SAMLOCAL, Run, run


@dataclass(frozen=True, kw_only=True)
class Case:
    """A function of the generated project; at most so much more processor time, or times the seconds."""

    name: str
    function: str
    options: tuple[str, ...] = ()
    processor_ms: float | None = None
    ratio: float | None = None


CASES: Final = (
    Case(name="one directory layer, 2,500 files", function="OneLayer", processor_ms=20),
    Case(name="two directory layers, 5,000 files", function="TwoLayers", processor_ms=20),
    Case(name="five layers, 5,000 files", function="FiveLayers", processor_ms=20),
    Case(name="two archives, 5,000 files", function="Archives", processor_ms=20),
    Case(name="10,000 files of code, 250 MB of layers", function="Large", ratio=1.1),
    Case(name="the same, copied", function="Large", options=("--mount", "copy")),
    Case(name="one file, copied", function="Small", options=("--mount", "copy")),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=10)
    pairs = parser.parse_args().pairs
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        write_project(Path(folder))
        print("| what | first | then | small | times | processor time | target |")
        print("|---|---|---|---|---|---|---|")
        for case in CASES:
            missed += not measure(case, Path(folder), pairs)
    return 1 if missed else 0


def measure(case: Case, folder: Path, pairs: int) -> bool:
    """Print the line of a case; return whether its target is met."""
    first = invoke(folder, case)
    small = Case(name="", function="Small")
    invoke(folder, small)
    timed = [(invoke(folder, case), invoke(folder, small)) for _ in range(pairs)]
    times = statistics.median(mine.seconds / other.seconds for mine, other in timed)
    more = statistics.median(mine.processor_ms - other.processor_ms for mine, other in timed)
    met = more <= (case.processor_ms or more) and times <= (case.ratio or times)
    target = f"{case.processor_ms:g} ms" if case.processor_ms else ""
    target = f"{case.ratio} times" if case.ratio else target
    print(
        f"| {case.name} | {first.seconds:.2f} s"
        f" | {statistics.median(mine.seconds for mine, _ in timed):.2f} s"
        f" | {statistics.median(other.seconds for _, other in timed):.2f} s"
        f" | {times:.2f} | {more:+.0f} ms | {target}{'' if met else ' MISSED'} |",
        flush=True,
    )
    return met


def invoke(folder: Path, case: Case) -> Run:
    command = [SAMLOCAL, "local", "invoke", case.function, "--no-event", "--no-credentials"]
    own_cache = {"XDG_CACHE_HOME": str(folder / "cache")}
    return run([*command, *case.options], cwd=folder, variables=own_cache)


def write_project(folder: Path) -> None:
    """Write the functions, with layers of many small files and of a few large ones."""
    (folder / "small").mkdir()
    (folder / "small" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    files(folder / "large", 9_999, 1_000)
    (folder / "large" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    for number in range(2):
        files(folder / f"half{number}", 2_500, 1_000)
        shutil.make_archive(str(folder / f"half{number}"), "zip", folder / f"half{number}")
        files(folder / f"heavy{number}", 120, MIB)
    for number in range(5):
        files(folder / f"fifth{number}", 1_000, 1_000)
    functions = {
        "Small": ("small", []),
        "OneLayer": ("small", ["half0"]),
        "TwoLayers": ("small", ["half0", "half1"]),
        "FiveLayers": ("small", [f"fifth{number}" for number in range(5)]),
        "Archives": ("small", ["half0.zip", "half1.zip"]),
        "Large": ("large", ["heavy0", "heavy1"]),
    }
    layers = sorted({layer for _, names in functions.values() for layer in names})
    resources: dict[str, object] = {
        logical_id(layer): {
            "Type": "AWS::Serverless::LayerVersion",
            "Properties": {"ContentUri": layer},
        }
        for layer in layers
    }
    for name, (code, names) in functions.items():
        properties = {
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "CodeUri": code,
            "Layers": [{"Ref": logical_id(layer)} for layer in names],
        }
        resources[name] = {"Type": "AWS::Serverless::Function", "Properties": properties}
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}
    (folder / "template.json").write_text(json.dumps(template))


def logical_id(layer: str) -> str:
    return layer.replace(".zip", "Zip")


def files(folder: Path, count: int, size: int) -> None:
    """Write files of random bytes, a hundred to a directory."""
    for number in range(count):
        path = folder / folder.name / str(number // 100) / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))


if __name__ == "__main__":
    sys.exit(main())
