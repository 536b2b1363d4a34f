"""Sandboxes of processes whose runtime is any Python program."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Condition
from typing import TYPE_CHECKING, Any, Final

from samlocal.sandbox.process.box_setup import _temporary_folder
from samlocal.sandbox.process.sandbox import ProcessSandbox
from samlocal.sandbox.process_spec import ProcessSpec
from samlocal.sandbox.sandbox import Mount, SandboxSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.sandbox.sandbox import Process

SECONDS: Final = 30
# Says when it is ready, and ends in its own way at SIGTERM.
WAITS: Final = """\
import os, signal
def end(*_):
    os.write(1, b"ending\\n")
    os._exit(5)
signal.signal(signal.SIGTERM, end)
os.write(1, b"ready\\n")
while True:
    signal.pause()
"""


class Words:
    """A log that keeps its end, and lets a test wait for a text."""

    def __init__(self) -> None:
        self.text = ""
        self.length = 0
        self._changed = Condition()

    def write(self, output: bytes) -> None:
        with self._changed:
            self.text = (self.text + output.decode(errors="backslashreplace"))[-100_000:]
            self.length += len(output)
            self._changed.notify_all()

    def line(self, text: str) -> None:
        raise AssertionError(text)

    def wait_for(self, text: str, *, times: int = 1) -> None:
        with self._changed:
            found = self._changed.wait_for(lambda: self.text.count(text) >= times, SECONDS)
        assert found, self.text


def sandbox_spec(folder: Path, **options: object) -> SandboxSpec:
    """Return a sandbox without its program; the layers are in `opt` of the folder, if there are any."""
    layers = folder / "opt"
    spec: dict[str, Any] = {
        "function": "F",
        "project": folder / "template.yaml",
        "environment": {"_HANDLER": "app.handler", "STAGE": "dev", "my.dotted": "a b"},
        "memory_mb": 128,
        "is_reused": True,
        "mounts": (Mount(source=layers, target="/opt"),) if layers.exists() else (),
    }
    return SandboxSpec(**spec | options)


def process_spec(
    folder: Path, program: str = WAITS, *, words: tuple[str, ...] = (), **options: object
) -> ProcessSpec:
    """Return a spec for a Python program; code and layers are in `task` and `opt` of the folder."""
    (folder / "task").mkdir(exist_ok=True)
    task = Mount(source=folder / "task", target="/var/task")
    more_mounts: tuple[Mount, ...] = tuple(options.pop("more_mounts", ()))  # type: ignore[arg-type]  # only tests give them
    sandbox = sandbox_spec(folder, **options)
    return ProcessSpec(
        sandbox=replace(sandbox, mounts=(task, *sandbox.mounts, *more_mounts)),
        program=words or (sys.executable, "-I", "-c", program),
        label="Python",
        variables={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        needs=tuple(Path(each) for each in dict.fromkeys((sys.prefix, sys.base_prefix))),
    )


@contextmanager
def running(
    spec: ProcessSpec, *, namespaces: bool = True, notes: list[str] | None = None
) -> Iterator[tuple[ProcessSandbox, Words]]:
    """Start a sandbox; provide it, and the log of its runtimes."""
    log = Words()
    note = (lambda _: None) if notes is None else notes.append
    with ProcessSandbox(spec, note=note, namespaces=namespaces) as sandbox:
        sandbox.output.connect(log)
        sandbox.started.result(SECONDS)
        yield sandbox, log


def log_of(process: Process) -> Words:
    log = Words()
    process.output.connect(log)
    return log


def processes_with(text: str) -> list[int]:
    """Return the processes of this machine with a text in their command lines."""
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdecimal():
            try:
                command = (each / "cmdline").read_bytes()
            except OSError:  # it has just ended
                continue
            if text.encode() in command:
                found.append(int(each.name))
    return found


def wait_until_gone(mark: str) -> None:
    """Wait until no process has a mark in its command line."""
    deadline = time.monotonic() + SECONDS
    while found := processes_with(mark):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


def boxes_of(process: int) -> list[Path]:
    """Return the folders and control groups of a process's sandboxes."""
    prefix = f"samlocal-box-{process}-"
    folders = list(Path(_temporary_folder()).glob(f"{prefix}*"))
    for parent, names, _ in os.walk("/sys/fs/cgroup"):  # other groups may end meanwhile
        folders += [Path(parent, each) for each in names if each.startswith(prefix)]
    return folders
