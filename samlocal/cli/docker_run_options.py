"""`--docker-arg` as Serverless has it: an option of `docker run`."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.errors import UsageError

if TYPE_CHECKING:
    from samlocal.cli.options.container import ContainerOptions
    from samlocal.cli.options.environment import EnvironmentOptions

# https://docs.docker.com/reference/cli/docker/container/run/
_VOLUME: Final = frozenset({"-v", "--volume"})
_ENVIRONMENT: Final = frozenset({"-e", "--env"})
_NETWORK: Final = frozenset({"--net", "--network"})
_PORT: Final = frozenset({"-p", "--publish"})
_HOST: Final = "--add-host"
_DNS: Final = "--dns"


def apply_docker_run_options(
    container: ContainerOptions, environment: EnvironmentOptions
) -> tuple[ContainerOptions, EnvironmentOptions]:
    """Return the options with those of `docker run` among `--docker-arg` as samlocal's own.

    Raises:
        UsageError: samlocal has nothing like that option.
    """
    own: list[str] = []
    volumes: list[str] = []
    for value in container.docker_arg or ():
        if not value.startswith("-"):
            own.append(value)
            continue
        option, text = _split(value)
        if option in _VOLUME:
            volumes.append(text)
        elif option in _ENVIRONMENT:
            environment = replace(environment, env=[*(environment.env or ()), text])
        elif option in _NETWORK:
            container = replace(container, docker_network=text)
        elif option == _HOST:
            container = replace(container, add_host=[*(container.add_host or ()), text])
        elif option == _DNS:
            container = replace(container, container_dns=[*(container.container_dns or ()), text])
        else:
            raise _unknown(value, option, text)
    if volumes:
        own.append(f"volumes={json.dumps(volumes)}")
    return replace(container, docker_arg=own or None), environment


def _split(value: str) -> tuple[str, str]:
    """Return the option and its value, which follows after a space or `=`."""
    try:
        words = shlex.split(value)
    except ValueError as error:
        raise UsageError(f"`--docker-arg {value}` is malformed: {error}") from error
    option, equals, text = words[0].partition("=")
    given = [text, *words[1:]] if equals else words[1:]
    return option, " ".join(given)


def _unknown(value: str, option: str, text: str) -> UsageError:
    hint = "options of the engine are KEY=VALUE here, such as `--docker-arg privileged=true`"
    if option in _PORT:
        hint = f"`--debug-port {text.rpartition(':')[2] or 'PORT'}` opens the port of a debugger"
    return UsageError(f"`--docker-arg {value}` is not supported", hint=hint)
