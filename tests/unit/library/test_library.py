from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import samlocal
from samlocal.errors import (
    EngineError,
    EngineNotReachableError,
    EnvironmentUnusableError,
    EventError,
)
from samlocal.sandbox.backend import Backend
from samlocal.sandbox.factory import SandboxFactory

if TYPE_CHECKING:
    from samlocal.sandbox.container_spec import ContainerSpec

TEMPLATE = """
Resources:
  Ratings:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: app.handler
      CodeUri: .
      Environment: {Variables: {TABLE: !ImportValue tables}}
"""


@pytest.fixture
def prepared(tmp_path: Path) -> samlocal.PreparedFunction:
    """A function of a project outside the current directory."""
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    project = samlocal.open_project(str(tmp_path / "template.yaml"))
    options = samlocal.FunctionOptions(reads_credentials=False, variables={"STAGE": "test"})
    return samlocal.prepare(project, options=options)


def test_all_names_are_importable() -> None:
    """`__all__` has exactly the names of the API."""
    assert all(getattr(samlocal, name) for name in samlocal.__all__)
    assert dir(samlocal) == sorted([*samlocal.__all__, "__version__"])
    with pytest.raises(AttributeError, match="module `samlocal` has no attribute `nothing`"):
        _ = samlocal.nothing


def test_the_import_alone_imports_nothing() -> None:
    """`import samlocal` imports no other module, because every command pays for it."""
    program = "import sys, samlocal; print(*(name for name in sys.modules if 'samlocal' in name))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert [name for name in ended.stdout.decode().split() if not name.startswith("_")] == [
        "samlocal"
    ]


def test_the_import_alone_imports_no_typing() -> None:
    """`import samlocal` is fast, because the command handles Ctrl-C only after it."""
    program = (
        "import sys; before = {*sys.modules}; sys.path.append(sys.argv[1]); import samlocal;"
        "print(*sorted({*sys.modules} - before))"
    )
    root = str(Path(samlocal.__file__).parent.parent)
    command = [sys.executable, "-I", "-S", "-c", program, root]
    ended = subprocess.run(command, capture_output=True, check=True)
    assert ended.stdout.decode().split() == ["__future__", "samlocal"]


def test_a_function_is_prepared_without_a_command_line(prepared: samlocal.PreparedFunction) -> None:
    """Options as plain data take effect in the function's environment."""
    assert prepared.resolved.function.logical_id == "Ratings"
    assert prepared.resolved.environment.as_dict()["STAGE"] == "test"


def test_diagnostics_are_logged(
    prepared: samlocal.PreparedFunction, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Without an observer, diagnostics are logged as warnings with their place."""
    del prepared
    (record,) = [each for each in caplog.get_records("setup") if each.name == "samlocal"]
    assert record.levelno == logging.WARNING
    assert f"{tmp_path}/template.yaml:9:" in record.getMessage()
    assert "the export `tables` is available only in AWS" in record.getMessage()


def test_the_sandbox_is_reused(
    prepared: samlocal.PreparedFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox is reused and marks the output of each invocation."""
    specs: list[ContainerSpec] = []

    def refuse(_factory: SandboxFactory, spec: ContainerSpec, _use: object) -> None:
        specs.append(spec)
        raise EngineError("no container today")

    monkeypatch.setattr(Backend, "connect", lambda _backend: None)
    monkeypatch.setattr(SandboxFactory, "run", refuse)
    with samlocal.start(prepared) as function, pytest.raises(EngineError):
        function.invoke()

    assert [each.sandbox.is_reused for each in specs] == [True]


def test_an_engine_that_cannot_be_reached(
    prepared: samlocal.PreparedFunction, tmp_path: Path
) -> None:
    """Each invocation raises the error, and the block ends normally."""
    with samlocal.start(prepared, engine=f"unix://{tmp_path}/docker.sock") as function:
        for _ in range(2):
            with pytest.raises(EngineNotReachableError):
                function.invoke()
    with pytest.raises(EnvironmentUnusableError):
        function.invoke()


@pytest.mark.parametrize(
    ("event", "payload", "message"),
    [
        pytest.param(object(), None, "the event is not JSON: Object of type object", id="object"),
        pytest.param(float("nan"), None, "the event is not JSON: Out of range float", id="NaN"),
        pytest.param("a" * 7_000_000, None, "Request must be smaller than", id="large event"),
        pytest.param(None, "{}", "the payload is not bytes but `str`", id="text"),
        pytest.param(None, b"", "payload:1:1: invalid JSON", id="empty"),
        pytest.param(None, b"NaN", "payload:1:1: invalid JSON", id="no JSON"),
        pytest.param(None, b"\xff", "the payload is not valid UTF-8", id="not UTF-8"),
        pytest.param(None, b'"' + b"a" * 7_000_000 + b'"', "Request must be smaller", id="large"),
    ],
)
def test_what_lambda_refuses(
    prepared: samlocal.PreparedFunction, event: object, payload: bytes | None, message: str
) -> None:
    """An event that no function can get is refused before anything starts."""
    with (
        samlocal.start(prepared, engine="unix:///nowhere") as function,
        pytest.raises(EventError) as caught,
    ):
        function.invoke(event, payload=payload)
    assert message in str(caught.value)


def test_the_block_is_needed(prepared: samlocal.PreparedFunction) -> None:
    """Outside of its block a function invokes nothing, and its block is entered once."""
    function = samlocal.start(prepared)
    with pytest.raises(EnvironmentUnusableError, match="the function is not running"):
        function.invoke()
    with function, pytest.raises(EnvironmentUnusableError, match="was started before"):
        function.__enter__()
    with pytest.raises(EnvironmentUnusableError, match="the function was started before"):
        function.__enter__()
