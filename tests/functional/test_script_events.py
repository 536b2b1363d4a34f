"""Events that files in JavaScript export."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import EventError
from samlocal.preparation.script_event import run_script

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "text", "event"),
    [
        pytest.param("a.js", "module.exports = {a: 1, b: undefined}", {"a": 1}, id="object"),
        pytest.param("a.cjs", "module.exports = 'text é'", "text é", id="text"),
        pytest.param("a.mjs", "export default {a: [1.5]}", {"a": [1.5]}, id="module"),
        pytest.param("a.js", "module.exports = Promise.resolve(null)", None, id="promise"),
        pytest.param("a.js", "module.exports = require('./b.json')", {"b": 1}, id="other file"),
    ],
)
def test_an_event_is_what_a_file_exports(
    name: str, text: str, event: object, tmp_path: Path
) -> None:
    """The export is the event, as JSON has it."""
    (tmp_path / "b.json").write_text('{"b": 1}')
    (tmp_path / name).write_text(text)
    assert json.loads(run_script(tmp_path / name)) == event


def test_a_file_that_throws(tmp_path: Path) -> None:
    """What a file throws is an error with its place."""
    (tmp_path / "a.js").write_text("\nthrow new Error('not today')")
    with pytest.raises(EventError, match="not today") as raised:
        run_script(tmp_path / "a.js")
    assert str(raised.value.place).startswith(f"{tmp_path}/a.js:2:")


def test_an_export_that_asks_for_values_of_the_project(tmp_path: Path) -> None:
    """An event is read before the project, so its function gets none of its values."""
    (tmp_path / "a.js").write_text(
        "module.exports = ({resolveVariable}) => resolveVariable('self:service')"
    )
    with pytest.raises(EventError, match="asks for a value of the project"):
        run_script(tmp_path / "a.js")
