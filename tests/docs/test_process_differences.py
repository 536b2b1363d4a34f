"""Tests that leave out processes, and the guide that says why."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS

CONFORMANCE = Path(__file__).parents[1] / "conformance"
MARK = re.compile(r'pytest\.mark\.(?:container|isolated)\("(.*?)"\)')
MARKS = sorted({row for each in CONFORMANCE.glob("*.py") for row in MARK.findall(each.read_text())})


@pytest.mark.parametrize("row", MARKS)
def test_what_a_process_cannot_do_is_documented(row: str) -> None:
    """The row that a test names is in the guide."""
    assert f"\n| {row} |" in (DOCS / "guides" / "process-sandbox.md").read_text()
