"""`samlocal local start-lambda`, run as a user runs it, and what clients need to find it."""

from __future__ import annotations

import json
import re
import signal
from contextlib import contextmanager
from functools import cached_property
from http.client import HTTPConnection
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.docker.command import PATIENCE_SECONDS

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docker.command import Samlocal

REGION: Final = "us-east-1"
ACCOUNT: Final = "123456789012"
# How it ends where a test ends it: as on one signal, on a second one, or killed.
_ENDS: Final = (0, 128 + signal.SIGTERM, -signal.SIGKILL)


class Answer(NamedTuple):
    """What a client gets."""

    status: int
    headers: dict[str, str]
    body: Any


class Endpoint:
    """A command that serves the project in `directory`; it is ended by `serving`."""

    def __init__(self, process: subprocess.Popen[bytes], directory: Path) -> None:
        self.process = process
        self.directory = directory
        self._shown = ""
        self._has_ended = False
        self._changed = Condition()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @cached_property
    def port(self) -> int:
        """Where it listens, once it does."""
        return int(self.wait_for(r"Lambda's API at http://127\.0\.0\.1:(\d+)")[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def arn(self, function: str) -> str:
        """Return the ARN of a function by its name in AWS."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"

    def client_variables(self) -> dict[str, str]:
        """Return the variables with which clients of AWS find the endpoint, and nothing else."""
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

    @property
    def shown(self) -> str:
        """What it has written to stderr: its messages, and the logs of functions."""
        with self._changed:
            return self._shown

    def wait_for(self, pattern: str, *, number: int = 1, start: int = 0) -> re.Match[str]:
        """Wait until stderr, from a character on, has so many matches, and return the last of them."""
        wanted = re.compile(pattern)

        def find() -> list[re.Match[str]]:
            return [*wanted.finditer(self._shown, start)]

        with self._changed:
            found = self._changed.wait_for(
                lambda: len(find()) >= number or self._has_ended, PATIENCE_SECONDS
            )
            assert found, self._shown
            assert len(find()) >= number, self._shown
            return find()[number - 1]

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, json.loads(content) if content else None)

    def invoke(self, function: str, event: object = None) -> Answer:
        path = f"/2015-03-31/functions/{function}/invocations"
        return self.request("POST", path, json.dumps(event or {}).encode())

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(PATIENCE_SECONDS)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream
            stream.close()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            with self._changed:
                self._shown += line.decode(errors="backslashreplace")
                self._changed.notify_all()
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()


@contextmanager
def serving(samlocal: Samlocal, *options: str) -> Iterator[Endpoint]:
    """An endpoint on a free port, which ends as on Ctrl-C."""
    command = ("local", "start-lambda", "-p", "0", "--no-credentials", *options)
    endpoint = Endpoint(samlocal.start(*command), samlocal.directory)
    try:
        assert endpoint.port
        yield endpoint
        if endpoint.process.poll() is None:
            assert endpoint.end(signal.SIGINT) == 0, endpoint.shown
        assert endpoint.process.returncode in _ENDS, endpoint.shown
    finally:
        endpoint.close()
