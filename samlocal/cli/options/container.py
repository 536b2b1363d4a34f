"""The options that say how a function's container is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from samlocal.cli.options import limits, shared  # `grouped` reads them as the program runs
from samlocal.errors import UsageError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samlocal.engine.images.policy import ImagePolicy
    from samlocal.function import Function, FunctionEntry
    from samlocal.sandbox.plan import SandboxSettings
    from samlocal.sandbox.sandbox import Delivery

# As sam has it.
_GRACE_SECONDS: Final = 3


@frozen
class ContainerOptions:
    """What a person types about containers; `settings` is what it means."""

    engine: shared.Engine = None
    api_connection: shared.ApiConnectionOption = "auto"
    docker_network: shared.DockerNetwork = None
    skip_pull_image: shared.SkipPullImage = False
    pull: shared.Pull = None
    image_repository: shared.ImageRepository = None
    mount: shared.Mount = None
    docker_volume_basedir: shared.DockerVolumeBasedir = None
    no_memory_limit: limits.NoMemoryLimit = False
    no_limits: limits.NoLimits = False
    strict: limits.Strict = False
    file_system: limits.FileSystem = None
    add_host: limits.AddHost = None
    container_dns: limits.ContainerDns = None
    invoke_image: shared.InvokeImage = None
    build: shared.Build = "missing"
    container_host: limits.ContainerHost = None
    container_host_interface: limits.ContainerHostInterface = "127.0.0.1"
    ca_bundle: limits.CaBundle = None
    shutdown: limits.Shutdown = False
    docker_arg: limits.DockerArg = None

    def settings(self) -> SandboxSettings:
        """Return what the options mean, whichever function it is for.

        This may import docker-py, which two threads can't do at once.

        Raises:
            UsageError: One of them means nothing.
        """
        from samlocal.sandbox.plan import SandboxSettings

        return SandboxSettings(
            image_repository=self.image_repository,
            network=self.docker_network,
            pull=self._pull(),
            pull_option="--skip-pull-image" if self.skip_pull_image else f"--pull {self.pull}",
            delivery=_delivery(self.mount),
            volume_basedir=limits.parse_volume_basedir(self.docker_volume_basedir),
            limits_memory=not (self.no_memory_limit or self.no_limits),
            limits_rest=not self.no_limits,
            strict=self.strict,
            file_systems=limits.parse_file_systems(self.file_system or ()),
            hosts=limits.parse_hosts(self.add_host or ()),
            dns=limits.parse_dns(self.container_dns or ()),
            build=self.build,
            grace_seconds=_GRACE_SECONDS if self.shutdown else 0,
            ca_bundle=limits.find_ca_bundle(self.ca_bundle) if self.ca_bundle else None,
            engine_options=self._engine_options(),
            publish_on=limits.parse_interface(self.container_host_interface),
            reached_at=self.container_host or limits.find_host(self.container_host_interface),
            api_connection=self.api_connection,
        )

    def _pull(self) -> ImagePolicy:
        if not self.skip_pull_image:
            return self.pull or "missing"
        if self.pull not in {None, "never"}:
            raise UsageError(
                f"`--skip-pull-image` and `--pull {self.pull}` don't go together",
                hint="leave one of them out",
            )
        return "never"

    def image_for(
        self, function: Function | FunctionEntry, functions: Sequence[FunctionEntry]
    ) -> str | None:
        """Return the image that `--invoke-image` names for one of a project's functions.

        Raises:
            UsageError: A value of it names no image.
            FunctionNotFoundError: It is for a function that the project doesn't have.
            AmbiguousFunctionError: It may be for more than one.
        """
        from samlocal.project.lookup import find

        for_every = for_this = None
        for value in self.invoke_image or ():
            name, equals, image = value.rpartition("=")
            if not image or bool(equals) != bool(name):
                raise UsageError(
                    f"`--invoke-image {value}` names no image", hint="it takes URI, or FUNCTION=URI"
                )
            if not name:
                for_every = image
            elif find(functions, name).full_path == function.full_path:
                for_this = image
        return for_this or for_every

    def _engine_options(self) -> dict[str, Any]:
        if not self.docker_arg:
            return {}
        from samlocal.cli.options.docker_arguments import parse_docker_arguments

        return parse_docker_arguments(self.docker_arg)


def _delivery(mode: shared.MountMode | None) -> Delivery:
    if mode is None:
        return "auto"
    return "copy" if mode is shared.MountMode.COPY else "mount"
