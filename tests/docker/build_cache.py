"""Folders in the user's cache that tests build once, for all processes and clones."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from samlocal.data import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path


class NoCompilerError(Exception):
    """This machine cannot build something; the message is one line with the reason."""


def built_once(name: str, recipe: str, build: Callable[[Path], None]) -> Path:
    """Return the folder that `build` fills; it is called if no process has built that recipe before.

    A process that asks while another one builds waits for it.
    """
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:16]
    folder = cache_folder() / "tests" / f"{name}-{digest}"
    with _locked(folder) as is_built:
        if not is_built():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            build(folder)
            _mark(folder).touch()
    return folder


@contextmanager
def _locked(folder: Path) -> Iterator[Callable[[], bool]]:
    """Keep out other processes; the value says whether the folder is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lambda: folder.is_dir() and _mark(folder).exists()


def _mark(folder: Path) -> Path:
    """A file beside the folder, which has nothing but what was built."""
    return folder.with_name(f"{folder.name}.built")


def content(folder: Path) -> str:
    """Return a digest of a folder's files, which is part of a recipe."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(f"\0{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return total.hexdigest()


def require(*tools: str) -> None:
    """Raise `NoCompilerError` if one of the programs is not on the PATH."""
    if absent := [tool for tool in tools if not shutil.which(tool)]:
        raise NoCompilerError(f"the test needs {', '.join(absent)} (`make test` installs them)")


def run(
    command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> str:
    """Run a compiler, and return its output, which is in the error if it fails."""
    answer = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout
    return answer.stdout
