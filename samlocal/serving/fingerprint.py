"""The fingerprint of a prepared function: what tells whether a running environment is still the right one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from samlocal.serving.directory_state import directory_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.function_configuration import ContainerCredentials, FunctionConfiguration
    from samlocal.preparation.preparation import PreparedFunction
    from samlocal.sandbox.sandbox import Mount
    from samlocal.sandbox.spec import Spec

# Each preparation makes another one, which shapes nothing.
_RANDOM_VARIABLE: Final = "AWS_LAMBDA_METADATA_TOKEN"


def fingerprint(
    prepared: PreparedFunction, *, state_of: Callable[[str], str] = directory_state
) -> str:
    """Return a text that is the same as long as an environment of the function would be the same.

    It stands for every value of the sandbox and the configuration, and for the state of all files in the
    directories of code, layers and links: see `directory_state`, which `state_of` replaces by a state that
    is known. File systems (`--file-system`) are data, whose files do not count. Neither do tokens, which are
    random.

    The image of a container is represented by its name: whoever compares fingerprints of image functions
    compares the ID of the image, too.
    """
    digest = blake2b(digest_size=16)
    digest.update(repr(_plain(_steady_spec(prepared.spec))).encode("utf-8", "surrogatepass"))
    configuration = _steady_configuration(prepared.configuration)
    digest.update(repr(_plain(configuration)).encode("utf-8", "surrogatepass"))
    for mount in content_mounts(prepared.spec):
        digest.update(state_of(str(mount.source)).encode())
    return digest.hexdigest()


def content_mounts(spec: Spec) -> tuple[Mount, ...]:
    """Return the mounts of code, layers and links: the function cannot write to them."""
    return tuple(mount for mount in spec.sandbox.mounts if mount.read_only)


def _steady_spec(spec: Spec) -> Spec:
    sandbox = spec.sandbox
    environment = {**sandbox.environment}
    environment.pop(_RANDOM_VARIABLE, None)
    credentials = _steady_credentials(sandbox.credentials)
    sandbox = replace(sandbox, environment=environment, credentials=credentials)
    return replace(spec, sandbox=sandbox)


def _steady_configuration(configuration: FunctionConfiguration) -> FunctionConfiguration:
    credentials = _steady_credentials(configuration.credentials)
    return replace(configuration, metadata_token="", credentials=credentials)


def _steady_credentials(credentials: ContainerCredentials | None) -> ContainerCredentials | None:
    return replace(credentials, token="") if credentials else None


def _plain(value: object) -> object:
    """Return a value whose `repr` is the same for equal values, and shows all of their fields."""
    if value is None or isinstance(value, str | int | float | bytes):
        return value
    if isinstance(value, Mapping):
        return sorted((repr(_plain(key)), _plain(item)) for key, item in value.items())
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        shown = [(each.name, _plain(getattr(value, each.name))) for each in fields(value)]
        return (type(value).__name__, shown)
    return (type(value).__name__, str(value))
