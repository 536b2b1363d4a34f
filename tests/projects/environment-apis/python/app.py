"""Handlers that call the APIs of their environment."""

import os


def zone(_event, _context):
    from aws_lambda_powertools.utilities.metadata import get_lambda_metadata

    return get_lambda_metadata().availability_zone_id


def credentials(_event, _context):
    """Return what boto3 finds, the way in which it found it, and variables with a secret in them."""
    import boto3

    found = boto3.Session().get_credentials()
    frozen = found.get_frozen_credentials()
    return {
        "keys": [frozen.access_key, frozen.secret_key, frozen.token],
        "method": found.method,
        "variables": sorted(name for name in os.environ if name in VARIABLES),
    }


VARIABLES = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
}
