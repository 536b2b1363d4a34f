"""What the engine can do with a container and samlocal has no option for.

The keys are those of docker-py's `containers.run`:
https://docker-py.readthedocs.io/en/stable/containers.html#docker.models.containers.ContainerCollection.run
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Of the container itself; everything else is of its host config.
_CONTAINER_KEYS: Final = frozenset({"domainname", "hostname", "stop_signal", "user", "working_dir"})
# What belongs to the owner of the sandbox's network namespace.
_NETWORK_KEYS: Final = frozenset({"dns", "dns_opt", "dns_search", "extra_hosts", "links"})
TEXT_KEYS: Final = _CONTAINER_KEYS | {
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


def container_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those that `create_container` of docker-py takes."""
    return {key: value for key, value in options.items() if key in _CONTAINER_KEYS}


def host_options(options: Mapping[str, Any], *, network: bool) -> dict[str, Any]:
    """Return those that docker-py's host config takes: about the network as well, or not."""
    left_out = _CONTAINER_KEYS if network else _CONTAINER_KEYS | _NETWORK_KEYS
    return {
        "binds" if key == "volumes" else key: value
        for key, value in options.items()
        if key not in left_out
    }


def network_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the host config that belong to the network."""
    return {key: value for key, value in options.items() if key in _NETWORK_KEYS}
