"""Clients of AWS for the values that a Serverless project reads from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from samlocal.aws_clients import open_session

if TYPE_CHECKING:
    from samlocal.aws_clients import AwsSession, Client
    from samlocal.host import Host
    from samlocal.preparation.options import ProjectOptions
    from samlocal.project.project import Project


class ServiceClients:
    """Creates clients of the account and the Region of a service.

    Both are in its configuration, so they are known once `project` is set; before that, they are the shell's.
    """

    def __init__(self, options: ProjectOptions, host: Host) -> None:
        """Raise `UsageError` if boto3 is not installed, or the profile does not exist."""
        self._options = options
        self._host = host
        self._of_shell = open_session(region=options.region, profile=options.profile)
        self._of_project: AwsSession | None = None
        self.project: Project | None = None

    def __call__(self, service: str, /, *, region: str | None = None) -> Client:
        """Return a client of a service of AWS, in another Region than the project's if one is given."""
        session = self._of_shell
        if self.project:
            session = self._of_project = self._of_project or self._open(self.project)
        return cast("Client", session.client(service, region=region))

    def _open(self, project: Project) -> AwsSession:
        from samlocal.stage_credentials import session_keys, shell_of_stage

        region = self._options.region or project.region
        if self._options.profile is not None:
            return open_session(region=region, profile=self._options.profile)
        shell = shell_of_stage(
            self._host.variables, stage=project.stage or "", profile=project.profile
        )
        profile = shell.get("AWS_PROFILE")
        return open_session(region=region, profile=profile, keys=session_keys(shell))
