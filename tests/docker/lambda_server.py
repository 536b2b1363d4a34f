"""A real `samlocal local start-lambda` for a project, and what AWS's clients need to find it."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docker.command import Samlocal

REGION: Final = "us-east-1"
ACCOUNT: Final = "123456789012"
_ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:(\d+)")
_SECONDS: Final = 60.0


class NoServerError(Exception):
    """The command ended, or said no address."""


@dataclass(frozen=True, kw_only=True)
class LambdaServer:
    """The running server. It serves the project in `directory`."""

    process: subprocess.Popen[bytes]
    directory: Path
    port: int
    _lines: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def arn(self, function: str) -> str:
        """Return the ARN of a function by its name in AWS."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"

    def client_variables(self) -> dict[str, str]:
        """Return the variables with which clients of AWS find the server, and nothing else."""
        return {
            "AWS_ENDPOINT_URL_LAMBDA": self.url,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "made-up",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nowhere",
            "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
            "AWS_PAGER": "",
        }

    def said(self) -> str:
        """Return what the server has written to stderr so far: its messages, and the functions' logs."""
        return "".join(self._lines)

    def wait_for_more(self, text: str, length: int) -> str:
        """Return what the server has said after the first so many characters, once that has a text."""
        deadline = time.monotonic() + _SECONDS
        while text not in (said := self.said()[length:]):
            assert time.monotonic() < deadline, f"`{text}` is not in:\n{said}"
            time.sleep(0.02)
        return said


@contextmanager
def serving(samlocal: Samlocal, *options: str) -> Iterator[LambdaServer]:
    """Start the server on a free port; it has ended when the block ends.

    Raises:
        NoServerError: It did not come up.
    """
    process = samlocal.start("local", "start-lambda", "--port", "0", "--no-credentials", *options)
    lines: list[str] = []
    opened = threading.Event()
    reader = threading.Thread(target=_read, args=(process, lines, opened), daemon=True)
    reader.start()
    try:
        opened.wait(_SECONDS)
        found = _ADDRESS.search("".join(lines))
        if not found:
            raise NoServerError("".join(lines))
        yield LambdaServer(
            process=process, directory=samlocal.directory, port=int(found[1]), _lines=lines
        )
    finally:
        _end(process)
        reader.join(_SECONDS)
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.stderr.close()


def _read(process: subprocess.Popen[bytes], lines: list[str], opened: threading.Event) -> None:
    assert process.stderr
    for line in process.stderr:
        lines.append(line.decode(errors="backslashreplace"))
        if _ADDRESS.search(lines[-1]):
            opened.set()
    opened.set()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
