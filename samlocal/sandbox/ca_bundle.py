"""Custom certificate authorities for all SDKs and tools in a sandbox.

Each tool has its own variable that names a file in PEM format:
https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html (AWS_CA_BUNDLE)
https://docs.openssl.org/3.0/man3/SSL_CTX_load_verify_locations/ (SSL_CERT_FILE: Python, Ruby, Go, .NET, Rust)
https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification
https://curl.se/docs/sslcerts.html
https://git-scm.com/docs/git-config#Documentation/git-config.txt-httpsslCAInfo
https://nodejs.org/api/cli.html#node_extra_ca_certsfile

Java has none: an option names its key store.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from samlocal.cache.store import create_entry, make_private, mark_as_used
from samlocal.env_vars.environment import Origin, ResolvedVariable
from samlocal.sandbox.sandbox import Mount

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.env_vars.environment import Environment
    from samlocal.sandbox.sandbox import SandboxSpec

_FOLDER: Final = "/etc/samlocal"
_NAME: Final = "ca-bundle.pem"
_TARGET: Final = f"{_FOLDER}/{_NAME}"
_VARIABLES: Final = (
    "AWS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
)


def store_bundle(content: bytes, cache: Path) -> Path:
    """Store the bundle in a directory that contains only the bundle and that every user may read.

    The directory can be mounted or copied to an engine without the neighbours of the original file.
    """
    name = hashlib.sha256(content).hexdigest()[:32]
    directory = make_private(cache / "ca-bundles") / name
    if not (directory / _NAME).is_file():
        with create_entry(directory) as made:
            made.chmod(0o755)
            (made / _NAME).write_bytes(content)
            (made / _NAME).chmod(0o644)
    mark_as_used(directory)
    return directory


def ca_bundle_mount(directory: Path) -> Mount:
    return Mount(source=directory, target=_FOLDER)


def with_local_bundle(sandbox: SandboxSpec, directory: Path) -> SandboxSpec:
    """Return a sandbox without the mount of the bundle, whose variables name the file of this machine."""
    path = str(directory / _NAME)
    environment = {
        name: path if value == _TARGET else value for name, value in sandbox.environment.items()
    }
    mounts = tuple(each for each in sandbox.mounts if each.target != _FOLDER)
    return replace(sandbox, environment=environment, mounts=mounts)


def with_ca_bundle(environment: Environment) -> Environment:
    """Return an environment in which each of these variables names the bundle, unless it is set."""
    origin = Origin(source="command-line", label="--ca-bundle")
    bundle = ResolvedVariable(value=_TARGET, origin=origin)
    variables = {**dict.fromkeys(_VARIABLES, bundle), **environment.variables}
    return replace(environment, variables=variables)
