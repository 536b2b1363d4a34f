"""A runtime that AWS adds is a line of data, and nothing else."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.docker.command import BEHAVIOURS, CHECKOUT, Samlocal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUNTIME = (
    '  python9.9: {tag: "3.11", operating_system: Amazon Linux 2099, deprecated: 2099-12-31}\n'
)


def test_new_runtime_is_a_line_of_data(
    stand_in: Callable[[str], str], environment: dict[str, str], tmp_path: Path
) -> None:
    """With one more line in a copy of `runtimes/`, a function of that runtime runs."""
    stand_in("python:3.11")
    for folder in ("samlocal", "runtimes"):
        shutil.copytree(CHECKOUT / folder, tmp_path / "copy" / folder)
    family = tmp_path / "copy" / "runtimes" / "python.yaml"
    family.write_text(family.read_text().replace("runtimes:\n", f"runtimes:\n{RUNTIME}"))
    project = shutil.copytree(BEHAVIOURS, tmp_path / "project")
    template = project / "template.yaml"
    template.write_text(template.read_text().replace("python3.11", "python9.9"))
    of_the_copy = environment | {"PYTHONPATH": str(tmp_path / "copy")}

    ended = Samlocal(directory=project, environment=of_the_copy).invoke("Echo", "--no-event")

    assert (ended.exit_code, ended.stdout) == (0, b"{}"), ended.stderr
    assert "Invoking app.echo (python9.9) in localhost/samlocal/python:3.11\n" in ended.stderr
