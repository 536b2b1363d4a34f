"""A real ssh server on the loopback interface, and an `ssh` that knows it."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.free_ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

_SERVER = "/usr/sbin/sshd"
_SECONDS_TO_START = 20
_SERVER_SETTINGS = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
"""
_CLIENT_SETTINGS = """\
Host *
  IdentityFile {folder}/user_key
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
"""


@dataclass(frozen=True, kw_only=True)
class SshServer:
    """The server's address, and the folder of an `ssh` that is let in, for the front of a PATH."""

    address: str
    path: Path

    @property
    def variables(self) -> dict[str, str]:
        return {"PATH": f"{self.path}:{os.environ['PATH']}"}


@contextmanager
def serve(folder: Path) -> Iterator[SshServer]:
    """A server on a free port, as long as the block lasts."""
    Path("/run/sshd").mkdir(exist_ok=True)  # which the server wants, whatever its settings are
    port = free_port()
    for key in ("host_key", "user_key"):
        command = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key))
        subprocess.run(command, check=True)
    (folder / "sshd_config").write_text(_SERVER_SETTINGS.format(port=port, folder=folder))
    (folder / "ssh_config").write_text(_CLIENT_SETTINGS.format(folder=folder))
    host_key = (folder / "host_key.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}")
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [_SERVER, "-D", "-e", "-f", str(folder / "sshd_config")], stdout=output, stderr=output
        )
    try:
        _wait(process, port, log)
        address = f"ssh://{getpass.getuser()}@127.0.0.1:{port}"
        yield SshServer(address=address, path=_client(folder))
    finally:
        process.terminate()
        process.wait()


def _client(folder: Path) -> Path:
    """Create an `ssh` with separate settings, because the real one reads the user's home directory."""
    program = folder / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/ssh_config "$@"\n')
    program.chmod(0o755)
    return program.parent


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"sshd does not start: {log.read_text()}")


def can_run() -> bool:
    """Return whether this machine has an ssh server that can be started."""
    return os.geteuid() == 0 and Path(_SERVER).exists() and shutil.which("ssh") is not None
