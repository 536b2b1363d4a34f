import os
import sys

import boto3
import from_layer
import from_site_packages


def handler(event, context):
    return {
        "event": event,
        "context": [context.function_name, context.aws_request_id, context.invoked_function_arn],
        "path": sys.path[:4],
        "layer": [from_layer.NAME, from_site_packages.NAME],
        "sdk": boto3.__name__,
        "environment": os.environ["AWS_EXECUTION_ENV"],
        "wrapped": os.environ.get("WRAPPED"),
    }
