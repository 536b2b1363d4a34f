from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from samlocal.engine.leftovers import labels
from samlocal.sandbox.container_spec import ContainerNetwork, ContainerSpec, ImageRequest
from samlocal.sandbox.docker.container.creation import (
    ContainerContext,
    container_config,
    cpu_limits,
    relay_config,
)
from samlocal.sandbox.docker.container.engine_options import ChosenOptions
from samlocal.sandbox.sandbox import Debugger, Mount, SandboxSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.engine.engine_api import Json

MIB = 1024 * 1024
API = "172.17.0.1:9001"


def spec(
    network: ContainerNetwork = ContainerNetwork(),  # noqa: B008  # frozen
    engine_options: Mapping[str, int] | None = None,
    **options: object,
) -> ContainerSpec:
    """The container of a sandbox of 128 MB that mounts its code."""
    defaults: dict[str, Any] = {
        "function": "Ratings",
        "project": Path("/p/template.yaml"),
        "environment": {"STAGE": "dev"},
        "memory_mb": 128,
        "mounts": (Mount(source=Path("/p/src"), target="/var/task"),),
    }
    return ContainerSpec(
        sandbox=SandboxSpec(**(defaults | options)),
        image=ImageRequest(name="python:3.11"),
        network=network,
        engine_options=engine_options or {},
    )


def debugger(*, traces: bool = False) -> Debugger:
    return Debugger(name="delve", ports=(5858,), traces=traces)


def config(
    chosen: ChosenOptions | None = None, *, of: ContainerSpec, init: bool = False, **context: object
) -> Json:
    given: dict[str, Any] = {"runtime_api": API, "chosen": chosen or ChosenOptions(), **context}
    return container_config(of, ContainerContext(**given), init=init)


def test_ordinary_container() -> None:
    """The configuration has memory without swap, the code, the Runtime API and no log."""
    of = spec(entrypoint=("/entry",), command=("app.handler",))
    created = container_config(of, ContainerContext(runtime_api=API))

    assert created == {
        "Image": "python:3.11",
        "Entrypoint": ["/entry"],
        "Cmd": ["app.handler"],
        "Env": [
            "STAGE=dev",
            f"AWS_LAMBDA_RUNTIME_API={API}",
            f"AWS_LAMBDA_METADATA_API={API}",
        ],
        "Labels": labels(project="/p/template.yaml", function="Ratings"),
        "ExposedPorts": {},
        "Hostname": "sandbox.localdomain",
        "HostConfig": {
            "AutoRemove": True,
            "Init": False,
            "LogConfig": {"Type": "none", "Config": {}},
            "Memory": 128 * MIB,
            "MemorySwap": 128 * MIB,
            "Mounts": [
                {"Type": "bind", "Source": "/p/src", "Target": "/var/task", "ReadOnly": True}
            ],
            "Binds": [],
            "NetworkMode": "default",
            "ExtraHosts": [],
            "Dns": [],
            "PortBindings": {},
        },
    }


def test_strict_container() -> None:
    """A strict container has Lambda's user and limits, and only a /tmp in memory is writable."""
    ordinary = config(of=spec())
    created = config(of=spec(strict=True, tmp_mb=512))

    assert created == ordinary | {
        "User": "993:990",
        "HostConfig": ordinary["HostConfig"]
        | {
            "ReadonlyRootfs": True,
            "Tmpfs": {"/tmp": "exec,mode=1777,size=512m"},  # noqa: S108  # the container's
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "IpcMode": "none",
            "PidsLimit": 1024,
            "Ulimits": [
                {"Name": "nofile", "Soft": 1024, "Hard": 1024},
                {"Name": "nproc", "Soft": 1024, "Hard": 1024},
            ],
            "Memory": (128 + 512) * MIB,
            "MemorySwap": (128 + 512) * MIB,
        },
    }


def test_strict_container_without_limits() -> None:
    """Without limits, a strict container has no limit of memory and of /tmp."""
    host = config(of=spec(strict=True, memory_mb=None))["HostConfig"]
    assert host["Tmpfs"] == {"/tmp": "exec,mode=1777"}  # noqa: S108  # the container's
    assert host.keys().isdisjoint({"Memory", "MemorySwap"})


def test_container_with_a_supervisor() -> None:
    """The input of a supervisor is attached, for its commands, and ends with samlocal."""
    closed, opened = config(of=spec()), config(of=spec(), opens_stdin=True)
    assert {key: value for key, value in opened.items() if key not in closed} == {
        "AttachStdin": True,
        "OpenStdin": True,
        "StdinOnce": True,
    }


def test_working_directory() -> None:
    """The working directory is that of the spec, else the image's."""
    assert config(of=spec(working_directory="/work"))["WorkingDir"] == "/work"


def test_container_of_an_engine_that_does_not_remove_it() -> None:
    """Without automatic removal by the engine, `AutoRemove` is off."""
    context = ContainerContext(runtime_api=API)
    host = container_config(spec(), context, auto_remove=False, init=True)["HostConfig"]
    assert (host["AutoRemove"], host["Init"]) == (False, True)


def test_relay() -> None:
    """The configuration of a relay has an attached input and minimal permissions."""
    created = relay_config(spec(), ChosenOptions(), "node:22", ["/bin/sh", "-c", "x"])

    assert created == {
        "Image": "node:22",
        "Entrypoint": ["/bin/sh"],
        "Cmd": ["-c", "x"],
        "AttachStdin": True,
        "OpenStdin": True,
        "StdinOnce": True,
        "Labels": labels(project="/p/template.yaml", function="Ratings", is_relay=True),
        "ExposedPorts": {},
        "Hostname": "sandbox.localdomain",
        "HostConfig": {
            "AutoRemove": True,
            "LogConfig": {"Type": "none", "Config": {}},
            "CapDrop": ["ALL"],
            "ReadonlyRootfs": True,
            "NetworkMode": "default",
            "ExtraHosts": [],
            "Dns": [],
            "PortBindings": {},
        },
    }


def test_container_that_may_trace() -> None:
    """A debugger may control other processes, in a strict container too."""
    host = config(of=spec(strict=True, debugger=debugger(traces=True)))["HostConfig"]
    assert host["CapAdd"] == ["SYS_PTRACE"]
    assert host["SecurityOpt"] == ["no-new-privileges", "seccomp=unconfined"]
    assert config(of=spec(debugger=debugger(traces=True)))["HostConfig"]["SecurityOpt"] == [
        "seccomp=unconfined"
    ]
    assert "CapAdd" not in config(of=spec(debugger=debugger()))["HostConfig"]


def test_ports_of_a_debugger() -> None:
    """The ports of a debugger are published on the chosen address."""
    created = config(of=spec(ContainerNetwork(publish_on="127.0.0.2"), debugger=debugger()))
    assert created["ExposedPorts"] == {"5858/tcp": {}}
    assert created["HostConfig"]["PortBindings"] == {
        "5858/tcp": [{"HostIp": "127.0.0.2", "HostPort": "5858"}]
    }


def test_container_on_the_hosts_network() -> None:
    """On the host's network no port is published."""
    created = config(of=spec(ContainerNetwork(name="host"), debugger=debugger()))
    assert created["HostConfig"]["NetworkMode"] == "host"
    assert created["ExposedPorts"] == {}


def test_container_with_a_relay_has_the_relays_network() -> None:
    """With a relay, the options of the network are the relay's: names, hosts, name servers, ports."""
    network = ChosenOptions(names={"Hostname": "h"}, network={"DnsOptions": ["ndots:1"]})
    given = ContainerNetwork(hosts={"db": "10.0.0.2"}, dns=("10.0.0.3",))
    of = spec(given, debugger=debugger())

    created = config(network, of=of, relay_id="0a1b")
    assert created["HostConfig"]["NetworkMode"] == "container:0a1b"
    assert created["ExposedPorts"] == {}
    assert "Hostname" not in created
    assert created["HostConfig"].keys().isdisjoint({"ExtraHosts", "Dns", "DnsOptions"})

    relay = relay_config(of, network, "python:3.11", ["/bin/sh", "-c", "x"])
    assert relay["Hostname"] == "h"
    assert relay["HostConfig"]["ExtraHosts"][0] == "db:10.0.0.2"
    assert relay["HostConfig"]["Dns"] == ["10.0.0.3"]
    assert relay["HostConfig"]["DnsOptions"] == ["ndots:1"]
    assert relay["ExposedPorts"] == {"5858/tcp": {}}


def test_copied_mounts_come_from_their_carrier() -> None:
    """Copied mounts are replaced with the carrier's volumes, read-only."""
    of = spec()
    host = config(of=of, copied=of.sandbox.mounts, carrier="0a1b")["HostConfig"]
    assert (host["Mounts"], host["VolumesFrom"]) == ([], ["0a1b:ro"])


def test_chosen_options_override_samlocals() -> None:
    """The user's engine options override samlocal's, except mounts, which are added."""
    chosen = ChosenOptions(container={"User": "5"}, host={"Init": False, "Binds": ["/x:/y:ro"]})
    created = config(chosen, of=spec(strict=True), init=True)
    assert created["User"] == "5"
    assert created["HostConfig"]["Init"] is False
    assert created["HostConfig"]["Binds"] == ["/x:/y:ro"]
    assert created["HostConfig"]["Mounts"]


def test_chosen_limit_of_swap_overrides_samlocals() -> None:
    """A chosen limit of swap overrides only the limit of swap."""
    chosen = ChosenOptions(host={"MemorySwap": 5})
    host = config(chosen, of=spec(engine_options={"memswap_limit": 5}))["HostConfig"]
    assert (host["Memory"], host["MemorySwap"]) == (128 * MIB, 5)


def test_chosen_memory_limit_is_the_only_one() -> None:
    """With a chosen memory limit, samlocal sets no limit of swap."""
    chosen = ChosenOptions(host={"Memory": 5})
    host = config(chosen, of=spec(engine_options={"mem_limit": 5}))["HostConfig"]
    assert host["Memory"] == 5
    assert "MemorySwap" not in host


def test_function_that_calls_others() -> None:
    """It gets their endpoint, unless it or its image has one; the variable comes only then."""
    url = f"AWS_ENDPOINT_URL_LAMBDA=http://{API}"
    assert url not in config(of=spec())["Env"]
    assert url in config(of=spec(calls_functions=True))["Env"]
    own = {"AWS_ENDPOINT_URL": "http://own"}
    assert url not in config(of=spec(calls_functions=True, environment=own))["Env"]
    assert url not in config(of=spec(calls_functions=True), image_variables=own)["Env"]


def test_no_proxy_leads_to_the_runtime_api() -> None:
    """The API's host is excluded from the proxies; the function's own variables take precedence."""
    proxies = {"http_proxy": "http://proxy:1", "no_proxy": "a", "NO_PROXY": "a"}
    created = config(of=spec(environment={"http_proxy": "mine"}), proxies=proxies)
    assert created["Env"] == [
        "http_proxy=mine",
        "no_proxy=a,172.17.0.1",
        "NO_PROXY=a,172.17.0.1",
        f"AWS_LAMBDA_RUNTIME_API={API}",
        f"AWS_LAMBDA_METADATA_API={API}",
    ]


@pytest.mark.parametrize(("cpus", "quota"), [(1.0, 20_000), (0.5, 10_000), (0.01, 1_000)])
def test_cpus_are_a_share_of_each_period(cpus: float, quota: int) -> None:
    """The CPU quota is a share of each period, at least the kernel's minimum of a millisecond."""
    assert cpu_limits(cpus) == {"CpuPeriod": 20_000, "CpuQuota": quota}
