"""The AWS SDK, which Lambda's images bring: a process finds only what this machine has.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-included
https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html#nodejs-sdk-included
https://docs.aws.amazon.com/lambda/latest/dg/lambda-ruby.html#ruby-sdk-included
"""

from __future__ import annotations

import re
from typing import Final

# For each language, the runtime's message for a missing module of the SDK, and the command that installs it.
_MISSING: Final = {
    "python": (
        re.compile(r"No module named '(boto3|botocore|s3transfer)\b"),
        "python3 -m venv .venv && .venv/bin/pip install boto3",
    ),
    "nodejs": (
        re.compile(
            r"Cannot find (?:module|package) '((?:@aws-sdk|@smithy)/[^'/]+|aws-sdk)(?=[\x27/])"
        ),
        "npm install {module}",
    ),
    "ruby": (
        re.compile(r"cannot load such file -- (aws-sdk(?:-[a-z0-9]+)?)\b"),
        "gem install {module}",
    ),
}


def missing_sdk_hint(family: str | None, message: str) -> str | None:
    """Return the hint for a runtime's error about a module of the AWS SDK, None if it is about something else."""
    pattern, command = _MISSING.get(family or "", (None, ""))
    if pattern is None or not (missing := pattern.search(message)):
        return None
    module = missing[1]
    install = command.format(module=module)
    return (
        f"Lambda's image has `{module}`, and this machine does not: run `{install}`, or use a container:"
        " `--sandbox docker`"
    )
