"""`${file(…)}` with JavaScript and TypeScript, run by a real Node.js."""

from __future__ import annotations

import gc
import os
import re
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import Place, SamlocalError
from samlocal.serverless.configuration import read_configuration
from samlocal.serverless.node import process
from samlocal.serverless.variables.context import VariableContext
from samlocal.serverless.variables.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = {
    "object.js": "module.exports = {a: {b: 1.0}, late: Promise.resolve({c: 'later'}), none: null, "
    "pointer: '${self:custom.object}', text: '${self:service}-x', "
    "call: ({options}) => options.stage}",
    "function.js": "module.exports = async ({resolveVariable, resolveConfigurationProperty}) => ({\n"
    "  service: await resolveVariable('self:service'),\n"
    "  stage: await resolveVariable(\"opt:nothing, 'none'\"),\n"
    "  memory: await resolveConfigurationProperty(['provider', 'memorySize']),\n"
    "  deep: await resolveConfigurationProperty(['custom', 'object']),\n"
    "  absent: await resolveConfigurationProperty(['custom', 'absent']),\n"
    "});",
    "named.mjs": "export const token = async () => 'named'; export const value = 5;",
    "default.mjs": "export default {a: 1}; export const token = () => 'named';",
    "sibling.js": "module.exports = ({resolveVariable}) => resolveVariable('file(object.js):a.b');",
    "caught.js": "module.exports = ({resolveVariable}) =>\n"
    "  resolveVariable('self:custom.absent').catch((error) => error.message.replace(/\\$/g, ''));",
    "missing.js": "module.exports = ({resolveVariable}) => resolveVariable('self:custom.absent');",
    "self.js": "module.exports = ({resolveVariable}) => resolveVariable('file(self.js)');",
    "environment.js": "module.exports = () => process.env.FROM_SHELL;",
    "throws.js": "module.exports = () => {\n  throw new Error('no token');\n};",
    "exits.js": "module.exports = async ({resolveVariable}) => {\n"
    "  await resolveVariable('file(object.js):a.b'); process.exit(3);\n};",
    "never.js": "module.exports = async ({resolveVariable}) => {\n"
    "  await resolveVariable('file(object.js):a.b'); return new Promise(() => {});\n};",
    "number.js": "module.exports = 1e-7;",
    "count.js": "global.count = (global.count || 0) + 1; module.exports = {count: global.count, "
    "pid: process.pid};",
}


@pytest.fixture
def service(tmp_path: Path) -> Callable[[str], Variables]:
    """Make the variables of a service with some programs."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)

    def make(value: str) -> Variables:
        path = tmp_path / "serverless.yml"
        path.write_text(
            "service: shop\nprovider: {name: aws, memorySize: '${self:custom.memory}'}\ncustom:\n"
            "  memory: 512\n  object: {k: '${self:service}'}\n"
            f"  value: {value}\n"
        )
        context = VariableContext(options={"stage": "test"}, environment={"FROM_SHELL": "shell"})
        return Variables(read_configuration(path), context)

    return make


def value_of(variables: Variables) -> object:
    node = variables.at("custom", "value")
    return None if node is None else variables.resolve(node).plain()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${file(object.js):a.b}", 1),
        ("${file(object.js):late.c}", "later"),
        ("${file(object.js):none, 'f'}", "f"),
        ("${file(object.js):absent.x, 'f'}", "f"),
        ("${file(object.js):pointer.k}", "shop"),
        ("${file(object.js):text}", "shop-x"),
        ("${file(object.js):call}", "test"),
        ("${file(function.js):service}", "shop"),
        (
            "${file(./function.js)}",
            {
                "service": "shop",
                "stage": "none",
                "memory": 512,
                "deep": {"k": "shop"},
            },
        ),
        ("${file(named.mjs):token}", "named"),
        ("${file(named.mjs):value}", 5),
        ("${file(default.mjs):a}", 1),
        ("${file(default.mjs):token}", "named"),
        ("${file(sibling.js)}", 1),
        ("${file(environment.js)}", "shell"),
        ("v${file(number.js)}", "v1e-7"),
    ],
)
def test_values(service: Callable[[str], Variables], text: str, expected: object) -> None:
    """Objects, promises and functions give values; functions may ask for variables and properties."""
    assert value_of(service(f'"{text}"')) == expected


def test_one_process_runs_all_files(service: Callable[[str], Variables]) -> None:
    """All files of a service are run by one process, once, which ends with the last use of its variables."""
    variables = service("['${file(count.js):count}', '${file(count.js):pid}', '${file(count.js)}']")
    value = value_of(variables)
    assert isinstance(value, list)
    count, pid, both = value
    assert both == {"count": 1, "pid": pid}
    assert count == 1
    os.kill(pid, 0)
    del variables
    gc.collect()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("is_noticed", [True, False])
def test_an_idle_process_ends(
    service: Callable[[str], Variables], monkeypatch: pytest.MonkeyPatch, *, is_noticed: bool
) -> None:
    """A process that nobody asks ends by itself, perhaps just before it is asked; then another one starts."""
    if not is_noticed:
        monkeypatch.setattr(process._Connection, "has_ended", lambda _: False)
    variables = service("['${file(count.js):pid}', '${file(number.js)}']")
    items = variables.at("custom", "value")
    assert items is not None
    first, second = items.items("the list")
    pid = variables.resolve(first).value
    assert isinstance(pid, int)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert variables.resolve(second).value == 1e-7


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("${file(throws.js), 'f'}", "`throws.js` throws: no token", "throws.js:2:9"),
        ("${file(never.js), 'f'}", "a promise that is never resolved", "never.js:1:1"),
        ("${file(exits.js), 'f'}", "exits.js` ended Node.js with exit code 3", "exits.js:1:1"),
        ("${file(missing.js), 'f'}", "`self:custom.absent` has no value", "serverless.yml:6:10"),
        ("${file(self.js), 'f'}", "asks for its own result", "serverless.yml:6:10"),
    ],
)
def test_errors(
    service: Callable[[str], Variables], tmp_path: Path, text: str, message: str, place: str
) -> None:
    """An error of a function is one of the variable, whatever the fallback."""
    with pytest.raises(SamlocalError, match=re.escape(message)) as caught:
        value_of(service(f'"{text}"'))
    assert str(caught.value.place) == f"{tmp_path}/{place}"


def test_a_function_may_catch_an_error(service: Callable[[str], Variables]) -> None:
    """A variable that cannot be resolved rejects the promise, with the reason."""
    value = value_of(service("${file(caught.js)}"))
    assert "`self:custom.absent` has no value" in str(value)


def test_places(service: Callable[[str], Variables], tmp_path: Path) -> None:
    """What is inside of a result has the place of its file."""
    variables = service("${file(object.js):a}")
    node = variables.at("custom", "value", "b")
    assert node is not None
    assert node.place == Place(tmp_path / "object.js", 1, 1)
