"""A debugged function: `samlocal local invoke -d PORT`, and its result."""

from __future__ import annotations

import json
import re
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from tests.free_ports import free_port

if TYPE_CHECKING:
    from tests.docker.command import Samlocal

WAITING = r"^Waiting for a debugger: (?P<how>.+)$"
EVENT = '{"stars": 3}'
_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The command has ended."""

    exit_code: int
    stdout: bytes
    stderr: str

    @property
    def result(self) -> Any:  # noqa: ANN401  # JSON
        return json.loads(self.stdout)


class Session:
    """The running command; leaving the `with` block ends it."""

    def __init__(self, samlocal: Samlocal, function: str, *options: str, port: int = 0) -> None:
        self.port = port or free_port()
        self._stderr = ""
        self._changed = threading.Condition()
        self.process = samlocal.start(
            "local",
            "invoke",
            function,
            "--no-credentials",
            "--data",
            EVENT,
            "-d",
            str(self.port),
            *options,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.process.terminate()
        self.process.wait(_SECONDS)
        self._reader.join(_SECONDS)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream
            stream.close()
        sys.stderr.write(self._stderr)  # pytest shows it with a failure

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until stderr has a line like that."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._find(pattern) or not self._reader.is_alive(), _SECONDS
            )
        found = self._find(pattern)
        assert found, f"no {pattern!r} in: {self._stderr}"
        return found

    def wait_until_ready(self) -> str:
        """Wait until the debugger can be attached to; how, in samlocal's words."""
        return self.wait_for(WAITING)["how"]

    def end(self) -> Ended:
        """Wait for the end of the command."""
        assert self.process.stdout
        stdout = self.process.stdout.read()
        self.process.wait(_SECONDS)
        self._reader.join(_SECONDS)
        return Ended(exit_code=self.process.returncode, stdout=stdout, stderr=self._stderr)

    def _find(self, pattern: str) -> re.Match[str] | None:
        return re.search(pattern, self._stderr, re.MULTILINE)

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            with self._changed:
                self._stderr += line.decode()
                self._changed.notify_all()
