"""The installed `samlocal` command, run as a user runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKOUT = Path(__file__).parents[2]
BEHAVIOURS = CHECKOUT / "tests" / "projects" / "behaviours"
SAMLOCAL = Path(sys.executable).with_name("samlocal")

# The option that says how containers reach the Runtime API, and its variable for tests that are not about relays:
# a direct connection that breaks is a failure then, not a reason to take a relay.
API_CONNECTION = "--api-connection"
DIRECT = {"SAMLOCAL_API_CONNECTION": "direct"}

# A command that takes longer hangs.
PATIENCE_SECONDS = 60

_MINE = ("AWS_", "SAM_", "SAMLOCAL_", "XDG_")


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A command that has ended."""

    exit_code: int
    stdout: bytes
    stderr: str


@dataclass(frozen=True, kw_only=True)
class Samlocal:
    """Runs `samlocal` in a project's directory, without this machine's settings and cache."""

    directory: Path
    environment: Mapping[str, str]

    def __call__(
        self, *arguments: str, stdin: bytes = b"", seconds: float = PATIENCE_SECONDS
    ) -> Finished:
        ended = subprocess.run(
            [SAMLOCAL, *arguments],
            cwd=self.directory,
            env=self._environment(),
            input=stdin,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
        return Finished(
            exit_code=ended.returncode,
            stdout=ended.stdout,
            stderr=ended.stderr.decode(errors="backslashreplace"),
        )

    def invoke(self, function: str, *options: str, stdin: bytes = b"") -> Finished:
        return self("local", "invoke", function, "--no-credentials", *options, stdin=stdin)

    def with_variables(self, **variables: str) -> Samlocal:
        """Return the command with more variables, or other values."""
        return replace(self, environment={**self.environment, **variables})

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command that the caller waits for; it has come as far as its signal handlers."""
        process = subprocess.Popen(
            [SAMLOCAL, *arguments],
            cwd=self.directory,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        while not _catches(process.pid, signal.SIGTERM):
            time.sleep(0.005)
        return process

    def start_sleeping(self) -> subprocess.Popen[bytes]:
        """Start the function `Sleeps` of the behaviours; what it wrote has come by then."""
        process = self.start("local", "invoke", "Sleeps", "--no-credentials", "--no-event")
        assert process.stderr
        for line in process.stderr:
            if line == b"going to sleep\n":
                return process
        raise AssertionError(f"it ended with {process.wait()}, and did not sleep")

    def _environment(self) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(_MINE)
        }
        return inherited | dict(self.environment)


def _catches(pid: int, number: signal.Signals) -> bool:
    """Return whether a process handles a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)
