from __future__ import annotations

import re
import subprocess
from pathlib import Path

_CHECKOUT = Path(__file__).parents[2]


def test_make_lists_its_targets() -> None:
    """`make` alone lists every target with its purpose."""
    command = ["make", "--no-print-directory"]
    listing = subprocess.run(command, check=True, cwd=_CHECKOUT, capture_output=True, text=True)
    named = {line.split()[0] for line in listing.stdout.splitlines() if len(line.split()) > 2}
    (targets,) = re.findall(r"^\.PHONY: (.*)$", (_CHECKOUT / "Makefile").read_text(), re.MULTILINE)
    assert named == set(targets.split())


def test_ci_runs_what_developers_run() -> None:
    """`.ci/run` is `make check` and `make test`, then the wheel and the other Pythons."""
    commands = (_CHECKOUT / ".ci" / "run").read_text().split("\n\n")[-1]
    assert commands.split("\n") == ["make check", "make test", ".ci/smoke", ".ci/pythons", ""]
