from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import InterpreterNotFoundError, Place
from samlocal.function import Function, LocalCode
from samlocal.host import Host, current_host
from samlocal.runtimes import find_runtime
from samlocal.sandbox.process.interpreters import find_interpreter, label_of

if TYPE_CHECKING:
    from samlocal.sandbox.process.installations import Interpreter

PLACE = Place(Path("/shop/template.yaml"), 12, 5)
OWN = sys.version_info[:2]
# Versions that the tests themselves do not run on.
OTHER, NEXT = [f"3.{minor}" for minor in range(9, 14) if (3, minor) != OWN][-2:]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """Return this machine with an empty home, and nothing on the PATH."""
    home = tmp_path / "home"
    (home / "bin").mkdir(parents=True)
    return replace(
        current_host(),
        variables={"PATH": f"{home}/bin"},
        home=home,
        cache=tmp_path / "cache",
    )


def program(path: Path, says: str = "") -> Path:
    """Write a program that says its version, and notes that it ran."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho run >> '{path}.runs'\necho '{says}'\n")
    path.chmod(0o755)
    return path


def runs(path: Path) -> int:
    noted = Path(f"{path}.runs")
    return len(noted.read_text().splitlines()) if noted.exists() else 0


def find(
    host: Host, runtime: str, *, chosen: Path | None = None, project: Path | None = None
) -> tuple[Interpreter, str | None]:
    """Return the interpreter, and the message of the diagnostic."""
    function = Function(
        logical_id="Ratings",
        full_path="Ratings",
        name="ratings",
        code=LocalCode(path=Path("/shop/src"), place=PLACE),
        place=PLACE,
        runtime=runtime,
        handler="app.handler",
    )
    folders = (project or host.home / "project", host.home / "src")
    found, diagnostics = find_interpreter(
        function, find_runtime(runtime), chosen=chosen, folders=folders, host=host
    )
    return found, diagnostics[0].message if diagnostics else None


LAYOUTS = [
    pytest.param("python", ".pyenv/versions/{v}.4/bin/python3", id="pyenv"),
    pytest.param("python", ".local/share/mise/installs/python/{v}.4/bin/python3", id="mise"),
    pytest.param(
        "python", ".local/share/uv/python/cpython-{v}.4-linux-x86_64-gnu/bin/python3", id="uv"
    ),
    pytest.param("python", ".asdf/installs/python/{v}.4/bin/python3", id="asdf"),
    pytest.param("nodejs", ".nvm/versions/node/v22.1.0/bin/node", id="nvm"),
    pytest.param(
        "nodejs", ".local/share/fnm/node-versions/v22.1.0/installation/bin/node", id="fnm"
    ),
    pytest.param("nodejs", ".volta/tools/image/node/22.1.0/bin/node", id="volta"),
    pytest.param("nodejs", ".local/share/mise/installs/node/22.1.0/bin/node", id="mise node"),
    pytest.param("nodejs", ".asdf/installs/nodejs/22.1.0/bin/node", id="asdf node"),
    pytest.param("ruby", ".rbenv/versions/3.3.0/bin/ruby", id="rbenv"),
    pytest.param("ruby", ".rvm/rubies/ruby-3.3.0/bin/ruby", id="rvm"),
]


@pytest.mark.parametrize(("family", "layout"), LAYOUTS)
def test_directories_of_version_managers(host: Host, family: str, layout: str) -> None:
    """The version is in the name of a directory, so no program is run."""
    path = program(host.home / layout.format(v=OTHER))
    runtime = {"python": f"python{OTHER}", "nodejs": "nodejs22.x", "ruby": "ruby3.3"}[family]
    found, told = find(host, runtime)
    assert (found.path, told, runs(path)) == (path, None, 0)


@pytest.mark.parametrize(
    ("variable", "below", "family"),
    [
        ("PYENV_ROOT", "versions/{v}.1/bin/python3", "python"),
        ("UV_PYTHON_INSTALL_DIR", "cpython-{v}.1-linux-x86_64-gnu/bin/python3", "python"),
        ("MISE_DATA_DIR", "installs/python/{v}.1/bin/python3", "python"),
        ("ASDF_DATA_DIR", "installs/python/{v}.1/bin/python3", "python"),
        ("NVM_DIR", "versions/node/v22.1.0/bin/node", "nodejs"),
    ],
)
def test_variables_of_version_managers(
    host: Host, tmp_path: Path, variable: str, below: str, family: str
) -> None:
    """A version manager may keep its versions elsewhere."""
    path = program(tmp_path / "elsewhere" / below.format(v=OTHER))
    variables = {**host.variables, variable: str(tmp_path / "elsewhere")}
    runtime = f"python{OTHER}" if family == "python" else "nodejs22.x"
    assert find(replace(host, variables=variables), runtime)[0].path == path


def test_newest_of_a_version(host: Host) -> None:
    """Of several patches the newest one runs, and other implementations never."""
    versions = host.home / ".pyenv" / "versions"
    for name in (f"{OTHER}.9", f"{OTHER}.10", f"pypy{OTHER}-7.3.15", f"{OTHER}t"):
        program(versions / name / "bin" / "python3")
    found, _ = find(host, f"python{OTHER}")
    assert found.path == versions / f"{OTHER}.10" / "bin" / "python3"
    assert label_of(found, find_runtime(f"python{OTHER}")) == f"Python {OTHER}.10"


def test_versioned_name_on_the_path(host: Host) -> None:
    """`python3.12` needs no question; shims of version managers are no interpreters."""
    shims = host.home / "shims"
    program(shims / f"python{OTHER}")
    path = program(host.home / "bin" / f"python{OTHER}")
    variables = {"PATH": f"{shims}:{host.home}/bin"}
    found, told = find(replace(host, variables=variables), f"python{OTHER}")
    assert (found.path, told, runs(path)) == (path, None, 0)


def test_program_on_the_path_is_asked_once(host: Host) -> None:
    """The version of a program is kept until the program is another one."""
    path = program(host.home / "bin" / "node", "v22.5.1")
    for _ in range(2):
        assert find(host, "nodejs22.x")[0].version == (22, 5, 1)
    assert runs(path) == 1
    program(path, "v22.16.0-a-longer-one")
    assert find(host, "nodejs22.x")[0].version == (22, 16, 0)


def test_own_python(host: Host) -> None:
    """The Python that runs samlocal counts, outside its virtual environment."""
    found, told = find(host, f"python{OWN[0]}.{OWN[1]}")
    assert (found.version, told) == (sys.version_info[:3], None)
    assert not (found.path.parent.parent / "pyvenv.cfg").exists()


def test_virtual_environment(host: Host, tmp_path: Path) -> None:
    """The project's environment comes first, if it is of the version."""
    project = tmp_path / "project"
    path = program(project / ".venv" / "bin" / "python")
    (project / ".venv" / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {OTHER}.7\n")
    program(host.home / ".pyenv" / "versions" / f"{OTHER}.9" / "bin" / "python3")
    other = program(host.home / ".pyenv" / "versions" / f"{NEXT}.9" / "bin" / "python3")
    assert find(host, f"python{OTHER}", project=project)[0].path == path
    assert find(host, f"python{NEXT}", project=project)[0].path == other


def test_environment_that_may_not_be_seen(host: Host, tmp_path: Path) -> None:
    """An interpreter that the system refuses to show is none: that of another user's environment."""
    refused = Path("x" * 300)  # no file has such a long name, for root neither
    environment = tmp_path / "project" / ".venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").symlink_to(refused)
    (environment / "pyvenv.cfg").write_text(f"version = {OTHER}.7\n")
    path = program(host.home / ".pyenv" / "versions" / f"{OTHER}.9" / "bin" / "python3")
    unseen = replace(host, variables={**host.variables, "PYENV_ROOT": f"/{refused}"})
    for each in (host, unseen):
        assert find(each, f"python{OTHER}", project=environment.parent)[0].path == path


def test_active_environment(host: Host, tmp_path: Path) -> None:
    """An active environment is the project's; the one that samlocal runs in is not."""
    path = program(tmp_path / "env" / "bin" / "python")
    (tmp_path / "env" / "pyvenv.cfg").write_text(f"version_info = {OTHER}.7.final.0\n")
    active = replace(host, variables={**host.variables, "VIRTUAL_ENV": str(tmp_path / "env")})
    assert find(active, f"python{OTHER}")[0].path == path
    own = replace(host, variables={**host.variables, "VIRTUAL_ENV": sys.prefix})
    found, _ = find(own, f"python{OWN[0]}.{OWN[1]}")
    assert not found.path.is_relative_to(sys.prefix) or sys.prefix == sys.base_prefix


@pytest.mark.parametrize(
    ("wanted", "versions", "nearest"),
    [
        ("nodejs22.x", ("16.1.0", "20.1.0", "26.1.0"), "20.1.0"),
        ("nodejs22.x", ("20.1.0", "24.1.0"), "24.1.0"),
        ("nodejs18.x", ("14.1.0", "24.1.0"), "24.1.0"),
    ],
)
def test_nearest_version(host: Host, wanted: str, versions: tuple[str, ...], nearest: str) -> None:
    """Without the version the nearest one runs, the newer of two, and one diagnostic says so."""
    for version in versions:
        program(host.home / ".nvm" / "versions" / "node" / f"v{version}" / "bin" / "node")
    found, told = find(host, wanted)
    assert found.version == tuple(int(number) for number in nearest.split("."))
    assert told
    assert told.startswith(f"`Ratings` is for Node.js {wanted[6:8]} and runs on {nearest}")


def test_java_runs_on_a_newer_one(host: Host) -> None:
    """Classes for a version do not run on an older one, so a newer one is taken however far it is."""
    for name, version in (("a", "11.0.1"), ("b", "25.0.2")):
        home = host.home / ".sdkman" / "candidates" / "java" / name
        program(home / "bin" / "java")
        (home / "release").write_text(f'JAVA_VERSION="{version}"\n')
    variables = {**host.variables, "JAVA_HOME": str(host.home / ".sdkman/candidates/java/a")}
    found, _ = find(replace(host, variables=variables), "java21")
    assert found.version >= (21,)


def test_chosen_interpreter(host: Host, tmp_path: Path) -> None:
    """The user's interpreter runs, also of another version; the diagnostic has no advice."""
    path = program(tmp_path / "mine", f"Python {OTHER}.1")
    found, told = find(host, f"python{NEXT}", chosen=path)
    assert found.path == path
    assert told == f"`Ratings` is for Python {NEXT} and runs on {OTHER}.1 (`{path}`)"


@pytest.mark.parametrize(
    ("says", "mode", "message"),
    [
        pytest.param("v22.1.0", 0o755, "is not Python", id="language"),
        pytest.param("Python 3.12.1", 0o644, "is not executable", id="permission"),
        pytest.param("Python 2.7.18", 0o755, "is Python 2.7.18, which is too old", id="age"),
    ],
)
def test_wrong_interpreter(host: Host, tmp_path: Path, says: str, mode: int, message: str) -> None:
    """What the user names must run the function's language."""
    path = program(tmp_path / "mine", says)
    path.chmod(mode)
    with pytest.raises(InterpreterNotFoundError) as error:
        find(host, "python3.12", chosen=path)
    assert f"`{path}` {message}" in error.value.message
    assert error.value.hint


def test_missing_interpreter(host: Host, tmp_path: Path) -> None:
    """A path that does not exist is an error, with an example."""
    with pytest.raises(InterpreterNotFoundError, match="does not exist") as error:
        find(host, "python3.12", chosen=tmp_path / "none")
    assert "--interpreter /usr/bin/python3" in (error.value.hint or "")


def test_command_of_a_version_manager_that_is_there(host: Host) -> None:
    """The hint has the command of a manager that this machine has."""
    program(host.home / "bin" / "mise")
    with pytest.raises(InterpreterNotFoundError) as error:
        find(host, "ruby3.3")
    assert error.value.hint == (
        "install it with `mise install ruby@3.3`, or name one with `--interpreter PATH`"
    )
