"""CloudFormation's `cfnresponse` for functions whose code stands in the template, written for samlocal.

The interface is AWS's. The module tells a custom resource's stack how the resource fared:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
"""

import http.client
import json
from urllib.parse import urlsplit

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(
    event,
    context,
    responseStatus,
    responseData,
    physicalResourceId=None,
    noEcho=False,
    reason=None,
):
    """Put the response to the presigned URL in the event; a failure to do so is printed only."""
    stream = context.log_stream_name
    response = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {stream}",
        "PhysicalResourceId": physicalResourceId or stream,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    body = json.dumps(response)
    print(f"cfnresponse: {body}")
    try:
        status, phrase = _put(event["ResponseURL"], body.encode())
    except Exception as error:  # the function goes on, as on AWS
        print(f"cfnresponse: not sent: {error}")
    else:
        print(f"cfnresponse: sent, and answered with {status} {phrase}")


def _put(url, body):
    parts = urlsplit(url)
    connect = http.client.HTTPConnection if parts.scheme == "http" else http.client.HTTPSConnection
    connection = connect(parts.netloc)
    try:
        # S3 signed the request for an empty type of content.
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        connection.request("PUT", target, body, {"Content-Type": ""})
        answer = connection.getresponse()
        return answer.status, answer.reason
    finally:
        connection.close()
