"""Logical ids of the resources that Serverless makes.

https://www.serverless.com/framework/docs/providers/aws/guide/resources#aws-cloudformation-resource-reference
"""

from __future__ import annotations

from typing import Final

EXECUTION_ROLE: Final = "IamRoleLambdaExecution"
PYTHON_REQUIREMENTS_LAYER: Final = "PythonRequirementsLambdaLayer"


def function_id(key: str) -> str:
    """Return the logical id of a function: `HelloLambdaFunction` for `hello`."""
    return f"{_normalized(key)}LambdaFunction"


def layer_id(key: str) -> str:
    """Return the logical id of a layer: `SharedDashlibLambdaLayer` for `shared-lib`."""
    return f"{_normalized(key)}LambdaLayer"


def log_group_id(key: str) -> str:
    """Return the logical id of a function's log group: `HelloLogGroup` for `hello`."""
    return f"{_normalized(key)}LogGroup"


def _normalized(key: str) -> str:
    """Return a key as Serverless writes it into logical ids, which are alphanumeric."""
    text = key.replace("-", "Dash").replace("_", "Underscore")
    return text[:1].upper() + text[1:]
