"""`samlocal debug-config`: launch configurations of editors, for the functions of a project."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from samlocal.cli.console import print_status, show_output, show_warning
from samlocal.cli.option_groups import group_options
from samlocal.cli.options.general import GeneralOptions
from samlocal.cli.options.project import ProjectOptions
from samlocal.cli.plain_options import open_chosen_project

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from samlocal.cli.launch_configurations import Target
    from samlocal.function import Function
    from samlocal.project.project import Project


class Editor(StrEnum):
    """An editor that has launch configurations."""

    VSCODE = "vscode"
    PYCHARM = "pycharm"
    NVIM = "nvim"


# Each editor's variable for the open folder; nvim-dap uses that of VS Code.
_WORKSPACE: Final = {
    Editor.VSCODE: "${workspaceFolder}",
    Editor.NVIM: "${workspaceFolder}",
    Editor.PYCHARM: "$PROJECT_DIR$",
}
_VSCODE_FILE: Final = Path(".vscode", "launch.json")
_PYCHARM_FOLDER: Final = Path(".run")


@group_options
def debug_config(
    *,
    editor: Annotated[
        Editor,
        typer.Argument(
            metavar="[EDITOR]",
            help="vscode, pycharm or nvim. [default: vscode]",
            show_default=False,
        ),
    ] = Editor.VSCODE,
    debug_port: Annotated[
        int,
        typer.Option(
            "-d",
            "--debug-port",
            metavar="PORT",
            min=1,
            max=65535,
            help="Debug port to use in the configuration.",
        ),
    ] = 5858,
    write: Annotated[
        bool,
        typer.Option(
            "--write",
            help="Write the configuration to the editor's file, and keep its other contents.",
        ),
    ] = False,
    project: ProjectOptions,
    general: GeneralOptions,
) -> None:
    """Print launch configurations for debugging in an editor.

    They attach the editor to functions that run with `-d PORT`, and map the container's folders
    (/var/task and /opt) to the folders of code and layers. Run this command in the folder that the
    editor has open.
    """
    general.apply()
    opened = open_chosen_project(project)
    targets = list(_targets(opened, editor, debug_port))
    match editor:
        case Editor.VSCODE:
            _vscode(targets, write=write)
        case Editor.NVIM:
            _nvim(targets, write=write)
        case Editor.PYCHARM:
            _pycharm(targets, write=write)


def _targets(project: Project, editor: Editor, port: int) -> Iterator[Target]:
    from samlocal.errors import SamlocalError

    for entry in project.functions:
        try:
            yield _target(project.resolve(entry), editor, port)
        except SamlocalError as error:
            show_warning(
                f"skipping `{entry.full_path}`: {error.message}",
                place=error.place,
                hint=error.hint,
            )


def _target(function: Function, editor: Editor, port: int) -> Target:
    """Return the launch target of a function.

    Raises:
        SamlocalError: The project does not tell its language or its code.
    """
    from samlocal.cli.launch_configurations import Target, in_workspace
    from samlocal.errors import CodeNotFoundError
    from samlocal.function import LocalCode
    from samlocal.sandbox.plan import find_function_runtime

    runtime = find_function_runtime(function)
    code = function.code
    if not isinstance(code, LocalCode):
        message = f"the code of `{function.logical_id}` is not a directory on this machine"
        raise CodeNotFoundError(message, place=code.place)
    layers = (layer.code.path for layer in function.layers if isinstance(layer.code, LocalCode))
    workspace, variable = Path.cwd(), _WORKSPACE[editor]
    return Target(
        name=function.full_path,
        language=_compiled(code.path) if runtime.bootstraps else runtime.family,
        code=in_workspace(code.path, workspace, variable),
        layers=tuple(in_workspace(path, workspace, variable) for path in layers),
        port=port,
    )


def _compiled(code: Path) -> str:
    """Return the language of a `bootstrap`, which may not be built yet."""
    from samlocal.sandbox.debugging import is_built_by_go

    is_go = is_built_by_go(code / "bootstrap") or (code / "go.mod").is_file()
    return "go" if is_go else "c"


def _vscode(targets: Sequence[Target], *, write: bool) -> None:
    from samlocal.cli.launch_configurations import vscode_configuration, vscode_file
    from samlocal.errors import ConfigError

    configurations = [vscode_configuration(target) for target in targets]
    if not write:
        show_output(vscode_file(configurations))
        return
    existing = _VSCODE_FILE.read_text(encoding="utf-8") if _VSCODE_FILE.exists() else None
    try:
        text = vscode_file(configurations, existing)
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"`{_VSCODE_FILE}` is not plain JSON: rewriting it would lose its comments",
            hint="run without `--write`, and copy the output into the file",
        ) from error
    _write(_VSCODE_FILE, text)


def _nvim(targets: Sequence[Target], *, write: bool) -> None:
    from samlocal.cli.launch_configurations import nvim_script
    from samlocal.errors import UsageError

    if write:
        raise UsageError(
            "nvim has no file for launch configurations",
            hint=f"nvim-dap reads `{_VSCODE_FILE}`: `samlocal debug-config vscode --write`",
        )
    show_output(nvim_script(targets))


def _pycharm(targets: Sequence[Target], *, write: bool) -> None:
    from samlocal.cli.launch_configurations import pycharm_configuration, pycharm_steps

    for target in targets:
        xml = pycharm_configuration(target)
        if xml is None:
            show_output(pycharm_steps(target))
        elif write:
            name = "".join(each if each.isalnum() else "_" for each in target.title)
            _write(_PYCHARM_FOLDER / f"{name}.run.xml", xml)
        else:
            show_output(xml)


def _write(path: Path, text: str) -> None:
    from samlocal.errors import OutputError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"`{path}` cannot be written: {error.strerror}") from error
    print_status(f"Wrote {path}")
