"""Where fetched and compiled things are kept, so that each is fetched and compiled once."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class IngredientError(Exception):
    """Something that goes into an image can't be had: one line that says why."""


class Store:
    """A folder of things by kind and key, each made once and whole, whoever asks for it first."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._locks: defaultdict[Path, Lock] = defaultdict(Lock)

    def get(self, kind: str, key: object, make: Callable[[Path], None]) -> Path:
        """The thing of that kind and key; `make` writes it to the path it is given, if it must."""
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        path = self._folder / f"{kind}-{digest[:16]}"
        with self._locks[path]:
            if not path.exists():
                with self.scratch() as scratch:
                    make(scratch / "new")
                    (scratch / "new").rename(path)
        return path

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for a while, on the file system of the store."""
        folder = Path(tempfile.mkdtemp(prefix="scratch-", dir=self._folder))
        folder.chmod(0o755)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps out every other process that builds from this store."""
        with (self._folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                sys.stderr.write("Waiting for another build of the images to end\n")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


def cache_folder() -> Path:
    """The user's cache folder for samlocal's images on this platform."""
    if sys.platform == "darwin":
        default = Path.home() / "Library" / "Caches"
    else:
        default = Path.home() / ".cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or default) / "samlocal" / "images"


def run(tool: str, command: Sequence[str | Path], *, cwd: Path | None = None) -> None:
    """Runs a tool that fetches or makes something; raises `IngredientError` with its complaint."""
    answer = subprocess.run(
        command,
        cwd=cwd,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if answer.returncode:
        lines = [line.strip() for line in answer.stdout.splitlines() if line.strip()] or [
            "no output"
        ]
        complaints = [
            line
            for line in lines
            if re.match(r"(e|error|\[error\]|npm error)\W", line, re.IGNORECASE)
        ]
        raise IngredientError(f"{tool}: {complaints[0] if complaints else lines[-1]}")
