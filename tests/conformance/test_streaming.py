"""Streamed responses of real runtime clients: Node.js, and a custom runtime of curl."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import samlocal as samlocal_library
from samlocal.http_prelude import HTTP_INTEGRATION_RESPONSE, PreludeSplitter
from samlocal.invocation import MAX_STREAMED_PAYLOAD_BYTES
from tests.docker.command import API_CONNECTION, CHECKOUT, PATIENCE_SECONDS, SAMLOCAL, Samlocal

if TYPE_CHECKING:
    from samlocal import SandboxSettings
    from tests.docker.fixtures import SamlocalIn

PROJECT = CHECKOUT / "tests" / "projects" / "streaming"

every_version = pytest.mark.parametrize("version", ["22", "24"])


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn) -> Samlocal:
    """The command in a project with one function for each way of streaming."""
    return samlocal_in(PROJECT, "nodejs:22", "nodejs:24", "provided:al2023")


def in_shell(samlocal: Samlocal, script: str) -> subprocess.CompletedProcess[bytes]:
    """Run a script in which `invoke` is the command."""
    command = f'invoke() {{ "{SAMLOCAL}" local invoke --no-credentials "$@"; }}\n{script}'
    return subprocess.run(
        ["/bin/bash", "-c", command],
        cwd=samlocal.directory,
        env=samlocal._environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@every_version
def test_a_chunk_a_second_is_seen_in_its_second(samlocal: Samlocal, version: str) -> None:
    """`local invoke | while read` sees each chunk at once: the function waits for that before the next."""
    ended = in_shell(
        samlocal,
        f"invoke Ticks --runtime nodejs{version}.x"
        ' | while read -r second; do touch "node/seen-$second"; echo "saw $second"; done;'
        " exit ${PIPESTATUS[0]}",
    )
    assert (ended.returncode, ended.stdout) == (
        0,
        b"".join(f"saw {second}\n".encode() for second in range(5)),
    )
    duration = re.search(rb"\tDuration: ([0-9.]+) ms", ended.stderr)
    assert duration
    assert float(duration[1]) >= 5000


@pytest.mark.parametrize("function", ["Waits", "Shell"])
@pytest.mark.parametrize(
    "connection", ["direct", pytest.param("relay", marks=pytest.mark.container("network"))]
)
def test_first_chunk_is_seen_before_the_last_is_written(
    samlocal: Samlocal, function: str, connection: str
) -> None:
    """Node.js and a custom runtime stream to stdout, also through a relay."""
    process = samlocal.start(
        "local", "invoke", function, "--no-credentials", API_CONNECTION, connection
    )
    assert process.stdout
    assert process.stdout.readline() == b"first\n"
    for folder in ("node", "shell"):
        (samlocal.directory / folder / "seen-first").touch()
    rest, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, rest) == (0, b"last\n"), errors.decode()


def peak_memory_mib(process: subprocess.Popen[bytes]) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert peak
    return int(peak[1]) / 1024


@pytest.mark.parametrize("over", [0, 1], ids=["200 MB", "a byte more"])
def test_200_mb_in_flat_memory(samlocal: Samlocal, over: int) -> None:
    """The largest response passes whole, the rest of a larger one is cut; the command stays below 80 MiB."""
    size = MAX_STREAMED_PAYLOAD_BYTES
    event = json.dumps({"bytes": size + over})
    process = samlocal.start("local", "invoke", "Large", "--no-credentials", "--data", event)
    assert process.stdout
    assert process.stderr
    with process.stdout, process.stderr:
        most, received = size - 1024 * 1024, 0
        while received < most:
            received += len(process.stdout.read(1024 * 1024))
        peak = peak_memory_mib(process)
        received += len(process.stdout.read())
        errors = process.stderr.read()
    assert received == size
    assert peak < 80
    assert process.wait(PATIENCE_SECONDS) == (3 if over else 0)
    assert (b"Function.ResponseSizeTooLarge" in errors) == bool(over)


@every_version
def test_error_in_the_middle(samlocal: Samlocal, version: str) -> None:
    """What came before the error is on stdout, and the error is on stderr."""
    ended = samlocal.invoke("Breaks", "--runtime", f"nodejs{version}.x")
    assert (ended.exit_code, ended.stdout) == (3, b"half\n")
    assert ended.stderr.endswith("\nError: RangeError: no stars\n")


@every_version
def test_error_before_the_first_byte(samlocal: Samlocal, version: str) -> None:
    """A stream that fails before its first byte has the error as its result, as other functions have."""
    ended = samlocal.invoke("BreaksAtOnce", "--runtime", f"nodejs{version}.x")
    error = json.loads(ended.stdout)
    assert ended.exit_code == 3
    assert (error["errorType"], error["errorMessage"]) == ("RangeError", "no stars")
    assert "Error: RangeError" not in ended.stderr.splitlines()[-1]


def test_timeout_in_the_middle(samlocal: Samlocal) -> None:
    """A timeout is shown after what came before it."""
    ended = samlocal.invoke("Hangs")
    assert (ended.exit_code, ended.stdout) == (4, b"half\n")
    assert "Error: Sandbox.Timedout: " in ended.stderr
    assert "Task timed out after 2.00 seconds" in ended.stderr.splitlines()[-1]


def test_crash_in_the_middle(samlocal: Samlocal) -> None:
    """A runtime that ends in the middle is an error after what came before it."""
    ended = samlocal.invoke("Exits")
    assert (ended.exit_code, ended.stdout) == (5, b"half\n")
    assert "\nError: Runtime.TruncatedResponse: " in ended.stderr
    assert "Runtime exited with error: exit status " in ended.stderr.splitlines()[-1]
    assert "Error Type: Runtime.ExitError" in ended.stderr


def test_http_response(samlocal: Samlocal) -> None:
    """Status and headers come before the body, byte for byte as the client wrote them."""
    ended = samlocal.invoke("Http")
    splitter = PreludeSplitter(HTTP_INTEGRATION_RESPONSE)
    assert (ended.exit_code, splitter.feed(ended.stdout)) == (0, b"body")
    assert splitter.prelude == {
        "statusCode": 201,
        "headers": {"content-type": "text/plain"},
        "cookies": ["a=b"],
    }


def test_reader_that_ends_early(samlocal: Samlocal) -> None:
    """`| head` gets what it wants, and the command ends without an error."""
    event = json.dumps({"bytes": 20_000_000})
    ended = in_shell(
        samlocal, f"invoke Large --data '{event}' | head -c 4; exit ${{PIPESTATUS[0]}}"
    )
    assert (ended.returncode, ended.stdout) == (0, b"0123")
    assert ended.stderr.splitlines()[-1].startswith(b"REPORT RequestId: ")


def test_interrupt_while_nobody_reads(samlocal: Samlocal) -> None:
    """Ctrl-C ends a command whose output nobody reads."""
    event = json.dumps({"bytes": 20_000_000})
    process = samlocal.start("local", "invoke", "Large", "--no-credentials", "--data", event)
    assert process.stdout
    assert process.stdout.read(1) == b"0"
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_SECONDS) == 130
    process.communicate()


def test_chunks_for_a_program(samlocal: Samlocal, settings: SandboxSettings) -> None:
    """`on_chunk` gets each part while the function runs; the next invocation streams again."""
    project = samlocal_library.open_project(samlocal.directory / "template.yaml")
    prepared = samlocal_library.prepare(
        project,
        "Waits",
        options=samlocal_library.FunctionOptions(reads_credentials=False),
        sandbox=settings,
    )
    chunks: list[bytes] = []

    def take(chunk: bytes) -> None:
        chunks.append(chunk)
        (samlocal.directory / "node" / "seen-first").touch()

    results: list[Any] = []
    with samlocal_library.start(prepared, log=samlocal_library.LogBuffer()) as function:
        results.append(function.invoke(on_chunk=take))
        assert chunks == [b"first\n", b"last\n"]
        results.append(function.invoke())
    assert [(each.outcome, each.payload) for each in results] == [
        ("success", b""),
        ("success", b"first\nlast\n"),
    ]
    assert [each.report.init_duration_ms is None for each in results] == [False, True]
