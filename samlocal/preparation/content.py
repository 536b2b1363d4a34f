"""The code and layers of a function as directories, unpacked or downloaded if necessary."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.errors import CacheError, LayerError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from samlocal.artifacts.layers import LayerContent
    from samlocal.artifacts.symlinks import OutgoingLink
    from samlocal.diagnostics import Diagnostic
    from samlocal.function import Layer, S3Code
    from samlocal.host import Host
    from samlocal.preparation.observer import Observer
    from samlocal.preparation.options import CodeOptions
    from samlocal.preparation.resolution import ResolvedFunction


@frozen
class Content:
    """The directories to mount in a function's sandbox, and diagnostics about them."""

    code: Path
    layers: Path | None = None
    links: tuple[OutgoingLink, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def read_content(
    resolved: ResolvedFunction, options: CodeOptions, host: Host, observer: Observer
) -> Content:
    """Return the function's code and layers as directories.

    Raises:
        CodeNotFoundError: The code does not exist.
        LayerError: A layer is not available.
    """
    from samlocal.function import LocalCode
    from samlocal.sandbox.sandbox import TASK_ROOT

    code = resolved.function.code
    if isinstance(code, LocalCode) and code.path.is_dir() and not resolved.function.layers:
        return _with_links(Content(code=code.path), resolved, options, {code.path: TASK_ROOT})
    from samlocal.cache.fallback import with_cache

    with observer.uninterrupted() as check:
        content = with_cache(
            lambda cache: _Preparation(resolved, options, cache, observer, check).content(),
            host.cache,
            report=observer.show_diagnostic,
        )
        check()
    return content


class _Preparation:
    """Turns code and layers into directories by unpacking, downloading and merging."""

    def __init__(
        self,
        resolved: ResolvedFunction,
        options: CodeOptions,
        cache: Path,
        observer: Observer,
        check: Callable[[], None],
    ) -> None:
        self._resolved = resolved
        self._options = options
        self._cache = cache
        self._observer = observer
        self._check = check

    def content(self) -> Content:
        from samlocal.artifacts.code import make_code_directory
        from samlocal.artifacts.layers import LayerSource, check_layers, make_layers_directory
        from samlocal.function import LocalCode
        from samlocal.sandbox.sandbox import LAYER_ROOT, TASK_ROOT

        function = self._resolved.function
        if isinstance(function.code, LocalCode) and not function.code.path.exists():
            from samlocal.sandbox.unbuilt import missing_code

            raise missing_code(function, function.code, self._resolved.project)
        code = make_code_directory(
            function.code, runtime=function.runtime, cache=self._cache, fetch=self._fetch
        )
        cache = self._options.layer_cache or self._cache
        source = LayerSource(
            cache=cache, fetch=self._fetch, download=lambda layer: self._download(layer, cache)
        )
        with self._explained():
            contents = [source.read(layer) for layer in function.layers]
            follow = self._options.mounts_symlinks
            tree = make_layers_directory(contents, cache=cache, follow=follow)
        content = Content(
            code=code,
            layers=tree.path if tree else None,
            diagnostics=check_layers(function, contents, tree, code),
        )
        users = {}
        if isinstance(function.code, LocalCode) and function.code.path == code:
            users[code] = TASK_ROOT
        if len(contents) == 1 and contents[0].is_users:
            users[contents[0].directory] = LAYER_ROOT
        return _with_links(content, self._resolved, self._options, users)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Add a hint to errors of the folder of `--layer-cache-basedir`."""
        try:
            yield
        except CacheError as error:
            if self._options.layer_cache is None:
                raise
            hint = "choose another folder with --layer-cache-basedir"
            raise LayerError(error.message, hint=hint) from error

    def _fetch(self, code: S3Code, directory: Path) -> Path:
        from samlocal.artifacts.s3 import make_fetcher

        region, profile = self._resolved.function.region, self._resolved.profile
        return make_fetcher(region=region, profile=profile)(code, directory)

    def _download(self, layer: Layer, cache: Path) -> LayerContent:
        from samlocal.artifacts.layer_versions import LayerDownloads

        downloads = LayerDownloads(
            cache=cache,
            profile=self._resolved.profile,
            again=self._options.refreshes_layers,
            print_status=self._observer.show_status,
            check=self._check,
        )
        return downloads.get(layer)


def _with_links(
    content: Content,
    resolved: ResolvedFunction,
    options: CodeOptions,
    directories: Mapping[Path, str],
) -> Content:
    """Add the links out of the user's own directories; links in archives are not followed."""
    if not options.mounts_symlinks:
        return content
    from samlocal.artifacts.symlinks import check_links, find_outgoing_links, select_links_to_mount

    links = [
        link
        for directory, target in directories.items()
        for link in find_outgoing_links(directory, target)
    ]
    return replace(
        content,
        links=select_links_to_mount(links),
        diagnostics=(
            *content.diagnostics,
            *check_links(links, resolved.function.code.place),
        ),
    )
