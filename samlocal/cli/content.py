"""What of a function is on this machine: its code and its layers, unpacked or downloaded if need be."""

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
    from samlocal.cli.inputs import Inputs
    from samlocal.cli.options.code import CodeOptions
    from samlocal.diagnostics import Diagnostic
    from samlocal.function import Layer, S3Code


@frozen
class Content:
    """The directories that a function's sandbox shows, and what there is to say about them."""

    code: Path
    layers: Path | None = None
    links: tuple[OutgoingLink, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def read_content(options: CodeOptions, inputs: Inputs, *, profile: str | None) -> Content:
    """Return the function's code and layers as directories.

    Raises:
        CodeNotFoundError: There is no such code.
        LayerError: A layer can't be had.
    """
    from samlocal.function import LocalCode
    from samlocal.sandbox.plan import TASK_ROOT

    code = inputs.function.code
    if isinstance(code, LocalCode) and code.path.is_dir() and not inputs.function.layers:
        return _with_links(options, Content(code=code.path), inputs, {code.path: TASK_ROOT})
    from samlocal.cli.caching import in_cache
    from samlocal.cli.signals import DeferredSignals

    with DeferredSignals() as signals:  # half an archive is no cache
        check = signals.raise_if_any
        content = in_cache(lambda cache: _prepare(options, inputs, profile, cache, check=check))
        signals.raise_if_any()
    return content


def _prepare(
    options: CodeOptions,
    inputs: Inputs,
    profile: str | None,
    cache: Path,
    *,
    check: Callable[[], None],
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
    cache = options.layer_cache_basedir or cache
    source = LayerSource(
        cache=cache,
        fetch=fetch,
        download=lambda layer: _download(options, layer, cache, profile, check),
    )
    with _explained(options):
        contents = [source.read(layer) for layer in function.layers]
        tree = layers_directory(contents, cache=cache, follow=options.mount_symlinks)
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
    return _with_links(options, content, inputs, users)


@contextmanager
def _explained(options: CodeOptions) -> Iterator[None]:
    """Let it be known which option names a folder that can't be written."""
    try:
        yield
    except CacheError as error:
        if options.layer_cache_basedir is None:
            raise
        hint = "name another folder with --layer-cache-basedir"
        raise LayerError(error.message, hint=hint) from error


def _with_links(
    options: CodeOptions, content: Content, inputs: Inputs, directories: Mapping[Path, str]
) -> Content:
    """Add the links that leave the user's own directories; a link in an archive leads nowhere."""
    if not options.mount_symlinks:
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
    options: CodeOptions, layer: Layer, cache: Path, profile: str | None, check: Callable[[], None]
) -> LayerContent:
    from samlocal.artifacts.layer_versions import LayerDownloads
    from samlocal.cli.console import print_status

    downloads = LayerDownloads(
        cache=cache,
        profile=profile,
        again=options.force_image_build,
        print_status=print_status,
        check=check,
    )
    return downloads.get(layer)
