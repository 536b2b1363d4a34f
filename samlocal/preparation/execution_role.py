"""The credentials of a function, in place of those of its execution role."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.credentials import Credentials
    from samlocal.diagnostics import Diagnostic
    from samlocal.function_configuration import ContainerCredentials
    from samlocal.host import Host
    from samlocal.preparation.options import FunctionOptions
    from samlocal.project.project import Project


def find_credentials_for(
    project: Project, options: FunctionOptions, host: Host
) -> tuple[Credentials | None, tuple[Diagnostic, ...]]:
    """Return the credentials for the functions of a project, and diagnostics about them.

    Raises:
        UsageError: The profile of the options does not exist.
    """
    if not options.reads_credentials:
        return None, ()
    from samlocal.credentials import find_credentials

    shell, diagnostics = _credentials_shell(project, host)
    found = find_credentials(options.profile, shell=shell, home=host.home)
    credentials = found.credentials
    if credentials and not credentials.account_id:
        credentials = replace(credentials, account_id=project.account.of_credentials)
    return credentials, (*diagnostics, *found.diagnostics)


def _credentials_shell(
    project: Project, host: Host
) -> tuple[Mapping[str, str], tuple[Diagnostic, ...]]:
    """Return the shell's variables, with the credentials of the stage if the project has stages."""
    if project.stage is None:
        return host.variables, ()
    from samlocal.diagnostics import Diagnostic
    from samlocal.errors import ProjectError
    from samlocal.stage_credentials import shell_of_stage

    profile: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    try:
        profile = project.profile
    except ProjectError as error:  # most functions run without credentials
        message = f"the project's AWS profile is not known: {error.message}"
        diagnostics = (Diagnostic(message=message, place=error.place, hint=error.hint),)
    return shell_of_stage(host.variables, stage=project.stage, profile=profile), diagnostics


def container_credentials(credentials: Credentials | None) -> ContainerCredentials:
    """Return credentials for the endpoint of a function with SnapStart: the user's, or placeholders."""
    import uuid

    from samlocal.env_vars.lambda_variables import credential_variables
    from samlocal.function_configuration import ContainerCredentials

    variables = credential_variables(credentials)
    return ContainerCredentials(
        token=uuid.uuid4().hex,
        access_key_id=variables["AWS_ACCESS_KEY_ID"],
        secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        session_token=variables.get("AWS_SESSION_TOKEN"),
        expires=credentials.expires if credentials else None,
    )
