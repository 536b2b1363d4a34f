"""Options of the engine for containers that samlocal has no own option for.

The keys are those of docker-py's `containers.run`:
https://docker-py.readthedocs.io/en/stable/containers.html#docker.models.containers.ContainerCollection.run
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from samlocal.errors import EngineError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.engine.engine_api import Json

# Options of the container itself; all others belong to its host config.
_CONTAINER_KEYS: Final = {
    "stop_signal": "StopSignal",
    "user": "User",
    "working_dir": "WorkingDir",
}
# Options of the owner of the sandbox's network namespace: of the container, and of its host config.
_NAME_KEYS: Final = {"domainname": "Domainname", "hostname": "Hostname"}
_NETWORK_KEYS: Final = frozenset({"dns", "dns_opt", "dns_search", "extra_hosts", "links"})
# Options that samlocal itself sets.
_KEYS_OF_OURS: Final = {
    "cap_add": "CapAdd",
    "cap_drop": "CapDrop",
    "init": "Init",
    "ipc_mode": "IpcMode",
    "pids_limit": "PidsLimit",
    "read_only": "ReadonlyRootfs",
    "security_opt": "SecurityOpt",
    "tmpfs": "Tmpfs",
    "ulimits": "Ulimits",
}
TEXT_KEYS: Final = (_CONTAINER_KEYS | _NAME_KEYS).keys() | {
    *("cgroup_parent", "cgroupns", "cpuset_cpus", "cpuset_mems", "ipc_mode", "pid_mode"),
    *("runtime", "userns_mode", "uts_mode", "volume_driver"),
}
KEYS: Final = (
    TEXT_KEYS
    | _NETWORK_KEYS
    | {
        *("blkio_weight", "blkio_weight_device", "cap_add", "cap_drop", "cpu_rt_period"),
        *("cpu_rt_runtime", "cpu_shares", "device_cgroup_rules", "device_read_bps"),
        *("device_read_iops", "device_requests", "device_write_bps", "device_write_iops"),
        *("devices", "group_add", "init", "mem_limit", "mem_reservation", "mem_swappiness"),
        *("memswap_limit", "oom_kill_disable", "oom_score_adj", "pids_limit", "privileged"),
        *("read_only", "security_opt", "shm_size", "storage_opt", "sysctls", "tmpfs", "ulimits"),
        "volumes",
    }
)


@frozen
class ChosenOptions:
    """The user's options as fields of the Engine API: of the container, and of its host config.

    `names` and `network` are the parts of these for the owner of the sandbox's network namespace.
    """

    container: Json = field(default_factory=dict)
    names: Json = field(default_factory=dict)
    host: Json = field(default_factory=dict)
    network: Json = field(default_factory=dict)


def chosen_options(options: Mapping[str, Any], *, version: str) -> ChosenOptions:
    """Translate options of docker-py for an engine with this version of the API.

    Raises:
        EngineError: The engine is too old for one of them.
    """
    if not options:
        return ChosenOptions()
    return ChosenOptions(
        container=_renamed(options, _CONTAINER_KEYS),
        names=_renamed(options, _NAME_KEYS),
        host=_host_config(options, version, network=False),
        network=_host_config(options, version, network=True),
    )


def host_options(options: Mapping[str, Any], *, network: bool) -> dict[str, Any]:
    """Return the options of docker-py's host config, for the network or for the rest."""
    return {
        "binds" if key == "volumes" else key: value
        for key, value in options.items()
        if key not in _CONTAINER_KEYS | _NAME_KEYS and (key in _NETWORK_KEYS) == network
    }


def _renamed(options: Mapping[str, Any], keys: Mapping[str, str]) -> Json:
    return {keys[key]: value for key, value in options.items() if key in keys}


def _host_config(options: Mapping[str, Any], version: str, *, network: bool) -> Json:
    from docker.errors import DockerException  # noqa: PLC0415  # few commands need it
    from docker.types import HostConfig  # noqa: PLC0415

    try:
        config = dict(HostConfig(version=version, **host_options(options, network=network)))
    except DockerException as error:
        raise EngineError(f"the container engine does not support an option: {error}") from error
    del config["NetworkMode"]  # it is always there, and never one of these
    # docker-py omits empty values, but an empty value overrides samlocal's own.
    emptied = {key for option, key in _KEYS_OF_OURS.items() if option in options}
    return (dict.fromkeys(emptied) if not network else {}) | config
