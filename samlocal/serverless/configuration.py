"""The configuration of a Serverless service, as it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.documents.node import Node


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
