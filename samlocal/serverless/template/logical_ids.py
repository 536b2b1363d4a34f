"""Logical ids of the resources that Serverless makes.

https://www.serverless.com/framework/docs/providers/aws/guide/resources#aws-cloudformation-resource-reference
"""

from __future__ import annotations

import re
from typing import Final

EXECUTION_ROLE: Final = "IamRoleLambdaExecution"
PYTHON_REQUIREMENTS_LAYER: Final = "PythonRequirementsLambdaLayer"
HTTP_API: Final = "HttpApi"
REST_API: Final = "ApiGatewayRestApi"
WEBSOCKET_API: Final = "WebsocketsApi"
_ROUTE_WORDS: Final = {"$": "S", "/": "Slash", "-": "Dash", "_": "Underscore", ".": "Period"}


def function_id(key: str) -> str:
    """Return the logical id of a function: `HelloLambdaFunction` for `hello`."""
    return f"{_normalized(key)}LambdaFunction"


def layer_id(key: str) -> str:
    """Return the logical id of a layer: `SharedDashlibLambdaLayer` for `shared-lib`."""
    return f"{_normalized(key)}LambdaLayer"


def log_group_id(key: str) -> str:
    """Return the logical id of a function's log group: `HelloLogGroup` for `hello`."""
    return f"{_normalized(key)}LogGroup"


def function_part(key: str) -> str:
    """Return a function's part of the logical ids of what belongs to it: `Hello` for `hello`."""
    return _normalized(key)


def path_part(path: str) -> str:
    """Return the part of logical ids that stands for a path: `UsersIdVar` for `users/{id}`."""
    return "".join(map(_segment_part, path.split("/")))


def _segment_part(segment: str) -> str:
    text = segment[:1].upper() + segment[1:].lower()
    text = re.sub(r"\{(.*)\}", r"\1Var", text.replace("-", "Dash"))
    text = re.sub(r"[^0-9A-Za-z]", "", text)
    return text[:1].upper() + text[1:]


def route_part(route: str) -> str:
    """Return the part of logical ids that stands for a WebSocket route: `Sconnect` for `$connect`."""
    for character, word in _ROUTE_WORDS.items():
        route = route.replace(character, word)
    return route


def _normalized(key: str) -> str:
    """Return a key as Serverless writes it into logical ids, which are alphanumeric."""
    text = key.replace("-", "Dash").replace("_", "Underscore")
    return text[:1].upper() + text[1:]
