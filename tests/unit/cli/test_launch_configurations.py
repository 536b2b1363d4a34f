from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from samlocal.cli.launch_configurations import (
    Configuration,
    Target,
    in_workspace,
    nvim_script,
    pycharm_configuration,
    pycharm_steps,
    vscode_configuration,
    vscode_file,
)


def target(language: str) -> Target:
    return Target(
        name="Ratings",
        language=language,
        code="${workspaceFolder}/src",
        layers=("/layers/shared",),
        port=5858,
    )


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        pytest.param(
            "python",
            {
                "type": "debugpy",
                "connect": {"host": "localhost", "port": 5858},
                "pathMappings": [
                    {"localRoot": "${workspaceFolder}/src", "remoteRoot": "/var/task"},
                    {"localRoot": "/layers/shared", "remoteRoot": "/opt"},
                ],
            },
            id="python",
        ),
        pytest.param(
            "nodejs",
            {
                "type": "node",
                "address": "localhost",
                "port": 5858,
                "localRoot": "${workspaceFolder}/src",
                "remoteRoot": "/var/task",
            },
            id="nodejs",
        ),
        pytest.param("java", {"type": "java", "hostName": "localhost", "port": 5858}, id="java"),
        pytest.param(
            "ruby",
            {
                "type": "rdbg",
                "debugPort": "localhost:5858",
                "localfsMap": "/var/task:${workspaceFolder}/src,/opt:/layers/shared",
            },
            id="ruby",
        ),
        pytest.param("go", {"type": "go", "mode": "remote", "port": 5858}, id="go"),
        pytest.param(
            "c", {"type": "cppdbg", "program": "${workspaceFolder}/src/bootstrap"}, id="c"
        ),
        pytest.param(
            "dotnet",
            {
                "type": "coreclr",
                "processName": "dotnet",
                "sourceFileMap": {"/var/task": "${workspaceFolder}/src"},
            },
            id="dotnet",
        ),
    ],
)
def test_configurations_of_each_language(language: str, expected: Configuration) -> None:
    """A configuration has the port and the path mappings in the terms of its debugger."""
    configuration = vscode_configuration(target(language))
    assert configuration["name"] == "samlocal: Ratings"
    assert configuration | expected == configuration


def test_other_configurations_stay() -> None:
    """Other configurations in the file stay; earlier ones of samlocal are replaced."""
    own = {"name": "Tests", "type": "debugpy", "request": "launch"}
    old = {"name": "samlocal: Ratings", "type": "node"}
    existing = json.dumps({"version": "0.2.0", "compounds": [], "configurations": [own, old]})

    written = json.loads(vscode_file([vscode_configuration(target("go"))], existing))

    assert written["compounds"] == []
    assert written["configurations"] == [own, vscode_configuration(target("go"))]


@pytest.mark.parametrize(
    ("path", "written"),
    [
        pytest.param("/shop/src", "$PROJECT/src", id="inside"),
        pytest.param("/shop", "$PROJECT", id="itself"),
        pytest.param("/shopping/src", "/shopping/src", id="outside"),
    ],
)
def test_paths_are_relative_to_the_workspace(path: str, written: str) -> None:
    """Paths inside the workspace use its variable, so they work on every machine."""
    assert in_workspace(Path(path), Path("/shop"), "$PROJECT") == written


def test_lua_for_every_kind_of_file() -> None:
    """Each language has its configurations for the right file types of nvim-dap."""
    script = nvim_script([target("nodejs")])
    assert 'table.insert(dap.configurations.typescript, { ["name"] = "samlocal: Ratings"' in script
    assert '["type"] = "pwa-node"' in script
    assert '["localRoot"] = "${workspaceFolder}/src"' in script


@pytest.mark.parametrize("language", ["nodejs", "java", "go"])
def test_run_configurations_are_xml(language: str) -> None:
    """A run configuration of JetBrains IDEs is a well-formed XML file."""
    xml = pycharm_configuration(target(language))
    assert xml
    root = ET.fromstring(xml)  # noqa: S314  # our own
    assert root[0].attrib["name"] == "samlocal: Ratings"
    assert "5858" in xml


def test_a_format_that_is_not_public_is_described_in_steps() -> None:
    """A configuration whose file format is not public is described in steps."""
    assert pycharm_configuration(target("python")) is None
    assert pycharm_steps(target("python")) == (
        "samlocal: Ratings: Run | Edit Configurations | Add | Attach to DAP: host localhost, port 5858,"
        " path mappings ${workspaceFolder}/src = /var/task; /layers/shared = /opt\n"
    )
