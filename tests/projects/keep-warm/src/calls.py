import json
import os
from urllib.request import Request, urlopen


def handler(event, context):
    endpoint = os.environ.get("AWS_ENDPOINT_URL_LAMBDA")
    if endpoint is None:
        return None
    url = f"{endpoint}/2015-03-31/functions/Plain/invocations"
    with urlopen(Request(url, data=b"{}", method="POST")) as response:
        return json.load(response)
