"""The functions of a chat: they keep nothing, and reach clients through `@connections`."""

import json
import urllib.error
import urllib.parse
import urllib.request


def members(event, context):
    """Answer all routes: `say` sends a text to a client, `ask` returns what the event has."""
    request = event["requestContext"]
    if request["eventType"] != "MESSAGE":
        print(json.dumps({name: request.get(name) for name in ("eventType", "disconnectStatusCode")}))
        return {"statusCode": 200}
    if request["routeKey"] == "fail":
        raise ValueError("no")
    if request["routeKey"] == "ask":
        known = {"context": request, "variables": event.get("stageVariables")}
        return {"statusCode": 200, "body": json.dumps(known)}
    message = json.loads(event["body"])
    name = request["authorizer"]["name"]
    status = send(request, message.get("to", request["connectionId"]), f"{name}: {message['text']}")
    if status != 200:
        send(request, request["connectionId"], f"not sent: {status}")
    return {"statusCode": 200}


def guard(event, context):
    """Let clients in that have a name other than `mallory`."""
    name = event["queryStringParameters"]["name"]
    effect = "Deny" if name == "mallory" else "Allow"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": name, "policyDocument": policy, "context": {"name": name, "age": 7}}


def send(request, connection_id, text):
    """Send a text to a client; return the status."""
    url = f"http://{request['domainName']}/{request['stage']}/@connections/{urllib.parse.quote(connection_id)}"
    sent = urllib.request.Request(url, data=text.encode(), method="POST")
    try:
        with urllib.request.urlopen(sent, timeout=10) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
