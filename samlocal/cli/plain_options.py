"""Converts typed options to the plain data that the preparation takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.cli.console import show_warning
from samlocal.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from samlocal.cli.options.code import CodeOptions
    from samlocal.cli.options.container import ContainerOptions
    from samlocal.cli.options.debugging import DebugOptions
    from samlocal.cli.options.deployed import ServerlessEventOptions
    from samlocal.cli.options.environment import EnvironmentOptions
    from samlocal.cli.options.invocation import InvokeOptions
    from samlocal.cli.options.project import ProjectOptions
    from samlocal.preparation import options
    from samlocal.project.project import Project
    from samlocal.sandbox.debugging import DebugSettings


def open_chosen_project(chosen: ProjectOptions) -> Project:
    """Open the project that the options name: see `open_project`."""
    from samlocal.host import current_host
    from samlocal.preparation.project import open_project

    return open_project(plain_project(chosen), current_host())


def plain_project(chosen: ProjectOptions) -> options.ProjectOptions:
    """Return the options about a project as plain data.

    Raises:
        UsageError: The parameters, or their overrides, are malformed.
        ProjectError: A file of parameter overrides cannot be read.
    """
    from samlocal.preparation import options

    if chosen.language_extensions is False:
        show_warning(
            "`--no-language-extensions` has no effect: language extensions are always resolved, as in AWS"
        )
    return options.ProjectOptions(
        template=chosen.template,
        parameter_overrides=_parameter_overrides(chosen),
        values_file=chosen.resolve_file,
        resolve_remote=chosen.resolve_remote,
        region=chosen.region,
        account_id=chosen.account_id,
        profile=chosen.profile,
        stage=chosen.stage,
        params=_params(chosen),
        options={
            name: value
            for name, value in (
                ("stage", chosen.stage),
                ("region", chosen.region),
                ("aws-profile", chosen.profile),
                ("config", str(chosen.template) if chosen.template else None),
            )
            if value is not None
        },
    )


def plain_project_of(
    chosen: ProjectOptions, call: InvokeOptions | ServerlessEventOptions, **others: str | None
) -> options.ProjectOptions:
    """Return the options about a project as plain data, with those about a call that `${opt:…}` can refer to.

    `others` are further ones of the command.

    Raises:
        UsageError: As in `plain_project`.
        ProjectError: As in `plain_project`.
    """
    project = plain_project(chosen)
    named = {
        "function": call.function_identifier,
        "data": call.data,
        "path": call.path,
        "context": call.context,
        "contextPath": call.context_path,
        "raw": "true" if call.raw else None,
        **others,
    }
    given = {name: value for name, value in named.items() if value is not None}
    return replace(project, options={**project.options, **given})


def plain_function(
    environment: EnvironmentOptions,
    project: ProjectOptions,
    debugging: DebugOptions,
    container: ContainerOptions,
) -> options.FunctionOptions:
    """Return the options about any function and its environment as plain data.

    Raises:
        UsageError: A value is invalid.
    """
    from samlocal.env_vars.command_line import parse_assignments
    from samlocal.preparation import options

    return options.FunctionOptions(
        images=parse_images(container.invoke_image or ()),
        env_files=tuple(environment.env_vars or ()),
        container_env_file=debugging.container_env_vars,
        variables=parse_assignments(environment.env or ()),
        reads_shell=not environment.no_shell_env,
        reads_credentials=not environment.no_credentials,
        profile=project.profile,
        ca_bundle=read_ca_bundle(container.ca_bundle) if container.ca_bundle else None,
        debug=_debug_settings(debugging),
        debugged_function=debugging.debug_function,
    )


def plain_code(chosen: CodeOptions) -> options.CodeOptions:
    """Return the options about code and layers as plain data."""
    from samlocal.preparation import options

    return options.CodeOptions(
        mounts_symlinks=chosen.mount_symlinks,
        layer_cache=chosen.layer_cache_basedir,
        refreshes_layers=chosen.force_image_build,
    )


def refuse_second_stdin(*named: tuple[str, str | None]) -> None:
    """Check that stdin (`-`) is the value of one option at most.

    Raises:
        UsageError: It is the value of several.
    """
    readers = [option for option, name in named if name == "-"]
    if len(readers) > 1:
        raise UsageError(
            f"stdin can be read once, not by {' and '.join(f'`{each} -`' for each in readers)}",
            hint="read all but one from a file",
        )


def parse_images(values: Iterable[str]) -> dict[str, str]:
    """Return the image for each function identifier in `IDENTIFIER=URI`; a URI alone has the key "".

    Raises:
        UsageError: A value does not name an image.
    """
    images = {}
    for value in values:
        name, equals, image = value.rpartition("=")
        if not image or bool(equals) != bool(name):
            raise UsageError(
                f"`--invoke-image {value}` does not name an image",
                hint="use URI or FUNCTION=URI",
            )
        images[name] = image
    return images


def read_ca_bundle(path: Path) -> bytes:
    """Return certificates in PEM format from a file.

    Raises:
        UsageError: The file cannot be read, or contains no certificate.
    """
    try:
        content = path.expanduser().read_bytes()
    except OSError as error:
        raise UsageError(f"`--ca-bundle {path}` cannot be read: {error.strerror}") from error
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise UsageError(
            f"`--ca-bundle {path}` has no certificate in PEM format",
            hint=f"`openssl x509 -inform der -in {path} -out ca.pem` converts one in DER format",
        )
    return content


def _params(chosen: ProjectOptions) -> dict[str, str]:
    """Return the values of `--param` by name; the last of several applies."""
    params = {}
    for text in chosen.param or ():
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise UsageError(
                f"`--param {text}` is not `KEY=VALUE`", hint="for an empty value, write `KEY=`"
            )
        params[name] = value
    return params


def _parameter_overrides(chosen: ProjectOptions) -> dict[str, str]:
    if not chosen.parameter_overrides:
        return {}
    from samlocal.project.parameter_overrides import parse_parameter_overrides

    return parse_parameter_overrides(chosen.parameter_overrides)


def _debug_settings(chosen: DebugOptions) -> DebugSettings | None:
    if not chosen.debug_port:
        return None
    from samlocal.cli.debug_settings import read_debug_settings

    return read_debug_settings(chosen)
