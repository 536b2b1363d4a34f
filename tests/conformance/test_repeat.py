"""Several invocations with one command, and reports about them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.docker.command import BEHAVIOURS, PATIENCE_SECONDS, SAMLOCAL, Samlocal
from tests.functional.reports.collector import collector

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.command import Finished
    from tests.docker.fixtures import SamlocalIn

SANDBOXES = ("docker", "podman", "process")


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn) -> Samlocal:
    return samlocal_in(BEHAVIOURS, "python:3.11")


def results(ended: Finished) -> list[Any]:
    return [json.loads(line) for line in ended.stdout.splitlines()]


def reports(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith('{"requestId"')]


def on_terminal(samlocal: Samlocal, *arguments: str, with_stdout: bool = False) -> str:
    """Return what a command writes to stderr, or to both streams, if that is a terminal."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [SAMLOCAL, "local", "invoke", "--no-credentials", *arguments],
        cwd=samlocal.directory,
        env=samlocal._environment() | {"TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=theirs if with_stdout else subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    shown = bytearray()
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:  # Linux's way of saying that nobody writes any more
        pass
    os.close(ours)
    assert process.wait(PATIENCE_SECONDS) == 0
    return shown.decode().replace("\r\n", "\n")


def test_one_environment_serves_all(samlocal: Samlocal) -> None:
    """Memory and /tmp are kept; each invocation has an ID, a line on stdout, and its lines in the log."""
    ended = samlocal.invoke("Counts", "--repeat", "5")

    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout == b"[1, 1]\n[2, 2]\n[3, 3]\n[4, 4]\n[5, 5]\n"
    lines = re.findall(r"^(START|END|REPORT) RequestId: (\S+)", ended.stderr, re.MULTILINE)
    assert [kind for kind, _ in lines] == ["START", "END", "REPORT"] * 5
    assert len({request_id for _, request_id in lines}) == 5
    assert ended.stderr.count("Init Duration") == 1
    assert "warm invocations" not in ended.stderr


def test_a_crash_in_the_middle(samlocal: Samlocal) -> None:
    """After a crash the runtime starts again with the same /tmp; the exit code is that of the crash."""
    ended = samlocal.invoke("Counts", "--repeat", "5", "--data", '{"exit": 3}')

    first, second, crash, fourth, fifth = results(ended)
    assert (first, second, fourth, fifth) == ([1, 1], [2, 2], [1, 4], [2, 5])
    assert crash["errorType"] == "Runtime.ExitError"
    assert ended.exit_code == 5
    assert ended.stderr.count("Error: Runtime.ExitError") == 1


@pytest.mark.parametrize(
    ("function", "options", "starts"),
    [("LeavesServers", ("--repeat", "3"), 3), ("LeavesServersInInit", (), 2)],
)
def test_processes_that_outlive_a_crash(
    samlocal: Samlocal, function: str, options: tuple[str, ...], starts: int
) -> None:
    """What a runtime has left behind is gone when the next one starts, and its port is free."""
    ended = samlocal.invoke(function, "--no-event", *options)
    assert ended.exit_code == 5
    assert ended.stderr.count("\nlistens\n") == starts, ended.stderr


def test_json_reports_on_stderr(samlocal: Samlocal) -> None:
    """The last line of stderr is the report of the last invocation; the log has the same figures."""
    ended = samlocal.invoke("Counts", "--repeat", "2", "--report", "json")

    cold, warm = reports(ended.stderr)
    assert json.loads(ended.stderr.splitlines()[-1]) == warm
    assert cold["coldStart"] is True
    assert warm["coldStart"] is False
    assert [each["name"] for each in cold["phases"]] == ["init", "invoke"]
    assert cold["response"] == {"mode": "buffered", "contentType": "application/json", "bytes": 6}
    durations = re.findall(r"\tDuration: ([\d.]+) ms", ended.stderr)
    assert durations == [f"{each['metrics']['durationMs']:.2f}" for each in (cold, warm)]
    assert {"responseLatencyMs", "runtimeOverheadMs"} < warm["metrics"].keys()


def test_the_cold_path(samlocal: Samlocal, sandbox: str) -> None:
    """The first report has what samlocal itself needed; the steps are a part of the total."""
    (report,) = reports(samlocal.invoke("Echo", "--report", "json").stderr)

    steps = report["coldPath"]
    total = steps.pop("totalMs")
    of_container = ["imageMs", "connectionMs", "createMs", "startMs"]
    names = [*(of_container if sandbox != "process" else ()), "initMs"]
    assert list(steps) == ["startupMs", "projectMs", "engineMs", *names]
    assert all(each >= 0 for each in steps.values())
    assert 0 < steps.get("createMs", 0) + steps.get("startMs", steps["initMs"]) < total
    assert steps["initMs"] == report["metrics"]["initDurationMs"]


def test_json_reports_in_a_file(samlocal: Samlocal, tmp_path: Path) -> None:
    """A file has one report a line, also for what fails, and stderr has none."""
    file = tmp_path / "reports.jsonl"
    ended = samlocal.invoke(
        "Counts", "--repeat", "3", "--data", '{"exit": 2}', "--report", f"json={file}"
    )

    first, failed, last = reports(file.read_text())
    assert [each["outcome"] for each in (first, failed, last)] == ["success", "failure", "success"]
    assert (failed["status"], failed["errorType"]) == ("error", "Runtime.ExitError")
    assert failed["error"]["type"] == "Runtime.ExitError"
    assert last["coldStart"] is True
    assert not reports(ended.stderr)


def test_a_terminal_shows_a_table(samlocal: Samlocal) -> None:
    """On a terminal, a table and a histogram follow the logs of several invocations."""
    shown = on_terminal(samlocal, "Counts", "--repeat", "12")

    _, table = shown.split("\n\n12 invocations: 12 succeeded\n")
    names = [line.split("  ")[0] for line in table.splitlines()[1:5]]
    assert names == ["Init", "Duration", "Response latency", "Runtime overhead"]
    assert "Duration of 11 warm invocations\n" in table
    assert "invocations:" not in on_terminal(samlocal, "Counts")


def test_a_result_on_a_terminal_has_its_own_line(samlocal: Samlocal) -> None:
    """An unfinished line of the function's log ends before the result."""
    shown = on_terminal(samlocal, "Unfinished", "--repeat", "2", with_stdout=True)

    assert shown.count('\nno line feed\n"written"\nEND ') == 2


def test_a_table_where_it_is_asked_for(samlocal: Samlocal, tmp_path: Path) -> None:
    """`--report table` shows the table in a pipe too, or writes it to a file."""
    file = tmp_path / "table.txt"
    ended = samlocal.invoke("Counts", "--repeat", "2", "--report", "table")
    samlocal.invoke("Counts", "--repeat", "2", "--report", f"table={file}")

    assert "\n\n2 invocations: 2 succeeded\n" in ended.stderr
    assert file.read_text().startswith("2 invocations: 2 succeeded\n")


def test_an_interrupt_ends_all(samlocal: Samlocal) -> None:
    """Ctrl-C ends the invocations; stdout has whole lines, and nothing remains."""
    process = samlocal.start("local", "invoke", "Counts", "--no-credentials", "--repeat", "1000000")
    assert process.stdout
    first = [process.stdout.readline() for _ in range(20)]
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 130, errors
    assert first[19] == b"[20, 20]\n"
    assert not rest or rest.endswith(b"]\n")


def test_spans_reach_a_collector(samlocal: Samlocal) -> None:
    """Each invocation has a trace, whose span is the segment that the function sees."""
    with collector() as received:
        ended = samlocal.invoke("Context", "--repeat", "2", "--otlp", received.url)
    assert ended.exit_code == 0, ended.stderr

    cold, warm = (each for each in received.spans if each.name == "Context")
    for span, result in zip((cold, warm), results(ended), strict=True):
        root = f"1-{span.trace_id[:8]}-{span.trace_id[8:]}"
        assert result["trace"] == f"Root={root};Parent={span.span_id};Sampled=1"
        assert result["requestId"] == span.attributes["faas.invocation_id"]
    assert [each.name for each in received.children(cold)] == ["Init", "Invoke"]
    assert [each.name for each in received.children(warm)] == ["Invoke"]
    assert received.children(received.children(cold)[1])[0].name == "responseLatency"


def test_a_missing_collector_changes_nothing_else(samlocal: Samlocal) -> None:
    """Without a collector there is a warning; result and exit code are as usual."""
    ended = samlocal.invoke("Raises", "--otlp", "http://127.0.0.1:1", "--data", "{}")

    assert (ended.exit_code, len(results(ended))) == (3, 1)
    assert ended.stderr.endswith(
        "Warning: spans were not sent to `http://127.0.0.1:1/v1/traces`: Connection refused\n"
        "hint: check that a collector for OTLP over HTTP listens there\n"
    )
