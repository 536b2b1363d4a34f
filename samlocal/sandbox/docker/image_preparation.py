"""Prepares the image of a container for the engine's machine, with a pull or a build if needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.engine.images.policy import is_pulled_always, skipped_pull_error
from samlocal.sandbox.docker.emulation import platform_of, with_emulation

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.engine.engine import Engine
    from samlocal.engine.images.policy import ImageProgress
    from samlocal.sandbox.container_spec import ContainerSpec, ImageRequest


class ImagePreparation:
    """Prepares images on one engine; returns early if `cancelled`."""

    def __init__(
        self, engine: Engine, progress: ImageProgress, *, cancelled: Callable[[], bool]
    ) -> None:
        self._engine = engine
        self.progress = progress
        self._cancelled = cancelled

    def prepare(self, spec: ContainerSpec) -> ContainerSpec:
        """Return the spec with the image and program for the engine's machine.

        An image that runs without an inspection may still be missing afterwards.

        Raises:
            SandboxError: The image is not available, or has no program.
        """
        spec = with_emulation(self._engine, spec)
        image = spec.image
        if image.is_function or image.is_chosen or image.foreign_architecture:
            from samlocal.sandbox.docker.function_images import with_prepared_image  # noqa: PLC0415  # few need it

            return with_prepared_image(
                self._engine,
                spec,
                progress=self.progress,
                cancelled=self._cancelled,
                pull=self.pull,
            )
        if is_pulled_always(image.name, image.pull):
            self.pull(image.name, image)
        return spec

    def pull(self, name: str, request: ImageRequest) -> None:
        """Pull an image with the settings of the request.

        Raises:
            ImageNotFoundError: Pulls are not allowed, or the registry has no such image.
            ImagePullError: The registry refuses or cannot be reached, or the pull was interrupted.
        """
        if request.pull == "never":
            raise skipped_pull_error(name, request.pull_option)
        from samlocal.engine.images.pull import pull_image  # noqa: PLC0415  # the cold path does not need it

        pull_image(
            self._engine,
            name,
            profile=request.profile,
            progress=self.progress,
            cancelled=self._cancelled,
            platform=platform_of(request),
        )
