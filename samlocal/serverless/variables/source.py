"""What a source of variables is asked, and what it may ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from samlocal.documents.node import Node
from samlocal.errors import VariableError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from samlocal.serverless.configuration import Configuration
    from samlocal.serverless.variables.context import VariableContext


@frozen
class SourceRequest:
    """One source of a variable: `file(./x.yml):a.b` in `${file(./x.yml):a.b, 'c'}`.

    `params` and `address` are resolved, in their types; there is no address without a `:`. `node` is the text that
    contains the variable, for the place of errors and of values. `text` is the source as it is written, and
    `variable` the whole variable.
    """

    type: str
    params: tuple[Node, ...]
    address: Node | None
    node: Node
    text: str
    variable: str = ""

    @property
    def name(self) -> str | None:
        """The address as text; None if there is none.

        Raises:
            VariableError: the address is a mapping or a list.
        """
        if self.address is None or self.address.value is None:
            return None
        if isinstance(self.address.value, dict | tuple):
            raise self.error(
                f"the address is {self.address.kind}, not text",
                hint="an address is text: `self:custom.name`",
            )
        return self.address.optional_text() or None

    def required_name(self, example: str) -> str:
        """Return the address as text; `example` shows what it looks like in the error if there is none."""
        name = self.name
        if name is None:
            raise self.error("the address is missing", hint=f"write `{example}`")
        return name

    def error(self, reason: str, *, hint: str | None = None) -> VariableError:
        """Return the error that this source cannot be resolved, and why."""
        message = f"cannot resolve `{self.variable or self.text}`: {reason}"
        return VariableError(message, place=self.node.place, hint=hint)


class Variables(Protocol):
    """The variables of a configuration, as sources see them: `samlocal.serverless.variables.variables`."""

    configuration: Configuration
    context: VariableContext
    instance_id: str  # milliseconds since the epoch, the same in one run

    @property
    def stage(self) -> str: ...

    @property
    def region(self) -> str: ...

    @property
    def environment(self) -> Mapping[str, str]: ...

    @property
    def major_version(self) -> int | None: ...

    def at(self, *path: str) -> Node | None: ...

    def walk(self, node: Node, path: Iterable[str]) -> Node | None: ...

    def resolve(self, node: Node) -> Node: ...


Source = Callable[[SourceRequest, Variables], Node | None]
"""Returns the value, at any place; None if it has none, and the next fallback applies."""
