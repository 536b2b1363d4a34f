"""Functions of Serverless services in their images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.docker.fixtures import SamlocalIn

GREETINGS = Path(__file__).parents[1] / "projects" / "serverless" / "greetings"


def test_function_of_a_service(samlocal_in: SamlocalIn) -> None:
    """It has its layer, its environment with references to resources, and the name that AWS gives it."""
    samlocal = samlocal_in(GREETINGS, "python:3.13").with_variables(AWS_REGION="us-west-2")
    ended = samlocal.invoke("hello", "--data", '{"name": "Ada"}', "--stage", "test")
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout) == {
        "greeting": "Good day, Ada!",
        "function": "greetings-test-hello",
        "memory": "256",
        "STAGE": "test",
        "TABLE": "greetings-test",
        "NODE_ARN": "arn:aws:lambda:eu-west-1:123456789012:function:greetings-test-node",
        "AWS_REGION": "eu-west-1",
        "SAMLOCAL_TEST_SHELL": None,
    }


def test_functions_of_a_service_may_have_other_runtimes(samlocal_in: SamlocalIn) -> None:
    """A function of another language is in the same directory."""
    samlocal = samlocal_in(GREETINGS, "nodejs:22")
    ended = samlocal.invoke("greetings-dev-node", "--data", '{"name": "Ada"}')
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout) == {"greeting": "Hi, Ada!", "table": "greetings-dev"}
