from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from samlocal.errors import EngineError
from samlocal.sandbox.docker.container import memory
from samlocal.sandbox.docker.container.memory import memory_group, peak_memory_mb
from samlocal.sandbox.memory_group import MemoryGroup, process_peak

if TYPE_CHECKING:
    from samlocal.engine.engine import Engine

MIB = 1024 * 1024


@dataclass
class EngineThatRuns:
    """An engine whose containers give the same output for every command, or fail."""

    output: str | EngineError
    commands: list[list[str]] = field(default_factory=list)
    rootless: bool = False

    def is_rootless(self) -> bool:
        return self.rootless

    def run_in(self, _container_id: str, command: list[str]) -> tuple[int, str]:
        self.commands.append(command)
        if isinstance(self.output, EngineError):
            raise self.output
        return 0, self.output


def peak_in_container(output: str | EngineError, *, of_group: bool = True) -> int | None:
    """Return the peak of a container that is not on this machine."""
    engine = cast("Engine", EngineThatRuns(output))
    return peak_memory_mb(engine, "abc", None, of_group=of_group)


@pytest.mark.parametrize(
    ("output", "peak"),
    [
        pytest.param(f"{30 * MIB}\nName:\tbootstrap\nVmHWM:\t  10240 kB\n", 30, id="group"),
        pytest.param(f"{30 * MIB}\nName:\tbootstrap\nVmHWM:\t  40960 kB\n", 40, id="process"),
        pytest.param(
            f"{MIB}\nName:\tdocker-init\nVmHWM:\t  4 kB\nName:\tbootstrap\nVmHWM:\t  40960 kB\n",
            40,
            id="largest process",
        ),
        pytest.param(f"{30 * MIB + 1}\n", 31, id="rounded up"),
        pytest.param("1\n", 1, id="a byte"),
        pytest.param("", None, id="no such files"),
        pytest.param("/bin/sh: not found\n", None, id="no shell"),
        pytest.param(EngineError("it has ended"), None, id="ended"),
    ],
)
def test_peak_of_a_container_elsewhere(output: str | EngineError, peak: int | None) -> None:
    """The peak is the larger of the two that the container reports, in MiB; None without any."""
    assert peak_in_container(output) == peak


def test_peak_without_the_files_of_the_group() -> None:
    """With files in memory, only the peak of the process counts; None without one."""
    assert peak_in_container(f"{600 * MIB}\nVmHWM:\t  10240 kB\n", of_group=False) == 10
    assert peak_in_container(f"{600 * MIB}\n", of_group=False) is None


def group_with(folder: Path, **files: str) -> MemoryGroup:
    """Return a group whose files are in a folder."""
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    return MemoryGroup(folder=folder, peak="peak", kills="kills")


def test_peak_of_a_local_group_needs_no_command(tmp_path: Path) -> None:
    """On the engine's machine, the peaks are read from the kernel's files, without a command."""
    ballast = bytearray(64 * MIB)
    del ballast
    engine = EngineThatRuns("")
    group = group_with(tmp_path, peak=f"{MIB}\n", cgroup__procs=f"{os.getpid()}\n999999999\n")

    peak = peak_memory_mb(cast("Engine", engine), "abc", group)

    assert peak is not None
    assert 64 <= peak < 10_000
    assert not engine.commands


def test_peak_of_a_removed_group(tmp_path: Path) -> None:
    """After the files of the group are gone, there is no peak."""
    group = MemoryGroup(folder=tmp_path / "gone", peak="peak", kills="kills")
    assert peak_memory_mb(cast("Engine", EngineThatRuns("")), "abc", group) is None
    assert group.oom_kills() == 0


@pytest.mark.parametrize(("events", "kills"), [("oom_kill 12\n", 12), ("oom_kill 0\n", 0)])
def test_kills_are_counted(events: str, kills: int, tmp_path: Path) -> None:
    """The kernel counts the processes that it killed for their memory."""
    assert group_with(tmp_path, kills=f"under_oom 0\n{events}").oom_kills() == kills


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        pytest.param(
            "5:memory:/docker/0a1b\n0::/docker/0a1b\n",
            ("memory/docker/0a1b", "memory.max_usage_in_bytes", "memory.oom_control"),
            id="v1",
        ),
        pytest.param(
            "0::/system.slice/docker-0a1b.scope\n",
            ("system.slice/docker-0a1b.scope", "memory.peak", "memory.events"),
            id="v2",
        ),
        pytest.param("4:cpuset:/docker/0a1b\n", None, id="another controller"),
    ],
)
def test_files_of_a_group(
    lines: str,
    files: tuple[str, str, str] | None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Each version of cgroups has its own files."""
    (tmp_path / "cgroup.controllers").touch()
    monkeypatch.setattr(memory, "_GROUPS", tmp_path)
    monkeypatch.setattr(Path, "read_text", lambda _path: lines)
    group = memory_group("0a1b", 1)
    found = group and (str(group.folder.relative_to(tmp_path)), group.peak, group.kills)
    assert found == files


def test_group_beside_those_of_version_1(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With both versions of cgroups, version 1 is used if version 2 has no memory controller."""
    monkeypatch.setattr(memory, "_GROUPS", tmp_path)
    monkeypatch.setattr(Path, "read_text", lambda _path: "0::/docker/0a1b\n")
    assert memory_group("0a1b", 1) is None


def test_rootless_container_reports_only_its_processes() -> None:
    """A rootless container reports only its processes: on cgroup v1 its group is the whole machine."""
    rootless, rootful = EngineThatRuns(f"{MIB}\n"), EngineThatRuns(f"{MIB}\n")
    rootless.rootless = True
    for each in (rootless, rootful):
        assert peak_memory_mb(cast("Engine", each), "abc", None) == 1
    old = "memory/memory.max_usage_in_bytes"
    assert [old in each.commands[0][2] for each in (rootless, rootful)] == [False, True]


@pytest.mark.parametrize(
    ("lines", "folder"),
    [
        pytest.param("5:memory:/docker/0a1b\n", "/sys/fs/cgroup/memory/docker/0a1b", id="v1"),
        pytest.param("5:memory:/\n4:cpuset:/docker/0a1b\n", None, id="dying process"),
        pytest.param("5:memory:/docker/ffff\n", None, id="another container"),
    ],
)
def test_group_is_trusted_only_where_its_path_has_the_container(
    lines: str, folder: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group without the container's id is ignored: it may be the whole machine's."""
    monkeypatch.setattr(Path, "read_text", lambda _path: lines)
    group = memory_group("0a1b", 1)
    assert (str(group.folder) if group else None) == folder


def test_process_without_a_peak_has_none() -> None:
    """A process without VmHWM, such as a zombie, has no peak."""
    assert process_peak("Name:\tkthreadd\nState:\tS\n") == 0
