from __future__ import annotations

import pytest

from samlocal.sandbox.docker.container.launch_reasons import (
    reason_of_engine,
    reason_of_shell,
)
from samlocal.sandbox.launch_errors import launch_error

PATH = b"/opt/extensions/a.b"
ELF = b"\x7fELF\x02\x01\x01\x02"
LOADER = "its interpreter or loader does not exist in the sandbox"


@pytest.mark.parametrize(
    ("said", "status", "beginning", "reason"),
    [
        pytest.param(PATH + b": 1: exec: " + PATH + b": not found\n", 127, ELF, LOADER, id="dash"),
        pytest.param(
            PATH + b": line 1: " + PATH + b": cannot execute: required file not found\n",
            127,
            ELF,
            LOADER,
            id="bash",
        ),
        pytest.param(
            PATH + b": exec: line 0: " + PATH + b": not found\n", 127, ELF, LOADER, id="busybox"
        ),
        pytest.param(b"env: '" + PATH + b"': No such file", 127, ELF, LOADER, id="env"),
        pytest.param(
            PATH + b": 1: \x7fELF: not found\n",
            127,
            ELF + b"\xb7\x01",
            "exec format error: it is built for arm64",
            id="machine in dash",
        ),
        pytest.param(
            PATH + b": " + PATH + b": cannot execute binary file\n",
            126,
            ELF + b"\xb7\x01",
            "exec format error: it is built for arm64",
            id="machine in bash",
        ),
        pytest.param(
            PATH + b": line 1: syntax error\n", 2, ELF + b">\x01", "exec format error", id="broken"
        ),
        pytest.param(PATH + b": no configuration\n", 2, ELF + b">\x01", None, id="its own words"),
        pytest.param(b"", 127, b"#!/bin/sh", None, id="its own status"),
        pytest.param(PATH + b": 3: curl: not found\n", 127, b"#!/bin/sh", None, id="a script's"),
        pytest.param(PATH + b": 1: exec: " + PATH + b": not found\n", 1, ELF, None, id="exit 1"),
    ],
)
def test_reason_of_a_shell(said: bytes, status: int, beginning: bytes, reason: str | None) -> None:
    """What a shell says about a file that it cannot execute is told from an extension's own output."""
    found = reason_of_shell("a.b", status, said=said, beginning=beginning, architecture="amd64")
    assert found == reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param(
            'OCI runtime exec failed: exec failed: unable to start container process: exec: "/opt/extensions/a.b":'
            " permission denied: unknown\r\n",
            "permission denied",
            id="runc on Docker",
        ),
        pytest.param(
            "exec /opt/extensions/a.b: exec format error\n", "exec format error", id="runc"
        ),
        pytest.param(
            "Error: crun: executable file `/opt/extensions/a.b` not found: No such file: OCI runtime",
            "not found",
            id="crun",
        ),
        pytest.param("exec /opt/extensions/aXb: exec format error\n", None, id="another file"),
    ],
)
def test_reason_of_an_engine(said: str, reason: str | None) -> None:
    """What an engine says about a file that it cannot execute is found."""
    assert reason_of_engine("a.b", 126, said) == reason
    assert reason_of_engine("a.b", 0, said) is None


def test_reasons_have_hints() -> None:
    """Reasons that the user can do something about have a hint."""
    error = launch_error("a.sh", "permission denied")
    assert (str(error), error.hint) == (
        "the extension `a.sh` cannot be started: permission denied",
        "make the file in the layer executable: `chmod +x`",
    )
    crlf = launch_error("a.sh", "its interpreter does not exist: /bin/sh\r")
    assert "CRLF" in crlf.message
    assert launch_error("a.sh", "anything else").hint is None
