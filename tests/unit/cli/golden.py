"""Golden files: what a command must write, whole. `UPDATE_GOLDENS=1 make test` writes them anew."""

from __future__ import annotations

import os
from difflib import unified_diff
from pathlib import Path

import pytest

GOLDENS = Path(__file__).with_name("goldens")


def check_golden(name: str, actual: str) -> None:
    """Compare a text with `goldens/NAME.txt`, or write it there where that is asked for."""
    golden = GOLDENS / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(actual, encoding="utf-8")
        pytest.skip(f"wrote {golden.name}")
    assert golden.is_file(), f"no golden {golden.name}: UPDATE_GOLDENS=1 writes it"
    expected = golden.read_text(encoding="utf-8")
    if actual != expected:
        texts = (expected.splitlines(), actual.splitlines())
        lines = unified_diff(*texts, "golden", "actual", lineterm="")
        pytest.fail(f"{golden.name} (UPDATE_GOLDENS=1 writes it)\n" + "\n".join(lines))
