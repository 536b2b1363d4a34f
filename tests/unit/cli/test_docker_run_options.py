"""`--docker-arg` with options of `docker run`."""

from __future__ import annotations

import pytest

from samlocal.cli.docker_arguments import parse_docker_arguments
from samlocal.cli.docker_run_options import apply_docker_run_options
from samlocal.cli.options.container import ContainerOptions
from samlocal.cli.options.environment import EnvironmentOptions
from samlocal.errors import UsageError


def test_options_that_samlocal_has() -> None:
    """An option of `docker run` is the one of samlocal with the same effect."""
    values = [
        "-v /a:/mnt/a",
        "--volume='/b c:/mnt/b:ro'",
        "-e AA=1 2",
        "--network mine",
        "--add-host db:10.0.0.1",
        "--dns=1.1.1.1",
        "privileged=true",
    ]
    container, environment = apply_docker_run_options(
        ContainerOptions(docker_arg=values), EnvironmentOptions(env=["BB=2"])
    )
    assert environment.env == ["BB=2", "AA=1 2"]
    assert (container.docker_network, container.add_host) == ("mine", ["db:10.0.0.1"])
    assert container.container_dns == ["1.1.1.1"]
    assert parse_docker_arguments(container.docker_arg or ()) == {
        "privileged": True,
        "volumes": ["/a:/mnt/a", "/b c:/mnt/b:ro"],
    }


def test_options_of_samlocal_stay() -> None:
    """Nothing changes without an option of `docker run`."""
    given = (ContainerOptions(docker_arg=["init=true"]), EnvironmentOptions(env=["AA=1"]))
    assert apply_docker_run_options(*given) == given


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        pytest.param("-p 9229:9229", "`--debug-port 9229`", id="port"),
        pytest.param("--gpus all", "KEY=VALUE", id="unknown"),
        pytest.param("-v 'a", None, id="malformed"),
    ],
)
def test_options_that_samlocal_does_not_have(value: str, hint: str | None) -> None:
    """Any other option is an error that says what to write."""
    with pytest.raises(UsageError) as raised:
        apply_docker_run_options(ContainerOptions(docker_arg=[value]), EnvironmentOptions())
    assert f"--docker-arg {value}" in raised.value.message
    assert hint is None or hint in (raised.value.hint or "")
