"""The options that say how a function's container is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from samlocal.cli import options  # noqa: TC001  # `grouped` reads the annotations as the program runs

if TYPE_CHECKING:
    from samlocal.sandbox.plan import SandboxSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerOptions:
    """What a person types about containers; `settings` is what it means."""

    docker_network: options.DockerNetwork = None
    skip_pull_image: options.SkipPullImage = False
    image_repository: options.ImageRepository = None

    def settings(self) -> SandboxSettings:
        """Return what the options mean.

        Raises:
            UsageError: One of them means nothing.
        """
        from samlocal.sandbox.plan import SandboxSettings

        return SandboxSettings(
            image_repository=self.image_repository,
            network=self.docker_network,
            pull=not self.skip_pull_image,
        )
