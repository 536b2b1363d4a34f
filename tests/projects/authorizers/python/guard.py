"""Lets a request in by its token: `allow`, or `only-get` for one method."""

calls = 0


def handler(event, _context):
    global calls
    calls += 1
    token = event["authorizationToken"]
    if token == "unauthorized":
        raise Exception("Unauthorized")
    if token == "crash":
        raise KeyError("sub")
    if token == "no-policy":
        return {"isAuthorized": True}
    resource = event["methodArn"].partition("/")[0] + "/*"
    if token == "only-get":
        resource += "/GET/*"
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Deny" if token == "deny" else "Allow",
        "Resource": resource,
    }
    context = {"calls": calls, "is_admin": token == "allow", "type": event["type"]}
    if token == "nested":
        context["roles"] = ["admin"]
    return {
        "principalId": token,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,
    }
