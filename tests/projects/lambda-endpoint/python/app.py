import json
import os
import time

count = 0
received = []


def echo(event, context):
    return event


def context(event, context):
    client = context.client_context
    return {
        "name": context.function_name,
        "version": context.function_version,
        "arn": context.invoked_function_arn,
        "requestId": context.aws_request_id,
        "tenant": context.tenant_id,
        "custom": client and client.custom,
        "env": client and client.env,
    }


def nothing(event, context):
    pass


def sized(event, context):
    return "x" * (event["bytes"] - 2)  # without its quotation marks


def prints(event, context):
    for line in range(event["lines"]):
        print("line", line)
    return event["lines"]


def counts(event, context):
    global count
    count += 1
    if event.get("exit"):
        os._exit(1)
    if event.get("fail"):
        raise ValueError("no stars")
    return count


def fails(event, context):
    raise ValueError("no stars")


def looks_failed(event, context):
    return {"errorMessage": "no stars", "errorType": "ValueError"}


def exits(event, context):
    os._exit(event.get("status", 1))


def sleeps(event, context):
    time.sleep(event.get("seconds", 10))
    return "slept"


def inbox(event, context):
    """Keeps what comes from others, and shows it to those who ask."""
    if event.get("show"):
        return received
    received.append(event)


def rates(event, context):
    if event.get("fail"):
        raise ValueError("no stars")
    return {"stars": 5}


def calls(event, context):
    return ask(os.environ["NEIGHBOUR"], event)


def calls_itself(event, context):
    """Calls itself until it is refused, or as often as the event says; returns how often, and the code of the refusal."""
    from botocore.exceptions import ClientError

    if event.get("calls") == 0:
        return {"depth": 0, "refused": None}
    left = {"calls": event["calls"] - 1} if "calls" in event else {}
    try:
        below = ask(context.function_name, left)
    except ClientError as refusal:
        return {"depth": 0, "refused": refusal.response["Error"]["Code"]}
    return {**below, "depth": below["depth"] + 1}


def ask(function, event):
    import boto3

    client = boto3.client("lambda")
    answer = client.invoke(FunctionName=function, Payload=json.dumps(event))
    return json.load(answer["Payload"])
