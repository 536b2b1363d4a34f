"""What samlocal needed before the first event, and when this process started."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from samlocal.reports.cold_path import CommandTimes, cold_path
from samlocal.reports.process_start import process_start
from samlocal.sandbox.sandbox import StartSteps
from tests.unit.reports.completed_invocations import INIT, INVOKE

TIMES = CommandTimes(process_start=9.5, begun=10.0, project_read=10.25, engine_connected=10.5)
STEPS = StartSteps(image_ms=1.0, connection_ms=2.0, create_ms=30.0, start_ms=40.0)


def test_the_steps_are_in_milliseconds() -> None:
    """Each step has its duration; Init again counts as Init."""
    found = cold_path(TIMES, STEPS, (INIT, INIT, INVOKE))

    assert dict(found) | {"totalMs": 0} == {
        "startupMs": 500.0,
        "projectMs": 250.0,
        "engineMs": 250.0,
        "imageMs": 1.0,
        "connectionMs": 2.0,
        "createMs": 30.0,
        "startMs": 40.0,
        "initMs": 161.0,
        "totalMs": 0,
    }


def test_the_total_is_until_invoke() -> None:
    """The total lasts from the start of the process, or of the command if that is unknown, to Invoke."""
    now = time.monotonic()
    invoke = replace(INVOKE, start=datetime.now(UTC) - timedelta(seconds=1))
    times = replace(TIMES, process_start=now - 5, begun=now - 4)

    assert cold_path(times, STEPS, (invoke,))["totalMs"] == pytest.approx(4000, abs=100)
    without = cold_path(replace(times, process_start=None), STEPS, (invoke,))
    assert without["totalMs"] == pytest.approx(3000, abs=100)
    assert "startupMs" not in without


def test_without_invoke_there_is_no_total() -> None:
    """A failed Init, or a sandbox that does not know its steps, leaves out what is unknown."""
    found = cold_path(TIMES, None, (INIT,))
    assert set(found) == {"startupMs", "projectMs", "engineMs", "initMs"}


def test_the_start_of_the_process_is_known() -> None:
    """The start lies between the moments before and after it, to 10 ms; /proc knows it."""
    program = "from samlocal.reports.process_start import process_start; print(process_start())"
    before = time.monotonic()
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    after = time.monotonic()

    assert before - 0.02 <= float(answer.stdout) <= after
    own = process_start()
    assert own is not None
    assert own < before
