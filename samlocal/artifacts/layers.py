"""The layers of a function as one directory, and diagnostics about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.artifacts.code import make_code_directory
from samlocal.artifacts.file_tree import measure_files
from samlocal.artifacts.layer_merge import MergedTree, Source, merge_layers
from samlocal.cache.store import describe_os_error
from samlocal.diagnostics import Diagnostic
from samlocal.errors import CodeNotFoundError, LayerError
from samlocal.frozen_dataclass import frozen
from samlocal.function import MAX_UNPACKED_BYTES, LocalCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from samlocal.artifacts.code import Fetch
    from samlocal.function import Function, Layer

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_LAYERS: Final = 5
# How many files each invocation measures to find out that they are too large for Lambda.
_FILES_TO_MEASURE: Final = 1000


@frozen
class LayerContent:
    """A layer of a function, and the directory with its content."""

    layer: Layer
    directory: Path

    @property
    def is_users(self) -> bool:
        """Whether the directory is the user's own, not an unpacked archive."""
        return isinstance(self.layer.code, LocalCode) and self.layer.code.path == self.directory


@frozen
class LayerSource:
    """Reads the content of layers, and keeps it in `cache`.

    `fetch` downloads an object from S3, `download` a layer version.
    """

    cache: Path
    fetch: Fetch | None = None
    download: Callable[[Layer], LayerContent] | None = None

    def read(self, layer: Layer) -> LayerContent:
        """Return a layer's content, unpacked or downloaded if necessary.

        Raises:
            LayerError: the content does not exist.
        """
        if layer.code is not None:
            try:
                directory = make_code_directory(
                    layer.code, runtime=None, cache=self.cache, fetch=self.fetch, what="the layer"
                )
            except CodeNotFoundError as exc:
                raise LayerError(exc.message, place=exc.place, hint=exc.hint) from exc
            except OSError as exc:
                raise LayerError(
                    f"the layer `{layer.name}` cannot be stored in `{self.cache}`: {describe_os_error(exc)}",
                    place=layer.place,
                    hint="choose another folder with --layer-cache-basedir",
                ) from exc
            return LayerContent(layer=layer, directory=directory)
        if self.download is None:
            raise LayerError(f"the layer `{layer.arn}` is in AWS", place=layer.place)
        return self.download(layer)


def make_layers_directory(
    contents: Sequence[LayerContent], *, cache: Path, follow: bool = True
) -> MergedTree | None:
    """Return a directory with the content of all layers, or None without layers.

    A single layer is not copied: its own directory is returned, without a size. With `follow`, links
    out of the user's directories are replaced by their targets.

    Raises:
        LayerError: the layers cannot be merged.
    """
    if len(contents) > 1:
        sources = [
            Source(
                directory=each.directory,
                follow=follow and each.is_users,
                fixed=not each.is_users,
            )
            for each in contents
        ]
        return merge_layers(sources, cache / "layers")
    return MergedTree(path=contents[0].directory) if contents else None


def check_layers(
    function: Function, contents: Sequence[LayerContent], tree: MergedTree | None, code: Path
) -> tuple[Diagnostic, ...]:
    """Report layers that Lambda would refuse."""
    if tree is None:
        return ()
    return (
        *_too_many(function),
        *_too_large(function, tree, code),
        *(diagnostic for each in contents for diagnostic in _of_another_kind(function, each.layer)),
    )


def _too_many(function: Function) -> Iterator[Diagnostic]:
    count = len(function.layers)
    if count > MAX_LAYERS:
        message = f"`{function.logical_id}` has {count} layers; Lambda allows {MAX_LAYERS}"
        yield Diagnostic(message=message, place=function.layers[MAX_LAYERS].place)


def _too_large(function: Function, tree: MergedTree, code: Path) -> Iterator[Diagnostic]:
    """Report code and layers that are too large, measuring a limited number of files."""
    unknown = [code, tree.path] if tree.size_bytes is None else [code]
    size = (tree.size_bytes or 0) + measure_files(unknown, entries=_FILES_TO_MEASURE)
    if size > MAX_UNPACKED_BYTES:
        megabytes = -(-size // (1024 * 1024))
        yield Diagnostic(
            message=f"`{function.logical_id}` and its layers unpack to {megabytes} MB or more;"
            " Lambda allows 250 MB",
            place=function.place,
        )


def _of_another_kind(function: Function, layer: Layer) -> Iterator[Diagnostic]:
    if layer.runtimes and function.runtime and function.runtime not in layer.runtimes:
        known = ", ".join(layer.runtimes)
        message = f"the layer `{layer.name}` is for {known}, not for {function.runtime}"
        yield Diagnostic(message=message, place=layer.place)
    if layer.architectures and function.architecture not in layer.architectures:
        known = ", ".join(layer.architectures)
        message = f"the layer `{layer.name}` is for {known}, not for {function.architecture}"
        yield Diagnostic(message=message, place=layer.place)
