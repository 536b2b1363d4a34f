"""A second, real engine that a test may kill or cut off: its own bridge, its own folders."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import docker.errors

from tests.docker.own_number import own_number

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS_TO_START = 30


class OwnEngine:
    """A `dockerd` with all its data in one folder."""

    def __init__(
        self,
        folder: Path,
        bridge: str,
        options: tuple[str, ...] = (),
        *,
        prefix: tuple[str, ...] = (),
    ) -> None:
        self.address = f"unix://{folder}/docker.sock"
        self._folder = folder
        self._bridge = bridge
        self._options = options
        self._prefix = prefix

    def start(self) -> None:
        """Start it, or start it again; what it had it has again."""
        command = [
            *self._prefix,
            "dockerd",
            f"--host={self.address}",
            f"--data-root={self._folder}/data",
            f"--exec-root={self._folder}/exec",
            f"--pidfile={self._folder}/pid",
            f"--bridge={self._bridge}",
            "--iptables=false",
            "--ip-masq=false",
            *self._options,
        ]
        # A process that nobody has reaped looks alive to the engine that finds its number.
        for stale in ("pid", "exec/containerd/containerd.pid"):
            (self._folder / stale).unlink(missing_ok=True)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self._wait()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait()

    def containers(self) -> list[str]:
        """Return the ids of its containers, in any state.

        An engine that starts again may list a container as dead that it has just removed, until its next
        start: one of its threads writes the record again that another one deletes. It has no such
        container, so whoever asks for it or removes it gets 404.
        """
        with closing(docker.APIClient(base_url=self.address, version="auto")) as client:
            return [
                each["Id"] for each in client.containers(all=True) if _exists(client, each["Id"])
            ]

    def load(self, image: str) -> None:
        """Copy an image from the machine's own engine."""
        with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saving:
            subprocess.run(
                ["docker", "--host", self.address, "load", "--quiet"],
                stdin=saving.stdout,
                stdout=subprocess.DEVNULL,
                check=True,
            )

    @contextmanager
    def firewall(self) -> Iterator[None]:
        """Drop what this engine's containers send to this machine."""
        rule = ["INPUT", "-i", self._bridge, "-j", "DROP"]
        subprocess.run(["iptables", "--wait", "-I", *rule], check=True)
        try:
            yield
        finally:
            subprocess.run(["iptables", "--wait", "-D", *rule], check=True)

    def _wait(self) -> None:
        deadline = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < deadline and self._process.poll() is None:
            asked = subprocess.run(
                ["docker", "--host", self.address, "version"], capture_output=True, check=False
            )
            if asked.returncode == 0:
                return
            time.sleep(0.1)
        log = (self._folder / "log").read_text()
        raise RuntimeError(f"dockerd does not start: {log[-2000:]}")


@contextmanager
def serve(folder: Path, *options: str) -> Iterator[OwnEngine]:
    """Run an engine with all its data in `folder`, on the network 10.213.NUMBER.0/24."""
    with own_number() as number, _serve_on(number, folder, options) as engine:
        yield engine


@contextmanager
def _serve_on(number: int, folder: Path, options: tuple[str, ...]) -> Iterator[OwnEngine]:
    bridge = f"samlocal{number}"
    # Without an address of its own, a bridge takes that of a container, and another one when that ends: the
    # other containers go on sending to the old one.
    address = f"02:42:0a:d5:{number:02x}:01"
    subprocess.run(["ip", "link", "add", bridge, "address", address, "type", "bridge"], check=True)
    try:
        gateway = f"10.213.{number}.1/24"
        subprocess.run(["ip", "address", "add", gateway, "dev", bridge], check=True)
        subprocess.run(["ip", "link", "set", bridge, "up"], check=True)
        engine = OwnEngine(folder, bridge, options)
        engine.start()
        try:
            yield engine
        finally:
            engine.stop()
    finally:
        subprocess.run(["ip", "link", "delete", bridge], check=True)
        clear(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _exists(client: docker.APIClient, container: str) -> bool:
    try:
        client.inspect_container(container)
    except docker.errors.NotFound:
        return False
    return True


def clear(folder: Path) -> None:
    """Remove the processes and mounts of the containers of a killed engine."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(folder).encode() in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for path in reversed(mounted):
        if Path(path).is_relative_to(folder):
            subprocess.run(["umount", "--lazy", path], check=True)


def can_run() -> bool:
    """Return whether this machine permits a separate engine."""
    return os.geteuid() == 0 and all(map(shutil.which, ("dockerd", "ip", "iptables")))
