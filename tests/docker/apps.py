"""The sample apps that need a compiler, each built once and cached until its files change."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from runtimes.images.store import cache_folder
from samlocal.data import data_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What builds an app, by the file that says how; the README of each app says the same.
_BUILDS = {"pom.xml": ["mvn", "--batch-mode", "--quiet", "package"], "Makefile": ["make"]}
_COMPILERS = {"pom.xml": "javac", "go.mod": "go", "Cargo.toml": "cargo"}


class NoCompilerError(Exception):
    """This machine cannot build an app; the message is one line with the reason."""


def built(name: str, *, debug: bool = False) -> Path:
    """Return the folder of a sample app, built as in its README; `debug` builds without optimization.

    Two processes that ask at the same time get the same folder, one of them after the other built it.
    The sources that a debugger is told of are there too.
    """
    source = data_folder("templates") / name
    if not (source / ".gitignore").exists():
        return source
    not_source = (source / ".gitignore").read_text().replace("/", "").split()
    with TemporaryDirectory() as scratch:
        copy = shutil.copytree(
            source, Path(scratch) / name, ignore=shutil.ignore_patterns(*not_source)
        )
        folder = cache_folder().with_name("apps") / f"{name}-{_digest(copy, debug=debug)}"
        with _alone(folder):
            done = folder / ".built"
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(copy, folder)
                _build(folder, debug=debug)
                shutil.rmtree(folder / "target", ignore_errors=True)  # half a gigabyte of Rust
                done.touch()
    return folder


def _digest(folder: Path, *, debug: bool) -> str:
    total = hashlib.sha256(b"debug" if debug else b"")
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"\0{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return total.hexdigest()[:16]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(folder: Path, *, debug: bool) -> None:
    tools = [tool for file, tool in _COMPILERS.items() if (folder / file).exists()]
    (command,) = (command for file, command in _BUILDS.items() if (folder / file).exists())
    if absent := [tool for tool in (*tools, command[0]) if not shutil.which(tool)]:
        raise NoCompilerError(f"the sample app {folder.name} needs {', '.join(absent)}")
    run([*command, *(["DEBUG=1"] if debug and command == ["make"] else [])], cwd=folder)


def run(command: Sequence[str | Path], *, cwd: Path) -> None:
    """Run a compiler; its output is in the error if it fails."""
    answer = subprocess.run(
        command,
        cwd=cwd,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout
