from __future__ import annotations

import pytest

from samlocal.sandbox.process.aws_sdk import missing_sdk_hint


@pytest.mark.parametrize(
    ("family", "message", "command"),
    [
        (
            "python",
            "Unable to import module 'app': No module named 'boto3'",
            ".venv/bin/pip install boto3",
        ),
        (
            "nodejs",
            "Error: Cannot find module '@aws-sdk/client-s3'\nRequire stack:",
            "npm install @aws-sdk/client-s3",
        ),
        (
            "nodejs",
            "Cannot find package '@aws-sdk/lib-dynamodb' imported from x",
            "npm install @aws-sdk/lib-dynamodb",
        ),
        ("ruby", "cannot load such file -- aws-sdk-s3", "gem install aws-sdk-s3"),
    ],
)
def test_sdk_of_the_image(family: str, message: str, command: str) -> None:
    """A module that Lambda's image has is named, with the command that installs it here."""
    hint = missing_sdk_hint(family, message)
    assert hint
    assert f"{command}`" in hint


@pytest.mark.parametrize(
    ("family", "message"),
    [
        ("python", "No module named 'boto'"),
        ("nodejs", "Cannot find module 'aws-sdk-mock'"),
        ("java", "No module named 'boto3'"),
        (None, "No module named 'boto3'"),
    ],
)
def test_other_modules(family: str | None, message: str) -> None:
    """Modules that are not in the image have no such hint."""
    assert missing_sdk_hint(family, message) is None
