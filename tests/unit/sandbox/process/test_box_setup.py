"""What a box is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.function_configuration import ContainerCredentials
from samlocal.sandbox.process.box_setup import BoxSetup, extensions_of
from samlocal.sandbox.process_spec import ProcessSpec
from samlocal.sandbox.sandbox import Mount, SandboxSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

ADDRESS = "127.0.0.1:9001"


def setup(
    environment: Mapping[str, str], *, is_isolated: bool = False, mounts: tuple[Mount, ...] = ()
) -> BoxSetup:
    """Return the setup for a function whose interpreter is in the host's own /opt."""
    sandbox = SandboxSpec(
        function="F",
        project=Path("/project"),
        environment=environment,
        memory_mb=128,
        mounts=(
            Mount(source=Path("/code"), target="/var/task"),
            Mount(source=Path("/layers"), target="/opt"),
            *mounts,
        ),
    )
    spec = ProcessSpec(
        sandbox=sandbox,
        program=("/opt/python3.11/bin/python", "/opt/wrapper", "/var/task"),
        label="Python",
        variables={"PATH": "/opt/bin:/usr/bin"},
        needs=(Path("/opt/python3.11"),),
    )
    return BoxSetup(spec, ADDRESS, is_isolated=is_isolated)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("/var/task", "/code", id="the directory"),
        pytest.param("/var/task/a:/opt/b:/opt", "/code/a:/layers/b:/layers", id="a search path"),
        pytest.param("-javaagent:/opt/a.jar=x", "-javaagent:/layers/a.jar=x", id="an option"),
        pytest.param("--require=/opt/a", "--require=/layers/a", id="an option with a value"),
        pytest.param("/var/tasks:/optional:/opt-2", "/var/tasks:/optional:/opt-2", id="longer"),
        pytest.param("/srv/opt/a ./opt/a", "/srv/opt/a ./opt/a", id="in another path"),
        pytest.param("/opt/python3.11/lib", "/opt/python3.11/lib", id="the host's own"),
    ],
)
def test_replaced_paths(value: str, expected: str) -> None:
    """Without namespaces, whole paths below the mounts are those of this machine."""
    assert setup({"V": value}).runtime().variables["V"] == expected
    assert setup({"V": value}, is_isolated=True).runtime().variables["V"] == value


def test_program_without_namespaces() -> None:
    """The program and its directory are replaced, and it has a private directory."""
    program = setup({"HOME": "/given"}).runtime()
    assert program.words == ("/opt/python3.11/bin/python", "/layers/wrapper", "/code")
    assert program.directory == "/code"
    assert program.variables["PATH"] == "/layers/bin:/usr/bin"
    assert program.variables["HOME"] == "/given"
    assert program.variables["TMPDIR"].endswith("/tmp")  # noqa: S108  # of the box


def test_program_in_namespaces() -> None:
    """The program keeps its paths, and gets the address of the APIs and nothing else."""
    program = setup({}, is_isolated=True).runtime()
    assert program.words == ("/opt/python3.11/bin/python", "/opt/wrapper", "/var/task")
    assert program.directory == "/var/task"
    names = {"PATH", "AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_METADATA_API"}
    assert set(program.variables) == names


def test_extension_lacks_variables_of_the_runtime() -> None:
    """An extension has neither private variables nor those of the runtime."""
    given = {"_HANDLER": "x", "LAMBDA_TASK_ROOT": "/var/task", "STAGE": "dev"}
    program = setup(given, is_isolated=True).extension("one")
    assert program.words == ("/opt/extensions/one",)
    assert program.variables["STAGE"] == "dev"
    assert not {"_HANDLER", "LAMBDA_TASK_ROOT"} & program.variables.keys()


def test_extension_that_is_a_mount(tmp_path: Path) -> None:
    """Targets of links that lead out of a layer are extensions, too."""
    (tmp_path / "opt" / "extensions").mkdir(parents=True)
    (tmp_path / "opt" / "extensions" / "a").touch()
    (tmp_path / "b").touch()
    mounts = (
        Mount(source=tmp_path / "opt", target="/opt"),
        Mount(source=tmp_path / "b", target="/opt/extensions/b"),
        Mount(source=tmp_path, target="/opt/extensions/folder"),
        Mount(source=tmp_path / "b", target="/opt/extensions/folder/c"),
    )
    sandbox = SandboxSpec(
        function="F", project=tmp_path, environment={}, memory_mb=None, mounts=mounts
    )
    spec = ProcessSpec(sandbox=sandbox, program=("/bin/true",), label="true")
    assert extensions_of(spec) == ("a", "b")


def test_credentials_are_served_at_loopback() -> None:
    """SDKs get the credentials of SnapStart from the API, which is at a loopback address."""
    credentials = ContainerCredentials(token="t", access_key_id="A", secret_access_key="S")
    sandbox = SandboxSpec(
        function="F", project=Path("/p"), environment={}, memory_mb=128, credentials=credentials
    )
    spec = ProcessSpec(sandbox=sandbox, program=("/bin/true",), label="true")
    variables = BoxSetup(spec, ADDRESS, is_isolated=True).runtime().variables
    assert variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"].startswith(f"http://{ADDRESS}/")
    assert "AWS_ACCESS_KEY_ID" not in variables
