"""Extensions and functions that misbehave: the answer names the cause, and nothing is left behind."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.docker.command import CHECKOUT, Finished, Samlocal

if TYPE_CHECKING:
    from tests.docker.fixtures import SamlocalIn

PROJECT = CHECKOUT / "tests" / "projects" / "faulty-extensions"


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn) -> Samlocal:
    """The command in a copy of the project; nothing of its sandboxes may remain."""
    return samlocal_in(PROJECT, "python:3.11")


def said(ended: Finished) -> list[str]:
    """What the extension `faulty` wrote."""
    return re.findall(r"^\[faulty\] faulty (.*)", ended.stderr, re.MULTILINE)


@pytest.mark.parametrize(
    ("function", "error_type", "message", "extension"),
    [
        ("ExitsBeforeRegistration", "Extension.Crash", "exit status 3", "faulty"),
        ("ExitsAfterRegistration", "Extension.Crash", "exit status 4", "faulty"),
        ("ExitsInInit", "Extension.Crash", "exit status 5", "faulty"),
        ("ExitsInInvoke", "Extension.Crash", "exit status 6", "faulty"),
        ("KilledInInvoke", "Extension.Crash", "signal: killed", "faulty"),
        ("ReportsInitError", "Extension.InitError", "Faulty.NoConfiguration", "faulty"),
        ("ReportsExitError", "Extension.ExitError", "Faulty.NoMoreWork", "faulty"),
        ("Eleven", "Extension.TooManyExtensions", "10", "faulty"),
    ],
)
def test_extension_that_fails(
    samlocal: Samlocal, function: str, error_type: str, message: str, extension: str
) -> None:
    """The invocation fails with the error of its extension, whose name is in the hint."""
    ended = samlocal.invoke(function, "--no-event")

    assert_failed(ended, error_type, message)
    assert f"`{extension}`" in ended.stderr.partition("hint: ")[2]


def assert_failed(ended: Finished, error_type: str, message: str) -> None:
    assert ended.exit_code == 5, ended.stderr
    error = json.loads(ended.stdout)
    assert error["errorType"] == error_type
    assert message in error["errorMessage"]
    assert f"\tStatus: error\tError Type: {error_type}\t\n" in ended.stderr


@pytest.mark.parametrize(
    ("function", "name", "reason", "lambdas_reason"),
    [
        ("NotExecutable", "readme", "permission denied", "PermissionDenied"),
        ("NoProgram", "text", "exec format error", "UnknownError"),
    ],
)
def test_file_that_is_not_an_extension(
    samlocal: Samlocal, function: str, name: str, reason: str, lambdas_reason: str
) -> None:
    """The invocation fails with the system's reason, and the platform's line has Lambda's word for it."""
    ended = samlocal.invoke(function, "--no-event")

    assert_failed(
        ended, "Extension.LaunchError", f"the extension `{name}` cannot be started: {reason}"
    )
    states = re.findall(rf"^EXTENSION\tName: {name}\t(.*)$", ended.stderr, re.MULTILINE)
    assert set(states) == {f"State: LaunchError\tEvents: []\tError Type: {lambdas_reason}"}
    assert "hint: " in ended.stderr


def test_environment_works_after_a_crash(samlocal: Samlocal) -> None:
    """Extensions and runtime start again for the next invocation, with the same /tmp."""
    ended = samlocal.invoke("ExitsInInvoke", "--no-event", "--repeat", "2")

    first, second = map(json.loads, ended.stdout.splitlines())
    assert (first["errorType"], second) == ("Extension.Crash", "handled")
    assert said(ended) == ["got INVOKE", "got SHUTDOWN spindown"]


def test_extension_that_never_registers(samlocal: Samlocal) -> None:
    """Init ends at its limit, and again at the function's timeout; the extension is named."""
    ended = samlocal.invoke("NeverRegisters", "--no-event")

    assert "INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout" in ended.stderr
    assert "Task timed out after 1.00 seconds" in ended.stdout.decode()
    assert "`faulty`" in ended.stderr


def test_extension_that_hangs(samlocal: Samlocal) -> None:
    """The result stands, exit code included; the report times out because of the extension, which is named."""
    ended = samlocal.invoke("HangsInInvoke", "--no-event")

    assert (ended.exit_code, ended.stdout) == (0, b'"handled"')
    assert "Status: timeout" in ended.stderr
    assert "`faulty`" in ended.stderr


@pytest.mark.parametrize(
    ("function", "refusal"),
    [
        ("RegistersTwice", "second registration: 403 Extension.InvalidExtensionState"),
        ("RegistersLate", "late registration: 403 Extension.RegistrationClosed"),
    ],
)
def test_registration_that_is_refused(samlocal: Samlocal, function: str, refusal: str) -> None:
    """An extension that registers when it may not is told so, and stays registered as it was."""
    ended = samlocal.invoke(function, "--no-event")

    assert (ended.exit_code, ended.stdout) == (0, b'"handled"'), ended.stderr
    assert refusal in said(ended)
    assert said(ended)[-1] == "got SHUTDOWN spindown"


def test_extension_that_ignores_shutdown(samlocal: Samlocal) -> None:
    """It is killed at the end of Shutdown, and the result is the function's."""
    ended = samlocal.invoke("IgnoresShutdown", "--no-event")

    assert (ended.exit_code, ended.stdout) == (0, b'"handled"'), ended.stderr
    assert said(ended) == ["got INVOKE", "got SHUTDOWN spindown"]


@pytest.mark.parametrize(
    ("function", "result", "last"),
    [
        ("SubscriberRefuses", b'"logged"', "refused batches"),
        ("SubscriberIsGone", b'"logged"', "got SHUTDOWN spindown"),
        ("SubscriberIsSlow", b'"flooded"', "dropped: ['droppedBytes', 'droppedRecords', 'reason']"),
    ],
    ids=["refuses", "gone", "slow"],
)
def test_subscriber_that_does_not_take_telemetry(
    samlocal: Samlocal, function: str, result: bytes, last: str
) -> None:
    """The invocation goes on without it, and events that are dropped are announced."""
    ended = samlocal.invoke(function, "--no-event")

    assert (ended.exit_code, ended.stdout) == (0, result), ended.stderr
    assert said(ended)[0] == "subscribed: 200 OK"
    assert last in said(ended)


def test_processes_that_outlive_the_handler(samlocal: Samlocal) -> None:
    """They hold neither the invocation nor the command, and are gone with their sandbox."""
    mark = str(uuid4())
    event = json.dumps({"mark": mark}).encode()
    ended = samlocal.invoke("LeavesProcesses", "-e", "-", stdin=event)

    assert (ended.exit_code, ended.stdout) == (0, b'"left"'), ended.stderr
    assert said(ended) == ["got INVOKE", "got SHUTDOWN spindown"]
    assert not _processes(mark)


def _processes(mark: str) -> list[Path]:
    """The processes of this machine, in containers too, with that mark in their command."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if mark.encode() in (each / "cmdline").read_bytes():
                found.append(each)
    return found


@pytest.mark.parametrize(
    ("function", "options", "result"),
    [
        # Lambda has room for 1,024, which take a while to kill.
        pytest.param(
            "FillsProcessTable",
            ("--docker-arg", "pids_limit=100"),
            b'{"refused": true}',
            marks=pytest.mark.container("processes and open files"),
            id="processes",
        ),
        pytest.param("FillsTmp", ("--strict",), b'"No space left on device"', id="tmp"),
    ],
)
def test_handler_that_takes_all_there_is(
    samlocal: Samlocal, function: str, options: tuple[str, ...], result: bytes
) -> None:
    """The handler is refused what it wants, and the extension beside it works on."""
    ended = samlocal.invoke(function, "--no-event", *options)

    assert (ended.exit_code, ended.stdout) == (0, result), ended.stderr
    assert said(ended) == ["got INVOKE", "got SHUTDOWN spindown"]


def test_handler_that_takes_all_memory(samlocal: Samlocal) -> None:
    """The runtime is ended, the cause is named, and the extension is told of the failure."""
    ended = samlocal.invoke("FillsMemory", "--no-event")

    assert json.loads(ended.stdout)["errorType"] == "Runtime.OutOfMemory"
    assert said(ended)[-1] == "got SHUTDOWN failure"


@pytest.mark.parametrize(
    ("function", "result", "output"),
    [
        pytest.param("Floods", b'"flooded"', f"{'x' * 1023}\nthe last line\n", id="lines"),
        pytest.param("FloodsWithoutNewlines", b'"flooded"', "xxxthe end", id="one-line"),
        pytest.param(
            "WritesNoText",
            b'"written"',
            "not UTF-8: \\xff\\xfe\\x80, and a NUL: \0.\n",
            id="no-text",
        ),
    ],
)
def test_output_of_every_kind(
    samlocal: Samlocal, function: str, result: bytes, output: str
) -> None:
    """Floods, lines without an end and bytes that are no text are shown whole, before the report."""
    ended = samlocal.invoke(function, "--no-event")

    assert (ended.exit_code, ended.stdout) == (0, result)
    assert output in ended.stderr
    assert said(ended) == ["got INVOKE", "got SHUTDOWN spindown"]
