"""What the options of the endpoints for HTTP mean, as plain data."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from samlocal.errors import SamlocalError
from samlocal.frozen_dataclass import frozen
from samlocal.project.apis import ApiKind

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from pathlib import Path

    from samlocal.http_api.app import Answerer
    from samlocal.http_api.authorizers.jwks_file import LocalKeys


@frozen
class HttpSettings:
    """Which kinds of APIs are served, where, and how requests are checked.

    `local_keys` are keys for tokens. `api_keys` are values by the name or id of a key. `functions` are those that the
    user has chosen, if any.
    """

    kinds: frozenset[ApiKind]
    host: str
    port: int
    tls: ssl.SSLContext | None = None
    static: Answerer | None = None
    disables_authorizers: bool = False
    local_keys: LocalKeys | None = None
    api_keys: Mapping[str, str] = field(default_factory=dict)
    has_console: bool = True
    functions: tuple[str, ...] = ()

    def nothing_served(self, template: Path) -> SamlocalError:
        """Return the error for a project without such APIs."""
        if self.kinds == {ApiKind.FUNCTION_URL}:
            chosen = ", ".join(f"`{each}`" for each in self.functions)
            return SamlocalError(
                f"`{template.name}` has no function URLs{chosen and f' for {chosen}'}",
                hint="`FunctionUrlConfig: {AuthType: NONE}` gives a function one",
            )
        return SamlocalError(
            f"`{template.name}` has no APIs",
            hint="an event of `Type: HttpApi` or `Type: Api` connects a function with a path;"
            " `samlocal local start-lambda` serves functions without one",
        )
