"""What prepares functions depends on nothing of the process: a server, a plugin or a test may use it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import pytest

from samlocal import preparation

MODULES: Final = sorted(Path(preparation.__file__).parent.glob("*.py"))
OF_THE_PROCESS: Final = re.compile(
    r"os\.(environ|getenv|getcwd)|sys\.(stdin|stdout|stderr|argv)|Path\.(home|cwd)|\w+\.expanduser"
)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_host_carries_what_is_needed_of_the_process(module: Path) -> None:
    """Neither a command line nor the variables, streams and folders of the process are used."""
    nodes = list(ast.walk(ast.parse(module.read_text())))
    attributes = [ast.unparse(node) for node in nodes if isinstance(node, ast.Attribute)]
    imports = [ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [each for each in attributes if OF_THE_PROCESS.fullmatch(each)] == []
    assert [each for each in imports if re.search(r"\b(typer|click|samlocal\.cli)\b", each)] == []
