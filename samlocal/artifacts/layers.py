"""The layers of a function as one directory, and what there is to say about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.artifacts.code import code_directory
from samlocal.artifacts.file_tree import size_at_least
from samlocal.artifacts.layer_merge import MergedTree, Source, merged
from samlocal.cache.store import reason_of
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
# How many files are looked at, on each invocation, to find out that they are too large for Lambda.
_FILES_TO_MEASURE: Final = 1000


@frozen
class LayerContent:
    """A layer of a function, and the directory with its content."""

    layer: Layer
    directory: Path

    @property
    def is_users(self) -> bool:
        """Whether the directory is one of the user's, and not unpacked from an archive."""
        return isinstance(self.layer.code, LocalCode) and self.layer.code.path == self.directory


@frozen
class LayerSource:
    """Where the content of layers comes from, and where it is kept.

    `fetch` downloads an object in S3, `download` a layer version.
    """

    cache: Path
    fetch: Fetch | None = None
    download: Callable[[Layer], LayerContent] | None = None

    def read(self, layer: Layer) -> LayerContent:
        """Return a layer's content, unpacked or downloaded where it has to be.

        Raises:
            LayerError: there is no such content.
        """
        if layer.code is not None:
            try:
                directory = code_directory(
                    layer.code, runtime=None, cache=self.cache, fetch=self.fetch, what="the layer"
                )
            except CodeNotFoundError as exc:
                raise LayerError(exc.message, place=exc.place, hint=exc.hint) from exc
            except OSError as exc:
                raise LayerError(
                    f"the layer `{layer.name}` can't be kept in `{self.cache}`: {reason_of(exc)}",
                    place=layer.place,
                    hint="name another folder with --layer-cache-basedir",
                ) from exc
            return LayerContent(layer=layer, directory=directory)
        if self.download is None:
            raise LayerError(f"the layer `{layer.arn}` is in AWS", place=layer.place)
        return self.download(layer)


def layers_directory(
    contents: Sequence[LayerContent], *, cache: Path, follow: bool = True
) -> MergedTree | None:
    """Return a directory with the content of all layers; None where there are none.

    The content of a single one is that directory itself: nothing is copied, and its size isn't known.
    With `follow`, links that lead out of a directory of the user's are what they lead to.

    Raises:
        LayerError: they can't be merged.
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
        return merged(sources, cache / "layers")
    return MergedTree(path=contents[0].directory) if contents else None


def layer_diagnostics(
    function: Function, contents: Sequence[LayerContent], tree: MergedTree | None, code: Path
) -> tuple[Diagnostic, ...]:
    """Say what Lambda would refuse of a function's layers, and what samlocal leaves out."""
    if tree is None:
        return ()
    return (
        *_too_many(function),
        *_too_large(function, tree, code),
        *(diagnostic for each in contents for diagnostic in _of_another_kind(function, each.layer)),
        *(diagnostic for each in contents for diagnostic in _extensions(each)),
    )


def _too_many(function: Function) -> Iterator[Diagnostic]:
    count = len(function.layers)
    if count > MAX_LAYERS:
        message = f"`{function.logical_id}` has {count} layers, and Lambda takes {MAX_LAYERS}"
        yield Diagnostic(message=message, place=function.layers[MAX_LAYERS].place)


def _too_large(function: Function, tree: MergedTree, code: Path) -> Iterator[Diagnostic]:
    """Say it as far as it is cheap to know: the sum of many files is not."""
    unknown = [code, tree.path] if tree.size_bytes is None else [code]
    size = (tree.size_bytes or 0) + size_at_least(unknown, entries=_FILES_TO_MEASURE)
    if size > MAX_UNPACKED_BYTES:
        megabytes = -(-size // (1024 * 1024))
        yield Diagnostic(
            message=f"`{function.logical_id}` and its layers unpack to {megabytes} MB or more,"
            " and Lambda takes 250 MB",
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


def _extensions(content: LayerContent) -> Iterator[Diagnostic]:
    """https://docs.aws.amazon.com/lambda/latest/dg/lambda-extensions.html#extensions-how-to-build."""
    try:
        names = sorted(path.name for path in (content.directory / "extensions").iterdir())
    except OSError:
        return
    if names:
        message = (
            f"the layer `{content.layer.name}` brings extensions, which samlocal doesn't run so far: "
            + ", ".join(f"`{name}`" for name in names)
        )
        yield Diagnostic(message=message, place=content.layer.place)
