"""`samlocal remote invoke` against a server of the Lambda API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import Samlocal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.command import Finished
    from tests.docker.endpoint import Endpoint

ACCOUNT_ARN = "arn:aws:lambda:us-east-1:123456789012:function"


class Deployed:
    """The command in an empty directory; for it, the server is AWS."""

    def __init__(self, server: Endpoint, directory: Path) -> None:
        variables = {"HOME": str(directory), "NO_COLOR": "", **server.client_variables()}
        self.samlocal = Samlocal(directory=directory, environment=variables)

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Finished:
        return self.samlocal("remote", "invoke", *arguments, stdin=stdin)


@pytest.fixture
def deployed(lambda_server: Endpoint, tmp_path: Path) -> Deployed:
    return Deployed(lambda_server, tmp_path)


def test_a_deployed_function_returns_its_result(deployed: Deployed) -> None:
    """The event goes there and comes back; the log has the lines of Lambda."""
    ended = deployed("Echo", "--event-file", "-", stdin=b'{"stars": 5}')
    assert (ended.exit_code, json.loads(ended.stdout)) == (0, {"stars": 5})
    assert ended.stderr.startswith("START RequestId: ")
    assert "\nREPORT RequestId: " in ended.stderr


def test_an_alias_and_a_client_context(deployed: Deployed) -> None:
    """An ARN is invoked as it is, and a qualifier beside it."""
    context = '{"custom": {"shop": "tea"}}'
    arguments = ("--qualifier", "live", "--client-context", context, "--no-log")
    ended = deployed(f"{ACCOUNT_ARN}:shop-context", *arguments)
    assert (ended.exit_code, ended.stderr) == (0, "")
    seen = json.loads(ended.stdout)
    assert seen["custom"] == {"shop": "tea"}


@pytest.mark.parametrize(
    ("function", "error_type", "exit_code"),
    [
        pytest.param("Fails", "ValueError", 3, id="error"),
        pytest.param("TimesOut", "Sandbox.Timedout", 4, id="timeout"),
        pytest.param("Exits", "Runtime.ExitError", 5, id="exit"),
        pytest.param("Missing", "Runtime.HandlerNotFound", 5, id="no handler"),
    ],
)
def test_exit_codes(deployed: Deployed, function: str, error_type: str, exit_code: int) -> None:
    """They are those of `local invoke`."""
    ended = deployed(function, "--no-log", "-e", '{"seconds": 5}')
    assert (ended.exit_code, json.loads(ended.stdout)["errorType"]) == (exit_code, error_type)


def test_a_stream_comes_chunk_by_chunk(deployed: Deployed, lambda_server: Endpoint) -> None:
    """The first chunk is on stdout while the function still runs."""
    before = len(lambda_server.shown)
    event = '{"parts": 2, "milliseconds": 3000}'
    process = deployed.samlocal.start("remote", "invoke", "Streams", "--stream", "-e", event)
    try:
        assert process.stdout
        assert process.stdout.readline() == b"part 0\n"
        assert "END RequestId:" not in lambda_server.shown[before:]
        rest, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert (rest, process.returncode) == (b"part 1\n", 0)


def test_a_stream_that_breaks(deployed: Deployed) -> None:
    """What came stays, and stderr has the error of the function."""
    ended = deployed("Breaks", "--stream", "--no-log")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (
        3,
        b"half\n",
        "Error: RangeError: no stars\n",
    )


def test_what_the_server_refuses(deployed: Deployed) -> None:
    """An unknown function, a throttle, and a tenant for a function without tenants."""
    unknown, throttled = deployed("nobody"), deployed("None")
    tenant = deployed("Echo", "--tenant-id", "blue")
    assert [each.exit_code for each in (unknown, throttled, tenant)] == [1, 1, 1]
    assert unknown.stderr.startswith("Error: no function `nobody` in us-east-1: Function not found")
    assert "hint: all of the function's reserved concurrency is in use" in throttled.stderr
    assert "does not isolate tenants" in tenant.stderr


def test_an_event_and_a_dry_run(deployed: Deployed) -> None:
    """Neither has a result."""
    queued = deployed("Echo", "--type", "Event")
    dry = deployed("Echo", "--type", "DryRun")
    assert (queued.exit_code, queued.stdout, dry.exit_code, dry.stdout) == (0, b"", 0, b"")
    assert queued.stderr == "Lambda has queued the event for `Echo` (202)\n"
    assert dry.stderr == "`Echo` can be invoked (204); it did not run\n"
