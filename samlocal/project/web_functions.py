"""Web functions: programs that are HTTP servers themselves, as frozen data.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-webfunctionrevision.html
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen
from samlocal.function import FunctionEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.diagnostics import Diagnostic
    from samlocal.errors import Place
    from samlocal.function import Code, EnvironmentVariable
    from samlocal.project.apis import Api

# https://docs.aws.amazon.com/boto3/latest/reference/services/lambda-web.html
DEFAULT_TIMEOUT_SECONDS: Final = 30
DEFAULT_CONCURRENCY: Final = 64
DEFAULT_ENTRY_POINT: Final = "index.js"


@frozen
class WebFunction:
    """One web function, resolved.

    `api` is its endpoint. `entry_point` is the program, a file of the code. A request may take `timeout_seconds`, and
    one environment gets up to `concurrency` requests at a time. `diagnostics` name what was dropped.
    """

    api: Api
    logical_id: str
    name: str
    runtime: str
    code: Code
    place: Place
    entry_point: str = DEFAULT_ENTRY_POINT
    environment: Mapping[str, EnvironmentVariable] = field(default_factory=dict)
    timeout_seconds: int = DEFAULT_TIMEOUT_SECONDS
    concurrency: int = DEFAULT_CONCURRENCY
    region: str
    account_id: str
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def entry(self) -> FunctionEntry:
        """Its identifiers, as those of other functions."""
        return FunctionEntry(
            logical_id=self.logical_id,
            full_path=self.api.full_path,
            place=self.place,
            function_name=self.name,
        )


@frozen
class WebFunctions:
    """All web functions of a project, and what is said about those that cannot be read."""

    functions: tuple[WebFunction, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
