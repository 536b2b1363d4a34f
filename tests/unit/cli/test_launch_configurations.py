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
def test_each_language_is_attached_to_in_its_own_way(
    language: str, expected: Configuration
) -> None:
    """A configuration names the port, and the folders of code and layers, in its debugger's words."""
    configuration = vscode_configuration(target(language))
    assert configuration["name"] == "samlocal: Ratings"
    assert configuration | expected == configuration


def test_own_configurations_stay() -> None:
    """What is in the file stays there; what was written before is replaced."""
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
    """Inside the folder that the editor has open a path holds on every machine."""
    assert in_workspace(Path(path), Path("/shop"), "$PROJECT") == written


def test_lua_for_every_kind_of_file() -> None:
    """nvim-dap offers a configuration for the kinds of file of its language."""
    script = nvim_script([target("nodejs")])
    assert 'table.insert(dap.configurations.typescript, { ["name"] = "samlocal: Ratings"' in script
    assert '["type"] = "pwa-node"' in script
    assert '["localRoot"] = "${workspaceFolder}/src"' in script


@pytest.mark.parametrize("language", ["nodejs", "java", "go"])
def test_run_configurations_are_xml(language: str) -> None:
    """PyCharm and its siblings read a file a configuration."""
    xml = pycharm_configuration(target(language))
    assert xml
    root = ET.fromstring(xml)  # noqa: S314  # our own
    assert root[0].attrib["name"] == "samlocal: Ratings"
    assert "5858" in xml


def test_what_has_no_file_is_told_in_steps() -> None:
    """PyCharm attaches to debugpy by a configuration whose file format isn't public."""
    assert pycharm_configuration(target("python")) is None
    assert pycharm_steps(target("python")) == (
        "samlocal: Ratings: Run | Edit Configurations | Add | Attach to DAP: host localhost, port 5858,"
        " path mappings ${workspaceFolder}/src = /var/task; /layers/shared = /opt\n"
    )
