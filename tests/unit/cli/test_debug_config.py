from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.command import Samlocal
    from tests.unit.cli.conftest import InProject


@pytest.fixture
def samlocal(project: InProject, tmp_path: Path) -> Samlocal:
    """Run the command in a copy of the project with a function in each language."""
    command = project("debugging")
    return replace(command, directory=shutil.copytree(command.directory, tmp_path / "shop"))


def test_configurations_of_a_project(samlocal: Samlocal) -> None:
    """Every function whose language is known has a configuration; the others are skipped with the reason."""
    ended = samlocal("debug-config", "-d", "5999")

    configurations = json.loads(ended.stdout)["configurations"]
    assert ended.exit_code == 0
    assert [each["type"] for each in configurations] == [
        *("debugpy", "node", "java", "rdbg", "go", "cppdbg"),
    ]
    assert configurations[0]["connect"] == {"host": "localhost", "port": 5999}
    assert "skipping `CImage`: `CImage` has no `Runtime`" in ended.stderr


def test_writing_keeps_other_content(samlocal: Samlocal) -> None:
    """`--write` keeps other content of VS Code's file, and writing again changes nothing."""
    file = samlocal.directory / ".vscode" / "launch.json"
    file.parent.mkdir()
    file.write_text('{"version": "0.2.0", "configurations": [{"name": "Mine"}]}')

    ended = samlocal("debug-config", "vscode", "--write")
    once = file.read_text()
    samlocal("debug-config", "vscode", "--write")

    assert (ended.exit_code, ended.stdout) == (0, b"")
    assert "Wrote .vscode/launch.json\n" in ended.stderr
    assert json.loads(once)["configurations"][0] == {"name": "Mine"}
    assert file.read_text() == once


def test_comments_are_not_lost(samlocal: Samlocal) -> None:
    """A file of VS Code with comments is an error, because rewriting would lose them."""
    file = samlocal.directory / ".vscode" / "launch.json"
    file.parent.mkdir()
    file.write_text("{\n  // mine\n}\n")

    ended = samlocal("debug-config", "--write")

    assert ended.exit_code == 1
    assert "is not plain JSON: rewriting it would lose its comments\nhint: " in ended.stderr
    assert file.read_text() == "{\n  // mine\n}\n"


def test_pycharm_has_one_file_for_each_function(samlocal: Samlocal) -> None:
    """PyCharm gets one file for each function, or steps if the format is not public."""
    ended = samlocal("debug-config", "pycharm", "--write")

    written = sorted(path.name for path in (samlocal.directory / ".run").iterdir())
    assert written == [
        *("samlocal__Go.run.xml", "samlocal__Java.run.xml", "samlocal__NodeJs.run.xml"),
    ]
    assert b"samlocal: Python: Run | Edit Configurations | Add | Attach to DAP" in ended.stdout


def test_nvim_reads_the_file_of_vscode(samlocal: Samlocal) -> None:
    """`nvim --write` is a usage error whose hint names the file that nvim-dap reads."""
    ended = samlocal("debug-config", "nvim", "--write")

    assert ended.exit_code == 2
    assert "hint: nvim-dap reads `.vscode/launch.json`" in ended.stderr
