"""Debuggers with a command line: jdb, gdb, dlv, rdbg."""

from __future__ import annotations

import os
import re
import subprocess
from threading import Condition, Thread
from typing import Self

_SECONDS = 60.0


class Console:
    """A running program and its output so far; leaving the `with` block ends it."""

    def __init__(self, *command: str) -> None:
        self._said = ""
        self._seen = 0
        self._changed = Condition()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(_SECONDS)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream
            stream.close()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until it says something like that, after what was waited for before."""
        compiled = re.compile(pattern)
        with self._changed:
            self._changed.wait_for(
                lambda: compiled.search(self._said, self._seen) or not self._reader.is_alive(),
                _SECONDS,
            )
            found = compiled.search(self._said, self._seen)
            assert found, f"no {pattern!r} in: {self._said} (exit status {self._process.poll()})"
            self._seen = found.end()
        return found

    def type(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout
        while piece := os.read(self._process.stdout.fileno(), 65536):
            with self._changed:
                self._said += piece.decode(errors="replace")
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()
