"""Plugins that change what a function gets, and are not run.

https://www.serverless.com/framework/docs/guides/plugins
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.serverless.template.service import Service

# What plugins add to environments, and how to get it without them.
_ENVIRONMENTS: Final = {
    # https://github.com/neverendingqs/serverless-dotenv-plugin
    "serverless-dotenv-plugin": (
        "variables of `.env` files are not added",
        "give them with `--env-vars .env`",
    ),
}
_LOCAL: Final = (".", "/")


def check_plugins(service: Service) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each plugin without which functions get other variables.

    A plugin of the service itself may change anything.
    """
    for node in service.plugins:
        name = node.optional_text() or ""
        if name in _ENVIRONMENTS:
            lost, hint = _ENVIRONMENTS[name]
        elif name.startswith(_LOCAL):
            lost, hint = "what it changes in the configuration is missing", None
        else:
            continue
        message = f"the plugin `{name}` is not run: {lost}"
        yield Diagnostic(message=message, place=node.place, hint=hint)
