from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import EngineRequiredError, InterpreterNotFoundError, Place
from samlocal.function import Function, LocalCode
from samlocal.host import Host, current_host
from samlocal.sandbox.debugging import DebugSettings
from samlocal.sandbox.plan import SandboxSettings
from samlocal.sandbox.process.installations import Interpreter
from samlocal.sandbox.process.interpreter_program import editable_folders
from samlocal.sandbox.process.plan import plan_process
from samlocal.sandbox.sandbox import Debugger, Mount

if TYPE_CHECKING:
    from samlocal.diagnostics import Diagnostic
    from samlocal.sandbox.process_spec import ProcessSpec

TEMPLATE = Path("/shop/template.yaml")
PLACE = Place(TEMPLATE, 12, 5)
RUNTIME = f"python3.{sys.version_info.minor}"
MACHINE = {"aarch64": "arm64"}.get(os.uname().machine, "x86_64")
OTHER = "x86_64" if MACHINE == "arm64" else "arm64"
PROCESSES = SandboxSettings(kind="process")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """Return this machine without programs on the PATH, and with an empty home."""
    home = tmp_path / "home"
    home.mkdir()
    return replace(
        current_host(), variables={"PATH": str(home)}, home=home, cache=tmp_path / "cache"
    )


@pytest.fixture
def function(tmp_path: Path) -> Function:
    """Return a function in the Python of the tests, for this machine, whose code is an empty directory."""
    code = tmp_path / "src"
    code.mkdir()
    return Function(
        logical_id="Ratings",
        full_path="Shop/Ratings",
        name="ratings",
        code=LocalCode(path=code, place=PLACE),
        place=PLACE,
        runtime=RUNTIME,
        handler="app.handler",
        memory_mb=256,
        architecture="arm64" if MACHINE == "arm64" else "x86_64",
    )


def code_of(function: Function) -> Path:
    assert isinstance(function.code, LocalCode)
    return function.code.path


def plan(
    function: Function,
    host: Host,
    settings: SandboxSettings = PROCESSES,
    environment: dict[str, str] | None = None,
    *,
    layers: Path | None = None,
) -> tuple[ProcessSpec, tuple[Diagnostic, ...]]:
    return plan_process(
        function,
        environment or {},
        project=TEMPLATE,
        code=code_of(function),
        settings=settings,
        host=host,
        layers=layers,
    )


def test_python(function: Function, host: Host, tmp_path: Path) -> None:
    """Python runs samlocal's bootstrap, with the layers' packages, and sees code and layers where Lambda has them."""
    spec, diagnostics = plan(function, host, environment={"STAGE": "dev"}, layers=tmp_path)
    interpreter, bootstrap, *arguments = spec.program
    assert Path(bootstrap).name == "bootstrap.py"
    assert arguments == ["/opt/python"]
    assert spec.label == f"Python {'.'.join(map(str, sys.version_info[:3]))}"
    assert spec.sandbox.environment == {"STAGE": "dev"}
    assert spec.sandbox.mounts == (
        Mount(source=code_of(function), target="/var/task"),
        Mount(source=tmp_path, target="/opt"),
    )
    assert spec.variables["PATH"].split(":")[0] == str(Path(interpreter).parent)
    assert Path(bootstrap).parent in spec.needs
    assert diagnostics == ()


def test_editable_packages(tmp_path: Path) -> None:
    """Directories that a virtual environment names stay visible, but none takes the place of the sandbox's own."""
    packages = tmp_path / "env" / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    source = tmp_path / "our source"
    source.mkdir()
    lines = ["import sys", "", str(source), "/tmp/", "/no/such/folder", "relative"]  # noqa: S108  # not opened
    (packages / "editable.pth").write_text("\n".join(lines))
    (packages / "bytes.pth").write_bytes(b"\xff\xfe")
    program = tmp_path / "env" / "bin" / "python"
    interpreter = Interpreter(path=program, version=(3, 12), origin="test")
    assert list(editable_folders(interpreter)) == []
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert list(editable_folders(interpreter)) == [source]


def test_limits(function: Function, host: Host) -> None:
    """A process has the limits of a container."""
    sandbox = plan(function, host)[0].sandbox
    assert (sandbox.memory_mb, sandbox.cpus, sandbox.family) == (256, 256 / 1769, "python")


def test_wrapper_script(function: Function, host: Host) -> None:
    """A wrapper script gets the command of the runtime as its arguments."""
    spec, _ = plan(function, host, environment={"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"})
    assert spec.program[0] == "/opt/wrapper"
    assert spec.program[1:] == plan(function, host)[0].program


@pytest.mark.parametrize("runtime", ["dotnet8", "dotnet10"])
def test_runtime_of_an_image(function: Function, host: Host, runtime: str) -> None:
    """A runtime that only Lambda's image has needs an engine."""
    with pytest.raises(EngineRequiredError) as error:
        plan(replace(function, runtime=runtime), host)
    assert f"`{runtime}` cannot run as a process" in error.value.message
    assert error.value.place == PLACE


def test_chosen_image(function: Function, host: Host) -> None:
    """A function does not run outside the image that the user chose."""
    with pytest.raises(EngineRequiredError, match="--invoke-image"):
        plan(function, host, replace(PROCESSES, image="mine"))


def test_options_of_containers(function: Function, host: Host) -> None:
    """One diagnostic names the options without effect."""
    settings = replace(PROCESSES, network="shop", hosts={"db": "10.0.0.1"})
    (diagnostic,) = plan(function, host, settings)[1]
    assert diagnostic.message.startswith("`--docker-network`, `--add-host` have no effect")


def test_foreign_architecture(function: Function, host: Host) -> None:
    """A function for another architecture runs, and one diagnostic says on what."""
    foreign = replace(function, architecture="arm64" if OTHER == "arm64" else "x86_64")
    (diagnostic,) = plan(foreign, host)[1]
    assert f"is for {OTHER} and runs on {MACHINE}" in diagnostic.message


def test_no_interpreter(function: Function, host: Host) -> None:
    """A language that this machine does not have is an error with the commands that install it."""
    with pytest.raises(InterpreterNotFoundError) as error:
        plan(replace(function, runtime="ruby3.3"), host)
    assert "needs Ruby 3.3, and this machine has no Ruby" in error.value.message
    assert "`rbenv install 3.3`" in (error.value.hint or "")
    assert error.value.place == PLACE


def test_script_as_bootstrap(function: Function, host: Host) -> None:
    """A bootstrap is the program itself, also for another architecture if it is a script."""
    bootstrap = code_of(function) / "bootstrap"
    bootstrap.write_text("#!/bin/sh\n")
    bootstrap.chmod(0o755)
    provided = replace(function, runtime="provided.al2023", handler=None, architecture="arm64")
    assert plan(provided, host)[0].program == ("/var/task/bootstrap",)
    assert plan(replace(provided, architecture="x86_64"), host)[1] == ()


def test_foreign_bootstrap(function: Function, host: Host) -> None:
    """A program for another processor needs an engine, which emulates it."""
    bootstrap = code_of(function) / "bootstrap"
    machine = {"x86_64": 62, "arm64": 183}[OTHER]
    bootstrap.write_bytes(b"\x7fELF\x02\x01" + bytes(12) + machine.to_bytes(2, "little"))
    bootstrap.chmod(0o755)
    foreign = replace(
        function,
        runtime="provided.al2023",
        architecture="arm64" if OTHER == "arm64" else "x86_64",
    )
    with pytest.raises(EngineRequiredError, match=f"is built for {OTHER}"):
        plan(foreign, host)


def test_debugger(function: Function, host: Host) -> None:
    """The debugger listens on this machine only, and its own package is visible."""
    settings = replace(PROCESSES, debug=DebugSettings(ports=(5678,)))
    spec, _ = plan(function, host, settings)
    assert "127.0.0.1:5678" in spec.program
    assert spec.sandbox.debugger == Debugger(name="debugpy", ports=(5678,))
    (package,) = [word for word in spec.program if word.endswith("/debugpy")]
    assert Path(package) in spec.needs
    assert spec.sandbox.memory_mb is None


def test_certificates(function: Function, host: Host, tmp_path: Path) -> None:
    """Variables name the bundle at its place on this machine."""
    settings = replace(PROCESSES, ca_bundle=tmp_path / "ca")
    variables = {"SSL_CERT_FILE": "/etc/samlocal/ca-bundle.pem", "OTHER": "x"}
    spec, _ = plan(function, host, settings, variables)
    assert spec.sandbox.environment == {
        "SSL_CERT_FILE": str(tmp_path / "ca" / "ca-bundle.pem"),
        "OTHER": "x",
    }
    assert tmp_path / "ca" in spec.needs
    assert all(each.target != "/etc/samlocal" for each in spec.sandbox.mounts)
