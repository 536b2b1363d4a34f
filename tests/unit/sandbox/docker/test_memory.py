from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from samlocal.errors import EngineError
from samlocal.sandbox.docker import memory
from samlocal.sandbox.docker.memory import peak_memory_mb

if TYPE_CHECKING:
    from samlocal.sandbox.docker.engine import Engine

MIB = 1024 * 1024


@dataclass
class EngineThatRuns:
    """An engine in whose containers every command has the same output, or fails."""

    output: str | EngineError
    commands: list[list[str]] = field(default_factory=list)

    def is_rootless(self) -> bool:
        return False

    def run_in(self, _container_id: str, command: list[str]) -> tuple[int, str]:
        self.commands.append(command)
        if isinstance(self.output, EngineError):
            raise self.output
        return 0, self.output


def peak_in_container(output: str | EngineError) -> int | None:
    """The peak of a container that isn't on this machine: 0 is no process."""
    return peak_memory_mb(cast("Engine", EngineThatRuns(output)), "abc", 0)


@pytest.mark.parametrize(
    ("output", "peak"),
    [
        pytest.param(f"{30 * MIB}\nName:\tbootstrap\nVmHWM:\t  10240 kB\n", 30, id="group"),
        pytest.param(f"{30 * MIB}\nName:\tbootstrap\nVmHWM:\t  40960 kB\n", 40, id="process"),
        pytest.param(f"{30 * MIB + 1}\n", 31, id="rounded up"),
        pytest.param("1\n", 1, id="a byte"),
        pytest.param("", None, id="no such files"),
        pytest.param("/bin/sh: not found\n", None, id="no shell"),
        pytest.param(EngineError("it has ended"), None, id="ended"),
    ],
)
def test_peak_of_a_container_elsewhere(output: str | EngineError, peak: int | None) -> None:
    """The larger of the two that the container tells counts, in MiB; None where it tells none."""
    assert peak_in_container(output) == peak


def test_peak_without_the_files_of_the_group() -> None:
    """Where files are in memory, the process alone counts; nothing is told where it has no peak."""
    engine = cast("Engine", EngineThatRuns(f"{600 * MIB}\nVmHWM:\t  10240 kB\n"))
    assert peak_memory_mb(engine, "abc", 0, of_group=False) == 10
    engine = cast("Engine", EngineThatRuns(f"{600 * MIB}\n"))
    assert peak_memory_mb(engine, "abc", 0, of_group=False) is None


def test_peak_of_a_process_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the engine's own machine the kernel is asked, and no command is run."""
    monkeypatch.setattr(memory, "_group_peak", lambda _groups: 0)
    ballast = bytearray(64 * MIB)
    del ballast
    engine = EngineThatRuns("")
    with open("/proc/self/cgroup") as groups:  # noqa: PTH123  # as the kernel names it
        inside = groups.read().strip()[-4:]

    peak = peak_memory_mb(cast("Engine", engine), inside, os.getpid())

    assert peak is not None
    assert 64 <= peak < 10_000
    assert not engine.commands


def test_process_of_another_container_is_not_asked() -> None:
    """The engine's process numbers mean nothing here where it runs in a virtual machine."""
    engine = EngineThatRuns(f"{7 * MIB}\n")
    assert peak_memory_mb(cast("Engine", engine), "not-its-group", os.getpid()) == 7
    assert engine.commands


def test_process_without_a_peak_has_none() -> None:
    """Kernel threads and zombies have no VmHWM."""
    assert memory._process_peak("Name:\tkthreadd\nState:\tS\n") == 0


def test_group_that_is_not_here_is_an_error() -> None:
    """A path of groups from another machine is no number."""
    with pytest.raises(ValueError, match="0::/nowhere"):
        memory._group_peak("0::/nowhere\n")
