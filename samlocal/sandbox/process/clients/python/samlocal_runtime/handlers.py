"""The lookup of a handler: https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html."""

from __future__ import annotations

import importlib
import sys
from typing import Any, Callable

from .errors import RuntimeFault

Handler = Callable[[Any, Any], Any]


def load_handler(name: str) -> Handler:
    """Return the function `module.function`; slashes in the module's path are like dots.

    Raises:
        RuntimeFault: It is not there. The code of the module may raise anything else.
    """
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        raise RuntimeFault(
            "MalformedHandlerName",
            f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)",
        )
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise RuntimeFault(
            "BuiltInModuleConflict",
            f"Cannot use built-in module {module_name} as a handler module",
        )
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise RuntimeFault(
            "ImportModuleError", f"Unable to import module '{module_name}': {error}"
        ) from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise RuntimeFault(
            "UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", trace
        ) from error
    try:
        handler: Handler = getattr(module, function_name)
    except AttributeError as error:
        raise RuntimeFault(
            "HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'"
        ) from error
    return handler
