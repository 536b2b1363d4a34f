from __future__ import annotations

import os
import shutil
import subprocess
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCRIPTS = Path(__file__).parents[2] / ".ci"


class _Ping(BaseHTTPRequestHandler):
    """Answers `GET /_ping` like a running engine."""

    client_address = ("engine", 0)

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/_ping" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[str]:
    """Yield the address of a server that answers like an engine."""
    with UnixStreamServer(str(tmp_path / "engine.sock"), _Ping) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"unix://{server.server_address!s}"
        server.shutdown()


def _run(script: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [_SCRIPTS / script, *arguments],
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env=os.environ | env,
        text=True,
    )


def test_a_running_engine_is_used(engine: str) -> None:
    """If an engine answers, `.ci/engine` does nothing and prints nothing."""
    answer = _run("engine", DOCKER_HOST=engine)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_an_unknown_sandbox_of_the_demo_is_named() -> None:
    """The demo sets up nothing for a sandbox that does not exist, and says which do."""
    answer = _run("demo", SANDBOX="podman")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == (
        "error: `podman` is not a sandbox\n\nhint: SANDBOX is `auto`, `docker` or `process`\n"
    )


@pytest.mark.parametrize("address", ["unix:///nonexistent.sock", "tcp://127.0.0.1:1"])
def test_an_engine_elsewhere_is_not_started(address: str) -> None:
    """An engine at DOCKER_HOST that does not answer is an error: the user has to start it."""
    answer = _run("engine", DOCKER_HOST=address)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == (
        f"error: no container engine answers at DOCKER_HOST={address}\n"
        "\nhint: start it, or unset DOCKER_HOST\n"
    )


@pytest.fixture
def debian(tmp_path: Path) -> Path:
    """Create programs that simulate a Debian with curl and without jq, and record their arguments."""
    programs = {
        "dpkg-query": "for name; do :; done; [ $name != curl ] || printf installed",
        "apt-get": f'echo "$@" >>{tmp_path}/asked',
        "sudo": 'exec "$@"',
        "id": "echo ${FAKE_ID:-0}",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def _apt(debian: Path, *packages: str, **env: str) -> tuple[int, str, str]:
    """Run a script; return exit status, stderr, and the arguments of apt-get."""
    path = f"{debian}:/usr/bin:/bin"
    answer = _run("apt", "the tests", *packages, **{"CI": "", "PATH": path, **env})
    asked = debian / "asked"
    return answer.returncode, answer.stderr, asked.read_text() if asked.exists() else ""


def test_installed_packages_are_not_installed_again(debian: Path) -> None:
    """If no package is missing, the script does nothing and prints nothing."""
    assert _apt(debian, "curl") == (0, "", "")


@pytest.mark.parametrize("env", [{}, {"FAKE_ID": "1000", "CI": "true"}], ids=["root", "ci"])
def test_missing_packages_are_installed_without_a_prompt(debian: Path, env: dict[str, str]) -> None:
    """Root without a terminal, and CI, install exactly the missing packages."""
    status, said, asked = _apt(debian, "curl", "jq", **env)
    assert (status, said) == (0, "Installing jq (the tests)\n")
    assert asked == "update -q\ninstall -q -y --no-install-recommends jq\n"


def test_other_users_without_a_terminal_get_the_command(debian: Path) -> None:
    """Other users without a terminal get an error with the command; nothing is installed."""
    status, said, asked = _apt(debian, "jq", FAKE_ID="1000")
    assert (status, asked) == (1, "")
    assert said == (
        "error: jq is not installed (the tests)\n\n"
        "hint: run `sudo apt-get install --no-install-recommends jq`,"
        " or set CI=true to let this script do it\n"
    )


def test_only_compilers_that_are_missing_are_installed(debian: Path) -> None:
    """Only compilers that are not on the PATH are installed, from Debian's packages."""
    for name in ("javac", "go", "cc"):
        (debian / name).symlink_to("/bin/true")
    for name in ("sh", "dirname", "env", "grep", "mktemp", "rm", "tail"):
        (debian / name).symlink_to(shutil.which(name) or name)
    answer = _run("compilers", CI="true", PATH=str(debian))
    old = 'VERSION_ID="12"' in Path("/etc/os-release").read_text()
    assert (
        answer.stderr == f"Installing maven {'cargo-web' if old else 'cargo'} (the sample apps)\n"
    )
    assert answer.returncode == 0
