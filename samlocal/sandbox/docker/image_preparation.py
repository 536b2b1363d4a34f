"""Has the image of a container ready: the right one for the engine's machine, pulled or built where it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.engine.images.policy import is_pulled_always, skipped_pull_error
from samlocal.sandbox.docker.emulation import emulated, platform_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from samlocal.engine.engine import Engine
    from samlocal.engine.images.policy import ImageProgress
    from samlocal.sandbox.container_spec import ContainerSpec, ImageRequest


class ImagePreparation:
    """Prepares images on one engine; leaves early once `cancelled` says so."""

    def __init__(
        self, engine: Engine, progress: ImageProgress, *, cancelled: Callable[[], bool]
    ) -> None:
        self._engine = engine
        self.progress = progress
        self._cancelled = cancelled

    def prepare(self, spec: ContainerSpec) -> ContainerSpec:
        """Return the spec with what there is to run on the engine's machine.

        An image that can be run without a look at it need not be there afterwards.

        Raises:
            SandboxError: The image can't be had, or holds nothing to run.
        """
        spec = emulated(self._engine, spec)
        image = spec.image
        if image.is_function or image.is_chosen or image.foreign_architecture:
            from samlocal.sandbox.docker.function_images import ready_to_run  # noqa: PLC0415  # few need it

            return ready_to_run(
                self._engine, spec, progress=self.progress, cancelled=self._cancelled
            )
        if is_pulled_always(image.name, image.pull):
            self.pull(image.name, image)
        return spec

    def pull(self, name: str, request: ImageRequest) -> None:
        """Pull an image, as the request for the container's own says.

        Raises:
            ImageNotFoundError: It may not be pulled, or the registry has no such image.
            ImagePullError: The registry refuses or can't be reached, or the pull broke off.
        """
        if request.pull == "never":
            raise skipped_pull_error(name, request.pull_option)
        from samlocal.engine.images.pull import pull_image  # noqa: PLC0415  # the cold path goes without

        pull_image(
            self._engine,
            name,
            profile=request.profile,
            progress=self.progress,
            cancelled=self._cancelled,
            platform=platform_of(request),
        )
