"""A server of Lambda's API that runs as a command, and what its processes take of the machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from tests.benchmarks.http_client import Connection, LostError
from tests.benchmarks.timing import REPOSITORY
from tests.free_ports import free_port

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping, Sequence

MARKER: Final = "SAMLOCAL_BENCH"
_KIB: Final = 1024
_PATIENCE_SECONDS: Final = 60.0


def variables(marker: str) -> dict[str, str]:
    """Return the variables of a command that finds no credentials and calls nobody; its processes have the marker."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {
        "SAMLOCAL_IMAGE_REPOSITORY": REPOSITORY,
        "SAM_CLI_TELEMETRY": "0",
        "AWS_EC2_METADATA_DISABLED": "true",
        MARKER: marker,
    }


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server that runs."""

    process: subprocess.Popen[bytes]
    port: int
    marker: str
    output: Path
    begun: float = field(default_factory=time.perf_counter)

    def first_answer(self, request: bytes, *, tls: ssl.SSLContext | None = None) -> float:
        """Ask until there is an answer of status 200; return the seconds since the start of the command."""
        while time.perf_counter() - self.begun < _PATIENCE_SECONDS:
            if self.process.poll() is not None:
                break
            try:
                with Connection(self.port, tls=tls) as connection:
                    answer = connection.ask(request)
            except (OSError, LostError):
                time.sleep(0.005)
                continue
            if answer.status != 200:
                raise SystemExit(f"the first answer is {answer.status}: {answer.body.decode()}")
            return time.perf_counter() - self.begun
        raise SystemExit(f"the server gives no answer:\n{self.said()}")

    def said(self) -> str:
        """Return what the server has written to stdout and stderr so far."""
        return self.output.read_text(errors="replace")

    def stop(self) -> float:
        """End the server with SIGTERM; return the seconds that takes."""
        begun = time.perf_counter()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return time.perf_counter() - begun


@contextmanager
def serve(
    command: Sequence[str], *, cwd: Path, extra: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Start a command with `--port` of a free port; it ends with the block."""
    port, marker = free_port(), uuid4().hex
    with tempfile.NamedTemporaryFile() as output:
        served = Served(
            process=subprocess.Popen(
                [*command, "--port", str(port)],
                cwd=cwd,
                env=variables(marker) | dict(extra or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            ),
            port=port,
            marker=marker,
            output=Path(output.name),
        )
        try:
            yield served
        finally:
            served.stop()


def processor_seconds(pid: int) -> float:
    """Return what the threads of a process have spent of the processors, 0 if it has ended.

    It is exact to the nanosecond, unlike the ticks of `stat`:
    https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
    """
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        spent = [int((each / "schedstat").read_text().split()[0]) for each in threads]
    except OSError:
        return 0.0
    return sum(spent) / 1e9


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process, 0 if it has ended."""
    return _kib(f"/proc/{pid}/status", "VmRSS") / _KIB


def proportional_mib(pid: int) -> float:
    """Return the memory of a process, with its share of what others have too: 0 if it has ended."""
    return _kib(f"/proc/{pid}/smaps_rollup", "Pss") / _KIB


def descriptors(pid: int) -> int:
    """Return how many files and sockets a process has open, 0 if it has ended."""
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0


def _kib(path: str, name: str) -> int:
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB", Path(path).read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0
