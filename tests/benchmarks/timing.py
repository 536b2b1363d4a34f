"""One command as a whole process: what it took, as the operating system says it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SAMLOCAL: Final = str(Path(sys.executable).with_name("samlocal"))
REPOSITORY: Final = os.environ.get("SAMLOCAL_IMAGE_REPOSITORY") or "localhost/samlocal"
CHECKOUT: Final = Path(__file__).parents[2]
RATINGS: Final = CHECKOUT / "templates" / "ratings"
MIB: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one command took."""

    seconds: float
    processor_ms: float
    peak_mib: float


def run(
    command: Sequence[str], *, cwd: Path = RATINGS, variables: Mapping[str, str] | None = None
) -> Run:
    """Run a command to its end, in the sample app unless `cwd` says otherwise; it has to succeed.

    It may cache its bytecode, and calls nobody.
    """
    environment = {
        **os.environ,
        "SAMLOCAL_IMAGE_REPOSITORY": REPOSITORY,
        "SAM_CLI_TELEMETRY": "0",
        **(variables or {}),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryFile() as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{output.read().decode()}")
    return Run(
        seconds=seconds,
        processor_ms=1000 * (usage.ru_utime + usage.ru_stime),
        peak_mib=usage.ru_maxrss / 1024,
    )
