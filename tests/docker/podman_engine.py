"""A separate real Podman for the tests, rootful or rootless, with its own folders and network."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import docker

from tests.docker.own_engine import clear
from tests.docker.own_number import own_number

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS_TO_START = 30
_SECONDS_TO_END = 10
# Where a machine's own limits are lower than Podman's defaults, and with either version of cgroups.
_SETTINGS = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "{runtime}"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
default_network = "{network}"
"""
# Docker trusts registries on this machine without being asked.
_REGISTRIES = """\
[[registry]]
location = "127.0.0.1"
insecure = true
"""


class Podman:
    """A `podman system service` with all its data in one folder."""

    def __init__(self, folder: Path, *, user: str | None = None) -> None:
        self.address = f"unix://{folder}/podman.sock"
        self.folder = folder
        self._user = user

    def start(self) -> None:
        command = [
            "podman",
            f"--root={self.folder}/root",
            f"--runroot={self.folder}/run",
            f"--tmpdir={self.folder}/libpod",
            "--storage-driver=overlay",  # what rootless engines fall back to copies whole images
            "system",
            "service",
            "--time=0",
            self.address,
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._as_user(), *command],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self._environment(),
            )
        self._wait()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)

    def containers(self) -> list[str]:
        with closing(docker.APIClient(base_url=self.address, version="auto")) as client:
            return [each["Id"] for each in client.containers(all=True)]

    def load(self, image: str) -> None:
        """Copy an image from the machine's own engine."""
        with (
            closing(docker.APIClient(version="auto", timeout=300)) as source,
            closing(docker.APIClient(base_url=self.address, version="auto", timeout=300)) as target,
        ):
            content = b"".join(source.get_image(image))
            for _ in target.load_image(content):  # type: ignore[no-untyped-call]  # its stubs have none
                pass

    def _as_user(self) -> list[str]:
        """Become the user; a machine that lets only root at its tunnels has one that does not."""
        if self._user is None:
            return []
        tunnel = self.folder / "tun"
        script = f'mount --bind {tunnel} /dev/net/tun && exec setpriv --reuid={self._user} --regid={self._user} --init-groups "$@"'
        if not tunnel.exists():
            subprocess.run(["mknod", "--mode=0666", tunnel, "c", "10", "200"], check=True)
        return ["unshare", "--mount", "sh", "-c", script, "as-user"]

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(self.folder / "registries.conf"),
        }

    def _wait(self) -> None:
        deadline = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket(socket.AF_UNIX) as asking:
                if asking.connect_ex(str(self.folder / "podman.sock")) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"podman does not start: {(self.folder / 'log').read_text()[-2000:]}")


@contextmanager
def serve(*, rootless: bool = False) -> Iterator[Podman]:
    """An engine with a network of its own, 10.215.NUMBER.0/24; one of a user of its own if rootless."""
    with own_number() as number, _serve_as(number, rootless=rootless) as engine:
        yield engine


@contextmanager
def _serve_as(number: int, *, rootless: bool) -> Iterator[Podman]:
    name = f"samlocal{number}"
    # Not below pytest's own folder, which only root may enter.
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-podman-"))
    try:
        if rootless:
            subprocess.run(["useradd", "--no-create-home", name], check=True)
        _configure(folder, name, number)
        if rootless:
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, name, name)
        else:
            _keep_bridge(name, number)
        engine = Podman(folder, user=name if rootless else None)
        engine.start()
        try:
            yield engine
        finally:
            engine.stop()
    finally:
        clear(folder)
        for interface in (f"{name}p", f"{name}k"):
            delete = ["ip", "link", "delete", interface]
            subprocess.run(delete, check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
        if rootless:
            _remove_user(name)


def _configure(folder: Path, name: str, number: int) -> None:
    runtime = "crun" if Path("/sys/fs/cgroup/cgroup.controllers").exists() else "runc"
    (folder / "containers.conf").write_text(
        _SETTINGS.format(folder=folder, network=name, runtime=runtime)
    )
    (folder / "registries.conf").write_text(_REGISTRIES)
    network = {
        "name": name,
        "id": f"{number:064x}",
        "driver": "bridge",
        "network_interface": f"{name}p",
        "subnets": [{"subnet": f"10.215.{number}.0/24", "gateway": f"10.215.{number}.1"}],
        "ipam_options": {"driver": "host-local"},
    }
    (folder / "networks").mkdir()
    (folder / "networks" / f"{name}.json").write_text(json.dumps(network))


def _keep_bridge(name: str, number: int) -> None:
    """Make the network's bridge with an address that stays, as with netavark 1.9 and later.

    Before, it has the lowest of its containers' addresses. When a container that starts or ends changes that, the
    others go on sending to the old one for a while: https://github.com/containers/netavark/pull/833. Netavark takes
    a bridge that exists, and removes one without an interface: this one keeps a pair that leads nowhere.
    """
    bridge, kept = f"{name}p", f"{name}k"
    for arguments in (
        f"link add {bridge} address 02:00:00:00:00:{number:02x} type bridge",
        f"address add 10.215.{number}.1/24 dev {bridge}",
        f"link set {bridge} up",
        f"link add {kept} type veth peer name {kept}p",
        f"link set {kept} master {bridge} up",
    ):
        subprocess.run(["ip", *arguments.split()], check=True)


def _remove_user(name: str) -> None:
    """Remove the user, and what still runs in its name: a rootless engine leaves its namespace open."""
    identifier = pwd.getpwnam(name).pw_uid
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if process.stat().st_uid == identifier:
                os.kill(int(process.name), signal.SIGKILL)
    deadline = time.monotonic() + _SECONDS_TO_END
    while subprocess.run(["userdel", name], check=False, capture_output=True).returncode:
        assert time.monotonic() < deadline, f"the user {name} cannot be removed"
        time.sleep(0.1)


def can_run() -> bool:
    """Return whether this machine permits a separate Podman."""
    return os.geteuid() == 0 and all(map(shutil.which, ("podman", "newuidmap", "slirp4netns")))


def refuses_rootless() -> str | None:
    """Return what keeps a user who is not root from a namespace of its own; None if nothing does."""
    command = ["setpriv", "--reuid=65534", "--clear-groups", "unshare", "--user", "true"]
    tried = subprocess.run(command, capture_output=True, check=False)
    return tried.stderr.decode().strip() or None
