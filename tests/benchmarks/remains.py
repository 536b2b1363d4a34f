"""What commands leave behind on this machine, and on its engine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import docker

_PROJECT: Final = "samlocal.project"
_LISTENING: Final = "0A"  # https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
_REMOVAL_SECONDS: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where commands run that can leave something: below `folder`, with `marker` in their environment.

    `network` is the user's own; `usual` are the files that a command leaves when nothing interrupts it.
    """

    engine: docker.APIClient
    folder: Path
    marker: str
    network: str
    usual: frozenset[str] = frozenset()

    def at_once(self) -> list[str]:
        """What must not be there when a command has ended by itself.

        No container runs, though the engine takes a moment to see that it has killed one, and the user can
        remove the network.
        """
        attached = self.engine.inspect_network(self.network)["Containers"] or {}
        running = _patiently(lambda: self._containers(running=True), seconds=1)
        return [*(f"container {each[:12]} in the network" for each in attached), *running]

    def remains(self) -> list[str]:
        """Everything that is still there when the engine has had time to remove it."""
        return _patiently(self._everything, seconds=_REMOVAL_SECONDS)

    def files(self) -> frozenset[str]:
        """Every path below the folder."""
        return frozenset(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))

    def _everything(self) -> list[str]:
        return [
            *self._containers(),
            *self._volumes(),
            *self._networks(),
            *(f"process {pid}" for pid in processes(self.marker)),
            *(f"file {path}" for path in sorted(self.files() - self.usual)),
        ]

    def _containers(self, *, running: bool = False) -> list[str]:
        containers = self.engine.containers(all=not running, filters={"label": _PROJECT})
        return [
            f"container {each['Id'][:12]} ({each['State']}) of {each['Image']}"
            for each in containers
            if self._is_ours(each["Labels"])
        ]

    def _volumes(self) -> list[str]:
        volumes = self.engine.volumes(filters={"label": _PROJECT})["Volumes"] or ()
        return [f"volume {each['Name'][:12]}" for each in volumes if self._is_ours(each["Labels"])]

    def _networks(self) -> list[str]:
        networks = self.engine.networks(filters={"label": _PROJECT})
        return [f"network {each['Name']}" for each in networks if self._is_ours(each["Labels"])]

    def _is_ours(self, labels: dict[str, str]) -> bool:
        return Path(labels[_PROJECT]).is_relative_to(self.folder)


def processes(marker: str) -> Iterator[int]:
    """Yield the processes with that marker in their environment."""
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker.encode() in environment.read_bytes():
                yield int(environment.parent.name)
        except OSError:  # it has ended
            continue


def listening_sockets(pid: int) -> set[str]:
    """The addresses, as the kernel writes them, on which a process listens."""
    held = set()
    for descriptor in _entries(Path(f"/proc/{pid}/fd")):
        try:
            held.add(str(descriptor.readlink()))
        except OSError:
            continue
    return {address for address, inode in _listeners() if f"socket:[{inode}]" in held}


def still_listening(addresses: Iterable[str]) -> list[str]:
    """Those of the addresses on which somebody still listens."""
    there = {address for address, _ in _listeners()}
    return [f"listening socket {address}" for address in sorted(there.intersection(addresses))]


def _listeners() -> Iterator[tuple[str, str]]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENING:
                yield fields[1], fields[9]


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # the process has ended
        return []


def _patiently(look: Callable[[], list[str]], *, seconds: float) -> list[str]:
    deadline = time.monotonic() + seconds
    while (found := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found
