"""`samlocal local invoke` with real runtime clients."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import BEHAVIOURS, PATIENCE_SECONDS, SAMLOCAL, Samlocal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.docker.fixtures import SamlocalIn

SANDBOXES = ("docker", "podman", "process")

REPORT = re.compile(
    r"REPORT RequestId: (?P<id>[0-9a-f-]{36})\tDuration: (?P<duration>[0-9.]+) ms"
    r"\tBilled Duration: (?P<billed>\d+) ms\tMemory Size: (?P<size>\d+) MB"
    r"(\tMax Memory Used: (?P<used>\d+) MB)?(\tInit Duration: (?P<init>[0-9.]+) ms)?"
    r"(\tStatus: (?P<status>\w+))?(\tError Type: (?P<error>[\w.]+))?\t$",
    re.MULTILINE,
)


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn) -> Samlocal:
    """The command in a copy of the project."""
    return samlocal_in(BEHAVIOURS, "python:3.11", "provided:al2023")


def report(stderr: str) -> dict[str, str]:
    """Return the fields of the `REPORT` line."""
    found = REPORT.search(stderr)
    assert found, stderr
    return {name: value for name, value in found.groupdict().items() if value is not None}


def test_result_alone_is_on_stdout(samlocal: Samlocal) -> None:
    """The event comes back as the result, and everything else is on stderr."""
    ended = samlocal.invoke("Echo", "--event", "-", stdin=b'{"message": "hey"}')

    assert (ended.exit_code, ended.stdout) == (0, b'{"message": "hey"}')
    assert "START RequestId" in ended.stderr


def test_a_loop_keeps_its_lines(samlocal: Samlocal) -> None:
    """`while read name; do samlocal local invoke "$name"; done` runs each of the functions."""
    loop = 'while read name; do "$0" local invoke "$name" --no-credentials; done'
    ended = subprocess.run(
        ["/bin/sh", "-c", loop, SAMLOCAL],
        cwd=samlocal.directory,
        env=samlocal._environment(),
        input=b"Echo\nEcho\n",
        capture_output=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (0, b"{}{}")


def test_lines_of_the_platform_come_in_lambdas_order(samlocal: Samlocal) -> None:
    """START, what the function writes, END, REPORT; one request id in all of them."""
    ended = samlocal.invoke("Logs", "--no-event")

    lines = ended.stderr.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["START", "to", "to", "half", "END", "REPORT"]
    assert lines[2:5] == ["to stdout", "to stderr", "half a second later"]
    request_id = report(ended.stderr)["id"]
    assert f"START RequestId: {request_id} Version: $LATEST" in lines
    assert f"END RequestId: {request_id}" in lines


def test_lines_with_timestamps(samlocal: Samlocal, tmp_path: Path) -> None:
    """`--timestamps` shows the time of each line, also if it is written in pieces, and not of other messages."""
    path = tmp_path / "function.log"
    begun = datetime.now(UTC)
    ended = samlocal.invoke("Logs", "--no-event", "--timestamps", "--log-file", str(path))

    first, *lines = ended.stderr.splitlines(keepends=True)
    assert first.startswith("Invoking")
    assert path.read_text() == "".join(lines)
    times, texts = zip(*(line.split(" ", 1) for line in lines), strict=True)
    assert [text.split()[0] for text in texts] == ["START", "to", "to", "half", "END", "REPORT"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", each) for each in times)
    read = [datetime.fromisoformat(each) for each in times]
    assert read == sorted(read)
    assert begun.replace(microsecond=0) <= read[0] <= read[-1] <= datetime.now(UTC)


def test_report_has_the_true_times(samlocal: Samlocal) -> None:
    """The report has the duration of a handler that sleeps for half a second, and Init in the billed time."""
    begun = time.monotonic()
    fields = report(samlocal.invoke("Logs", "--no-event").stderr)
    elapsed_ms = (time.monotonic() - begun) * 1000

    duration, init = float(fields["duration"]), float(fields["init"])
    assert 500 <= duration < duration + init < elapsed_ms
    assert init > 0
    assert duration + init <= int(fields["billed"]) < duration + init + 1.02


def test_report_has_the_true_memory(samlocal: Samlocal) -> None:
    """The report of a handler with 100 MB has that memory, unlike that of a handler without."""
    much = report(samlocal.invoke("Allocates100MB", "--no-event").stderr)
    little = report(samlocal.invoke("Echo", "--no-event").stderr)

    assert 100 <= int(much["used"]) < 200
    assert int(much["size"]) == 512
    assert 1 <= int(little["used"]) < 80


def test_logs_come_while_the_function_runs(samlocal: Samlocal) -> None:
    """What a function writes is shown at once, not when it ends."""
    process = samlocal.start_sleeping()
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_SECONDS)


def test_output_comes_in_the_order_in_which_it_was_written(samlocal: Samlocal) -> None:
    """Pieces of lines that alternate between stdout and stderr stay in order."""
    ended = samlocal.invoke("Alternates", "-e", "-", stdin=b"300")

    lines = [line for line in ended.stderr.splitlines() if line.startswith(("out", "err"))]
    assert lines == [f"out {number}, err {number}" for number in range(300)]


def test_log_file_gets_the_logs_as_well(samlocal: Samlocal, tmp_path: Path) -> None:
    """The log file has the lines of the function and the platform, and so has stderr."""
    log = tmp_path / "function.log"

    ended = samlocal.invoke("Logs", "--no-event", "--log-file", str(log))

    written = log.read_text()
    assert written in ended.stderr
    assert "half a second later\n" in written
    assert REPORT.search(written)


def test_50_mb_of_logs_arrive_whole(samlocal: Samlocal, tmp_path: Path) -> None:
    """A large output is complete."""
    log = tmp_path / "function.log"

    ended = samlocal.invoke("Prints50MB", "--no-event", "-l", str(log))

    assert ended.exit_code == 0
    assert log.read_text().count("x" * 1023 + "\n") == 50 * 1024
    assert "\nthe last line\n" in log.read_text()
    assert len(ended.stderr) >= 50 * 1024 * 1024


def test_code_is_read_only(samlocal: Samlocal) -> None:
    """A function cannot change its own code, as in Lambda."""
    assert samlocal.invoke("WritesToCode", "--no-event").stdout == b'"Read-only file system"'


def test_function_error_is_the_result_and_exit_3(samlocal: Samlocal) -> None:
    """An error that the function raises is its result, with exit code 3."""
    ended = samlocal.invoke("Raises", "--no-event")

    assert ended.exit_code == 3
    assert json.loads(ended.stdout)["errorType"] == "ValueError"
    assert "[ERROR] ValueError: no stars\nTraceback" in ended.stderr
    assert report(ended.stderr).get("status") is None


def test_exit_zero_restores_sams_habit(samlocal: Samlocal) -> None:
    """With the option the exit code is 0 for any result, as in sam."""
    ended = samlocal.invoke("Raises", "--no-event", "--exit-zero-on-function-error")

    assert ended.exit_code == 0
    assert json.loads(ended.stdout)["errorType"] == "ValueError"


def test_timeout_is_enforced(samlocal: Samlocal) -> None:
    """At its deadline the function is stopped, with Lambda's own error and exit code 4."""
    ended = samlocal.invoke("SleepsTooLong", "--no-event")

    fields = report(ended.stderr)
    assert ended.exit_code == 4
    assert json.loads(ended.stdout) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {fields['id']} Error: Task timed out after 1.00 seconds",
    }
    assert (fields["duration"], fields["status"]) == ("1000.00", "timeout")
    assert "going to sleep\n" in ended.stderr


def test_last_output_of_a_runtime_is_shown(samlocal: Samlocal) -> None:
    """A runtime that exits is a failure with exit code 5, and its last output is shown."""
    ended = samlocal.invoke("Exits", "--no-event")

    assert ended.exit_code == 5
    assert "last words\nEND RequestId" in ended.stderr
    assert json.loads(ended.stdout)["errorType"] == "Runtime.ExitError"
    assert "Runtime exited with error: exit status 7" in ended.stderr
    assert report(ended.stderr)["error"] == "Runtime.ExitError"


def test_runtime_is_not_process_1(samlocal: Samlocal) -> None:
    """The runtime is not process 1, as in Lambda, so that it gets signals like any process."""
    process = json.loads(samlocal.invoke("Process").stdout)
    assert process["id"] > 1
    assert process["first"] != "python3"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        pytest.param(signal.SIGKILL, "signal: killed", id="SIGKILL"),
        pytest.param(signal.SIGABRT, "signal: aborted", id="SIGABRT"),
        pytest.param(signal.SIGSEGV, "signal: segmentation fault", id="SIGSEGV"),
        pytest.param(signal.SIGTERM, "signal: terminated", id="SIGTERM"),
        pytest.param(signal.SIGALRM, "signal: alarm clock", id="SIGALRM"),
    ],
)
def test_signal_that_a_function_sends_to_itself(
    samlocal: Samlocal, number: int, reason: str
) -> None:
    """A signal that a function sends to itself ends the runtime, and the error has its name."""
    ended = samlocal.invoke("Signals", "-e", "-", stdin=str(int(number)).encode())

    assert ended.exit_code == 5
    error = json.loads(ended.stdout)["errorMessage"]
    assert error.endswith(f"Error: Runtime exited with error: {reason}")


@pytest.mark.parametrize("status", [255, 142, 137, 128, 2])
def test_exit_status_is_not_a_signal(samlocal: Samlocal, status: int) -> None:
    """An exit status is not taken for a signal."""
    ended = samlocal.invoke("ExitsWith", "-e", "-", stdin=str(status).encode())

    assert ended.exit_code == 5
    error = json.loads(ended.stdout)["errorMessage"]
    assert error.endswith(f"Error: Runtime exited with error: exit status {status}")


@pytest.mark.container("`/proc`")
@pytest.mark.parametrize(("status", "exit_code"), [(0, 0), (7, 5), (137, 5)])
def test_what_is_written_to_process_1_is_shown(
    samlocal: Samlocal, status: int, exit_code: int
) -> None:
    """Output to process 1 is shown, and not taken for a message of the shell."""
    ended = samlocal.invoke("WritesToProcess1", "-e", "-", stdin=str(status).encode())

    assert ended.exit_code == exit_code
    assert ended.stderr.count("to process 1\n") == 1
    assert "signal" not in ended.stderr


@pytest.mark.container("entry point")
def test_entry_point_without_a_handler(samlocal: Samlocal) -> None:
    """Without a handler, the entry point of AWS's images exits with 142, which is reported."""
    ended = samlocal.invoke("NoHandler")

    assert ended.exit_code == 5
    assert json.loads(ended.stdout)["errorMessage"].endswith("exit status 142")
    # Nothing is known of the memory of a runtime that died so early, or it is little.
    assert int(report(ended.stderr).get("used", "0")) < 128


def test_binary_result_is_what_the_function_returned(samlocal: Samlocal) -> None:
    """A binary result is on stdout unchanged."""
    ended = samlocal.invoke("Binary")
    assert (ended.exit_code, ended.stdout) == (0, bytes(range(256)))


def test_running_out_of_memory_is_named(samlocal: Samlocal) -> None:
    """A function that the kernel kills for its memory has its own error."""
    ended = samlocal.invoke("OutOfMemory", "--no-event")

    assert ended.exit_code == 5
    assert "signal: killed" in json.loads(ended.stdout)["errorMessage"]
    assert "hint: the function used all of its 128 MB: raise `MemorySize`" in ended.stderr
    assert report(ended.stderr)["used"] == "128"


def test_failed_init_is_named(samlocal: Samlocal) -> None:
    """A module that cannot be loaded ends Init with the runtime's own error, exit code 5."""
    ended = samlocal.invoke("NoModule", "--no-event")

    assert ended.exit_code == 5
    assert json.loads(ended.stdout)["errorType"] == "Runtime.ImportModuleError"
    assert re.search(
        r"^INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error"
        r"\tError Type: Runtime\.ImportModuleError$",
        ended.stderr,
        re.MULTILINE,
    )


def test_runtime_that_exits_before_it_asks_for_work(samlocal: Samlocal) -> None:
    """A bootstrap that exits at once is a failure of Init, without a wait."""
    ended = samlocal.invoke("DiesInInit", "--no-event")

    assert ended.exit_code == 5
    assert "exit status 3" in json.loads(ended.stdout)["errorMessage"]
    assert "dying now" in ended.stderr
    assert "Phase: init\tStatus: error\tError Type: Runtime.ExitError\n" in ended.stderr


def test_runtime_that_never_asks_for_work(samlocal: Samlocal) -> None:
    """A runtime that never calls `next` is a timeout after Init's ten seconds and the timeout."""
    ended = samlocal.invoke("NeverAsks", "--no-event")

    assert ended.exit_code == 4
    assert json.loads(ended.stdout)["errorType"] == "Sandbox.Timedout"
    assert "Phase: init\tStatus: timeout" in ended.stderr


def test_result_over_the_limit_is_lambdas_error(samlocal: Samlocal) -> None:
    """A result of more than 6 MB is `Function.ResponseSizeTooLarge`, exit code 3."""
    ended = samlocal.invoke("Large", "--no-event")

    assert ended.exit_code == 3
    assert json.loads(ended.stdout)["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize("seconds", [0, 0.15, 0.3, 0.6, 1.5])
@pytest.mark.parametrize(
    ("number", "exit_code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["INT", "TERM", "HUP"],
)
def test_signal_at_any_moment_leaves_nothing(
    samlocal: Samlocal,
    remains_of: Callable[[Path], list[object]],
    number: int,
    exit_code: int,
    seconds: float,
) -> None:
    """A command that is interrupted ends at once, quietly, and its sandbox with it."""
    process = samlocal.start("local", "invoke", "Sleeps", "--no-credentials", "--no-event")
    time.sleep(seconds)
    process.send_signal(number)

    stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)

    assert (process.returncode, stdout) == (exit_code, b"")
    assert b"Traceback" not in stderr
    assert not remains_of(samlocal.directory)


def test_context_is_what_the_command_line_says(samlocal: Samlocal) -> None:
    """Client context, identity, request id, ARN, trace id and time left reach the handler."""
    context = {
        "awsRequestId": "my-request",
        "custom": {"tier": "gold"},
        "identity": {"cognitoIdentityId": "me", "cognitoIdentityPoolId": "pool"},
        "remainingTimeInMillis": 900_000,
        "traceId": "Root=1-5759e988-bd862e3fe1be46a994272793",
    }

    ended = samlocal.invoke("Context", "--no-event", "--context", json.dumps(context))

    seen = json.loads(ended.stdout)
    assert seen["requestId"] == "my-request"
    assert seen["custom"] == {"tier": "gold"}
    assert seen["identity"] == "me"
    # Much more than the function's own timeout.
    assert 100_000 < seen["remaining"] <= 900_000
    assert seen["trace"] == context["traceId"]
    assert seen["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:Context"
    assert "START RequestId: my-request Version: $LATEST" in ended.stderr


def test_a_tenant_and_a_trace_are_chosen(samlocal: Samlocal) -> None:
    """The runtime's client reads the tenant and the completed trace header, which the log shows."""
    root = "1-5759e988-bd862e3fe1be46a994272793"
    tenant = samlocal.invoke("Tenant", "--tenant-id", "blue")
    assert json.loads(tenant.stdout) == ["blue"]
    ended = samlocal.invoke("Context", "--trace-id", root)
    assert f"\nXRAY TraceId: {root}\tSegmentId: " in ended.stderr
    trace = json.loads(ended.stdout)["trace"]
    assert re.fullmatch(rf"Root={root};Parent=[0-9a-f]{{16}};Sampled=1", trace)
