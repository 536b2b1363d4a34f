from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from samlocal.cli.progress import PullView
from tests.unit.cli.script import run_script

if TYPE_CHECKING:
    import pytest

PULL = """
    import sys
    from samlocal.cli.progress import PullView
    with PullView() as view:
        view.note("Pulling lambda/python:3.11")
        view("3.11", "Pulling from lambda/python", 0, 0)
        view("a1b2", "Downloading", 5_000_000, 10_000_000)
        view("a1b2", "Downloading", 10_000_000, 10_000_000)
        view("a1b2", "Pull complete", 0, 0)
        view("", "Status: Downloaded newer image", 0, 0)
    print("rich" in sys.modules)
"""


def test_without_a_terminal_each_step_is_a_line() -> None:
    """Without a terminal, each step is one line, without percentages."""
    ended = run_script(PULL)

    assert ended.stderr.decode().splitlines() == [
        "Pulling lambda/python:3.11",
        "a1b2: Pull complete",
        "Status: Downloaded newer image",
    ]
    assert ended.stdout == b"False\n"


def test_interrupted_download_is_reported_once(capfd: pytest.CaptureFixture[str]) -> None:
    """An interrupted download is reported once, not for each second until the retry."""
    with PullView() as view:
        for seconds in (5, 4, 3, 2, 1, 10, 9):
            view("a1b2", f"Retrying in {seconds} seconds", 0, 0)

    assert capfd.readouterr().err == "a1b2: the download was interrupted; the engine tries again\n"


def test_on_a_terminal_there_are_bars() -> None:
    """On a terminal, each layer has a bar until the pull ends."""
    master, terminal = os.openpty()
    try:
        ended = run_script(PULL, stderr=terminal)
    finally:
        os.close(terminal)
    shown = b""
    while True:
        try:
            shown += os.read(master, 65536)
        except OSError:  # the terminal is closed, and all has been read
            break
    os.close(master)

    assert ended.returncode == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert text.startswith("Pulling lambda/python:3.11\r\n")
    assert "a1b2 Downloading" in text
    assert "10.0/10.0 MB" in text
    assert shown.endswith(b"\x1b[2KStatus: Downloaded newer image\r\n")


def test_a_local_image_causes_no_output(capfd: pytest.CaptureFixture[str]) -> None:
    """A local image causes no output."""
    with PullView():
        pass
    assert capfd.readouterr() == ("", "")
