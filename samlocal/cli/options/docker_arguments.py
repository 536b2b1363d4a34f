"""`--docker-arg KEY=VALUE`: what the engine can do with a container and samlocal has no option for.

The keys are those of docker-py's `containers.run`, the values YAML (JSON is YAML):
https://docker-py.readthedocs.io/en/stable/containers.html#docker.models.containers.ContainerCollection.run
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from docker.errors import DockerException
from docker.types import HostConfig

from samlocal.documents.core_yaml import to_json
from samlocal.documents.input_files import InputKind, Source
from samlocal.errors import UsageError
from samlocal.sandbox.docker.container.engine_options import KEYS, TEXT_KEYS, host_options
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

OURS: Final = {
    "auto_remove": "samlocal removes the container itself",
    "command": "it is the function's handler",
    "cpu_period": "`--no-limits` takes the limit away",
    "cpu_quota": "`--no-limits` takes the limit away",
    "detach": "samlocal reads what the function writes",
    "entrypoint": "it starts the function's runtime",
    "environment": "`--env KEY=VALUE` sets variables",
    "image": "`--invoke-image` and `--image-repository` choose it",
    "labels": "samlocal finds its containers by them",
    "log_config": "samlocal reads what the function writes",
    "mounts": "`volumes` mounts what you need besides",
    "name": "the same function may run more than once",
    "nano_cpus": "`--no-limits` takes the limit away",
    "network": "`--docker-network NAME` has that meaning",
    "network_mode": "`--docker-network NAME` has that meaning",
    "platform": "it follows from the function's architecture",
    "ports": "`--debug-port` publishes a debugger's",
    "remove": "samlocal removes the container itself",
    "restart_policy": "a function's container starts once",
    "volumes_from": "samlocal may need it to copy code; `volumes` mounts what you need besides",
    "tty": "samlocal reads what the function writes",
}
_LARGEST: Final = 64 * 1024
_KIND: Final = InputKind(noun="docker argument", error=UsageError, max_bytes=_LARGEST)


def parse_docker_arguments(values: Iterable[str]) -> dict[str, Any]:
    """Return the value for each key; the last of several wins.

    Raises:
        UsageError: There is no such key, it is one of samlocal's own, or the value doesn't fit it.
    """
    options = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals:
            raise UsageError(
                f"`--docker-arg {value}` is not KEY=VALUE",
                hint="for example `--docker-arg privileged=true` or `--docker-arg 'cap_add=[SYS_PTRACE]'`",
            )
        _check_key(key)
        options[key] = _checked(key, _parse(value, text))
    return options


def _check_key(key: str) -> None:
    if key in OURS:
        raise UsageError(f"`--docker-arg {key}` cannot be given", hint=OURS[key])
    if key not in KEYS:
        raise UsageError(
            f"no option `{key}` for `--docker-arg`",
            hint=did_you_mean(key, KEYS)
            or "its keys are those of docker-py's `containers.run`: the documentation lists them",
        )


def _parse(value: str, text: str) -> object:
    source = Source(kind=_KIND, path=Path())
    try:
        return json.loads(to_json(text, source, max_characters=_LARGEST))
    except UsageError as error:
        raise UsageError(f"`--docker-arg {value}`: {error.message}") from error


def _checked(key: str, value: object) -> object:
    """Let docker-py see whether a value fits, as long as that is a matter of usage."""
    if key in TEXT_KEYS:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise UsageError(f"`--docker-arg {key}` must be a string, not `{json.dumps(value)}`")
        return str(value)
    try:
        for network in (True, False):
            HostConfig(version="1.44", **host_options({key: value}, network=network))
    except (DockerException, AttributeError, LookupError, TypeError, ValueError) as error:
        raise UsageError(f"`--docker-arg {key}` can't be `{json.dumps(value)}`: {error}") from error
    return value
