"""Options of docker-py in the words of the Engine API."""

from __future__ import annotations

import pytest

from samlocal.errors import EngineError
from samlocal.sandbox.docker.container.engine_options import (
    KEYS,
    TEXT_KEYS,
    ChosenOptions,
    chosen_options,
)

VERSION = "1.41"


def test_nothing_is_chosen() -> None:
    """Without options, nothing is added to the configuration."""
    assert chosen_options({}, version=VERSION) == ChosenOptions()


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("stop_signal", "StopSignal"),
        ("user", "User"),
        ("working_dir", "WorkingDir"),
    ],
)
def test_options_of_the_container(key: str, name: str) -> None:
    """Options of the container are outside the host config."""
    chosen = chosen_options({key: "x"}, version=VERSION)
    assert chosen == ChosenOptions(container={name: "x"})


@pytest.mark.parametrize(("key", "name"), [("domainname", "Domainname"), ("hostname", "Hostname")])
def test_names_of_the_network(key: str, name: str) -> None:
    """Names are for the owner of the network namespace, outside the host config."""
    chosen = chosen_options({key: "x"}, version=VERSION)
    assert chosen == ChosenOptions(names={name: "x"})


@pytest.mark.parametrize(
    ("key", "value", "name", "translated"),
    [
        pytest.param("privileged", True, "Privileged", True, id="flag"),
        pytest.param("shm_size", "64m", "ShmSize", 64 * 1024 * 1024, id="size"),
        pytest.param("cpuset_cpus", "0", "CpusetCpus", "0", id="text"),
        pytest.param("volumes", ["/a:/b"], "Binds", ["/a:/b"], id="volumes"),
        pytest.param("cap_add", ["SYS_ADMIN"], "CapAdd", ["SYS_ADMIN"], id="list"),
    ],
)
def test_options_of_the_host_config(key: str, value: object, name: str, translated: object) -> None:
    """Options of the host config are translated by docker-py, and are not in the network's part."""
    assert chosen_options({key: value}, version=VERSION) == ChosenOptions(host={name: translated})


@pytest.mark.parametrize(
    ("key", "value", "name", "translated"),
    [
        pytest.param("dns", ["9.9.9.9"], "Dns", ["9.9.9.9"], id="dns"),
        pytest.param("dns_opt", ["ndots:1"], "DnsOptions", ["ndots:1"], id="dns_opt"),
        pytest.param("dns_search", ["corp"], "DnsSearch", ["corp"], id="dns_search"),
        pytest.param("extra_hosts", {"db": "10.0.0.1"}, "ExtraHosts", ["db:10.0.0.1"], id="hosts"),
        pytest.param("links", {"db": "database"}, "Links", ["db:database"], id="links"),
    ],
)
def test_options_of_the_network(key: str, value: object, name: str, translated: object) -> None:
    """Options of the network are in the part for the owner of the network namespace."""
    chosen = chosen_options({key: value}, version=VERSION)
    assert chosen == ChosenOptions(network={name: translated})


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [
        ("cap_add", [], "CapAdd"),
        ("cap_drop", [], "CapDrop"),
        ("init", None, "Init"),
        ("ipc_mode", "", "IpcMode"),
        ("pids_limit", None, "PidsLimit"),
        ("read_only", None, "ReadonlyRootfs"),
        ("security_opt", None, "SecurityOpt"),
        ("tmpfs", {}, "Tmpfs"),
        ("ulimits", None, "Ulimits"),
    ],
)
def test_empty_option_overrides_samlocals(key: str, value: object, name: str) -> None:
    """An empty option overrides samlocal's value, although docker-py omits it."""
    chosen = chosen_options({key: value}, version=VERSION)
    assert name in chosen.host
    assert not chosen.host[name]
    assert chosen.network == {}


def test_option_that_the_engine_is_too_old_for() -> None:
    """The error for an option that the engine is too old for names the required version."""
    with pytest.raises(EngineError, match=r"option: pids_limit .*< 1\.23"):
        chosen_options({"pids_limit": 1}, version="1.18")


@pytest.mark.parametrize("key", sorted(TEXT_KEYS))
def test_texts_are_options(key: str) -> None:
    """Every option with a text value is an option of docker-py."""
    assert key in KEYS
    chosen = chosen_options({key: "host"}, version=VERSION)
    fields = (chosen.container, chosen.names, chosen.host)
    assert "host" in {value for each in fields for value in each.values()}
