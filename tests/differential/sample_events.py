"""Compares what `samlocal local generate-event` and sam print, for every event and option of sam.

Both texts must be equal, to the last space. Every difference must be one of `DIFFERENCES`, and each of these must
occur. Exits with 1 otherwise.

    python -m tests.differential.sample_events PATH_TO_SAM
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from samlocal.cli.command_tree import root_command

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ASKING: Final = Path(__file__).parents[1] / "benchmarks" / "events_of_sam.py"
# Nothing that JSON has to escape, which sam can't: `tests/unit/sample_events` has such values.
VALUE: Final = "a value/of ours: ü?&=1"
JSON_OPTIONS: Final = {
    "querystringparameters": '{"q": "1", "list": ["a", null], "nested": {"b": 2}}'
}
# What sam does with an option that samlocal does not: the reason, by event and option.
DIFFERENCES: Final = {
    ("apigateway authorizer", "restApiId"): "sam ignores it",
    ("apigateway request-authorizer", "restApiId"): "sam ignores it",
    ("sagemaker ground-truth-annotation-consolidation", "account-id"): "sam escapes it as HTML",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sam", type=Path, help="the path of the sam command")
    sam = parser.parse_args().sam
    options = options_of_sam(sam)
    cases = [*_cases(options)]
    theirs = events_of_sam(sam, [arguments for *_, arguments in cases])
    faults = []
    found = set()
    for (event, option, arguments), printed in zip(cases, theirs, strict=True):
        if ask_samlocal(arguments) == printed:
            continue
        if (event, option) in DIFFERENCES:
            found.add((event, option))
        else:
            faults.append(f"{event} {option or 'without options'}: not equal to sam")
    faults += [f"{event} --{option}: equal to sam" for event, option in DIFFERENCES.keys() - found]
    print(*faults, sep="\n", end="\n" if faults else "")
    print(
        f"{len(options)} sample events of sam, {len(cases)} command lines: "
        f"{len(faults)} unexpected, {len(found)} with documented differences"
    )
    return 1 if faults else 0


def options_of_sam(sam: Path) -> dict[str, list[str]]:
    """Return all events of sam, as `SERVICE EVENT`, with their options."""
    options: dict[str, list[str]] = _ask(sam, [])
    return options


def events_of_sam(sam: Path, jobs: list[list[str]]) -> list[str | None]:
    """Return what sam prints for each command line, None where it fails."""
    printed: list[str | None] = _ask(sam, jobs)
    return printed


def _ask(sam: Path, jobs: list[list[str]]) -> Any:  # noqa: ANN401  # JSON
    asked = subprocess.run(
        [sam.parent / "python", ASKING],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(asked.stdout)


def ask_samlocal(arguments: list[str]) -> str:
    """Return what samlocal prints for a command line."""
    command = ["local", "generate-event", *arguments]
    written = io.BytesIO()
    with redirect_stdout(io.TextIOWrapper(written)):
        root_command(command)(command, prog_name="samlocal", standalone_mode=False)
        return written.getvalue().decode()


def _cases(options: Mapping[str, list[str]]) -> Iterator[tuple[str, str | None, list[str]]]:
    """Yield command lines: each event without options, and with each of its options."""
    for event, names in options.items():
        yield event, None, event.split()
        for name in names:
            value = JSON_OPTIONS.get(name, VALUE)
            yield event, name, [*event.split(), f"--{name}", value]


if __name__ == "__main__":
    sys.exit(main())
