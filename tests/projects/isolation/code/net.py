"""Handlers that look at the network of their sandbox."""

import os
import ssl
import urllib.error
import urllib.request

import boto3
from botocore.exceptions import SSLError


def trusts(event, _context):
    """Say whether Python and the AWS SDK trust the server at a URL."""
    return {"urllib": _urllib_trusts(event["url"]), "boto3": _boto3_trusts(event["url"])}


def variables(event, _context):
    return {name: os.environ.get(name) for name in event}


def _urllib_trusts(url):
    try:
        with urllib.request.urlopen(url) as response:
            return response.status == 200
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            return False
        raise


def _boto3_trusts(url):
    client = boto3.client("lambda", endpoint_url=url, region_name="eu-west-1")
    try:
        return client.list_functions()["ResponseMetadata"]["HTTPStatusCode"] == 200
    except SSLError:
        return False
