import os
import tempfile
from urllib.parse import unquote_plus


def handler(event, context):
    made = []
    for record in event["Records"]:
        key = unquote_plus(record["s3"]["object"]["key"])
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            file.write(key.encode())
            file.flush()
            made.append({"key": key, "bytes": os.path.getsize(file.name), "in": os.path.dirname(file.name)})
    return {"target": os.environ["TARGET"], "made": made}
