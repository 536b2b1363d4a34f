from __future__ import annotations

import inspect
import json

import pytest
from docker.types import HostConfig
from hypothesis import given
from hypothesis import strategies as st

from samlocal.cli.docker_arguments import OURS, parse_docker_arguments
from samlocal.errors import EngineError, UsageError
from samlocal.sandbox.docker.container.engine_options import KEYS, chosen_options, host_options


@pytest.mark.parametrize(
    ("value", "option"),
    [
        ("privileged=true", {"privileged": True}),
        ("cap_add=[SYS_PTRACE]", {"cap_add": ["SYS_PTRACE"]}),
        ("sysctls={net.core.somaxconn: 5}", {"sysctls": {"net.core.somaxconn": 5}}),
        ('ulimits=[{"name": "nofile", "soft": 5}]', {"ulimits": [{"name": "nofile", "soft": 5}]}),
        ("volumes=[/a b:/mnt/x:ro]", {"volumes": ["/a b:/mnt/x:ro"]}),
        ("cpuset_cpus=0", {"cpuset_cpus": "0"}),
        ("user=1000:1000", {"user": "1000:1000"}),
        ("shm_size=64m", {"shm_size": "64m"}),
        ("hostname=a=b", {"hostname": "a=b"}),
    ],
)
def test_arguments(value: str, option: dict[str, object]) -> None:
    """The value is YAML, or text if docker-py needs text."""
    assert parse_docker_arguments([value]) == option


def test_the_last_of_several_applies() -> None:
    """The last value of a key applies, so that the command line overrides samconfig."""
    assert parse_docker_arguments(["init=true", "init=false"]) == {"init": False}


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        ("privileged", "`--docker-arg privileged` is not KEY=VALUE", "for example"),
        ("priviledged=true", "no option `priviledged`", "did you mean `privileged`?"),
        ("zzz=1", "no option `zzz`", "the documentation lists them"),
        ("labels={a: b}", "`--docker-arg labels` is not allowed", "samlocal identifies"),
        ("sysctls={a", "`--docker-arg sysctls={a`: invalid YAML", None),
        ("ulimits=5", "`--docker-arg ulimits` cannot be `5`: Invalid type", None),
        ("ulimits=[5]", r"`--docker-arg ulimits` cannot be `\[5\]`", None),
        ("volumes={/a: {}}", "`--docker-arg volumes` cannot be", None),
        ("devices=7", "`--docker-arg devices` cannot be `7`", None),
        ("shm_size=x", '`--docker-arg shm_size` cannot be `"x"`', None),
        ("user=[5]", "`--docker-arg user` must be a string", None),
        ("user=true", "`--docker-arg user` must be a string, not `true`", None),
    ],
)
def test_invalid_arguments(value: str, message: str, hint: str | None) -> None:
    """An invalid key or value is a usage error with that value, without an engine."""
    with pytest.raises(UsageError, match=message) as caught:
        parse_docker_arguments([value])
    assert hint is None or hint in str(caught.value.hint)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(st.sampled_from(sorted(KEYS)), VALUES)
def test_any_value_is_accepted_or_an_error(key: str, value: object) -> None:
    """Any value is accepted or a usage error, never a crash."""
    try:
        options = parse_docker_arguments([f"{key}={json.dumps(value)}"])
    except UsageError:
        return
    assert options.keys() == {key}


def test_keys_are_those_of_docker_py() -> None:
    """Each key is an option of docker-py, and none is reserved by samlocal."""
    known = set(inspect.signature(HostConfig.__init__).parameters)
    options = dict.fromkeys(KEYS, "x")
    host = host_options(options, network=True) | host_options(options, network=False)
    assert set(host) <= known
    assert not KEYS & OURS.keys()


def test_options_in_the_words_of_the_api() -> None:
    """What belongs to the network goes to its owner, which may be another container."""
    options = parse_docker_arguments(
        ["hostname=h", "cap_add=[SYS_PTRACE]", "dns=[10.0.0.1]", "volumes=[/a:/b:ro]", "init=false"]
    )
    chosen = chosen_options(options, version="1.41")
    assert chosen.names == {"Hostname": "h"}
    assert chosen.host == {"CapAdd": ["SYS_PTRACE"], "Binds": ["/a:/b:ro"], "Init": False}
    assert chosen.network == {"Dns": ["10.0.0.1"]}


def test_option_that_an_old_engine_does_not_know() -> None:
    """It is named, before a container is created."""
    with pytest.raises(EngineError, match="init"):
        chosen_options({"init": True}, version="1.24")


@pytest.mark.parametrize(
    ("argument", "key"),
    [
        ("cap_add=[]", "CapAdd"),
        ("cap_drop=[]", "CapDrop"),
        ("init=null", "Init"),
        ("ipc_mode=''", "IpcMode"),
        ("pids_limit=null", "PidsLimit"),
        ("read_only=null", "ReadonlyRootfs"),
        ("security_opt=null", "SecurityOpt"),
        ("tmpfs=null", "Tmpfs"),
        ("ulimits=null", "Ulimits"),
    ],
)
def test_empty_value_takes_the_place_of_ours(argument: str, key: str) -> None:
    """To drop no capability is a choice, where samlocal drops all."""
    chosen = chosen_options(parse_docker_arguments([argument]), version="1.41")
    assert chosen.host == {key: None}
