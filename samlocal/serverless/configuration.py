"""The configuration of a Serverless service, as it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

from samlocal.errors import Place, TemplateError, TemplateNotFoundError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.documents.node import Node
    from samlocal.serverless.node.process import Question

PROGRAMS: Final = frozenset({".js", ".cjs", ".mjs", ".ts", ".cts", ".mts"})


@frozen
class Configuration:
    """A service's configuration before its variables are resolved; `root` is a mapping.

    Scalars have the types of JSON. What a JavaScript file gives has the place of the file.
    """

    path: Path
    root: Node

    @property
    def directory(self) -> Path:
        """The service's directory, which relative paths start from."""
        return self.path.parent


def read_configuration(path: Path) -> Configuration:
    """Return the configuration in a YAML or JSON file, or the one that a JavaScript or TypeScript file makes.

    Raises:
        TemplateNotFoundError: There is no such file.
        TemplateError: It cannot be read, is not YAML or JSON, or does not give a mapping.
    """
    try:
        root = _read(path)
    except TemplateNotFoundError as exc:
        raise TemplateNotFoundError(f"no configuration at `{path}`") from exc
    if root is None or root.value is None:
        place = root.place if root else Place(path, 1, 1)
        raise TemplateError("the configuration of the service is empty", place=place)
    root.entries("the configuration of a service")
    return Configuration(path=path, root=root)


def _read(path: Path) -> Node | None:
    if path.suffix in PROGRAMS:
        return _run(path)
    from samlocal.documents import js_yaml  # noqa: PLC0415  # templates need none of it

    return js_yaml.load(path)


def _run(path: Path) -> Node:
    """Return what a file in JavaScript exports, with all promises kept; every value has the place of the file."""
    from samlocal.documents.node import Node  # noqa: PLC0415  # as above
    from samlocal.documents.read_files import note_file  # noqa: PLC0415
    from samlocal.serverless.node.process import NodeProcess, ScriptRequest  # noqa: PLC0415

    note_file(path)
    if not path.is_file():
        raise TemplateNotFoundError(f"no configuration at `{path}`")
    node = NodeProcess(path.absolute().parent)
    try:
        data = node.load(ScriptRequest(path=path, is_configuration=True), _refuse)
    finally:
        node.close()
    return Node(None, path, 0, 0).with_data(data)


def _refuse(question: Question) -> NoReturn:
    raise AssertionError(f"a configuration asks nothing: {question}")
