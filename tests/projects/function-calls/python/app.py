"""Functions that call functions with boto3, and those that they call."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


functions = boto3.client(
    "lambda", config=Config(retries={"total_max_attempts": 1}, read_timeout=400)
)


def invoke(function, payload, **arguments):
    try:
        response = functions.invoke(FunctionName=function, Payload=json.dumps(payload), **arguments)
    except ClientError as error:
        return {
            "code": error.response["Error"]["Code"],
            "message": error.response["Error"]["Message"],
            "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
        }
    body = response["Payload"].read()
    return {
        "status": response["StatusCode"],
        "error": response.get("FunctionError"),
        "payload": json.loads(body) if body else None,
    }


def calls(event, _context):
    return invoke(event["function"], event.get("payload"), **event.get("arguments", {}))


def calls_each(event, _context):
    return [invoke(function, payload) for function, payload in event]


def calls_at_once(event, _context):
    """Call a function many times at once, with payloads of some size; return how many are as sent."""

    def call(number):
        payload = {"number": number, "text": "x" * event["size"]}
        return invoke(event["function"], payload).get("payload") == payload

    with ThreadPoolExecutor(event["number"]) as threads:
        return sum(threads.map(call, range(event["number"])))


def streams(event, _context):
    response = functions.invoke_with_response_stream(
        FunctionName=event["function"], Payload=json.dumps(event.get("payload"))
    )
    return [
        {name: value["Payload"].decode() if "Payload" in value else sorted(value)}
        for each in response["EventStream"]
        for name, value in each.items()
    ]


def variables(_event, _context):
    names = ("AWS_ENDPOINT_URL_LAMBDA", "AWS_LAMBDA_RUNTIME_API", "AWS_ENDPOINT_URL")
    return {name: os.environ.get(name) for name in names}


def echo(event, _context):
    return event


def raises(_event, _context):
    raise ValueError("not today")


def sleeps(_event, _context):
    print("going to sleep", flush=True)
    time.sleep(50)


def calls_itself(event, context):
    """Return how often it ran before its call was refused, and how."""
    answer = invoke(context.function_name, {"round": event["round"] + 1})
    if "code" in answer:
        return {"rounds": event["round"], "code": answer["code"], "status": answer["status"]}
    return answer["payload"]
