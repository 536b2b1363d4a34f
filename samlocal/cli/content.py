"""What of a function is on this machine: its code and its layers, unpacked or downloaded if need be."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.cli.options import shared  # noqa: TC001  # `grouped` reads the annotations as the program runs
from samlocal.errors import CacheError, LayerError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from samlocal.artifacts.layers import LayerContent
    from samlocal.artifacts.symlinks import OutgoingLink
    from samlocal.cli.inputs import Inputs
    from samlocal.diagnostics import Diagnostic
    from samlocal.function import Layer, S3Code


@frozen
class Content:
    """The directories that a function's sandbox shows, and what there is to say about them."""

    code: Path
    layers: Path | None = None
    links: tuple[OutgoingLink, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


@frozen
class ContentOptions:
    """What a person types about code and layers; `read` is what it means."""

    mount_symlinks: shared.MountSymlinks = True
    layer_cache_basedir: shared.LayerCacheBasedir = None
    force_image_build: shared.ForceImageBuild = False

    def read(self, inputs: Inputs, *, profile: str | None) -> Content:
        """Return the function's code and layers as directories.

        Raises:
            CodeNotFoundError: There is no such code.
            LayerError: A layer can't be had.
        """
        from samlocal.function import LocalCode
        from samlocal.sandbox.plan import TASK_ROOT

        code = inputs.function.code
        if isinstance(code, LocalCode) and code.path.is_dir() and not inputs.function.layers:
            return self._with_links(Content(code=code.path), inputs, {code.path: TASK_ROOT})
        from samlocal.cli.caching import in_cache
        from samlocal.cli.signals import DeferredSignals

        with DeferredSignals() as signals:  # half an archive is no cache
            check = signals.raise_if_any
            content = in_cache(lambda cache: self._prepare(inputs, profile, cache, check=check))
            signals.raise_if_any()
        return content

    def _prepare(
        self, inputs: Inputs, profile: str | None, cache: Path, *, check: Callable[[], None]
    ) -> Content:
        from samlocal.artifacts.code import code_directory
        from samlocal.artifacts.layers import (
            LayerSource,
            layer_diagnostics,
            layers_directory,
        )
        from samlocal.function import LocalCode
        from samlocal.sandbox.plan import LAYER_ROOT, TASK_ROOT

        function = inputs.function
        if isinstance(function.code, LocalCode) and not function.code.path.exists():
            from samlocal.sandbox.unbuilt import missing_code

            raise missing_code(function, function.code, inputs.project)

        def fetch(code: S3Code, directory: Path) -> Path:
            from samlocal.artifacts.s3 import fetcher

            return fetcher(region=inputs.region, profile=profile)(code, directory)

        code = code_directory(function.code, runtime=function.runtime, cache=cache, fetch=fetch)
        cache = self.layer_cache_basedir or cache
        source = LayerSource(
            cache=cache,
            fetch=fetch,
            download=lambda layer: self._download(layer, cache, profile, check),
        )
        with self._explained():
            contents = [source.read(layer) for layer in function.layers]
            tree = layers_directory(contents, cache=cache, follow=self.mount_symlinks)
        content = Content(
            code=code,
            layers=tree.path if tree else None,
            diagnostics=layer_diagnostics(function, contents, tree, code),
        )
        users = {}
        if isinstance(function.code, LocalCode) and function.code.path == code:
            users[code] = TASK_ROOT
        if len(contents) == 1 and contents[0].is_users:
            users[contents[0].directory] = LAYER_ROOT
        return self._with_links(content, inputs, users)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Let it be known which option names a folder that can't be written."""
        try:
            yield
        except CacheError as error:
            if self.layer_cache_basedir is None:
                raise
            hint = "name another folder with --layer-cache-basedir"
            raise LayerError(error.message, hint=hint) from error

    def _with_links(
        self, content: Content, inputs: Inputs, directories: Mapping[Path, str]
    ) -> Content:
        """Add the links that leave the user's own directories; a link in an archive leads nowhere."""
        if not self.mount_symlinks:
            return content
        from samlocal.artifacts.symlinks import link_diagnostics, links_to_mount, outgoing_links

        links = [
            link
            for directory, target in directories.items()
            for link in outgoing_links(directory, target)
        ]
        return replace(
            content,
            links=links_to_mount(links),
            diagnostics=(
                *content.diagnostics,
                *link_diagnostics(links, inputs.function.code.place),
            ),
        )

    def _download(
        self, layer: Layer, cache: Path, profile: str | None, check: Callable[[], None]
    ) -> LayerContent:
        from samlocal.artifacts.layer_versions import LayerDownloads
        from samlocal.cli.console import print_status

        downloads = LayerDownloads(
            cache=cache,
            profile=profile,
            again=self.force_image_build,
            print_status=print_status,
            check=check,
        )
        return downloads.get(layer)
