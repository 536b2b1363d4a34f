from __future__ import annotations

import pytest

from samlocal.execution.log_levels import is_line_shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b'{"level":"TRACE"}', False),
        (b'  {"level": "debug", "message": "a"}\n', False),
        (b'{"level":"INFO"}', False),
        (b'{"level":"WARN"}', True),
        (b'{"level":"WARNING"}', True),
        (b'{"level":"ERROR"}', True),
        (b'{"level":"CRITICAL"}', True),
        (b'{"message":"no level counts as INFO"}', False),
        (b'{"level":"loud"}', False),
        (b'{"level":17}', False),
        (b'{"level":"DEBUG"', True),
        (b'["DEBUG"]', True),
        (b"DEBUG: text", True),
        (b'{"level":"DEBUG","a":' + b"[" * 100_000, True),
        (b"{\xff}", True),
        (b"\n", True),
    ],
)
def test_lines_of_a_custom_runtime(line: bytes, shown: bool) -> None:  # noqa: FBT001  # a parameter
    """With the level WARN, objects below it are not shown; other lines are."""
    assert is_line_shown(line, "WARN") is shown


@pytest.mark.parametrize(("level", "shown"), [(None, True), ("INFO", True), ("ERROR", False)])
def test_default_level(level: str | None, shown: bool) -> None:  # noqa: FBT001  # a parameter
    """A function without an application log level has INFO."""
    assert is_line_shown(b'{"level":"INFO"}', level) is shown
    assert not is_line_shown(b'{"level":"DEBUG"}', level)
