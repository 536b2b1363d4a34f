"""The files that the processes of a sandbox see, from what samlocal says about them."""

from __future__ import annotations

import os

from .layout import Layout
from .mounts import apply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

_LAYERS: Final = "/opt"
_TMP: Final = "/tmp"  # noqa: S108  # the sandbox's
_HOSTS: Final = "/etc/hosts"
# Extensions listen for telemetry at these names of the sandbox:
# https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html#telemetry-api-destination
_OWN_NAMES: Final = "127.0.0.1 sandbox.localdomain sandbox\n"
_SHARED_MEMORY: Final = "mode=1777,size=67108864"


def view(setup: dict[str, Any], folder: str) -> None:
    """Make this process see the files of the sandbox.

    Raises:
        OSError: The kernel refuses a step.
    """
    apply(layout_of(setup, folder), own_processes=True)


def layout_of(setup: dict[str, Any], folder: str) -> Layout:
    """Return the files of a sandbox, whose box has a folder of its own."""
    layout = Layout()
    mounts = setup["mounts"]
    layers = [source for source, target, _ in mounts if target == _LAYERS]
    needs = setup["needs"]
    layout.devices()
    if not setup["strict"]:
        layout.memory("/dev/shm", _SHARED_MEMORY, writable=True)  # noqa: S108  # the sandbox's
    if any(f"{each}/".startswith(f"{_LAYERS}/") for each in needs):
        layout.replace(_real(_LAYERS), layers[0] if layers else "")
    elif layers:
        layout.bind(layers[0], _real(_LAYERS))
    else:
        layout.memory(_real(_LAYERS), "mode=755")
    if setup["tmp_bytes"] is None:
        own = f"{folder}/tmp"  # noqa: S108  # a folder of this box
        layout.bind(own, _TMP, writable=True, is_own=True)
    else:
        layout.memory(_TMP, f"mode=1777,size={setup['tmp_bytes']}", writable=True)
    for source, target, read_only in mounts:
        if target != _LAYERS:
            layout.bind(source, _real(target), writable=not read_only)
    layout.keep(needs)
    _name_itself(layout, folder)
    return layout


def _real(path: str) -> str:
    """Return a path with the symbolic links of this machine replaced, as /opt may be one."""
    return os.path.realpath(path)


def _name_itself(layout: Layout, folder: str) -> None:
    hosts = os.path.realpath(_HOSTS)
    try:
        with open(hosts, "rb") as file:
            known = file.read()
    except OSError:
        return
    with open(f"{folder}/hosts", "wb") as file:
        file.write(known.rstrip(b"\n") + b"\n" + _OWN_NAMES.encode())
    os.chmod(f"{folder}/hosts", 0o644)
    layout.bind(f"{folder}/hosts", hosts)
