from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from samlocal.engine.engine_api import ApiError
from samlocal.errors import EngineError, UnusableImageError
from samlocal.sandbox.container_spec import ContainerSpec, ImageRequest
from samlocal.sandbox.docker.container.extension_process import ExtensionProcess
from samlocal.sandbox.docker.container.processes import Processes
from samlocal.sandbox.output import Output
from samlocal.sandbox.sandbox import Exit, SandboxSpec, Started
from tests.unit.engine.fakes import fake_engine

if TYPE_CHECKING:
    from samlocal.engine.streams import Attached
    from samlocal.sandbox.docker.container.function_container import FunctionContainer

ENDED = Exit(at=2.0, status=127)
ERROR = UnusableImageError("`mine:1` is for arm64, which the engine's machine cannot run")


def without_shell(found: object) -> Processes:
    """The processes of a chosen image without a shell, of whose files the engine knows nothing.

    `found` is what the engine says about the container.
    """
    spec = ContainerSpec(
        sandbox=SandboxSpec(function="F", project=Path(), environment={}, memory_mb=None),
        image=ImageRequest(name="mine:1", is_chosen=True),
    )

    def has_file(container_id: str, path: str) -> bool:
        raise ApiError(500, f"RWLayer of container {container_id} is unexpectedly nil: {path}")

    def container(_id: str) -> Any:  # noqa: ANN401  # what the engine answers
        if isinstance(found, ApiError):
            raise found
        return found

    engine = fake_engine(api=SimpleNamespace(has_file=has_file, container=container))
    processes = Processes(spec, engine, Output())
    container_ = cast("FunctionContainer", SimpleNamespace(id="0a1b", variables={}))
    processes.supervise(container_, cast("Attached", None), None)
    return processes


@pytest.mark.parametrize(
    "found",
    [
        pytest.param({"State": {"Running": False}}, id="ended"),
        pytest.param(ApiError(404, "No such container: 0a1b"), id="removed"),
    ],
)
def test_container_that_ends_before_its_files_are_read(found: object) -> None:
    """The reason for its end counts, and not that the engine cannot read its files any more."""
    processes = without_shell(found)
    processes.container_started(Started(at=1.0))
    assert not processes.extensions.done()

    processes.fail(ERROR)
    assert processes.extensions.exception() is ERROR
    assert processes.start_runtime().exited.exception() is ERROR


def test_container_whose_files_cannot_be_read() -> None:
    """Without its extensions, the function would not run as in Lambda."""
    processes = without_shell({"State": {"Running": True}})
    processes.container_started(Started(at=1.0))
    assert isinstance(processes.extensions.exception(), EngineError)


@pytest.mark.parametrize("ends_first", [True, False])
def test_first_cause_of_an_end_counts(*, ends_first: bool) -> None:
    """Runtimes that start later end for the same reason."""
    processes = without_shell({"State": {"Running": False}})
    if ends_first:
        processes.container_ended(ENDED)
    processes.fail(ERROR)
    processes.container_ended(ENDED)
    for _ in range(2):
        exited = processes.start_runtime().exited
        assert (exited.exception() or exited.result()) is (ENDED if ends_first else ERROR)


def test_extension_that_starts_after_the_others_were_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever learns of the end of one may start the next at once; that one was not killed."""
    monkeypatch.setattr(ExtensionProcess, "start", lambda _self, _command: None)
    processes = without_shell({"State": {"Running": True}})
    started = [processes.start_extension("before")]
    started[0].exited.add_done_callback(
        lambda _: started.append(processes.start_extension("after"))
    )
    processes.were_killed(b"")
    before, after = started
    assert before.exited.done()
    assert not after.exited.done()
