from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from samlocal.sandbox.process import runtime_clients

PYTHON = Path(runtime_clients.__file__).parent / "clients" / "python"
# The oldest Python that runs functions.
OLDEST = (3, 8)
OWN = {"snapshot_restore_py"}
# Since Python 3.8; later ones must not be needed.
STANDARD = sys.stdlib_module_names - {"zoneinfo", "graphlib", "tomllib"}


@pytest.mark.parametrize("path", sorted(PYTHON.rglob("*.py")), ids=lambda path: path.name)
def test_the_client_for_python_needs_the_oldest_python_only(path: Path) -> None:
    """It has no syntax of later versions, and imports only the standard library and itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=OLDEST)
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and node.level == 0
            else []
        )
    }
    assert {name.partition(".")[0] for name in imported} <= STANDARD | OWN
