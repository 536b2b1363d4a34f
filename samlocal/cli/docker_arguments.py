"""`--docker-arg KEY=VALUE`: options of the engine for which samlocal has none.

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
    "command": "samlocal passes the function's handler",
    "cpu_period": "`--no-limits` removes the limit",
    "cpu_quota": "`--no-limits` removes the limit",
    "detach": "samlocal reads the function's output",
    "entrypoint": "samlocal starts the function's runtime",
    "environment": "use `--env KEY=VALUE`",
    "image": "use `--invoke-image` or `--image-repository`",
    "labels": "samlocal identifies its containers by labels",
    "log_config": "samlocal reads the function's output",
    "mounts": "use `volumes` for further mounts",
    "name": "several containers of a function may run at the same time",
    "nano_cpus": "`--no-limits` removes the limit",
    "network": "use `--docker-network NAME`",
    "network_mode": "use `--docker-network NAME`",
    "platform": "use `--architecture`",
    "ports": "use `--debug-port` for a debugger",
    "remove": "samlocal removes the container itself",
    "restart_policy": "samlocal starts a container once",
    "volumes_from": "samlocal may use it to copy code; use `volumes` for further mounts",
    "tty": "samlocal reads the function's output",
}
_LARGEST: Final = 64 * 1024
_KIND: Final = InputKind(noun="docker argument", error=UsageError, max_bytes=_LARGEST)


def parse_docker_arguments(values: Iterable[str]) -> dict[str, Any]:
    """Return the value for each key; the last of several applies.

    Raises:
        UsageError: The key is unknown or reserved, or the value is invalid.
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
        raise UsageError(f"`--docker-arg {key}` is not allowed", hint=OURS[key])
    if key not in KEYS:
        raise UsageError(
            f"no option `{key}` for `--docker-arg`",
            hint=did_you_mean(key, KEYS)
            or "the keys are those of docker-py's `containers.run`; the documentation lists them",
        )


def _parse(value: str, text: str) -> object:
    source = Source(kind=_KIND, path=Path())
    try:
        return json.loads(to_json(text, source, max_characters=_LARGEST))
    except UsageError as error:
        raise UsageError(f"`--docker-arg {value}`: {error.message}") from error


def _checked(key: str, value: object) -> object:
    """Validate a value with docker-py."""
    if key in TEXT_KEYS:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise UsageError(f"`--docker-arg {key}` must be a string, not `{json.dumps(value)}`")
        return str(value)
    try:
        for network in (True, False):
            HostConfig(version="1.44", **host_options({key: value}, network=network))
    except (DockerException, AttributeError, LookupError, TypeError, ValueError) as error:
        raise UsageError(
            f"`--docker-arg {key}` cannot be `{json.dumps(value)}`: {error}"
        ) from error
    return value
