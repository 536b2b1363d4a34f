"""`${file(…)}` with data and text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from samlocal.documents.read_files import recorded_files
from samlocal.errors import Place, VariableError
from samlocal.serverless.configuration import read_configuration
from samlocal.serverless.variables.context import VariableContext
from samlocal.serverless.variables.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Resolve = Callable[[str], object]

FILES = {
    "data.yml": "a: {b: [x, {c: 5}]}\nnothing: ~\nversion: 1.10\nref: !Ref Table\n"
    "pointer: ${self:custom.object}\nlist: ['${self:service}']\nself: ${file(data.yml):a.b.0}\n",
    "data.json": '{"a": 1.0, "text": "${self:service}"}',
    "state.tfstate": '{"outputs": {"url": {"value": "https://x"}}}',
    "note.txt": "first\nlast\n",
    "empty.yml": "",
    "broken.yml": "a: [1",
    "broken.json": "{a: 1}",
    "with,comma.txt": "comma",
    "own/inner.yml": "x: ${file(data.yml):a.b.0}\n",
}


@pytest.fixture
def resolve(tmp_path: Path) -> Resolve:
    """Resolve a text in a service with some files."""
    for name, text in FILES.items():
        path = tmp_path / "service" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "outside.txt").write_text("outside")

    def resolve(text: str) -> object:
        path = tmp_path / "service" / "serverless.yml"
        path.write_text(
            f"service: shop\ncustom:\n  name: data\n  object: {{k: {{deep: v}}}}\n  value: {text}\n"
        )
        variables = Variables(read_configuration(path), VariableContext())
        node = variables.at("custom", "value")
        return None if node is None else variables.resolve(node).plain()

    return resolve


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${file(data.yml):a.b.1.c}", 5),
        ("${file(./data.yml):a.b}", ["x", {"c": 5}]),
        ("v${file(data.yml):version}", "v1.1"),
        ("${file(data.yml):ref}", {"Ref": "Table"}),
        ("${file(data.yml):pointer.k.deep}", "v"),
        ("${file(data.yml):list.0}", "shop"),
        ("${file(data.yml):self}", "x"),
        ("${file(${self:custom.name}.json):text}", "shop"),
        ("${file(data.json):a}", 1),
        ("${file('data.json'):a}", 1),
        ('${file("with,comma.txt")}', "comma"),
        ("${file(state.tfstate):outputs.url.value}", "https://x"),
        ("${file(note.txt)}", "first\nlast\n"),
        ("${file(../outside.txt)}", "outside"),
        ("${file(own/inner.yml):x}", "x"),
        ("${file(missing.yml):a, 'f'}", "f"),
        ("${file(~/data.yml):a, 'f'}", "f"),
        ("${file(data.yml):a.z.y, 'f'}", "f"),
        ("${file(data.yml):nothing, 'f'}", "f"),
        ("${file(empty.yml), 'f'}", "f"),
        ("${file(empty.yml):a, 'f'}", "f"),
        ("${file(note.txt):length, 'f'}", "f"),
        ("${file(missing.js):a, 'f'}", "f"),
    ],
)
def test_values(resolve: Resolve, text: str, expected: object) -> None:
    """A file's name says what it is; what is missing lets the fallback apply."""
    quoted = text.replace("'", "''")
    assert resolve(f"'{quoted}'") == expected


@pytest.mark.parametrize(
    ("text", "message", "name"),
    [
        ("${file(broken.yml):a, 'f'}", "not valid YAML", "broken.yml:1:6"),
        ("${file(broken.json):a, 'f'}", "invalid JSON", "broken.json:1:2"),
        ("${file(own), 'f'}", "the file cannot be read: Is a directory", "serverless.yml:5:10"),
        ("${file():a, 'f'}", "the path is missing", "serverless.yml:5:10"),
        ("${file(${self:custom.object})}", "the path is a mapping", "serverless.yml:5:10"),
        ("${file(missing.yml):a}", "has no value", "serverless.yml:5:10"),
    ],
)
def test_errors_have_places(resolve: Resolve, text: str, message: str, name: str) -> None:
    """A broken file is an error at its own place, whatever the fallback."""
    quoted = text.replace("'", "''")
    with pytest.raises(VariableError, match=re.escape(message)) as caught:
        resolve(f"'{quoted}'")
    assert str(caught.value.place).endswith(f"/{name}")


def test_a_missing_file_is_named(resolve: Resolve) -> None:
    """The hint says that there is no such file, unless only the key in it is missing."""
    with pytest.raises(VariableError) as caught:
        resolve("${file(./missing.yml):a}")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("there is no file `./missing.yml`; give it a fallback")
    with pytest.raises(VariableError) as caught:
        resolve("${file(data.yml):missing}")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("give it a fallback")


def test_a_file_is_read_once(tmp_path: Path, resolve: Resolve) -> None:
    """A file that variables refer to many times is read once, and recorded."""
    with recorded_files() as files:
        both = resolve("['${file(data.yml):a.b.0}', '${file(data.yml):version}']")
    assert both == ["x", 1.1]
    assert tmp_path / "service" / "data.yml" in files


def test_values_have_the_place_of_their_file(tmp_path: Path, resolve: Resolve) -> None:
    """What is inside of a value keeps its place in the file."""
    assert resolve("~") is None
    path = tmp_path / "service" / "serverless.yml"
    path.write_text("custom: ${file(data.yml):a}\n")
    variables = Variables(read_configuration(path), VariableContext())
    node = variables.at("custom", "b")
    assert node is not None
    assert node.place == Place(tmp_path / "service" / "data.yml", 1, 8)
