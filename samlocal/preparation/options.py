"""The options about a project and a function, as plain data."""

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
    """The project, and values that its template refers to.

    `template` is a template or a directory with a CDK assembly; None: search the host's directory.
    `values_file` has values that live in AWS; with `resolve_remote`, missing ones are read from AWS.
    `stage`, `params` and `options` are for Serverless projects: the stage, values of `${param:…}`, and the
    options of the command line as `${opt:…}` sees them.
    """

    template: Path | None = None
    parameter_overrides: Mapping[str, str] = field(default_factory=dict)
    values_file: Path | None = None
    resolve_remote: bool = False
    region: str | None = None
    account_id: str | None = None
    profile: str | None = None
    stage: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


@frozen
class FunctionOptions:
    """Overrides of a function's configuration, and sources of its environment.

    `images` replace the image of a function, by any of its identifiers; the key "" is for every function.
    `version` overrides the version from `qualifier`. `snap_start` overrides `SnapStart` of the template, which
    applies to published versions. `env_files` and `container_env_file` name files
    (`-`: the host's stdin); `variables` override the env files. `reads_shell` and `reads_credentials` let
    the host's environment and AWS profile through. `ca_bundle` has certificate authorities (PEM) that the
    function trusts. `debug` applies only to `debugged_function`, if that is set.
    `for_api` also reads the properties that only callers of Lambda's API notice.
    """

    runtime: str | None = None
    architecture: Architecture | None = None
    images: Mapping[str, str] = field(default_factory=dict)
    qualifier: str | None = None
    version: str | None = None
    snap_start: bool | None = None
    env_files: tuple[str, ...] = ()
    container_env_file: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    reads_shell: bool = True
    reads_credentials: bool = True
    profile: str | None = None
    ca_bundle: bytes | None = None
    debug: DebugSettings | None = None
    debugged_function: str | None = None
    for_api: bool = False


@frozen
class CodeOptions:
    """Options about code and layers.

    `layer_cache` replaces the host's cache for layers. `refreshes_layers` downloads layer
    versions again.
    """

    mounts_symlinks: bool = True
    layer_cache: Path | None = None
    refreshes_layers: bool = False
