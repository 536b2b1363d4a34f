"""A route of a WebSocket API whose clients say what is done with connections, and functions that have no route."""

import json
import os

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=10)


def routes(event, context):
    """Return what a client gets, as far as it asks for something."""
    request = event["requestContext"]
    if request["eventType"] != "MESSAGE":
        return {"statusCode": 200}
    wanted = json.loads(event["body"])
    operation = wanted["operation"]
    if operation == "describe":
        return {"statusCode": 200, "body": json.dumps(request)}
    if operation == "tell":
        payload = json.dumps({"to": request["connectionId"]})
        boto3.client("lambda", config=ONCE).invoke(FunctionName=wanted["function"], Payload=payload)
        return {"statusCode": 200}
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
    scheme = wanted.get("scheme", "http" if os.environ.get("SAMLOCAL") else "https")
    client = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=f"{scheme}://{request['domainName']}/{request['stage']}",
        config=ONCE,
    )
    connection_id = wanted.get("id", request["connectionId"])
    arguments = {"Data": wanted["text"].encode()} if operation == "post_to_connection" else {}
    try:
        answer = getattr(client, operation)(ConnectionId=connection_id, **arguments)
    except (ClientError, BotoCoreError) as error:
        return {"statusCode": 200, "body": json.dumps({"failed": type(error).__name__})}
    answer["status"] = answer.pop("ResponseMetadata")["HTTPStatusCode"]
    return {"statusCode": 200, "body": json.dumps(answer, default=str)}


def tells(event, context):
    """Send to a client with the endpoint that the environment has."""
    client = boto3.client("apigatewaymanagementapi", config=ONCE)
    client.post_to_connection(ConnectionId=event["to"], Data=b"told")


def notifies(event, context):
    """Send to a client with the endpoint that the template names."""
    url = os.environ["CHAT_URL"]
    client = boto3.client("apigatewaymanagementapi", endpoint_url=url, config=ONCE)
    client.post_to_connection(ConnectionId=event["to"], Data=b"notified")
