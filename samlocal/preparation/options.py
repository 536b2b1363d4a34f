"""What is chosen about a project and a function, as plain data."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from samlocal.runtimes import Architecture
    from samlocal.sandbox.debugging import DebugSettings


@frozen
class ProjectOptions:
    """Which project, and the values that its template does not have itself.

    `template` is a template or a directory with a CDK assembly; None: what is found in the host's directory.
    `values_file` has values that live in AWS; with `resolve_remote` those that it lacks are read from AWS.
    """

    template: Path | None = None
    parameter_overrides: Mapping[str, str] = field(default_factory=dict)
    values_file: Path | None = None
    resolve_remote: bool = False
    region: str | None = None
    account_id: str | None = None
    profile: str | None = None


@frozen
class FunctionOptions:
    """What stands in the place of a function's own configuration, and what joins its environment.

    `images` are those that replace the function's own, by an identifier of the function; under the empty
    string, for every function. `version` is what the function sees as its version, whatever `qualifier`
    says. `env_files` and `container_env_file` name files (`-`: the host's stdin); `variables` come before
    all of them. `reads_shell` and `reads_credentials` let the host's environment and AWS profile through. `ca_bundle` has certificate authorities (PEM) that the
    function is to trust.
    `debug` holds for `debugged_function` only, where that is given.
    """

    runtime: str | None = None
    architecture: Architecture | None = None
    images: Mapping[str, str] = field(default_factory=dict)
    qualifier: str | None = None
    version: str | None = None
    env_files: tuple[str, ...] = ()
    container_env_file: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    reads_shell: bool = True
    reads_credentials: bool = True
    profile: str | None = None
    ca_bundle: bytes | None = None
    debug: DebugSettings | None = None
    debugged_function: str | None = None


@frozen
class CodeOptions:
    """How code and layers become directories.

    `layer_cache` is where layers are kept instead of the host's cache. `refreshes_layers` downloads layer
    versions again.
    """

    mounts_symlinks: bool = True
    layer_cache: Path | None = None
    refreshes_layers: bool = False
