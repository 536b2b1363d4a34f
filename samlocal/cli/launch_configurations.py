"""Launch configurations of editors for `-d PORT`: port and path mappings.

https://code.visualstudio.com/docs/debugtest/debugging-configuration
https://github.com/mfussenegger/nvim-dap/blob/master/doc/dap.txt
https://www.jetbrains.com/help/pycharm/2026.1/run-debug-configuration-attach-to-dap.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import quoteattr

from samlocal.frozen_dataclass import frozen
from samlocal.sandbox.sandbox import LAYER_ROOT, TASK_ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Json = str | int | bool | list["Json"] | dict[str, "Json"]
Configuration = dict[str, Json]

_HOST: Final = "localhost"


@frozen
class Target:
    """The facts about a function that a launch configuration needs.

    `language` is a runtime's family, `go` or `c`. Folders are in the editor's notation, such as
    `${workspaceFolder}/src`.
    """

    name: str
    language: str
    code: str
    layers: tuple[str, ...]
    port: int

    @property
    def title(self) -> str:
        return f"samlocal: {self.name}"


def in_workspace(path: Path, workspace: Path, variable: str) -> str:
    """Return a path in an editor's notation: below its variable for the workspace, or absolute."""
    if not path.is_relative_to(workspace):
        return str(path)
    relative = path.relative_to(workspace).as_posix()
    return variable if relative == "." else f"{variable}/{relative}"


def vscode_configuration(target: Target) -> Configuration:
    """Return the configuration of VS Code, whose names other editors share."""
    return {"name": target.title, "request": "attach"} | _of_language(target)


def _of_language(target: Target) -> Configuration:
    describe = {
        "python": _python,
        "nodejs": _nodejs,
        "java": _java,
        "ruby": _ruby,
        "go": _go,
        "dotnet": _dotnet,
    }.get(target.language, _gdb)
    return describe(target)


def _python(target: Target) -> Configuration:
    mappings: list[Json] = [
        {"localRoot": folder, "remoteRoot": root} for folder, root in _folders(target)
    ]
    connect: Configuration = {"host": _HOST, "port": target.port}
    return {"type": "debugpy", "connect": connect, "pathMappings": mappings}


def _nodejs(target: Target) -> Configuration:
    return {
        "type": "node",
        "address": _HOST,
        "port": target.port,
        "localRoot": target.code,
        "remoteRoot": TASK_ROOT,
        "skipFiles": ["<node_internals>/**", "/var/runtime/**"],
    }


def _java(target: Target) -> Configuration:
    sources: list[Json] = [folder for folder, _ in _folders(target)]
    return {"type": "java", "hostName": _HOST, "port": target.port, "sourcePaths": sources}


def _ruby(target: Target) -> Configuration:
    mapping = ",".join(f"{root}:{folder}" for folder, root in _folders(target))
    return {"type": "rdbg", "debugPort": f"{_HOST}:{target.port}", "localfsMap": mapping}


def _go(target: Target) -> Configuration:
    """Return no mapping: a compiled program contains the source paths of this machine."""
    return {"type": "go", "mode": "remote", "host": _HOST, "port": target.port}


def _gdb(target: Target) -> Configuration:
    return {
        "type": "cppdbg",
        "request": "launch",
        "program": f"{target.code}/bootstrap",
        "cwd": target.code,
        "MIMode": "gdb",
        "miDebuggerServerAddress": f"{_HOST}:{target.port}",
    }


def _dotnet(target: Target) -> Configuration:
    """Return the command that starts vsdbg in the container with the published port.

    https://github.com/dotnet/vscode-csharp/wiki/Attaching-to-remote-processes
    """
    command = f"docker exec -i $(docker ps -q -f publish={target.port}) ${{debuggerCommand}}"
    return {
        "type": "coreclr",
        "processName": "dotnet",  # process 1 is a shell
        "pipeTransport": {
            "pipeProgram": "sh",
            "pipeArgs": ["-c", command],
            "debuggerPath": "/tmp/lambci_debug_files/vsdbg",  # noqa: S108  # in the container
            "pipeCwd": target.code,
        },
        "sourceFileMap": {TASK_ROOT: target.code},
    }


def _folders(target: Target) -> list[tuple[str, str]]:
    """Return each folder of this machine with its folder in the container."""
    return [(target.code, TASK_ROOT), *((layer, LAYER_ROOT) for layer in target.layers)]


def vscode_file(configurations: Sequence[Configuration], existing: str | None = None) -> str:
    """Return `launch.json` with these configurations, which replace those of the same names.

    Raises:
        ValueError: `existing` is not JSON.
    """
    file: dict[str, Any] = json.loads(existing or '{"version": "0.2.0"}')
    names = {each["name"] for each in configurations}
    kept = [each for each in file.get("configurations", []) if each.get("name") not in names]
    file["configurations"] = [*kept, *configurations]
    return json.dumps(file, indent=2, ensure_ascii=False) + "\n"


# nvim-dap's names of adapters, if they differ, and the file types for which it offers them.
_NVIM_TYPES: Final[Mapping[str, str]] = {"debugpy": "python", "node": "pwa-node", "rdbg": "ruby"}
_NVIM_FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "nodejs": ("javascript", "typescript"),
    "dotnet": ("cs",),
    "c": ("c", "cpp", "rust"),
}


def nvim_script(targets: Sequence[Target]) -> str:
    """Return Lua for nvim-dap."""
    lines = ['local dap = require("dap")']
    for target in targets:
        configuration = vscode_configuration(target)
        adapter = str(configuration["type"])
        configuration["type"] = _NVIM_TYPES.get(adapter, adapter)
        for kind in _NVIM_FILES.get(target.language, (target.language,)):
            lines += [
                f"dap.configurations.{kind} = dap.configurations.{kind} or {{}}",
                f"table.insert(dap.configurations.{kind}, {_lua(configuration)})",
            ]
    return "\n".join(lines) + "\n"


def _lua(value: Json) -> str:
    match value:
        case dict():
            return "{ " + ", ".join(f"[{_lua(k)}] = {_lua(v)}" for k, v in value.items()) + " }"
        case list():
            return "{ " + ", ".join(_lua(each) for each in value) + " }"
        case _:
            return json.dumps(value, ensure_ascii=False)


def pycharm_configuration(target: Target) -> str | None:
    """Return the XML of a run configuration; None if the format is not public."""
    name, port = quoteattr(target.title), quoteattr(str(target.port))
    match target.language:
        case "nodejs":
            kind = 'type="ChromiumRemoteDebugType" factoryName="Chromium Remote"'
            inner = f'<mapping url="file://{TASK_ROOT}" local-file={quoteattr(target.code)} />'
            attributes = f'{kind} host="{_HOST}" port={port}'
        case "java":
            attributes = 'type="Remote"'
            inner = (
                '<option name="USE_SOCKET_TRANSPORT" value="true" />'
                '<option name="SERVER_MODE" value="false" />'
                f'<option name="HOST" value="{_HOST}" /><option name="PORT" value={port} />'
            )
        case "go":
            kind = 'type="GoRemoteDebugConfigurationType" factoryName="Go Remote"'
            attributes = f'{kind} host="{_HOST}" port={port}'
            inner = '<option name="disconnectOption" value="LEAVE" />'
        case _:
            return None
    return (
        '<component name="ProjectRunConfigurationManager">\n'
        f'  <configuration default="false" name={name} {attributes}>\n'
        f'    {inner}\n    <method v="2" />\n'
        "  </configuration>\n</component>\n"
    )


def pycharm_steps(target: Target) -> str:
    """Return the steps to enter a configuration by hand."""
    kind = "Attach to DAP" if target.language == "python" else "Remote debugger"
    mappings = "; ".join(f"{folder} = {root}" for folder, root in _folders(target))
    return (
        f"{target.title}: Run | Edit Configurations | Add | {kind}:"
        f" host {_HOST}, port {target.port}, path mappings {mappings}\n"
    )
